// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Gives up capabilities in every thread of this process, whoever made it: DPDK's lcores,
//            its interrupt thread, threads of drivers. Linux keeps capabilities per thread and has
//            no call for all of them, so each is sent a signal in whose handler it drops its own, as
//            the C library does it for user ids.
// Units:     Capabilities as bits, numbered as in capabilities(7).
// Ownership: Takes one real-time signal for the time of the call.
// Threading: One call at a time, from any thread.
// Limits:    kBroadcastPatience. A thread that blocks the signal for longer keeps what it has.
// Failure:   A sentence. What the threads have afterwards is read back from /proc, not believed.
// RFC:       none
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace shakedown {

inline constexpr std::chrono::milliseconds kBroadcastPatience{1000};

/// Each thread keeps, of the capabilities that it has, those in `kept`; loses its bounding and
/// ambient sets; and can never get new ones (no_new_privs).
[[nodiscard]] std::string trim_all_threads(std::uint64_t kept);

}  // namespace shakedown
