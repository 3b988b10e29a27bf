// SPDX-License-Identifier: Apache-2.0
//
// What encrypted records tell by their type, length and order.
#include "handshake/client_flight.h"
#include "handshake/machine.h"
#include "handshake/message_rows.h"

namespace shakedown::handshake {

namespace {

constexpr std::uint32_t kBothFinished = State::client_finished | State::server_finished;

/// A client that has sent data of its own did not turn away without a word.
void note_client_data(Exchange& exchange) noexcept {
  exchange.record.flags |= HandshakeRecord::client_data_seen;
  exchange.record.flags &= ~std::uint32_t{HandshakeRecord::late_rejection};
}

void note_data(Exchange& exchange, Direction direction) noexcept {
  append_history(exchange, direction, letter::application_data);
  if (direction == Direction::client_to_server) {
    note_client_data(exchange);
  } else {
    exchange.record.flags |= HandshakeRecord::server_data_seen;
  }
}

/// The client's alert after both Finished. Without data before it, and with none of the server's
/// alerts to answer, the client has turned away; whose FIN comes first then means nothing.
void note_farewell(Exchange& exchange) noexcept {
  const bool answers = exchange.state.has(State::server_alert_sized) ||
                       exchange.mark(HandshakeRecord::close_notify_server);
  if (exchange.state.phase == Phase::established && !answers &&
      !exchange.mark(HandshakeRecord::client_data_seen)) {
    exchange.record.flags |= HandshakeRecord::late_rejection;
  }
}

RecordLengths lengths_of(const State& state) noexcept {
  return {state.alert_record_length, state.finished_record_length};
}

}  // namespace

void Machine::on_opaque_record(Exchange& exchange, Direction direction, ContentType type,
                               std::uint16_t length) noexcept {
  exchange.state.clear(flag_of(direction, State::client_warned, State::server_warned));
  if (exchange.state.phase == Phase::waiting_for_hello) enter(exchange, Phase::handshaking);
  if (exchange.tls13()) {
    if (type == ContentType::application_data) on_opaque_tls13(exchange, direction, length);
    return;
  }
  on_opaque_classic(exchange, direction, type);
}

// TLS 1.2 and older: the type of an encrypted record can be read.
void Machine::on_opaque_classic(Exchange& exchange, Direction direction,
                                ContentType type) noexcept {
  State& state = exchange.state;
  HandshakeRecord& record = exchange.record;
  const std::uint32_t ccs = flag_of(direction, State::client_ccs, State::server_ccs);
  switch (type) {
    case ContentType::handshake:
      // The first one is Finished. Without a ChangeCipherSpec before it, that one was missed.
      if (state.has(ccs | State::lost_hard) || exchange.mark(HandshakeRecord::midstream)) {
        state.set(ccs);
        note_finished(exchange, direction);
      }
      return;
    case ContentType::alert:
      append_history(exchange, direction, letter::alert);
      if (state.phase == Phase::established || state.phase == Phase::done) {
        // Encrypted, after both Finished: the close_notify that ends every orderly connection.
        record.flags |= flag_of(direction, HandshakeRecord::close_notify_client,
                                HandshakeRecord::close_notify_server);
        if (direction == Direction::client_to_server) note_farewell(exchange);
        return;
      }
      append_alert(record, encrypted_alert_of(sender_of(direction)));
      if (exchange.mark(HandshakeRecord::midstream) && direction == Direction::client_to_server &&
          state.has(State::client_finished)) {
        // The server's Finished may be among what came before the first packet that was shown.
        state.set(State::not_all_shown);
        return;
      }
      // After data of its own it is a close_notify, and the end of the handshake is what the mirror
      // lost.
      if (state.phase == Phase::handshaking &&
          !exchange.mark(direction == Direction::client_to_server
                             ? HandshakeRecord::client_data_seen
                             : HandshakeRecord::server_data_seen)) {
        latch(exchange, OutcomeKind::alert, sender_of(direction));
      }
      return;
    case ContentType::application_data:
      note_data(exchange, direction);
      if (state.phase == Phase::handshaking) {
        if (survived_loss(exchange)) enter(exchange, Phase::done);
        return;
      }
      // RFC 5246 §7.4.9: nobody sends data after Finished to a peer it has rejected.
      if (state.phase == Phase::established && direction == Direction::client_to_server) {
        enter(exchange, Phase::done);
      }
      return;
    default:
      return;
  }
}

void Machine::note_finished(Exchange& exchange, Direction direction) noexcept {
  State& state = exchange.state;
  const std::uint32_t flag = flag_of(direction, State::client_finished, State::server_finished);
  if (state.has(flag)) {
    // RFC 5246 §7.4.1.1: a handshake inside the encryption is a renegotiation, or a ticket.
    if (direction == Direction::client_to_server) {
      exchange.record.flags |= HandshakeRecord::renegotiation;
    }
    return;
  }
  state.set(flag);
  append_history(exchange, direction, letter::finished);
  exchange.record.last_flight = exchange.now;
  if (state.phase != Phase::handshaking) return;
  const Stage stage =
      direction == Direction::client_to_server ? Stage::client_finished : Stage::server_finished;
  if (exchange.record.outcome.stage < stage) exchange.record.outcome.stage = stage;
  if ((state.flags & kBothFinished) == kBothFinished) {
    exchange.record.outcome.stage = Stage::established;
    exchange.record.end = exchange.now;
    enter(exchange, Phase::established);
  }
}

// TLS 1.3: everything is application_data outside; length and order are what is left.
void Machine::on_opaque_tls13(Exchange& exchange, Direction direction,
                              std::uint16_t length) noexcept {
  append_history(exchange, direction, letter::application_data);
  if (direction == Direction::server_to_client) {
    on_server_record_tls13(exchange, length);
  } else {
    on_client_record_tls13(exchange, length);
  }
}

void Machine::on_server_record_tls13(Exchange& exchange, std::uint16_t length) noexcept {
  State& state = exchange.state;
  HandshakeRecord& record = exchange.record;
  const RecordLengths lengths = lengths_of(state);
  record.flags |= HandshakeRecord::server_flight_seen;
  if (shows_certificate(state.client_flight)) {
    // A server that has asked for a certificate waits for the client's whole flight: its answer
    // proves that this was it, and that a record after the certificate may have been data.
    if (state.client_flight == ClientFlight::certificate_and_more) note_client_data(exchange);
    state.client_flight = ClientFlight::finished;
    note_completed_tls13(exchange);
  }

  const bool alert = lengths.is_alert(length);
  const bool after_flight = state.client_flight == ClientFlight::finished;
  if (after_flight) state.server_reply = next_server_reply(state.server_reply, length, lengths);
  const bool open = state.phase == Phase::handshaking || state.phase == Phase::established;
  if (open && (alert || state.server_reply == ServerReply::short_record)) {
    record.deciding_record_length = length;
  }
  if (alert) {
    state.set(State::server_alert_sized);
    return;
  }
  state.clear(State::server_alert_sized);
  if (!after_flight) return;
  record.flags |= HandshakeRecord::server_data_seen;
  if (state.phase == Phase::established && state.server_reply == ServerReply::conversation &&
      exchange.mark(HandshakeRecord::client_data_seen)) {
    enter(exchange, Phase::done);
  }
}

void Machine::on_client_record_tls13(Exchange& exchange, std::uint16_t length) noexcept {
  State& state = exchange.state;
  HandshakeRecord& record = exchange.record;
  const RecordLengths lengths = lengths_of(state);
  // Before the server's flight, encrypted client records are early data (RFC 8446 §4.2.10).
  if (!exchange.mark(HandshakeRecord::server_flight_seen) && !state.has(State::lost_hard)) {
    record.flags |= HandshakeRecord::client_data_seen;
    return;
  }
  if (state.client_flight == ClientFlight::finished) {
    on_client_record_after_flight(exchange, length);
    return;
  }

  const bool early_data =
      (record.client_hello_facts.flags & ClientHelloFacts::early_data_offered) != 0;
  const ClientFlight before = state.client_flight;
  state.client_flight = next_client_flight(before, length, lengths, early_data);
  record.last_flight = exchange.now;
  switch (state.client_flight) {
    case ClientFlight::none:
      if (early_data && lengths.is_end_of_early_data(length)) {
        record.server_hello_facts.flags |= ServerHelloFacts::early_data_accepted;
      } else if (early_data) {
        note_client_data(exchange);
      }
      return;
    case ClientFlight::alert_sized:
    case ClientFlight::short_record:
      record.deciding_record_length = length;
      return;
    case ClientFlight::certificate:
      record.client_certificate = lengths.is_empty_certificate(length)
                                      ? ClientCertificate::inferred_empty
                                      : ClientCertificate::inferred_sent;
      return;
    case ClientFlight::certificate_and_more:
      return;
    case ClientFlight::finished:
      break;
  }
  if (before == ClientFlight::none && !early_data && lengths.is_empty_flight(length)) {
    record.client_certificate = ClientCertificate::inferred_empty;
  }
  note_completed_tls13(exchange);
  if (follows_flight(before, length, lengths)) on_client_record_after_flight(exchange, length);
}

void Machine::on_client_record_after_flight(Exchange& exchange, std::uint16_t length) noexcept {
  State& state = exchange.state;
  HandshakeRecord& record = exchange.record;
  if (lengths_of(state).is_alert(length)) {
    record.flags |= HandshakeRecord::close_notify_client;
    note_farewell(exchange);
    return;
  }
  note_client_data(exchange);
  // Who goes on after the server's word was not refused by it.
  if (state.server_reply == ServerReply::short_record) {
    state.server_reply = ServerReply::conversation;
    record.deciding_record_length = 0;
  }
  // Where the client showed a certificate, the server's verdict on it is still to come.
  const bool certificate = record.client_certificate == ClientCertificate::inferred_empty ||
                           record.client_certificate == ClientCertificate::inferred_sent;
  if (state.phase == Phase::established &&
      (!certificate || state.server_reply == ServerReply::conversation)) {
    enter(exchange, Phase::done);
  }
}

// The server's Finished stands in its flight, so the client's completes the handshake.
void Machine::note_completed_tls13(Exchange& exchange) noexcept {
  exchange.state.set(kBothFinished);
  exchange.record.deciding_record_length = 0;
  if (exchange.state.phase != Phase::handshaking) return;
  exchange.record.outcome.stage = Stage::established;
  exchange.record.end = exchange.now;
  enter(exchange, Phase::established);
}

}  // namespace shakedown::handshake
