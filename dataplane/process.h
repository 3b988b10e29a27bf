// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The life of the data plane: look at the input, take the memory, hand the segment over,
//            let the workers run, watch, end. Files end by themselves, interfaces when they are told
//            to, or when whoever holds the other end of the inherited socket is gone; without control
//            they go on, because another one may come.
// Units:     none
// Ownership: Everything lives from run_dataplane()'s beginning to its end.
// Threading: The caller's thread watches: signals, heartbeat, hand-off. Workers and the distributor
//            run on lcores. While they run, it alone writes the counters of what ports lost.
// Limits:    Options.
// Failure:   Exactly one sentence on standard error and an exit code below. Warnings are sentences
//            that begin with "warning:".
// RFC:       none
#pragma once

#include "log.h"
#include "options.h"

namespace shakedown {

inline constexpr int kExitDone = 0;         ///< all was read, or it was interrupted by the user
inline constexpr int kExitInternal = 1;     ///< the system refused something, or a defect
inline constexpr int kExitBadInput = 2;     ///< arguments or input
inline constexpr int kExitControlGone = 3;  ///< nobody takes the records any more

[[nodiscard]] int run_dataplane(const Options& options);

}  // namespace shakedown
