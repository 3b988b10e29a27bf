// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The command line of shakedown-dataplane.
// Units:     Seconds on the command line, nanoseconds behind it.
// Ownership: Values.
// Threading: Main thread.
// Limits:    Checked here, one sentence per mistake.
// Failure:   ParsedOptions says whether to go on, and otherwise with which exit code to end.
// RFC:       none
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "handshake/timeouts.h"
#include "port/port_spec.h"
#include "shakedown/shm_layout.h"

namespace shakedown {

/// What a user may want instead of what is best.
enum class Choice : std::uint8_t { automatic, on, off };

struct Options {
  std::vector<std::string> files;     ///< either these
  std::vector<port::PortSpec> ports;  ///< or these
  bool busy_poll = false;             ///< of the ports
  unsigned worker_count = 1;
  std::vector<unsigned> worker_processors;   ///< one for each worker, or none: any
  std::optional<unsigned> main_processor;    ///< none: any
  std::optional<Distribution> distribution;  ///< none: what the ports allow
  Choice huge_pages = Choice::automatic;     ///< automatic: where a card needs them
  bool shed = true;                          ///< leave clients out when there is no time for all
  bool keep_rights = false;                  ///< for debugging: those that it was started with
  LogLevel log_level = LogLevel::unset;      ///< unset: by `verbose` and `quiet`
  std::optional<int> handoff_descriptor;
  std::string socket_path;
  bool without_control = false;
  handshake::Timeouts timeouts;
  std::vector<std::uint16_t> watched_ports;          ///< empty: the default ones
  std::optional<std::uint32_t> connection_capacity;  ///< of each worker
  bool print_budget = false;
  bool verbose = false;
  bool quiet = false;
  std::string eal_log_level;  ///< empty: DPDK logs nothing
};

struct ParsedOptions {
  std::optional<Options> options;
  int exit_code = 0;  ///< when there are no options
};

/// Prints help, version or the one sentence about a mistake itself.
[[nodiscard]] ParsedOptions parse_options(int argument_count, char** arguments);

}  // namespace shakedown
