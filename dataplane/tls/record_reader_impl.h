// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The templates of RecordReader; included by record_reader.h only, whose header says the
//            rest.
//
// A step takes what it can from the front of `in` and says false only when the listener stopped.
// State is brought in order before a listener is called, so that a callback sees, and may change,
// what holds after the event.
#pragma once

namespace shakedown::tls {

template <RecordSink Sink>
bool RecordReader::read(RecordState& state, Bytes in, Sink& sink) noexcept {
  unsigned record_count = 0;
  while (!in.empty()) {
    bool go_on = true;
    switch (state.phase) {
      case RecordState::Phase::start:
        go_on = read_start(state, in, sink);
        break;
      case RecordState::Phase::header:
        go_on = read_header(state, in, record_count, sink);
        break;
      case RecordState::Phase::body:
        go_on = read_body(state, in, sink);
        break;
      case RecordState::Phase::sslv2_hello:
        go_on = read_sslv2_hello(state, in, sink);
        break;
      case RecordState::Phase::resync:
        if (!try_resync(state, in)) return true;
        break;
      case RecordState::Phase::ended:
        return true;
    }
    if (!go_on) return false;
  }
  return true;
}

template <class Sink>
bool RecordReader::read_start(RecordState& state, Bytes& in, Sink& sink) noexcept {
  const Bytes start = state.header_size == 0 ? in : Bytes{};
  in = in.subspan(fill_header(state, in));
  switch (judge_start(state)) {
    case StartKind::need_more:
      return true;
    case StartKind::record:
      state.phase = RecordState::Phase::header;
      return open_record(state, sink);
    case StartKind::sslv2_hello:
      return open_sslv2_hello(state, start, in, sink);
    case StartKind::not_tls:
      break;
  }
  const std::array<std::uint8_t, RecordState::kRecordHeaderBytes> header = state.header;
  const Bytes first_bytes = Bytes(header).first(state.header_size);
  in = {};
  return not_tls(state, start.empty() ? first_bytes : start, sink);
}

/// `start`: the bytes at hand from the first of the stream on, if they are; `in`: what follows the
/// first five.
template <class Sink>
bool RecordReader::open_sslv2_hello(RecordState& state, Bytes start, Bytes& in,
                                    Sink& sink) noexcept {
  begin_sslv2_hello(state);
  const std::size_t missing = state.message_length - state.message_received;
  if (start.empty() || in.size() < missing) {
    keep_sslv2_start(state);
    return true;
  }
  in = in.subspan(missing);
  const std::size_t header_size = RecordState::kRecordHeaderBytes - state.message_received;
  return end_sslv2_hello(state, start.subspan(header_size, state.message_length), sink);
}

template <class Sink>
bool RecordReader::read_header(RecordState& state, Bytes& in, unsigned& record_count,
                               Sink& sink) noexcept {
  in = in.subspan(fill_header(state, in));
  const HeaderVerdict verdict = judge_header(state);
  if (!verdict.good) return desync(state, verdict.reason, sink);
  if (state.header_size < RecordState::kRecordHeaderBytes) return true;
  if (++record_count > kRecordsPerSegmentMax) {
    return desync(state, DesyncReason::too_many_records, sink);
  }
  return open_record(state, sink);
}

template <class Sink>
bool RecordReader::open_record(RecordState& state, Sink& sink) noexcept {
  begin_body(state);
  const RecordHeader header{.type = state.record_type(),
                            .version = state.record_version(),
                            .length = state.record_length(),
                            .opaque = state.body == RecordState::Body::opaque};
  if (!heed(state, sink.on_record(header))) return false;
  if (header.opaque && !heed(state, sink.on_opaque_begin(header.type, header.length))) return false;
  return state.record_remaining > 0 || close_record(state, sink);
}

template <class Sink>
bool RecordReader::read_body(RecordState& state, Bytes& in, Sink& sink) noexcept {
  bool go_on = true;
  switch (state.body) {
    case RecordState::Body::handshake:
      go_on = read_message(state, in, sink);
      break;
    case RecordState::Body::alerts:
    case RecordState::Body::opaque_alert:
    case RecordState::Body::change_cipher_spec: {
      const std::uint8_t byte = in.front();
      in = in.subspan(1);
      --state.record_remaining;
      if (state.body != RecordState::Body::change_cipher_spec) {
        go_on = read_alert_byte(state, byte, sink);
      } else if (byte == 1) {
        go_on = heed(state, sink.on_change_cipher_spec());
      } else {
        go_on = desync(state, DesyncReason::bad_change_cipher_spec, sink);
      }
      break;
    }
    case RecordState::Body::skipped:
    case RecordState::Body::opaque: {
      const std::size_t size = std::min<std::size_t>(in.size(), state.record_remaining);
      in = in.subspan(size);
      state.record_remaining = static_cast<std::uint16_t>(state.record_remaining - size);
      break;
    }
  }
  if (!go_on) return false;
  const bool complete = state.phase == RecordState::Phase::body && state.record_remaining == 0;
  return !complete || close_record(state, sink);
}

template <class Sink>
bool RecordReader::close_record(RecordState& state, Sink& sink) noexcept {
  const bool opaque = state.body == RecordState::Body::opaque;
  end_body(state);
  return !opaque || heed(state, sink.on_opaque_record(state.record_type(), state.record_length()));
}

template <class Sink>
bool RecordReader::read_message(RecordState& state, Bytes& in, Sink& sink) noexcept {
  count_carrier(state);
  if (state.message_header_size < RecordState::kMessageHeaderBytes) {
    return read_message_header(state, in, sink);
  }
  const std::size_t missing = state.message_length - state.message_received;
  const std::size_t size = std::min({in.size(), missing, std::size_t{state.record_remaining}});
  const Bytes part = in.first(size);
  in = in.subspan(size);
  state.record_remaining = static_cast<std::uint16_t>(state.record_remaining - size);
  // Most messages lie whole in one record of one segment and are never copied.
  if (size == state.message_length) return end_message(state, part, sink);
  keep(state, part, kept_bytes(state));
  state.message_received += static_cast<std::uint32_t>(size);
  return size < missing || end_message(state, {}, sink);
}

template <class Sink>
bool RecordReader::read_message_header(RecordState& state, Bytes& in, Sink& sink) noexcept {
  in = in.subspan(fill_message_header(state, in));
  if (!plausible_message_header(Bytes(state.message_header).first(state.message_header_size),
                                state.record_length())) {
    turn_opaque(state);
    return heed(state, sink.on_opaque_begin(state.record_type(), state.record_length()));
  }
  if (state.message_header_size < RecordState::kMessageHeaderBytes) return true;
  begin_message(state);
  if (state.has(RecordState::over_limit) &&
      !heed(state, sink.on_over_limit(static_cast<HandshakeType>(state.message_header[0]),
                                      state.message_length))) {
    return false;
  }
  return state.message_length > 0 || end_message(state, {}, sink);
}

template <class Sink>
bool RecordReader::end_message(RecordState& state, Bytes in_place, Sink& sink) noexcept {
  const bool skipped = state.has(RecordState::over_limit);
  const Message message = take_message(state, in_place);
  BufferHandle held = std::exchange(state.buffer, {});
  reset_message(state);
  const bool go_on = skipped || heed(state, sink.on_message(message));
  pool_.release(held);
  return go_on;
}

template <class Sink>
bool RecordReader::read_alert_byte(RecordState& state, std::uint8_t byte, Sink& sink) noexcept {
  if (!state.has(RecordState::alert_pending)) {
    state.alert_level = byte;
    state.set(RecordState::alert_pending);
    return true;
  }
  state.clear(RecordState::alert_pending);
  const auto level = static_cast<AlertLevel>(state.alert_level);
  const bool readable = state.body == RecordState::Body::alerts || level == AlertLevel::warning ||
                        level == AlertLevel::fatal;
  if (readable) return heed(state, sink.on_alert(level, static_cast<AlertDescription>(byte)));
  state.body = RecordState::Body::opaque;
  return heed(state, sink.on_opaque_begin(state.record_type(), state.record_length()));
}

template <class Sink>
bool RecordReader::read_sslv2_hello(RecordState& state, Bytes& in, Sink& sink) noexcept {
  const std::size_t missing = state.message_length - state.message_received;
  const std::size_t size = std::min(in.size(), missing);
  keep(state, in.first(size), state.message_length);
  in = in.subspan(size);
  state.message_received += static_cast<std::uint32_t>(size);
  if (size < missing) return true;
  const bool lost = state.has(RecordState::lost_to_pool);
  return end_sslv2_hello(
      state, lost ? Bytes{} : Bytes(pool_.bytes(state.buffer)).first(state.message_length), sink);
}

template <class Sink>
bool RecordReader::end_sslv2_hello(RecordState& state, Bytes body, Sink& sink) noexcept {
  BufferHandle held = std::exchange(state.buffer, {});
  reset_message(state);
  end_body(state);
  bool go_on = true;
  if (body.empty() || consistent_sslv2_hello(body, state.from_server())) {
    // A server that answers in this format goes on in it; a client may go on with records.
    if (state.from_server()) state.phase = RecordState::Phase::ended;
    go_on = heed(state, sink.on_sslv2_hello(body, state.from_server()));
  } else {
    go_on = not_tls(state, body, sink);
  }
  pool_.release(held);
  return go_on;
}

template <class Sink>
bool RecordReader::not_tls(RecordState& state, Bytes first_bytes, Sink& sink) noexcept {
  release(state);
  state.set(RecordState::not_tls_seen);
  return sink.on_not_tls(first_bytes) == Continue::go_on;
}

template <class Sink>
bool RecordReader::desync(RecordState& state, DesyncReason reason, Sink& sink) noexcept {
  release(state);
  state.set(RecordState::desynced);
  return sink.on_desync(reason) == Continue::go_on;
}

template <RecordSink Sink>
bool RecordReader::gap(RecordState& state, std::optional<std::uint32_t> size, Sink& sink) noexcept {
  if (size == 0u) return true;
  state.set(RecordState::gap_seen);
  if (state.phase == RecordState::Phase::ended || state.phase == RecordState::Phase::resync) {
    return true;
  }
  if (!size || !passes_gap(state, *size)) {
    lose_sync(state);
    return true;
  }
  const bool message_complete =
      state.body == RecordState::Body::handshake && state.message_received == state.message_length;
  if (message_complete && !end_message(state, {}, sink)) return false;
  const bool complete = state.phase == RecordState::Phase::body && state.record_remaining == 0;
  return !complete || close_record(state, sink);
}

}  // namespace shakedown::tls
