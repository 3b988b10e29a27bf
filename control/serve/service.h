// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Joins the control socket to control: takes requests, asks those who know, answers.
// Units:     none
// Ownership: Owns the server; what the hooks refer to outlives it.
// Threading: One thread. turn() is called between two turns over the rings and never waits.
// Limits:    Those of the server; one question to the workers at a time, the others wait in line.
// Failure:   Every request is answered, if only with why it cannot be.
// RFC:       none
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "serve/answers.h"
#include "serve/explain_answer.h"
#include "serve/inspection.h"
#include "serve/protocol.h"
#include "serve/rates.h"
#include "serve/server.h"

namespace shakedown::serve {

/// Often enough for people and programs, seldom enough to cost nothing beside the rings.
inline constexpr std::chrono::milliseconds kServicePeriod{2};

class Service {
 public:
  using Clock = std::chrono::steady_clock;

  struct Hooks {
    std::function<SegmentHeader*()> segment;  ///< null while no data plane is attached
    std::function<ControlFacts()> facts;
    std::function<void(LogLevel)> set_log_level;
    /// Begins a reload, of which reloaded() will tell. False: one is going on already.
    std::function<bool()> reload;
    RecordWriter write_record;
    const SupervisorStatus* supervisor = nullptr;  ///< null: nobody looks after both programs
    const RecentEvents* recent_events = nullptr;   ///< null: nothing is kept to be explained
    ProfileWriter profile_of = {};                 ///< empty: no profiles are kept
  };

  Service(int listening_fd, Hooks hooks, ServerLimits limits = {});

  void turn(Clock::time_point now);
  /// The reload that a request, or a signal, has begun is done.
  void reloaded(const ReloadResult& result);

 private:
  struct Question {
    ConnectionRequest about;
    Server::Reply reply;
  };

  void answer(const Request& request, Server::Reply reply);
  void ask_workers(SegmentHeader* segment, Clock::time_point now);

  Hooks hooks_;
  Rates rates_;
  Inspection inspection_;
  std::deque<Question> questions_;  ///< the first one is asked when inspection_ is open
  std::uint64_t asked_generation_ = 0;
  std::vector<Server::Reply> waiting_for_reload_;
  Clock::time_point due_;
  Server server_;  ///< last: its clients go before what they refer to
};

}  // namespace shakedown::serve
