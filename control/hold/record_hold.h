// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Records wait here before they are diagnosed, so that what their clients and servers do
//            next is evidence too. First in, first out.
// Units:     Nanoseconds of record time (order_time); records.
// Ownership: The records lie in a ring that the caller shares with its successor, or in one of the
//            hold's own. What a sink is given is valid during the call only.
// Threading: One thread. A sink calls nothing of the hold.
// Limits:    kHeldRecordCountMax records, released ones that are not committed among them.
// Failure:   A full ring releases its oldest records before their time, counted, or says that what
//            was released must be committed first. A control may die at any moment: its successor
//            finds every record that was not committed, in order, and those that had been released
//            come again: at least once, never lost.
// RFC:       none
//
// A record is in one of three states, which are three pieces of the ring:
//
//     oldest | released, not committed | waiting | free
//              commit() frees them       release_before() moves this border
//
// Push and release depend on the records alone, never on when commit() was called. So the output is
// the same for any number of workers, provided that for each record, in order:
//
//     const bool here = hold.was_inherited(record);
//     hold.release_before(record.order_time, sink);  // sees what came before `record`
//     learn(record);
//     if (here) continue;
//     while (hold.push(record, sink) == RecordHold::Push::must_commit) write_and_commit();
//
// Between two records release_before() may also be called with the watermark that all of them came
// before, which changes what is released when, and not what is known by then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "hold/held_ring.h"
#include "shakedown/handshake_record.h"
#include "shakedown/units.h"

namespace shakedown::hold {

/// How many are released at once where there is no room: whoever must commit after each of them
/// would write once per record.
inline constexpr std::size_t kEarlyReleaseCount = 256;

class RecordHold {
 public:
  /// Where records are handed on to.
  using Sink = std::function<void(const HandshakeRecord&)>;

  /// `shared`: where records of a control before this one may wait; null: a ring of its own.
  RecordHold(HeldRing* shared, std::int64_t wait_nanos);
  RecordHold(const RecordHold&) = delete;
  RecordHold& operator=(const RecordHold&) = delete;

  enum class Push : std::uint8_t {
    held,
    must_commit  ///< not held: write what was released, commit(), and push it again
  };
  /// Where kHeldRecordCountMax records wait, the oldest kEarlyReleaseCount go to `early` first. The
  /// push after a commit() that follows `must_commit` succeeds.
  [[nodiscard]] Push push(const HandshakeRecord& record, const Sink& early);

  /// Hands on, in order, every record that has waited for `wait` at the time `now`: of whom nothing
  /// more will be known that happened within that time. At kEndOfTime all of them. A record more
  /// than `wait` ahead of `now` waits for nothing: the clock was set back.
  void release_before(UnixNanos now, const Sink& sink);

  /// What was made of the records that were released is written: their places are free.
  void commit();

  /// Looks at all that wait, in order. A new control that is to know what its predecessor knew
  /// learns from these before it takes any other.
  void look(const Sink& sink) const;

  [[nodiscard]] std::size_t waiting() const { return ring_->fill() - released_count_; }
  /// Released, and to be committed.
  [[nodiscard]] std::size_t uncommitted() const { return released_count_; }
  /// Of those that wait, the records of a control before this one. They are released first.
  [[nodiscard]] std::size_t inherited() const { return inherited_count_; }
  /// A control before this one pushed the record and died before it gave it back to the data plane:
  /// it comes once more, and is here already.
  [[nodiscard]] bool was_inherited(const HandshakeRecord& record) const;
  /// Records that were released before their time for lack of room.
  [[nodiscard]] std::uint64_t released_early_count() const { return released_early_count_; }

  /// Also for records that wait already. Less than nothing is nothing.
  void set_wait(std::int64_t nanos);

 private:
  /// What tells a record from all others. Workers number theirs anew when the data plane restarts.
  struct Identity {
    std::uint64_t sequence = 0;
    UnixNanos first_seen;
    std::uint8_t worker_index = 0;

    auto operator<=>(const Identity&) const = default;
  };
  [[nodiscard]] static Identity identity_of(const HandshakeRecord& record);
  [[nodiscard]] bool waited_enough(const HandshakeRecord& record, UnixNanos now) const;
  void release_oldest(const Sink& sink);

  std::unique_ptr<HeldRing> own_;
  HeldRing* ring_;
  std::int64_t wait_nanos_ = 0;
  std::size_t released_count_ = 0;
  std::size_t inherited_count_;
  std::vector<Identity> inherited_;  ///< sorted; also of those that were released since
  std::uint64_t released_early_count_ = 0;
};

}  // namespace shakedown::hold
