// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   One handshake as the state machine handles it: what it remembers, the record it fills,
//            and both record readers, whose encryption it switches on.
// Units:     UnixNanos.
// Ownership: References into the Connection and its draft record; made anew for each packet.
// Threading: One worker.
// Limits:    none
// Failure:   none
// RFC:       RFC 8446 §4.1.3 and RFC 5246 §7.1 (when encryption begins).
#pragma once

#include "handshake/direction.h"
#include "handshake/state.h"
#include "shakedown/handshake_record.h"
#include "tls/record_state.h"

namespace shakedown::handshake {

struct Exchange {
  State& state;
  HandshakeRecord& record;
  tls::RecordState& client_records;
  tls::RecordState& server_records;
  UnixNanos now;  ///< time of the packet at hand
  UnixNanos
      clock;  ///< newest time of the whole stream: it never goes back, so waiting is measured by it

  [[nodiscard]] tls::RecordState& records_of(Direction direction) const {
    return direction == Direction::client_to_server ? client_records : server_records;
  }
  [[nodiscard]] bool tls13() const {
    return is_tls13_family(
        static_cast<ProtocolVersion>(record.server_hello_facts.selected_version));
  }
  [[nodiscard]] bool mark(HandshakeRecord::Flag flag) const { return (record.flags & flag) != 0; }
};

/// What was seen belongs to TLS 1.2 or older, even if the ServerHello is missing: its messages in
/// the clear, or an offer without TLS 1.3.
[[nodiscard]] inline bool certainly_classic(const Exchange& exchange) {
  const HandshakeRecord& record = exchange.record;
  if (record.server_hello_facts.selected_version != 0) return !exchange.tls13();
  constexpr std::uint32_t kFinished = State::client_finished | State::server_finished;
  const Stage stage = record.outcome.stage;
  const bool offers_tls13 =
      (record.client_hello_facts.flags & ClientHelloFacts::truncated_parse) != 0 ||
      is_tls13_family(static_cast<ProtocolVersion>(record.client_hello_facts.max_version));
  return (stage >= Stage::certificate && stage <= Stage::client_key_exchange) ||
         exchange.state.has(kFinished) ||
         (exchange.state.has(State::client_hello_read) && !offers_tls13);
}

/// TLS 1.2 and older: data both ways follows only a completed handshake, even when the mirror lost
/// the messages that completed it. (A client's data alone may be early data or a false start, RFC
/// 7918.) In TLS 1.3 the handshake itself looks like data.
[[nodiscard]] inline bool survived_loss(const Exchange& exchange) {
  return certainly_classic(exchange) && exchange.state.has(State::lost_hard) &&
         exchange.mark(HandshakeRecord::client_data_seen) &&
         exchange.mark(HandshakeRecord::server_data_seen);
}

/// The flag of `client` or of `server`, by direction.
[[nodiscard]] constexpr std::uint32_t flag_of(Direction direction, std::uint32_t client,
                                              std::uint32_t server) {
  return direction == Direction::client_to_server ? client : server;
}

}  // namespace shakedown::handshake
