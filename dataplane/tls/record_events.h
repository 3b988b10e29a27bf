// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What the record reader tells: the events of one direction of a TLS stream, and who
//            listens to them.
// Units:     Lengths are bytes.
// Ownership: Every view in an event ends with the callback.
// Threading: One worker.
// Limits:    kHelloBytesMax and kCertificateBytesMax decide between on_message and on_over_limit;
//            kCertificateStatusBytesMax whether a CertificateStatus comes with its body.
// Failure:   on_not_tls, on_desync, on_over_limit, and Message::loss.
// RFC:       RFC 8446 §4, §5, §6; RFC 5246 §6.2, §7; RFC 5246 §E.2 for the SSLv2 CLIENT-HELLO.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>

#include "shakedown/bytes.h"
#include "shakedown/limits.h"
#include "shakedown/tls_types.h"

namespace shakedown::tls {

/// What a listener answers to each event. After `stop` the direction is closed: its buffer is given
/// back and it ignores all input.
enum class [[nodiscard]] Continue : std::uint8_t { go_on, stop };

struct RecordHeader {
  ContentType type{};
  std::uint16_t version = 0;  ///< as on the wire
  std::uint16_t length = 0;
  /// The body is not read: application data, or a record after set_opaque(). An alert of two bytes
  /// and a ChangeCipherSpec of one byte are read even then, so it is false for them.
  bool opaque = false;
};

/// Why the body of a message is not there although it is wanted.
enum class BodyLoss : std::uint8_t {
  none,
  pool_empty,  ///< it came in pieces and no buffer was left
  gap          ///< bytes inside it were never seen
};

/// A handshake message whose last byte has passed.
struct Message {
  HandshakeType type{};
  std::uint32_t length = 0;  ///< of the body on the wire
  Bytes body;  ///< the first min(length, wanted_bytes(type)) bytes, or empty when lost
  bool complete_body = false;  ///< body.size() == length and nothing was lost
  BodyLoss loss = BodyLoss::none;
  std::uint16_t record_version = 0;  ///< of the record with its first byte
  std::uint8_t record_count = 0;     ///< records that carried bytes of it; saturates
  std::uint8_t segment_count = 0;    ///< segments that carried bytes of it; saturates
};

/// Why bytes after a good beginning were not a record. Checked in this order.
enum class DesyncReason : std::uint8_t {
  bad_type,
  bad_version,             ///< major version is not 3
  over_length,             ///< longer than kRecordBytesMax
  empty_record,            ///< RFC 8446 §5.1: only application data may be empty
  bad_change_cipher_spec,  ///< one byte, but not 1
  too_many_records         ///< more than kRecordsPerSegmentMax in one call
};

/// What becomes of a message that is longer than what is kept of its type.
enum class LongBody : std::uint8_t {
  cut,        ///< its first bytes are given
  left_out,   ///< on_message comes without a body: no outcome rests on it
  over_limit  ///< it is skipped, and on_over_limit says so
};

/// How much of a message's body is kept for on_message.
struct WantedBody {
  std::size_t bytes_max = 0;
  LongBody longer = LongBody::cut;
};

/// RFC 6066 §8: status_type, and the response with its uint24 size.
inline constexpr std::size_t kCertificateStatusBytesMax = 1 + 3 + kOcspResponseBytesMax;

[[nodiscard]] constexpr WantedBody wanted_body(HandshakeType type) {
  switch (type) {
    case HandshakeType::client_hello:
    case HandshakeType::server_hello:
    case HandshakeType::hello_retry_request:
      return {kHelloBytesMax, LongBody::over_limit};
    case HandshakeType::certificate:
      return {kCertificateBytesMax, LongBody::over_limit};
    case HandshakeType::certificate_status:
      return {kCertificateStatusBytesMax, LongBody::left_out};
    case HandshakeType::server_key_exchange:
      // Named group, or a PSK identity hint and then the length of the prime.
      return {300, LongBody::cut};
    case HandshakeType::new_session_ticket:
      return {8, LongBody::cut};
    default:
      return {};
  }
}

[[nodiscard]] constexpr std::size_t wanted_bytes(HandshakeType type, std::uint32_t length) {
  const WantedBody wanted = wanted_body(type);
  if (wanted.longer == LongBody::left_out && length > wanted.bytes_max) return 0;
  return std::min<std::size_t>(length, wanted.bytes_max);
}

/// A listener. Callbacks may call set_opaque() for either direction; they call nothing else of the
/// reader.
template <class Sink>
concept RecordSink = requires(Sink& sink, const RecordHeader& header, const Message& message,
                              AlertLevel level, AlertDescription description, ContentType type,
                              std::uint16_t record_length, Bytes bytes, DesyncReason reason,
                              HandshakeType message_type, std::uint32_t length, bool from_server) {
  /// A complete record header.
  { sink.on_record(header) } -> std::same_as<Continue>;
  { sink.on_message(message) } -> std::same_as<Continue>;
  /// A readable alert. Of a direction that is encrypted by now, only an alert record of two bytes
  /// with level 1 or 2.
  { sink.on_alert(level, description) } -> std::same_as<Continue>;
  /// The header of an encrypted record was seen, or a record turned out to be one.
  { sink.on_opaque_begin(type, record_length) } -> std::same_as<Continue>;
  /// The last byte of an encrypted record has passed.
  { sink.on_opaque_record(type, record_length) } -> std::same_as<Continue>;
  { sink.on_change_cipher_spec() } -> std::same_as<Continue>;
  /// The first bytes of the direction are no record. `bytes`: those at hand, at least one, as far
  /// as they are known.
  { sink.on_not_tls(bytes) } -> std::same_as<Continue>;
  /// After a good beginning, bytes that are no record.
  { sink.on_desync(reason) } -> std::same_as<Continue>;
  /// A message longer than what is kept of its type; its bytes are skipped, on_message will not
  /// come for it.
  { sink.on_over_limit(message_type, length) } -> std::same_as<Continue>;
  /// CLIENT-HELLO or SERVER-HELLO of SSLv2, from its msg-type byte on, without the record header.
  /// `bytes` is empty when it came in pieces and no buffer was left.
  { sink.on_sslv2_hello(bytes, from_server) } -> std::same_as<Continue>;
};

}  // namespace shakedown::tls
