// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The command line of `shakedown`, read into one value per subcommand.
// Units:     Counts as numbers; what the two programs check themselves stays text.
// Ownership: Values.
// Threading: Pure.
// Limits:    kWorkerCountMax workers; kPortCountMax interfaces; kTopCountMax rows in the lists of the
//            summary.
// Failure:   Bad arguments become a Notice with one sentence, a hint and kExitBadUse.
// RFC:       none
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cli/remote_request.h"

namespace shakedown::cli {

/// For `run`, which only its user can end, an end that was asked for is this one as well.
inline constexpr int kExitOk = 0;
/// A program of ours ended in a way that it should not: killed, crashed, or stopped by its
/// supervisor.
inline constexpr int kExitBroken = 1;
/// Bad arguments, input or output: the user can do something about it.
inline constexpr int kExitBadUse = 2;

/// More rows than this are a job for the events, not for a screen.
inline constexpr unsigned kTopCountMax = 1000;

/// What `read` and `run` have in common. An empty optional leaves the default to the program that
/// owns it.
struct CommonOptions {
  std::optional<std::string> config;  ///< path of the configuration
  std::optional<std::string> events;  ///< path, or "-" for standard output
  std::optional<std::string> health;  ///< the same; may be where the events go
  std::optional<unsigned> worker_count;
  std::optional<unsigned> top_count;
  std::vector<std::string> roots;       ///< certificates that are trusted besides the system's
  std::vector<std::string> crls;        ///< revocation lists
  std::optional<std::string> profiles;  ///< the database of server profiles
  std::optional<std::string> diagnosis_wait;  ///< "3s", "500ms" or seconds
  bool no_system_roots = false;
  std::optional<std::string> silence_timeout;  ///< seconds, greater than zero
  std::optional<std::string> syn_timeout;      ///< seconds, greater than zero
  std::optional<std::string> watch_ports;      ///< "443,8443"
  std::optional<std::string> flow_count_max;
  std::optional<std::string> color;     ///< auto, always, never
  std::optional<std::string> progress;  ///< auto, always, never
  bool check = false;                   ///< of the configuration alone: nothing is read
  bool all = false;
  bool json = false;
  bool quiet = false;
  bool verbose = false;
};

/// `shakedown read`.
struct ReadCommand : CommonOptions {
  std::vector<std::string> files;
};

/// `shakedown run`. What is empty here, and in the configuration too, is left to the program that
/// owns it; apply_configuration() fills in what the configuration says.
struct RunCommand : CommonOptions {
  /// "af_packet:eth1,queues=2", as config::PortSettings::text() writes them; each device once. Empty
  /// until the configuration has named them.
  std::vector<std::string> ports;
  bool busy_poll = false;
  std::optional<std::string> worker_cpus;  ///< "2-5,8"
  std::optional<unsigned> main_cpu;
  std::optional<std::string> distribution;  ///< auto, queues, distributor
  std::optional<std::string> hugepages;     ///< auto, on, off
  std::optional<std::string> shed;          ///< on, off
  std::optional<std::string> log_level;     ///< error, warning, info, debug
  std::optional<std::string> sensor_name;
  bool keep_rights = false;    ///< for debugging: nothing is given up after the start
  std::string user;            ///< of the control process; empty: the default
  std::string control_socket;  ///< a path or "off"; empty: the default
  std::string socket_group;    ///< of the control socket; empty: the default
};

/// `shakedown doctor`: of a run, its configuration and its ports.
struct DoctorCommand {
  RunCommand run;
  bool json = false;
};

/// `shakedown explain`.
struct ExplainCommand {
  std::string subject;                     ///< empty with `rules`
  ReadCommand read;                        ///< captures, and how they are to be read
  std::optional<std::string> events_path;  ///< a file of events, or "-"
  std::optional<std::string> socket;       ///< of the sensor that is asked when there is neither
  unsigned row_count = 10;
  bool rules = false;
  bool markdown = false;
  bool json = false;
};

/// `shakedown read --check` and `shakedown run --check`.
struct CheckCommand {
  std::string config;
};

/// `shakedown version`.
struct VersionCommand {};

/// Nothing to run: help that was asked for (kExitOk), or what is wrong with the arguments
/// (kExitBadUse).
struct Notice {
  std::string text;
  int exit_code = kExitOk;
};

using Command = std::variant<ReadCommand, RunCommand, DoctorCommand, ExplainCommand, RemoteCommand,
                             CheckCommand, VersionCommand, Notice>;

/// `arguments` without the program's name.
[[nodiscard]] Command parse_arguments(const std::vector<std::string>& arguments);

}  // namespace shakedown::cli
