// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Stands between the data planes and the control planes of a live run, so that each may
//            die without the other: keeps the segment of each data plane until control has written
//            all that was in it, and tells each new control what there is.
// Units:     UnixNanos of the wall clock.
// Ownership: Owns its ends of the sockets and the segments; the other ends are the caller's to give
//            to a child and to close.
// Threading: One thread.
// Limits:    kHeldSegmentCountMax segments. While control is down for long and data planes die
//            meanwhile, the oldest one goes; dropped_record_count() tells what was in it.
// Failure:   The open functions return a sentence. A control that does not take its messages is
//            control_deaf(): only a new one helps.
// RFC:       none
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "cli/segment_view.h"
#include "handoff/file_descriptor.h"

namespace shakedown::cli {

inline constexpr std::size_t kHeldSegmentCountMax = 4;

class SegmentBroker {
 public:
  using FileDescriptor = handoff::FileDescriptor;

  /// Of the next data plane. Empty on success, else a sentence.
  [[nodiscard]] std::string open_to_dataplane(FileDescriptor& child_end);
  /// Becomes readable when receive() has something to do; -1 without a data plane.
  [[nodiscard]] int dataplane_socket() const { return dataplane_.get(); }

  enum class Received { nothing, segment, unusable };
  /// Takes the segment that the data plane sent, and hands it on.
  [[nodiscard]] Received receive(UnixNanos now);
  /// All it sent must have been received. Control is told, if there was a segment.
  void dataplane_ended(UnixNanos when, std::string_view reason);

  /// Of the next control. Queues for it what is held.
  [[nodiscard]] std::string open_to_control(FileDescriptor& child_end);
  void control_ended();
  /// No more segments will come, which control takes for the end of the run.
  void close_to_control() { control_.reset(); }
  [[nodiscard]] bool control_deaf() const { return control_deaf_; }

  /// Of the data plane that runs; null before it has sent its segment.
  [[nodiscard]] const SegmentView* current() const;
  /// Whether the control with this pid has the current segment.
  [[nodiscard]] bool attached(pid_t control) const;
  /// Whether there are records that no control has written.
  [[nodiscard]] bool holds_records() const;

  /// Lets go what the control with this pid is done with.
  void tidy(pid_t control);
  [[nodiscard]] std::size_t held_count() const { return held_.size(); }
  /// Records in segments that had to be dropped, since this was asked last.
  [[nodiscard]] std::uint64_t take_dropped_record_count();

 private:
  struct Held {
    FileDescriptor memfd;  ///< not valid: all of it was written, only its end is still to be told
    SegmentView view;
    UnixNanos began;
    UnixNanos ended;  ///< not known: it runs
    std::string reason;
  };

  void tell_beginning(const Held& segment);
  void tell_end(const Held& segment);
  void drop_oldest();

  FileDescriptor dataplane_;
  FileDescriptor control_;
  std::deque<Held> held_;  ///< the oldest first; only the last one may run
  bool control_deaf_ = false;
  std::uint64_t dropped_record_count_ = 0;
};

}  // namespace shakedown::cli
