// SPDX-License-Identifier: Apache-2.0
#include "aggregate/lost_times.h"

#include <algorithm>

namespace shakedown::aggregate {

namespace {

double seconds_between(UnixNanos from, UnixNanos to) {
  const double nanos = static_cast<double>(to.value) - static_cast<double>(from.value);
  return std::max(0.0, nanos / static_cast<double>(kNanosPerSecond));
}

}  // namespace

void BlindTimes::begin(UnixNanos now) {
  if (!blind()) since_ = now;
}

void BlindTimes::end(UnixNanos now) {
  if (!blind()) return;
  ++over_.count;
  over_.seconds += seconds_between(since_, now);
  latest_.push_back({since_, std::max(since_, now)});
  if (latest_.size() > kBlindIntervalCountMax) latest_.pop_front();
  since_ = {};
}

BlindSpan BlindTimes::total(UnixNanos now) const {
  BlindSpan span = over_;
  if (blind()) {
    ++span.count;
    span.seconds += seconds_between(since_, now);
  }
  return span;
}

BlindSpan BlindTimes::take(UnixNanos now) {
  const BlindSpan all = total(now);
  const BlindSpan span{all.count - taken_.count, std::max(0.0, all.seconds - taken_.seconds)};
  taken_ = all;
  return span;
}

void OverloadTimes::sample(const OverloadStatus& status, UnixNanos now) {
  const OverloadLevel level = status.level.load(std::memory_order_relaxed);
  const double seconds = sampled_.known() ? seconds_between(sampled_, now) : 0.0;
  sampled_ = now;
  if (level == OverloadLevel::none) return;
  total_.tails_seconds += seconds;
  if (level != OverloadLevel::clients) return;
  const std::uint32_t kept =
      std::min(status.kept_share.load(std::memory_order_relaxed), kAllClients);
  total_.clients_seconds += seconds;
  total_.kept_seconds += seconds * static_cast<double>(kept) / static_cast<double>(kAllClients);
}

OverloadSpan OverloadTimes::take() {
  const OverloadSpan span{total_.tails_seconds - taken_.tails_seconds,
                          total_.clients_seconds - taken_.clients_seconds,
                          total_.kept_seconds - taken_.kept_seconds};
  taken_ = total_;
  return span;
}

}  // namespace shakedown::aggregate
