// SPDX-License-Identifier: Apache-2.0
#include "ingest/segment_feed.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "handoff/passed_descriptor.h"

namespace shakedown::ingest {

using handoff::SegmentNotice;

SegmentFeed::News SegmentFeed::next(std::chrono::milliseconds patience) {
  if (over_) return News::over;
  pollfd waiting{.fd = socket_.get(), .events = POLLIN, .revents = 0};
  if (poll(&waiting, 1, static_cast<int>(patience.count())) <= 0) return News::none;
  return receive();
}

SegmentFeed::News SegmentFeed::receive() {
  SegmentNotice notice;
  handoff::Received received =
      handoff::receive_with_descriptor(socket_.get(), &notice, sizeof notice);
  if (received.size < 0 && (errno == EINTR || errno == EAGAIN)) return News::none;
  // A supervisor that died has not said anything wrong.
  if (received.size == 0 || (received.size < 0 && errno == ECONNRESET)) return end_with({});
  if (received.size < 0) {
    return end_with(fmt::format("cannot receive a segment: {}", std::strerror(errno)));
  }
  const bool whole = received.size == static_cast<ssize_t>(sizeof notice);
  if (whole && notice.letter == SegmentNotice::kBegin && received.descriptor.valid()) {
    segment_ = std::move(received.descriptor);
    began_at_ = UnixNanos{notice.time};
    return News::began;
  }
  if (whole && notice.letter == SegmentNotice::kEnd) {
    ended_at_ = UnixNanos{notice.time};
    reason_ = notice.reason_text();
    return News::ended;
  }
  return end_with("the supervisor speaks another language; install all programs from one build");
}

SegmentFeed::News SegmentFeed::end_with(std::string error) {
  over_ = true;
  error_ = std::move(error);
  return News::over;
}

}  // namespace shakedown::ingest
