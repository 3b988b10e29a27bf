// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Holds what the sensor recorded against what was offered to it.
// Units:     Nanoseconds since the start of the replay.
// Ownership: Keeps what it is told.
// Threading: One thread.
// Limits:    none
// Failure:   A record of a connection that was never offered is counted as wrong.
// RFC:       none
#pragma once

#include <cstdint>
#include <vector>

#include "experiment.h"
#include "replay.h"

namespace shakedown::overload_test {

class Judge {
 public:
  /// Connections that began before `judged_from` are left out of the account.
  Judge(const Population& population, std::uint64_t sensor_seed, std::int64_t judged_from)
      : population_(population), sensor_seed_(sensor_seed), judged_from_(judged_from) {}

  void add(const Offered& offered) { offered_.push_back(offered); }
  void add(const HandshakeRecord& record);

  [[nodiscard]] Account account();

 private:
  struct Seen {
    ConnectionId id;
    bool right = false;
    bool fails = false;
    std::uint8_t kept_share = 0;
  };
  /// What was offered and seen of one client that was kept all the time.
  struct ClientCount {
    std::uint32_t offered = 0;
    std::uint32_t failed = 0;
    std::uint32_t seen = 0;
    std::uint32_t seen_failed = 0;
  };

  void judge_classes(Account& account) const;
  void judge_clients(Account& account) const;

  const Population& population_;
  std::uint64_t sensor_seed_;
  std::int64_t judged_from_;
  std::vector<Offered> offered_;
  std::vector<Seen> seen_;
  std::vector<const Seen*> found_;  ///< by place in offered_; null: nothing was recorded
};

}  // namespace shakedown::overload_test
