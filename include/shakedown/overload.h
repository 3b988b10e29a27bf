// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Which clients are followed when there is no time for all of them, and how control learns
//            of it.
// Units:     Shares in 256ths.
// Ownership: An OverloadStatus lives in the header of the shared segment.
// Threading: Any worker may lower the share, the data plane's main thread raises it again; both by
//            compare-and-swap. Anyone may read.
// Limits:    At least one 256th of the clients is kept.
// Failure:   none
// RFC:       none
#pragma once

#include <atomic>
#include <cstdint>

namespace shakedown {

inline constexpr std::uint32_t kAllClients = 256;

/// What is left out, the least valuable first.
enum class OverloadLevel : std::uint32_t {
  none = 0,
  tails = 1,   ///< what follows a handshake: established connections are decided at once
  clients = 2  ///< clients as well: see kept_share
};

struct alignas(64) OverloadStatus {
  std::atomic<OverloadLevel> level{OverloadLevel::none};
  std::atomic<std::uint32_t> kept_share{kAllClients};  ///< of 256
  std::atomic<std::uint64_t> change_count{0};          ///< of level or share
  std::atomic<std::int64_t> changed_at{0};             ///< UnixNanos of the packet clock
};

}  // namespace shakedown
