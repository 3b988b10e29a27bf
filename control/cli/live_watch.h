// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What of each program must move, and what it means when it does not.
// Units:     As in shm_layout.h.
// Ownership: none
// Threading: One thread; called every now and then.
// Limits:    kHangPatience.
// Failure:   A part of a sentence about a program that hangs: "did not move for 10 s". Empty: all is
//            well, or nothing can be said.
// RFC:       none
#pragma once

#include <string>

#include "cli/health_watch.h"
#include "cli/segment_view.h"
#include "cli/supervisor_status.h"

namespace shakedown::cli {

/// `segment` is null while there is none yet.
[[nodiscard]] std::string watch_dataplane(HealthWatch& watch, const SegmentView* segment);
/// A control that waits for the reader of its output does not hang.
[[nodiscard]] std::string watch_control(HealthWatch& watch, const ControlPulse& pulse);

/// Until when a data plane that is dead, or does not move, saw everything: the time that the worker
/// who was behind the others had come to.
[[nodiscard]] UnixNanos seen_until_by(const SegmentView& segment);

}  // namespace shakedown::cli
