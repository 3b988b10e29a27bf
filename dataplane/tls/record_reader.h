// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   In-order bytes of one TCP direction, in any cut, become records, handshake messages
//            and alerts.
// Units:     Sizes are bytes.
// Ownership: Views in events end with the callback. A message that lies whole in the bytes at hand
//            is handed on in place; another one is put together in a buffer of the pool, which its
//            RecordState holds until then.
// Threading: One worker. The pool and the states belong to it.
// Limits:    kRecordBytesMax, kRecordsPerSegmentMax, wanted_body(). Work is linear in the bytes.
// Failure:   on_not_tls: the first bytes are no TLS; the direction is ended. on_desync: later bytes
//            are no record; ended, until allow_resync(). on_over_limit: one message is skipped.
//            Message::loss: one body is missing. A gap ends in one of: nothing changed but
//            had_gap(), a Message with loss, or waits_for_resync().
// RFC:       RFC 8446 §5.1, §5.2, §6; RFC 5246 §6.2, §7.1, §7.2. Left out on purpose: checks of the
//            minor version, since alerts about the version itself must be readable, and the
//            negotiated sizes of RFC 8449.
//
// When the ChangeCipherSpec was not seen, ciphertext would be read as messages. So a handshake
// record in which a message begins with no known type or an absurd length, a long alert record, and
// a ChangeCipherSpec record of another length than one byte make the direction encrypted from that
// record on, as if set_opaque() had been called before it. HelloRequest is only read when it is
// alone in its record, because sequential explicit nonces begin with the same eight zeros.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "shakedown/bytes.h"
#include "shakedown/limits.h"
#include "tls/message_buffer.h"
#include "tls/record_events.h"
#include "tls/record_probe.h"
#include "tls/record_state.h"

namespace shakedown::tls {

/// From the next record on the direction is encrypted; a message that is still incomplete then is
/// dropped. May be called from inside a callback. Handshake records become opaque; alerts of two
/// bytes are still read.
inline void set_opaque(RecordState& state) noexcept { state.set(RecordState::opaque_from_next); }

class RecordReader {
 public:
  explicit RecordReader(MessageBufferPool& pool) : pool_(pool) {}

  /// Call once per TCP segment before its bytes are read, also for segments that were held.
  static void begin_segment(RecordState& state) noexcept {
    state.clear(RecordState::segment_counted);
    state.set(RecordState::at_segment_start);
  }

  /// Reads `in` to its end. False: the listener asked to stop, and the direction is closed.
  template <RecordSink Sink>
  [[nodiscard]] bool read(RecordState& state, Bytes in, Sink& sink) noexcept;

  /// Bytes are missing here; `size` when it is known how many. The answer is that of read(): a gap
  /// up to the end of an encrypted record or of a message that is not wanted still ends it. Comes
  /// before begin_segment() of what follows.
  template <RecordSink Sink>
  [[nodiscard]] bool gap(RecordState& state, std::optional<std::uint32_t> size,
                         Sink& sink) noexcept;

  /// After a desync: the next segment that begins with a record is read again.
  void allow_resync(RecordState& state) noexcept;

  /// Closes the direction: gives its buffer back and ignores further input.
  void release(RecordState& state) noexcept;

 private:
  enum class StartKind : std::uint8_t { need_more, record, sslv2_hello, not_tls };
  struct HeaderVerdict {
    bool good = true;
    DesyncReason reason{};
  };

  // Rules and bookkeeping that know nothing of the listener; record_reader.cc.
  [[nodiscard]] static StartKind judge_start(const RecordState& state) noexcept;
  [[nodiscard]] static HeaderVerdict judge_header(const RecordState& state) noexcept;
  /// Both move bytes from the front of `in` into the state and say how many.
  [[nodiscard]] static std::size_t fill_header(RecordState& state, Bytes in) noexcept;
  [[nodiscard]] static std::size_t fill_message_header(RecordState& state, Bytes in) noexcept;
  void begin_body(RecordState& state) noexcept;
  static void end_body(RecordState& state) noexcept;
  /// The rest of this record, and all after it, is ciphertext.
  void turn_opaque(RecordState& state) noexcept;
  static void begin_message(RecordState& state) noexcept;
  /// This record and this segment carry bytes of the current message.
  static void count_carrier(RecordState& state) noexcept;
  /// How many bytes of the current message's body are kept.
  [[nodiscard]] static std::size_t kept_bytes(const RecordState& state) noexcept;
  /// Appends to the buffer what belongs to the first `wanted` bytes of the body.
  void keep(RecordState& state, Bytes part, std::size_t wanted) noexcept;
  [[nodiscard]] Message take_message(const RecordState& state, Bytes in_place) const noexcept;
  static void reset_message(RecordState& state) noexcept;
  void drop_message(RecordState& state) noexcept;
  static void begin_sslv2_hello(RecordState& state) noexcept;
  void keep_sslv2_start(RecordState& state) noexcept;
  /// Passes over missing bytes if the structure around them is known; false: nothing was changed.
  [[nodiscard]] bool passes_gap(RecordState& state, std::uint32_t size) noexcept;
  void lose_sync(RecordState& state) noexcept;
  [[nodiscard]] static bool try_resync(RecordState& state, Bytes in) noexcept;

  template <class Sink>
  [[nodiscard]] bool read_start(RecordState& state, Bytes& in, Sink& sink) noexcept;
  template <class Sink>
  [[nodiscard]] bool read_header(RecordState& state, Bytes& in, unsigned& record_count,
                                 Sink& sink) noexcept;
  template <class Sink>
  [[nodiscard]] bool open_record(RecordState& state, Sink& sink) noexcept;
  template <class Sink>
  [[nodiscard]] bool read_body(RecordState& state, Bytes& in, Sink& sink) noexcept;
  template <class Sink>
  [[nodiscard]] bool read_message(RecordState& state, Bytes& in, Sink& sink) noexcept;
  template <class Sink>
  [[nodiscard]] bool read_message_header(RecordState& state, Bytes& in, Sink& sink) noexcept;
  template <class Sink>
  [[nodiscard]] bool end_message(RecordState& state, Bytes in_place, Sink& sink) noexcept;
  template <class Sink>
  [[nodiscard]] bool read_alert_byte(RecordState& state, std::uint8_t byte, Sink& sink) noexcept;
  template <class Sink>
  [[nodiscard]] bool close_record(RecordState& state, Sink& sink) noexcept;
  template <class Sink>
  [[nodiscard]] bool open_sslv2_hello(RecordState& state, Bytes start, Bytes& in,
                                      Sink& sink) noexcept;
  template <class Sink>
  [[nodiscard]] bool read_sslv2_hello(RecordState& state, Bytes& in, Sink& sink) noexcept;
  template <class Sink>
  [[nodiscard]] bool end_sslv2_hello(RecordState& state, Bytes body, Sink& sink) noexcept;
  template <class Sink>
  [[nodiscard]] bool not_tls(RecordState& state, Bytes first_bytes, Sink& sink) noexcept;
  template <class Sink>
  [[nodiscard]] bool desync(RecordState& state, DesyncReason reason, Sink& sink) noexcept;

  [[nodiscard]] bool heed(RecordState& state, Continue answer) noexcept {
    if (answer == Continue::go_on) return true;
    release(state);
    return false;
  }

  MessageBufferPool& pool_;
};

}  // namespace shakedown::tls

#include "tls/record_reader_impl.h"  // IWYU pragma: export
