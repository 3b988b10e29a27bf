// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The segments of a live run, one after the other, as the supervisor hands them over.
// Units:     Milliseconds for waiting; UnixNanos.
// Ownership: Owns the socket, and a segment's memfd until it is taken.
// Threading: One thread.
// Limits:    One notice is held at a time; what follows waits in the socket.
// Failure:   A notice that is none is over() with a sentence in error().
// RFC:       none
#pragma once

#include <chrono>
#include <string>

#include "handoff/file_descriptor.h"
#include "handoff/segment_notice.h"

namespace shakedown::ingest {

using handoff::FileDescriptor;

class SegmentFeed {
 public:
  explicit SegmentFeed(FileDescriptor socket) : socket_(std::move(socket)) {}

  enum class News {
    none,   ///< within the time
    began,  ///< take_segment() has it, began_at() says since when
    ended,  ///< the last one; ended_at() and reason() tell of it
    over    ///< no more will come
  };
  /// The next notice. After `over` nothing else comes.
  [[nodiscard]] News next(std::chrono::milliseconds patience);

  [[nodiscard]] FileDescriptor take_segment() { return std::move(segment_); }
  [[nodiscard]] UnixNanos began_at() const { return began_at_; }
  [[nodiscard]] UnixNanos ended_at() const { return ended_at_; }
  [[nodiscard]] const std::string& reason() const { return reason_; }
  [[nodiscard]] bool over() const { return over_; }
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  News receive();
  News end_with(std::string error);

  FileDescriptor socket_;
  FileDescriptor segment_;
  UnixNanos began_at_;
  UnixNanos ended_at_;
  std::string reason_;
  bool over_ = false;
  std::string error_;
};

}  // namespace shakedown::ingest
