// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   A live run for as long as it lasts: starts the data plane and the control plane, keeps
//            what one has for the other, starts each anew when it dies or hangs, and ends both.
//
//              data plane --[segment]--> supervisor --[one segment after the other]--> control
//
// Units:     Signals and exit codes as the system numbers them.
// Ownership: Both children, the segments, the control socket and the status belong to the run and
//            end with it; the children die with this process, whatever ends it.
// Threading: One thread. Blocks SIGINT, SIGTERM, SIGHUP, SIGTSTP and SIGCHLD while it runs and takes
//            them in turn.
// Limits:    kStopPatience, kLastPatience, kStartPatience; those of restart_policy.h, health_watch.h
//            and segment_broker.h.
// Failure:   A Verdict. A program that refuses its arguments or its input before it ever worked ends
//            the run; whatever happens later does not.
// RFC:       none
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/identity.h"
#include "cli/supervisor.h"

namespace shakedown::cli {

/// How long the data plane may take to end after it was asked to. Then it is killed.
inline constexpr std::chrono::milliseconds kStopPatience{1'200};
/// The same of control, which writes what the data plane left; both count from the beginning, and
/// the run is over within two seconds.
inline constexpr std::chrono::milliseconds kLastPatience{1'850};
/// How long a program may take to come to work: memory is taken and ports are opened.
inline constexpr std::chrono::seconds kStartPatience{120};

struct LiveRun {
  std::vector<std::string> dataplane_words;
  std::vector<std::string> control_words;
  /// Those of a control that is started again: its configuration may have been reloaded. None: the
  /// same.
  std::function<std::vector<std::string>()> renewed_control_words = {};
  Identity control_identity = {};
  std::string control_socket = {};  ///< a path; empty: none
  std::optional<gid_t> socket_group = {};
};

/// Returns when both have ended for good.
[[nodiscard]] Verdict supervise_live(const LiveRun& run);

}  // namespace shakedown::cli
