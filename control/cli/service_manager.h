// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What the service manager is told of a live run, and when: ready once, then how it goes,
//            that it is alive, and what it is doing.
// Units:     Steady clock.
// Ownership: none
// Threading: One thread.
// Limits:    kStatusPeriod, kReloadPatience.
// Failure:   See notify.h.
// RFC:       none
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "cli/notify.h"
#include "cli/segment_view.h"
#include "cli/supervisor_status.h"

namespace shakedown::cli {

inline constexpr std::chrono::seconds kStatusPeriod{10};
/// A reload that is not acknowledged by then is taken for done.
inline constexpr std::chrono::seconds kReloadPatience{5};

/// "1,234 packets ...; data plane restarted once": `segment` is null while no data plane runs.
[[nodiscard]] std::string status_text(const SupervisorStatus& status, const SegmentView* segment);

class ServiceManager {
 public:
  using Clock = std::chrono::steady_clock;

  /// To be called every now and then. `moving`: no program stands still.
  void look(const SupervisorStatus& status, const SegmentView* segment, bool moving);
  void reloading(const SupervisorStatus& status);
  void stopping() { notifier_.stopping("ending"); }

 private:
  Notifier notifier_;
  bool ready_ = false;
  Clock::time_point status_told_at_;
  Clock::time_point alive_told_at_;
  std::optional<Clock::time_point> reload_until_;
  std::uint64_t reload_count_ = 0;
};

}  // namespace shakedown::cli
