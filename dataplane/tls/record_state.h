// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What the record reader remembers between two calls for one direction of a connection.
// Units:     Lengths are bytes.
// Ownership: Stored by the connection. It may hold one buffer of the pool: RecordReader::release()
//            before it is forgotten.
// Threading: One worker.
// Limits:    40 bytes. 0 <= message_received <= message_length; record_remaining <=
//            kRecordBytesMax, or the length of an SSLv2 hello.
// Failure:   None of its own.
// RFC:       RFC 8446 §5.1.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>

#include "shakedown/tls_types.h"
#include "tls/message_buffer.h"

namespace shakedown::tls {

/// Value-initialised: the start of the client's stream. For the server's:
/// RecordState::for_server().
struct RecordState {
  static constexpr std::size_t kRecordHeaderBytes = 5;
  static constexpr std::size_t kMessageHeaderBytes = 4;

  enum class Phase : std::uint8_t {
    start,        ///< nothing read yet, or not enough to tell TLS from anything else
    header,       ///< between records or inside a record header
    body,         ///< inside a record
    sslv2_hello,  ///< inside an SSLv2 hello
    resync,       ///< bytes are missing: waiting for a segment that begins with a record
    ended         ///< all further input is ignored
  };

  /// How the current record is read.
  enum class Body : std::uint8_t {
    handshake,
    alerts,
    change_cipher_spec,
    skipped,      ///< readable, but of no interest (heartbeat)
    opaque,       ///< encrypted
    opaque_alert  ///< two bytes: an alert in clear if they look like one, else encrypted
  };

  enum Flag : std::uint16_t {
    server_side = 1u << 0,
    opaque_from_next = 1u << 1,  ///< records whose header comes from now on are encrypted
    gap_seen = 1u << 2,
    resynced_once = 1u << 3,
    not_tls_seen = 1u << 4,
    desynced = 1u << 5,
    at_segment_start = 1u << 6,
    segment_counted = 1u << 7,  ///< the current segment is in segment_count
    record_counted = 1u << 8,   ///< the current record is in record_count
    alert_pending = 1u << 9,    ///< alert_level is read, the description is not
    over_limit = 1u << 10,      ///< the current message was reported so; it is skipped
    lost_to_pool = 1u << 11,
    lost_to_gap = 1u << 12
  };

  [[nodiscard]] static constexpr RecordState for_server() noexcept {
    RecordState state;
    state.flags = server_side;
    return state;
  }

  // --- questions for the state machine ---
  [[nodiscard]] constexpr bool from_server() const { return has(server_side); }
  /// Records are encrypted: set_opaque() was called, or the reader saw that it missed the change.
  [[nodiscard]] constexpr bool opaque() const { return has(opaque_from_next); }
  [[nodiscard]] constexpr bool had_gap() const { return has(gap_seen); }
  /// Reading resumed after a gap or a desync at the start of a segment.
  [[nodiscard]] constexpr bool resynced() const { return has(resynced_once); }
  [[nodiscard]] constexpr bool waits_for_resync() const { return phase == Phase::resync; }
  [[nodiscard]] constexpr bool ended() const { return phase == Phase::ended; }
  [[nodiscard]] constexpr bool not_tls() const { return has(not_tls_seen); }
  [[nodiscard]] constexpr bool lost_sync() const { return has(desynced); }
  /// Nothing was decided about the first bytes yet (there may be up to four of them).
  [[nodiscard]] constexpr bool at_start() const { return phase == Phase::start; }
  /// No record is cut: the last byte that passed ended one.
  [[nodiscard]] constexpr bool at_record_boundary() const {
    return phase == Phase::header && header_size == 0;
  }
  /// The message of which a part has passed, if there is one. Its type is known with its first
  /// byte.
  [[nodiscard]] constexpr std::optional<HandshakeType> partial_message() const {
    if (message_header_size == 0) return std::nullopt;
    return static_cast<HandshakeType>(message_header[0]);
  }

  // --- for the reader ---
  [[nodiscard]] constexpr bool has(Flag flag) const { return (flags & flag) != 0; }
  constexpr void set(Flag flag) { flags = static_cast<std::uint16_t>(flags | flag); }
  constexpr void clear(Flag flag) { flags = static_cast<std::uint16_t>(flags & ~flag); }

  [[nodiscard]] constexpr ContentType record_type() const {
    return static_cast<ContentType>(header[0]);
  }
  [[nodiscard]] constexpr std::uint16_t record_version() const {
    return static_cast<std::uint16_t>(header[1] << 8 | header[2]);
  }
  [[nodiscard]] constexpr std::uint16_t record_length() const {
    return static_cast<std::uint16_t>(header[3] << 8 | header[4]);
  }

  BufferHandle buffer;
  std::uint32_t message_length = 0;
  std::uint32_t message_received = 0;  ///< body bytes that have passed
  std::uint16_t record_remaining = 0;
  std::uint16_t message_record_version = 0;
  std::uint16_t flags = 0;
  std::array<std::uint8_t, kRecordHeaderBytes> header{};
  std::uint8_t header_size = 0;
  std::array<std::uint8_t, kMessageHeaderBytes> message_header{};
  std::uint8_t message_header_size = 0;
  Phase phase = Phase::start;
  Body body = Body::handshake;
  std::uint8_t alert_level = 0;
  std::uint8_t record_count = 0;
  std::uint8_t segment_count = 0;
};
static_assert(sizeof(RecordState) <= 40);
static_assert(std::is_trivially_copyable_v<RecordState>);

}  // namespace shakedown::tls
