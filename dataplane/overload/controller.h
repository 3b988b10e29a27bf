// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Decides what is left out when the workers cannot keep up, the least valuable first:
//            what follows a handshake, then whole clients.
// Units:     UnixNanos of the packet clock; shares in 256ths.
// Ownership: Writes the OverloadStatus that it is given, which outlives it.
// Threading: Workers call report() and read; the main thread calls recover() and note_losses(). Who
//            wants to change something claims the moment by compare-and-swap on `changed_at`: one
//            succeeds, the others find that the effect of that change is to be waited for.
// Limits:    At least one 256th of the clients is kept.
// Failure:   none
// RFC:       none
//
//   none --backlog--> tails --backlog--> clients, 3/4 kept --backlog--> 9/16 --> ... --> 1/256
//   none <--calm, 1 s-- tails <--all are kept-- clients <--calm, a 32nd more each 50 ms--
//
// Down in large steps, larger where the ports say how much they lose; up in small ones, larger where
// the load is light; and neither between the watermarks of the gauge. After a change the next one
// waits until what was admitted before has had time to end.
#pragma once

#include <atomic>
#include <cstdint>

#include "overload/load_gauge.h"
#include "shakedown/overload.h"
#include "shakedown/units.h"

namespace shakedown::overload {

/// What was decided at once takes effect at once.
inline constexpr std::int64_t kTailsEffectNanos = 3 * kLoadWindowNanos;
/// Connections that were begun before are followed to their end: so long do most handshakes take.
inline constexpr std::int64_t kCutEffectNanos = 50 * kNanosPerMilli;
inline constexpr std::int64_t kRaiseNanos = 50 * kNanosPerMilli;
/// No worker may have been busy for this long before more is taken on.
inline constexpr std::int64_t kCalmNanos = 5 * kLoadWindowNanos;
/// Tails are a small part of the load: to go back for them too soon would only go to and fro.
inline constexpr std::int64_t kTailsCalmNanos = kNanosPerSecond;
static_assert(kTailsEffectNanos >= std::int64_t{kBacklogWindowCount} * kLoadWindowNanos);

/// Level and share together.
struct Shedding {
  OverloadLevel level = OverloadLevel::none;
  std::uint32_t kept_share = kAllClients;

  bool operator==(const Shedding&) const = default;
};

/// As a record has it.
[[nodiscard]] constexpr std::uint8_t kept_share_of(const Shedding& shedding) noexcept {
  return static_cast<std::uint8_t>(shedding.kept_share - 1);
}

/// One step down. `excess`: part of the packets that the ports have lost, in 256ths; zero when
/// nobody knows.
[[nodiscard]] Shedding shed_more(Shedding now, std::uint32_t excess) noexcept;
/// One step up, larger where the load is light.
[[nodiscard]] Shedding shed_less(Shedding now, bool light) noexcept;

class Controller {
 public:
  explicit Controller(OverloadStatus& status) : status_(status) {}
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;

  // --- workers ---
  [[nodiscard]] Shedding shedding() const noexcept {
    return {status_.level.load(std::memory_order_relaxed),
            status_.kept_share.load(std::memory_order_relaxed)};
  }
  /// What the worker's gauge says, once per burst.
  void report(LoadReading reading, UnixNanos now) noexcept {
    if (reading >= LoadReading::moderate) on_load(reading, now);
  }

  // --- the main thread ---
  /// To be called every few milliseconds.
  void recover(UnixNanos now) noexcept;
  /// What all ports have received and lost since the start: whoever knows it may say it as often as
  /// it is asked for, and shedding finds its place in fewer steps.
  void note_losses(std::uint64_t received, std::uint64_t missed) noexcept;

 private:
  void on_load(LoadReading reading, UnixNanos now) noexcept;
  [[nodiscard]] bool claim(UnixNanos now, std::int64_t wait_nanos) noexcept;
  void change_to(Shedding from, Shedding to) noexcept;

  OverloadStatus& status_;
  alignas(64) std::atomic<std::int64_t> busy_at_{0};  ///< when a worker was busy last
  std::atomic<std::int64_t> moderate_at_{0};          ///< or had no more than some room left
  std::atomic<std::uint32_t> excess_{0};
  std::uint64_t received_ = 0;
  std::uint64_t missed_ = 0;
  std::uint64_t recently_offered_ = 0;  ///< sums in which what is older weighs less
  std::uint64_t recently_missed_ = 0;
};

}  // namespace shakedown::overload
