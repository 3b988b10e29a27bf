// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The command line of shakedown-control.
// Units:     none
// Ownership: Values.
// Threading: One thread.
// Limits:    none
// Failure:   parse_options prints one sentence and gives the exit code.
// RFC:       none
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace shakedown {

/// 0 = done, kExitUsage = arguments or output, kExitDataplaneLost = the result is partial.
inline constexpr int kExitOk = 0;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitDataplaneLost = 3;

enum class When { automatic, always, never };

struct Options {
  int handoff_fd = -1;
  bool supervised = false;        ///< `handoff_fd` brings one segment after the other
  int supervisor_status_fd = -1;  ///< see cli/supervisor_status.h; -1: none
  bool append = false;            ///< to the files of a control that died in the same run
  int serve_fd = -1;              ///< listening control socket; -1: none
  std::string socket_path;
  std::string config_path;  ///< empty: defaults
  std::string events_path;  ///< empty: no events
  std::string health_path;  ///< empty: no lines about the capture's health
  bool all = false;
  bool json = false;
  bool quiet = false;
  bool verbose = false;
  When progress = When::automatic;
  When color = When::automatic;
  std::string sensor_name;  ///< empty: the default of the mode
  std::string log_level;    ///< error, warning, info, debug; empty: the default
  unsigned rows = 5;
  // What a diagnosis rests on besides the packets. What is open here, the configuration may say.
  std::vector<std::string> roots;  ///< files or folders; instead of those of the configuration
  std::vector<std::string> crls;   ///< likewise
  bool no_system_roots = false;
  std::string profiles_path;       ///< empty: that of the configuration, of a live run
  std::optional<std::int64_t> diagnosis_wait_nanos;
};

/// Sets `exit_code` when there is nothing to run: after --help and --version, and for bad
/// arguments.
[[nodiscard]] std::optional<Options> parse_options(int argc, char** argv, int& exit_code);

}  // namespace shakedown
