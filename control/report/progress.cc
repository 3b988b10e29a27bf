// SPDX-License-Identifier: Apache-2.0
#include "report/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "export/text.h"

namespace shakedown::report {

namespace {

using exporting::grouped;

std::uint64_t rate(std::uint64_t count, double seconds) {
  return static_cast<std::uint64_t>(static_cast<double>(count) / seconds);
}

}  // namespace

ProgressSample sample_progress(SegmentHeader& segment) {
  ProgressSample sample;
  for (unsigned i = 0; i < std::min<unsigned>(segment.port_count, kPortCountMax); ++i) {
    const PortDescription& port = segment.ports[i];
    sample.packets += port.packets.load(std::memory_order_relaxed);
    sample.bytes += port.bytes.load(std::memory_order_relaxed);
    sample.size_bytes += port.size_bytes;
  }
  for (unsigned i = 0; i < segment.worker_count; ++i) {
    sample.handshakes += worker_area(&segment, i)->counters.get(Counter::records_pushed);
  }
  return sample;
}

std::string progress_text(const ProgressSample& sample, double seconds) {
  std::string text = fmt::format("{} packets", grouped(sample.packets));
  if (sample.size_bytes != 0) {
    const double share =
        std::min(1.0, static_cast<double>(sample.bytes) / static_cast<double>(sample.size_bytes));
    fmt::format_to(std::back_inserter(text), "  {:.0f} %", 100.0 * share);
  }
  if (seconds > 0.0) {
    fmt::format_to(std::back_inserter(text), "  {} packets/s",
                   grouped(rate(sample.packets, seconds)));
  }
  return text;
}

std::string live_progress_text(const ProgressSample& sample, const ProgressSample& earlier,
                               double seconds) {
  // Another data plane begins to count anew.
  const auto since = [seconds](std::uint64_t now, std::uint64_t then) {
    return grouped(now < then || seconds <= 0.0 ? 0 : rate(now - then, seconds));
  };
  return fmt::format("{} packets, {} a second; {} handshakes, {} a second", grouped(sample.packets),
                     since(sample.packets, earlier.packets), grouped(sample.handshakes),
                     since(sample.handshakes, earlier.handshakes));
}

void Progress::update(SegmentHeader& segment, Clock::time_point now) {
  if (!enabled_) return;
  const bool live = segment.mode == RunMode::live;
  if (start_ == Clock::time_point{}) {
    start_ = drawn_at_ = now;  // short runs show nothing
    drawn_sample_ = sample_progress(segment);
  }
  if (now < drawn_at_ + (live ? kLiveProgressPeriod : kProgressPeriod)) return;
  const auto seconds = [now](Clock::time_point since) {
    return std::chrono::duration<double>(now - since).count();
  };
  const ProgressSample sample = sample_progress(segment);
  const std::string text = live ? live_progress_text(sample, drawn_sample_, seconds(drawn_at_))
                                : progress_text(sample, seconds(start_));
  const std::string remark = live && !remark_.empty() ? "; " + remark_ : "";
  std::fputs(fmt::format("\r\x1b[K{}{}", text, remark).c_str(), stderr);
  std::fflush(stderr);
  drawn_ = true;
  drawn_at_ = now;
  drawn_sample_ = sample;
}

void Progress::clear() {
  if (!drawn_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace shakedown::report
