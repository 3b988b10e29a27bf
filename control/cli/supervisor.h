// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Starts the data plane and the control plane joined by a socket, sees both to their end,
//            and says how the run went.
//
//              shakedown --fork--> data plane --[memfd over the socket pair]--> control plane
//
// Units:     Signals and exit codes as the system numbers them.
// Ownership: Both children are waited for before supervise() returns; both die with this process,
//            whatever ends it.
// Threading: One thread. Blocks SIGINT, SIGTERM, SIGHUP, SIGTSTP and SIGCHLD while it runs and takes
//            them in turn.
// Limits:    kControlGrace, kDataplaneGrace.
// Failure:   A Verdict in words; a child that could not be started counts as broken.
// RFC:       none
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace shakedown::cli {

/// Time for control to write what it has, when the data plane broke.
inline constexpr std::chrono::seconds kControlGrace{10};
/// Time for the data plane to end by itself when control has ended well.
inline constexpr std::chrono::seconds kDataplaneGrace{10};

/// How one child ended.
struct ChildEnd {
  bool ended = false;
  bool stopped_by_us = false;  ///< we sent the signal that ended it, so its end says nothing
  int exit_code = 0;
  int signal = 0;  ///< zero: it exited by itself

  [[nodiscard]] bool clean() const { return ended && signal == 0 && exit_code == 0; }
};

struct RunEnd {
  ChildEnd dataplane;
  ChildEnd control;
  int interrupt_signal = 0;      ///< what the user sent while there was still something to read
  bool cut_short = false;        ///< the user insisted: both children were killed
  std::string start_error = {};  ///< a child that could not be started; nothing ran then
};

struct Verdict {
  int exit_code = 0;
  std::string sentence;  ///< empty when the children have said everything
};

/// A capture ends by itself, and an interruption cuts it short; a live run ends only when it is
/// told to.
enum class Input { capture, live };

/// What the user is told. The first cause wins: a child that was killed before one that failed, and
/// neither when it was us who ended it.
[[nodiscard]] Verdict judge(const RunEnd& end, Input input);

/// Runs both command lines, each with `--handoff-fd N` added. Returns when both have ended.
[[nodiscard]] RunEnd supervise(const std::vector<std::string>& dataplane_words,
                               const std::vector<std::string>& control_words);

}  // namespace shakedown::cli
