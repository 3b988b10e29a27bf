// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Listens to one direction of a connection: to the reassembler for bytes and gaps, to the
//            record reader for what they mean. Uses both; hands on to the state machine.
// Units:     none
// Ownership: References, for as long as one packet is looked at.
// Threading: One worker.
// Limits:    none
// Failure:   none
// RFC:       none
#pragma once

#include "worker.h"

namespace shakedown {

class Worker::StreamSink {
 public:
  StreamSink(Worker& worker, Connection& connection, handshake::Exchange& exchange,
             handshake::Direction direction)
      : worker_(worker), connection_(connection), exchange_(exchange), direction_(direction) {}

  // --- from stream/ ---
  bool on_bytes(Bytes bytes) noexcept {
    exchange_.state.last_progress = exchange_.clock;
    if (worker_.is_plaintext(connection_, direction_, bytes)) {
      bytes = worker_.hear(connection_, exchange_, direction_, bytes);
    }
    if (!bytes.empty()) {
      tls::RecordReader::begin_segment(records());
      static_cast<void>(worker_.reader_.read(records(), bytes, *this));
    }
    // What comes after plaintext is looked at by the start of each segment instead.
    return !exchange_.state.has(handshake::State::not_tls);
  }
  bool on_gap(stream::GapReason reason, std::uint32_t size) noexcept {
    exchange_.record.flags |= HandshakeRecord::capture_gap;
    service::on_gap(worker_.notes_of(connection_).dialogue, handshake::sender_of(direction_));
    if (exchange_.state.has(handshake::State::plaintext_first)) {
      exchange_.state.set(handshake::State::not_all_shown);
      return true;
    }
    static_cast<void>(worker_.reader_.gap(records(), size, *this));
    if (records().waits_for_resync()) lose(reason);
    return true;
  }

  // --- from tls/ ---
  tls::Continue on_record(const tls::RecordHeader&) noexcept {
    worker_.counters_.add(Counter::tls_records);
    return tls::Continue::go_on;
  }
  tls::Continue on_message(const tls::Message& message) noexcept {
    worker_.machine_.on_message(exchange_, direction_, message);
    if (message.type == HandshakeType::client_hello) expect_server_tls();
    return tls::Continue::go_on;
  }
  tls::Continue on_alert(AlertLevel level, AlertDescription description) noexcept {
    worker_.machine_.on_alert(exchange_, direction_, level, description);
    return tls::Continue::go_on;
  }
  tls::Continue on_opaque_begin(ContentType, std::uint16_t) noexcept {
    return tls::Continue::go_on;
  }
  tls::Continue on_opaque_record(ContentType type, std::uint16_t length) noexcept {
    worker_.machine_.on_opaque_record(exchange_, direction_, type, length);
    return tls::Continue::go_on;
  }
  tls::Continue on_change_cipher_spec() noexcept {
    worker_.machine_.on_change_cipher_spec(exchange_, direction_);
    return tls::Continue::go_on;
  }
  tls::Continue on_not_tls(Bytes first_bytes) noexcept {
    if (direction_ == handshake::Direction::server_to_client) {
      // A banner before the ClientHello is not an answer to it.
      if (exchange_.state.has(handshake::State::client_hello_read)) {
        exchange_.record.server_service = worker_.recognise(first_bytes, Party::server);
        worker_.machine_.on_non_tls_reply(exchange_);
      }
    } else if (exchange_.record.outcome.kind == OutcomeKind::starttls_refused) {
      // Whatever it says then belongs to the talk that goes on without TLS.
    } else if (exchange_.state.has(handshake::State::watched)) {
      exchange_.state.set(handshake::State::plaintext_first);
      exchange_.record.flags |= HandshakeRecord::after_plaintext;
      exchange_.record.client_service = worker_.recognise(first_bytes, Party::client);
    } else {
      exchange_.state.set(handshake::State::not_tls);
    }
    return tls::Continue::go_on;
  }
  tls::Continue on_desync(tls::DesyncReason) noexcept {
    worker_.machine_.on_desync(exchange_, direction_);
    return tls::Continue::go_on;
  }
  tls::Continue on_over_limit(HandshakeType, std::uint32_t) noexcept {
    worker_.machine_.on_over_limit(exchange_);
    return tls::Continue::go_on;
  }
  tls::Continue on_sslv2_hello(Bytes body, bool) noexcept {
    worker_.machine_.on_sslv2_hello(exchange_, direction_, body);
    if (direction_ == handshake::Direction::client_to_server) expect_server_tls();
    return tls::Continue::go_on;
  }

 private:
  [[nodiscard]] tls::RecordState& records() const { return exchange_.records_of(direction_); }

  void lose(stream::GapReason reason) noexcept {
    worker_.machine_.on_loss(exchange_, reason == stream::GapReason::truncated
                                            ? handshake::LossKind::truncated
                                            : handshake::LossKind::missing);
  }

  /// Whatever the server said before, it must speak TLS from here on.
  void expect_server_tls() noexcept {
    tls::RecordState& server = exchange_.server_records;
    if (server.not_tls()) server = tls::RecordState::for_server();
  }

  Worker& worker_;
  Connection& connection_;
  handshake::Exchange& exchange_;
  handshake::Direction direction_;
};

}  // namespace shakedown
