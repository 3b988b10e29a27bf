// SPDX-License-Identifier: Apache-2.0
#include "overload/controller.h"

#include <algorithm>

namespace shakedown::overload {

namespace {

/// No single step goes deeper or less deep, whatever the ports lost.
constexpr std::uint32_t kCutMin = kAllClients / 4;
constexpr std::uint32_t kCutMax = kAllClients / 2;
/// What was lost must be saved among the packets that are followed, and those that are not cost
/// something as well.
constexpr std::uint32_t kCutBeyondExcess = kAllClients / 8;
/// Of the accounts that a moving sum is made of.
constexpr std::uint64_t kRecentCount = 8;
constexpr std::uint32_t kRaiseDivisor = 32;
constexpr std::uint32_t kLightRaiseDivisor = 8;

}  // namespace

Shedding shed_more(Shedding now, std::uint32_t excess) noexcept {
  if (now.level == OverloadLevel::none) return {OverloadLevel::tails, kAllClients};
  const std::uint32_t rest = kAllClients - std::clamp(excess + kCutBeyondExcess, kCutMin, kCutMax);
  return {OverloadLevel::clients, std::max(now.kept_share * rest / kAllClients, 1u)};
}

Shedding shed_less(Shedding now, bool light) noexcept {
  if (now.level != OverloadLevel::clients) return {};
  const std::uint32_t step = now.kept_share / (light ? kLightRaiseDivisor : kRaiseDivisor);
  const std::uint32_t share = now.kept_share + std::max(step, 1u);
  if (share >= kAllClients) return {OverloadLevel::tails, kAllClients};
  return {OverloadLevel::clients, share};
}

void Controller::on_load(LoadReading reading, UnixNanos now) noexcept {
  moderate_at_.store(now.value, std::memory_order_relaxed);
  if (reading < LoadReading::busy) return;
  busy_at_.store(now.value, std::memory_order_relaxed);
  if (reading != LoadReading::backlog) return;
  const Shedding here = shedding();
  const Shedding next = shed_more(here, excess_.load(std::memory_order_relaxed));
  if (next == here) return;
  const bool cut = here.level == OverloadLevel::clients;
  if (claim(now, cut ? kCutEffectNanos : kTailsEffectNanos)) change_to(here, next);
}

void Controller::recover(UnixNanos now) noexcept {
  const Shedding here = shedding();
  if (here.level == OverloadLevel::none) return;
  const bool tails = here.level == OverloadLevel::tails;
  const std::int64_t calm = tails ? kTailsCalmNanos : kCalmNanos;
  if (now.value < busy_at_.load(std::memory_order_relaxed) + calm) return;
  if (claim(now, tails ? kTailsCalmNanos : kRaiseNanos)) {
    const bool light = now.value >= moderate_at_.load(std::memory_order_relaxed) + calm;
    change_to(here, shed_less(here, light));
  }
}

void Controller::note_losses(std::uint64_t received, std::uint64_t missed) noexcept {
  const auto fade = [](std::uint64_t& sum, std::uint64_t more) {
    sum += more - sum / kRecentCount;
  };
  const std::uint64_t more_missed = missed - std::min(missed, missed_);
  fade(recently_missed_, more_missed);
  fade(recently_offered_, received - std::min(received, received_) + more_missed);
  received_ = received;
  missed_ = missed;
  if (recently_offered_ == 0) return;
  excess_.store(static_cast<std::uint32_t>(recently_missed_ * kAllClients / recently_offered_),
                std::memory_order_relaxed);
}

bool Controller::claim(UnixNanos now, std::int64_t wait_nanos) noexcept {
  std::int64_t last = status_.changed_at.load(std::memory_order_relaxed);
  if (now.value < last + wait_nanos) return false;
  return status_.changed_at.compare_exchange_strong(last, now.value, std::memory_order_relaxed);
}

// Who has claimed the moment and was then kept from running for longer than that is worth changes
// nothing any more.
void Controller::change_to(Shedding from, Shedding to) noexcept {
  std::uint32_t share = from.kept_share;
  if (!status_.kept_share.compare_exchange_strong(share, to.kept_share,
                                                  std::memory_order_relaxed)) {
    return;
  }
  status_.level.store(to.level, std::memory_order_relaxed);
  status_.change_count.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace shakedown::overload
