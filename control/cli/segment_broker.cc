// SPDX-License-Identifier: Apache-2.0
#include "cli/segment_broker.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "handoff/passed_descriptor.h"
#include "handoff/segment_notice.h"

namespace shakedown::cli {
namespace {

using handoff::SegmentNotice;

std::string make_pair(int type, handoff::FileDescriptor& ours, handoff::FileDescriptor& theirs) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return fmt::format("cannot make a socket pair: {}", std::strerror(errno));
  }
  ours = handoff::FileDescriptor(ends[0]);
  theirs = handoff::FileDescriptor(ends[1]);
  return {};
}

}  // namespace

std::string SegmentBroker::open_to_dataplane(FileDescriptor& child_end) {
  return make_pair(SOCK_STREAM, dataplane_, child_end);
}

SegmentBroker::Received SegmentBroker::receive(UnixNanos now) {
  if (!dataplane_.valid()) return Received::nothing;
  char letter = 0;
  handoff::Received received =
      handoff::receive_with_descriptor(dataplane_.get(), &letter, 1, MSG_DONTWAIT);
  if (received.size < 0 && errno == EAGAIN) return Received::nothing;
  if (received.size <= 0) {
    // It has closed its end, so that nothing more can come; that it ended is told by its parent.
    dataplane_.reset();
    return Received::nothing;
  }
  Held segment{
      .memfd = std::move(received.descriptor), .view = {}, .began = now, .ended = {}, .reason = {}};
  if (letter != 'S' || current() != nullptr || !segment.memfd.valid() ||
      segment.view.open(segment.memfd.get()) != SegmentCheck::ok) {
    return Received::unusable;
  }
  held_.push_back(std::move(segment));
  if (held_.size() > kHeldSegmentCountMax) drop_oldest();
  tell_beginning(held_.back());
  return Received::segment;
}

void SegmentBroker::dataplane_ended(UnixNanos when, std::string_view reason) {
  dataplane_.reset();
  if (current() == nullptr) return;
  held_.back().ended = when;
  held_.back().reason = reason;
  tell_end(held_.back());
}

std::string SegmentBroker::open_to_control(FileDescriptor& child_end) {
  // Whole messages, of which none can be torn by a reader that dies.
  if (std::string error = make_pair(SOCK_SEQPACKET, control_, child_end); !error.empty()) {
    return error;
  }
  control_deaf_ = false;
  for (const Held& segment : held_) {
    if (segment.memfd.valid()) tell_beginning(segment);
    if (segment.ended.known()) tell_end(segment);
  }
  return {};
}

void SegmentBroker::control_ended() {
  control_.reset();
  control_deaf_ = false;
}

const SegmentView* SegmentBroker::current() const {
  return held_.empty() || held_.back().ended.known() ? nullptr : &held_.back().view;
}

bool SegmentBroker::attached(pid_t control) const {
  const SegmentView* const view = current();
  return view != nullptr && control > 0 &&
         view->header().control.pid.load(std::memory_order_relaxed) ==
             static_cast<std::uint32_t>(control);
}

bool SegmentBroker::holds_records() const {
  for (const Held& segment : held_) {
    if (segment.memfd.valid() && !segment.view.all_rings_empty()) return true;
  }
  return false;
}

void SegmentBroker::tidy(pid_t control) {
  for (Held& segment : held_) {
    if (!segment.ended.known() || !segment.memfd.valid()) continue;
    if (!segment.view.all_rings_empty()) break;
    segment.memfd.reset();
    segment.view.close();
  }
  // Ends stay until a control has seen what came after them: it then has told of them.
  while (held_.size() > 1 && !held_.front().memfd.valid() && attached(control)) held_.pop_front();
}

std::uint64_t SegmentBroker::take_dropped_record_count() {
  return std::exchange(dropped_record_count_, 0);
}

void SegmentBroker::tell_beginning(const Held& segment) {
  if (!control_.valid()) return;
  SegmentNotice notice;
  notice.letter = SegmentNotice::kBegin;
  notice.time = segment.began.value;
  if (!handoff::send_with_descriptor(control_.get(), &notice, sizeof notice, segment.memfd.get(),
                                     MSG_DONTWAIT)) {
    control_deaf_ = true;
  }
}

void SegmentBroker::tell_end(const Held& segment) {
  if (!control_.valid()) return;
  SegmentNotice notice;
  notice.letter = SegmentNotice::kEnd;
  notice.time = segment.ended.value;
  notice.set_reason(segment.reason);
  if (!handoff::send_with_descriptor(control_.get(), &notice, sizeof notice, -1, MSG_DONTWAIT)) {
    control_deaf_ = true;
  }
}

void SegmentBroker::drop_oldest() {
  const Held& oldest = held_.front();
  for (unsigned i = 0; oldest.memfd.valid() && i < oldest.view.worker_count(); ++i) {
    dropped_record_count_ += oldest.view.worker(i).records.fill();
  }
  held_.pop_front();
}

}  // namespace shakedown::cli
