// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The ring that the records of RecordHold wait in.
// Units:     Records.
// Ownership: The supervisor's memory, which outlives each control, or the hold's own.
// Threading: One control at a time pushes and takes.
// Limits:    kHeldRecordCountMax.
// Failure:   See event_ring.h.
// RFC:       none
#pragma once

#include <cstddef>

#include "shakedown/event_ring.h"

namespace shakedown::hold {

/// 8 MiB, taken page by page as they are needed: 5,400 failures a second for the default wait.
inline constexpr std::size_t kHeldRecordCountMax = 16'384;

using HeldRing = BasicRecordRing<kHeldRecordCountMax>;

}  // namespace shakedown::hold
