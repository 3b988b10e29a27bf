// SPDX-License-Identifier: Apache-2.0
#include "report/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "export/text.h"

namespace shakedown::report {

std::string progress_text(const SegmentHeader& segment, double seconds) {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t size = 0;
  for (unsigned i = 0; i < std::min<unsigned>(segment.port_count, kPortCountMax); ++i) {
    const PortDescription& port = segment.ports[i];
    packets += port.packets.load(std::memory_order_relaxed);
    bytes += port.bytes.load(std::memory_order_relaxed);
    size += port.size_bytes;
  }
  std::string text = fmt::format("{} packets", exporting::grouped(packets));
  if (size != 0) {
    const double share = std::min(1.0, static_cast<double>(bytes) / static_cast<double>(size));
    fmt::format_to(std::back_inserter(text), "  {:.0f} %", 100.0 * share);
  }
  if (seconds > 0.0) {
    const auto rate = static_cast<std::uint64_t>(static_cast<double>(packets) / seconds);
    fmt::format_to(std::back_inserter(text), "  {} packets/s", exporting::grouped(rate));
  }
  return text;
}

void Progress::update(const SegmentHeader& segment, Clock::time_point now) {
  if (!enabled_) return;
  if (start_ == Clock::time_point{}) {
    start_ = now;
    next_ = now + kProgressPeriod;  // short runs show nothing
  }
  if (now < next_) return;
  next_ = now + kProgressPeriod;
  const std::chrono::duration<double> elapsed = now - start_;
  std::fputs(fmt::format("\r\x1b[K{}", progress_text(segment, elapsed.count())).c_str(), stderr);
  std::fflush(stderr);
  drawn_ = true;
}

void Progress::clear() {
  if (!drawn_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace shakedown::report
