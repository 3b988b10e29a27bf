// SPDX-License-Identifier: Apache-2.0
#include "tls/record_reader.h"

#include <cstring>

namespace shakedown::tls {
namespace {

constexpr std::uint8_t kMajorVersion = 3;
constexpr std::uint8_t kSslv2ClientHello = 1;
constexpr std::uint8_t kSslv2ServerHello = 4;
/// Up to the challenge length; nothing shorter is a hello. SERVER-HELLO: up to the length of the
/// connection id.
constexpr std::size_t kSslv2ClientHelloBytesMin = 9;
constexpr std::size_t kSslv2ServerHelloBytesMin = 11;

constexpr bool known_type(std::uint8_t type) {
  return type >= static_cast<std::uint8_t>(ContentType::change_cipher_spec) &&
         type <= static_cast<std::uint8_t>(ContentType::heartbeat);
}

/// An SSLv2 record header has two bytes with the top bit set, or three: an escape bit and a padding
/// length, which a message in clear leaves zero. Read as part of the length, the escape bit is over
/// the limit.
struct Sslv2Header {
  std::size_t size = 0;
  std::size_t length = 0;
};

constexpr Sslv2Header sslv2_header(const RecordState& state) {
  const std::uint8_t first = state.header[0];
  const std::uint8_t second = state.header[1];
  if ((first & 0x80) != 0) return {2, static_cast<std::size_t>((first & 0x7f) << 8 | second)};
  return {3, static_cast<std::size_t>(first << 8 | second)};
}

/// Can the header bytes read so far begin an SSLv2 hello?
constexpr bool maybe_sslv2(const RecordState& state) {
  const std::size_t have = state.header_size;
  const Sslv2Header header = sslv2_header(state);
  if (header.length > (header.size == 2 ? kSslv2HelloBytesMax : kSslv2PaddedHelloBytesMax)) {
    return false;
  }
  const bool server = state.from_server();
  if (have >= 2 &&
      header.length < (server ? kSslv2ServerHelloBytesMin : kSslv2ClientHelloBytesMin)) {
    return false;
  }
  if (have >= 3 && header.size == 3 && state.header[2] != 0) return false;
  if (have > header.size &&
      state.header[header.size] != (server ? kSslv2ServerHello : kSslv2ClientHello)) {
    return false;
  }
  if (have <= header.size + 1) return true;
  const std::uint8_t next = state.header[header.size + 1];
  // SERVER-HELLO: session-id-hit. CLIENT-HELLO: the version, 0x0002 or 0x03NN.
  if (server || next == 0) {
    return next <= 1 && (server || have <= header.size + 2 || state.header[header.size + 2] == 2);
  }
  return next == kMajorVersion;
}

}  // namespace

void RecordReader::allow_resync(RecordState& state) noexcept {
  if (!state.has(RecordState::desynced)) return;
  state.phase = RecordState::Phase::header;
  lose_sync(state);
}

void RecordReader::release(RecordState& state) noexcept {
  drop_message(state);
  state.phase = RecordState::Phase::ended;
}

RecordReader::StartKind RecordReader::judge_start(const RecordState& state) noexcept {
  const bool complete = state.header_size == RecordState::kRecordHeaderBytes;
  if (known_type(state.header[0])) {
    if (!judge_header(state).good) return StartKind::not_tls;
    return complete ? StartKind::record : StartKind::need_more;
  }
  if (!maybe_sslv2(state)) return StartKind::not_tls;
  return complete ? StartKind::sslv2_hello : StartKind::need_more;
}

RecordReader::HeaderVerdict RecordReader::judge_header(const RecordState& state) noexcept {
  // Judged byte by byte, so that the reason does not depend on how the stream was cut.
  if (!known_type(state.header[0])) return {false, DesyncReason::bad_type};
  if (state.header_size >= 2 && state.header[1] != kMajorVersion) {
    return {false, DesyncReason::bad_version};
  }
  if (state.header_size < RecordState::kRecordHeaderBytes) return {};
  if (state.record_length() > kRecordBytesMax) return {false, DesyncReason::over_length};
  // RFC 8446 §5.1: "Implementations MUST NOT send zero-length fragments of Handshake types".
  if (state.record_length() == 0 && state.record_type() != ContentType::application_data) {
    return {false, DesyncReason::empty_record};
  }
  return {};
}

std::size_t RecordReader::fill_header(RecordState& state, Bytes in) noexcept {
  const std::size_t size = std::min(in.size(), RecordState::kRecordHeaderBytes - state.header_size);
  std::memcpy(state.header.data() + state.header_size, in.data(), size);
  state.header_size = static_cast<std::uint8_t>(state.header_size + size);
  return size;
}

std::size_t RecordReader::fill_message_header(RecordState& state, Bytes in) noexcept {
  if (state.message_header_size == 0) state.message_record_version = state.record_version();
  const std::size_t size =
      std::min({in.size(), RecordState::kMessageHeaderBytes - state.message_header_size,
                std::size_t{state.record_remaining}});
  std::memcpy(state.message_header.data() + state.message_header_size, in.data(), size);
  state.message_header_size = static_cast<std::uint8_t>(state.message_header_size + size);
  state.record_remaining = static_cast<std::uint16_t>(state.record_remaining - size);
  return size;
}

void RecordReader::begin_body(RecordState& state) noexcept {
  using Body = RecordState::Body;
  state.phase = RecordState::Phase::body;
  state.record_remaining = state.record_length();
  state.clear(RecordState::record_counted);
  if (state.opaque()) {
    drop_message(state);
    state.clear(RecordState::alert_pending);
  }
  switch (state.record_type()) {
    case ContentType::application_data:
      state.body = Body::opaque;
      return;
    case ContentType::change_cipher_spec:
      // RFC 8446 §5 lets it pass in clear at any time; encrypted, it is longer.
      if (state.record_length() != 1) return turn_opaque(state);
      state.body = Body::change_cipher_spec;
      return;
    case ContentType::alert:
      if (state.opaque()) {
        state.body = state.record_length() == 2 ? Body::opaque_alert : Body::opaque;
        return;
      }
      if (state.record_length() > kAlertRecordBytesMax) return turn_opaque(state);
      state.body = Body::alerts;
      return;
    case ContentType::handshake:
      state.body = state.opaque() ? Body::opaque : Body::handshake;
      return;
    case ContentType::heartbeat:
      state.body = state.opaque() ? Body::opaque : Body::skipped;
      return;
  }
}

void RecordReader::end_body(RecordState& state) noexcept {
  state.phase = RecordState::Phase::header;
  state.header_size = 0;
  state.record_remaining = 0;
}

void RecordReader::turn_opaque(RecordState& state) noexcept {
  drop_message(state);
  state.clear(RecordState::alert_pending);
  state.set(RecordState::opaque_from_next);
  state.body = RecordState::Body::opaque;
}

void RecordReader::begin_message(RecordState& state) noexcept {
  ByteReader header(state.message_header);
  std::uint8_t type = 0;
  const bool complete = header.read_u8(type) && header.read_u24(state.message_length);
  if (!complete) return;  // cannot be: the array has four bytes
  state.message_received = 0;
  const WantedBody wanted = wanted_body(static_cast<HandshakeType>(type));
  if (wanted.longer == LongBody::over_limit && state.message_length > wanted.bytes_max) {
    state.set(RecordState::over_limit);
  }
}

void RecordReader::count_carrier(RecordState& state) noexcept {
  const auto count = [](std::uint8_t& counter) {
    if (counter < UINT8_MAX) ++counter;
  };
  if (!state.has(RecordState::record_counted)) count(state.record_count);
  if (!state.has(RecordState::segment_counted)) count(state.segment_count);
  state.set(RecordState::record_counted);
  state.set(RecordState::segment_counted);
}

std::size_t RecordReader::kept_bytes(const RecordState& state) noexcept {
  if (state.has(RecordState::over_limit)) return 0;
  return wanted_bytes(static_cast<HandshakeType>(state.message_header[0]), state.message_length);
}

void RecordReader::keep(RecordState& state, Bytes part, std::size_t wanted) noexcept {
  const std::size_t used = state.message_received;
  const bool lost = state.has(RecordState::lost_to_pool) || state.has(RecordState::lost_to_gap);
  if (lost || part.empty() || used >= wanted) return;
  const std::size_t size = std::min(part.size(), wanted - used);
  if (!pool_.grow(state.buffer, used, used + size)) {
    pool_.release(state.buffer);
    state.set(RecordState::lost_to_pool);
    return;
  }
  std::memcpy(pool_.bytes(state.buffer).data() + used, part.data(), size);
}

Message RecordReader::take_message(const RecordState& state, Bytes in_place) const noexcept {
  Message message;
  message.type = static_cast<HandshakeType>(state.message_header[0]);
  message.length = state.message_length;
  message.record_version = state.message_record_version;
  message.record_count = state.record_count;
  message.segment_count = state.segment_count;
  const std::size_t wanted = kept_bytes(state);
  if (wanted > 0) {
    if (state.has(RecordState::lost_to_gap)) {
      message.loss = BodyLoss::gap;
    } else if (state.has(RecordState::lost_to_pool)) {
      message.loss = BodyLoss::pool_empty;
    } else {
      const Bytes whole = in_place.empty() ? Bytes(pool_.bytes(state.buffer)) : in_place;
      message.body = whole.first(wanted);
    }
  }
  message.complete_body = message.body.size() == message.length;
  return message;
}

void RecordReader::reset_message(RecordState& state) noexcept {
  state.message_length = 0;
  state.message_received = 0;
  state.message_header_size = 0;
  state.record_count = 0;
  state.segment_count = 0;
  for (const RecordState::Flag flag :
       {RecordState::segment_counted, RecordState::record_counted, RecordState::over_limit,
        RecordState::lost_to_pool, RecordState::lost_to_gap}) {
    state.clear(flag);
  }
}

void RecordReader::drop_message(RecordState& state) noexcept {
  pool_.release(state.buffer);
  reset_message(state);
}

void RecordReader::begin_sslv2_hello(RecordState& state) noexcept {
  const Sslv2Header header = sslv2_header(state);
  state.phase = RecordState::Phase::sslv2_hello;
  state.message_length = static_cast<std::uint32_t>(header.length);
  state.message_received =
      static_cast<std::uint32_t>(RecordState::kRecordHeaderBytes - header.size);
}

void RecordReader::keep_sslv2_start(RecordState& state) noexcept {
  const std::uint32_t size = std::exchange(state.message_received, 0);
  keep(state, Bytes(state.header).last(size), size);
  state.message_received = size;
}

bool RecordReader::passes_gap(RecordState& state, std::uint32_t size) noexcept {
  using Body = RecordState::Body;
  if (state.phase != RecordState::Phase::body || size > state.record_remaining) return false;
  if (state.body == Body::handshake) {
    // Inside one message the lengths on both sides stay known. Anywhere else a header may be among
    // what is missing.
    if (state.message_header_size < RecordState::kMessageHeaderBytes ||
        size > state.message_length - state.message_received) {
      return false;
    }
    if (state.message_received < kept_bytes(state)) {
      pool_.release(state.buffer);
      state.set(RecordState::lost_to_gap);
    }
    state.message_received += size;
  } else if (state.body != Body::opaque && state.body != Body::skipped) {
    return false;
  }
  state.record_remaining = static_cast<std::uint16_t>(state.record_remaining - size);
  return true;
}

void RecordReader::lose_sync(RecordState& state) noexcept {
  drop_message(state);
  end_body(state);
  state.phase = RecordState::Phase::resync;
  state.clear(RecordState::alert_pending);
  state.clear(RecordState::at_segment_start);
}

bool RecordReader::try_resync(RecordState& state, Bytes in) noexcept {
  if (!state.has(RecordState::at_segment_start)) return false;
  state.clear(RecordState::at_segment_start);
  if (!plausible_record_start(in)) return false;
  state.phase = RecordState::Phase::header;
  state.set(RecordState::resynced_once);
  return true;
}

}  // namespace shakedown::tls
