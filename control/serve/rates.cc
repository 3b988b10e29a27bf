// SPDX-License-Identifier: Apache-2.0
#include "serve/rates.h"

#include "report/progress.h"

namespace shakedown::serve {

void Rates::update(SegmentHeader* segment, Clock::time_point now) {
  if (segment == nullptr || segment->boot_generation != boot_generation_) next_ = 0;
  if (segment == nullptr) return;
  boot_generation_ = segment->boot_generation;
  if (next_ != 0 && now < newest().time + kRateSamplePeriod) return;
  const report::ProgressSample sample = report::sample_progress(*segment);
  samples_[next_ % kRateSampleCount] = {now, sample.packets, sample.handshakes};
  ++next_;
}

Rates::Now Rates::get() const {
  if (next_ < 2) return {};
  const Sample& from = oldest();
  const Sample& to = newest();
  const double seconds = std::chrono::duration<double>(to.time - from.time).count();
  if (seconds <= 0.0) return {};
  const auto rate = [seconds](std::uint64_t now, std::uint64_t then) {
    return now < then ? 0.0 : static_cast<double>(now - then) / seconds;
  };
  return {seconds, rate(to.packets, from.packets), rate(to.handshakes, from.handshakes)};
}

}  // namespace shakedown::serve
