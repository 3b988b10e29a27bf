// SPDX-License-Identifier: Apache-2.0
//
// How a handshake ends: closings, time, and the final word on it.
#include "handshake/client_flight.h"
#include "handshake/machine.h"

namespace shakedown::handshake {

namespace {

/// Whose turn it was when nothing more came.
Party awaited_party(const Exchange& exchange) noexcept {
  const State& state = exchange.state;
  switch (exchange.record.outcome.stage) {
    case Stage::client_hello:
    case Stage::client_key_exchange:
    case Stage::client_finished:
      return Party::server;
    case Stage::hello_retry_request: {
      const bool answered =
          (exchange.record.client_hello_facts.flags & ClientHelloFacts::second_hello_seen) != 0;
      return answered ? Party::server : Party::client;
    }
    case Stage::server_hello:
      // TLS 1.3 hides where the server's flight ends; that it began is taken for the whole.
      return exchange.tls13() && exchange.mark(HandshakeRecord::server_flight_seen) ? Party::client
                                                                                    : Party::server;
    case Stage::certificate:
    case Stage::certificate_request:
      return Party::server;
    case Stage::client_certificate:
    case Stage::server_hello_done:
      return Party::client;
    case Stage::server_finished:
      return Party::client;
    case Stage::tcp:
    case Stage::established:
      break;
  }
  return state.has(State::client_hello_read) ? Party::server : Party::client;
}

/// TLS 1.3: the server's last word was alert-sized, and the client had not finished.
bool server_refused_in_flight(const Exchange& exchange) noexcept {
  return exchange.tls13() && exchange.state.has(State::server_alert_sized) &&
         exchange.state.client_flight != ClientFlight::finished;
}

/// TLS 1.3: the client answered the server's flight with an alert. `closed`: the connection ended
/// right after it, which a record of an unusual length needs as a second witness.
bool client_refused(const Exchange& exchange, bool closed) noexcept {
  if (!exchange.tls13()) return false;
  return exchange.state.client_flight == ClientFlight::alert_sized ||
         (closed && exchange.state.client_flight == ClientFlight::short_record);
}

/// Why the outcome cannot be known, or `none` when everything that matters was seen.
UnseenReason doubt(const Exchange& exchange) noexcept {
  const HandshakeRecord& record = exchange.record;
  const State& state = exchange.state;
  if (!exchange.mark(HandshakeRecord::client_seen) ||
      !exchange.mark(HandshakeRecord::server_seen)) {
    return UnseenReason::one_way;
  }
  if (state.has(State::lost_truncated)) return UnseenReason::truncated;
  if (state.has(State::lost_hard | State::not_all_shown)) return UnseenReason::gap;
  if ((record.flags & (HandshakeRecord::client_ack_beyond | HandshakeRecord::server_ack_beyond)) !=
      0) {
    return UnseenReason::gap;
  }
  if (state.has(State::over_limit)) return UnseenReason::over_limit;
  if (state.has(State::undecodable)) return UnseenReason::undecodable;
  if (state.phase != Phase::waiting_for_hello && !state.has(State::client_hello_read) &&
      record.outcome.kind != OutcomeKind::no_hello) {
    return UnseenReason::gap;
  }
  return UnseenReason::none;
}

/// TLS 1.3: the client showed a certificate, or that it has none.
bool client_showed_certificate(const Exchange& exchange) noexcept {
  const ClientCertificate shown = exchange.record.client_certificate;
  return exchange.tls13() &&
         (shown == ClientCertificate::inferred_empty || shown == ClientCertificate::inferred_sent);
}

/// TLS 1.3: after the client's certificate, the server's only word was alert-sized; or it was too
/// short for a session ticket and the last word of the connection. Servers also greet in few bytes,
/// and clients hang up on that: then only the length of Java's padded alert is taken for one.
bool server_refused_client(const Exchange& exchange, Party closer) noexcept {
  const State& state = exchange.state;
  if (!client_showed_certificate(exchange) || state.client_flight != ClientFlight::finished) {
    return false;
  }
  if (state.server_reply == ServerReply::alert_sized) return true;
  if (state.server_reply != ServerReply::short_record) return false;
  const RecordLengths lengths{state.alert_record_length, state.finished_record_length};
  return !exchange.mark(HandshakeRecord::close_notify_client) &&
         (closer == Party::server ||
          lengths.is_padded_alert(exchange.record.deciding_record_length)) &&
         doubt(exchange) == UnseenReason::none;
}

/// TLS 1.3: the server closes on a client that showed a certificate, without a word about it. A
/// client that has said goodbye before was not refused, and a server cut off in the middle of a
/// record was saying something.
bool server_left_client(const Exchange& exchange, Party closer) noexcept {
  const State& state = exchange.state;
  return closer == Party::server && client_showed_certificate(exchange) &&
         state.server_reply == ServerReply::none && !state.has(State::server_alert_sized) &&
         !exchange.mark(HandshakeRecord::close_notify_client) &&
         exchange.server_records.at_record_boundary() && doubt(exchange) == UnseenReason::none;
}

/// TLS 1.3: the client showed a certificate, and what the server said to that was not seen to its end. Data of
/// the client proves nothing: it does not wait for the verdict.
bool verdict_is_due(const Exchange& exchange) noexcept {
  return client_showed_certificate(exchange) &&
         exchange.state.server_reply != ServerReply::conversation;
}

/// RFC 8446 §2.3: a server that has taken early data may answer it and say goodbye before the
/// client's Finished has come to it. That one is on its way; how the client ends decides.
bool answered_early_data(const Exchange& exchange, Party closer, CloseKind kind) noexcept {
  const HandshakeRecord& record = exchange.record;
  return closer == Party::server && kind == CloseKind::fin && exchange.tls13() &&
         exchange.state.client_flight == ClientFlight::none &&
         exchange.mark(HandshakeRecord::client_data_seen) &&
         (record.client_hello_facts.flags & ClientHelloFacts::early_data_offered) != 0 &&
         (record.server_hello_facts.flags & ServerHelloFacts::psk_selected) != 0;
}

/// TLS 1.3: the client has finished, and the server would not have it.
void take_back_completion(Exchange& exchange) noexcept {
  exchange.record.outcome.stage = Stage::client_finished;
  exchange.record.flags |= HandshakeRecord::inferred;
  exchange.record.flags &= ~std::uint32_t{HandshakeRecord::late_rejection};
}

}  // namespace

void Machine::latch(Exchange& exchange, OutcomeKind kind, Party by) const noexcept {
  exchange.record.outcome.kind = kind;
  exchange.record.outcome.by = by;
  exchange.record.end = exchange.now;
  enter(exchange, Phase::ended);
}

void Machine::on_close(Exchange& exchange, Direction direction, CloseKind kind) noexcept {
  State& state = exchange.state;
  HandshakeRecord& record = exchange.record;
  const Party closer = sender_of(direction);
  const OutcomeKind ending = kind == CloseKind::rst ? OutcomeKind::reset : OutcomeKind::closed;
  switch (state.phase) {
    case Phase::waiting_for_hello:
      latch(exchange, OutcomeKind::no_hello, closer);
      return;
    case Phase::established:
      if (server_refused_client(exchange, closer)) {
        take_back_completion(exchange);
        append_alert(record, encrypted_alert_of(Party::server));
        latch(exchange, OutcomeKind::encrypted_alert, Party::server);
        return;
      }
      if (server_left_client(exchange, closer)) {
        take_back_completion(exchange);
        latch(exchange, ending, closer);
        return;
      }
      if (closer == Party::client && !exchange.mark(HandshakeRecord::client_data_seen)) {
        record.flags |= HandshakeRecord::late_rejection;
      }
      enter(exchange, Phase::done);
      return;
    case Phase::ended:
    case Phase::done:
      return;
    case Phase::handshaking:
      if (answered_early_data(exchange, closer, kind)) return;
      break;
  }
  if (client_refused(exchange, true)) {
    record.flags |= HandshakeRecord::inferred;
    append_alert(record, encrypted_alert_of(Party::client));
    latch(exchange, OutcomeKind::encrypted_alert, Party::client);
  } else if (server_refused_in_flight(exchange)) {
    record.flags |= HandshakeRecord::inferred;
    append_alert(record, encrypted_alert_of(Party::server));
    latch(exchange, OutcomeKind::encrypted_alert, Party::server);
  } else if (state.has(State::client_warned | State::server_warned)) {
    // RFC 5246 §7.2.2: whoever gets a warning may end the connection over it.
    latch(exchange, OutcomeKind::alert,
          state.has(State::server_warned) ? Party::server : Party::client);
  } else {
    // A whole flight may be one record that looks like its certificate alone.
    if (server_left_client(exchange, closer)) take_back_completion(exchange);
    latch(exchange, ending, closer);
  }
}

// The server had closed before the hello came to it: one connection, and one ending.
void Machine::note_hello_after_close(Exchange& exchange) const noexcept {
  Outcome& outcome = exchange.record.outcome;
  if (exchange.state.phase != Phase::ended || outcome.kind != OutcomeKind::no_hello ||
      outcome.by != Party::server) {
    return;
  }
  const bool reset = exchange.state.has(State::server_rst);
  outcome.kind = reset ? OutcomeKind::reset : OutcomeKind::closed;
  outcome.stage = Stage::client_hello;
}

void Machine::on_non_tls_reply(Exchange& exchange) noexcept {
  if (exchange.state.phase != Phase::handshaking) return;
  latch(exchange, OutcomeKind::non_tls_reply, Party::server);
}

void Machine::on_upgrade_refused(Exchange& exchange) const noexcept {
  const Phase phase = exchange.state.phase;
  if (phase != Phase::waiting_for_hello && phase != Phase::handshaking) return;
  latch(exchange, OutcomeKind::starttls_refused, Party::server);
}

void Machine::on_desync(Exchange& exchange, Direction direction) noexcept {
  exchange.record.flags |=
      flag_of(direction, HandshakeRecord::desync_client, HandshakeRecord::desync_server);
  counters_.add(Counter::tls_malformed);
  if (exchange.state.phase == Phase::handshaking) exchange.state.set(State::undecodable);
}

void Machine::on_loss(Exchange& exchange, LossKind kind) noexcept {
  exchange.record.flags |= HandshakeRecord::capture_gap;
  if (kind == LossKind::truncated) {
    exchange.record.flags |= HandshakeRecord::truncated;
    exchange.state.set(State::lost_truncated);
  }
  exchange.state.set(State::lost_hard);
}

UnixNanos Machine::deadline(const State& state) const noexcept {
  if (state.phase != Phase::ended &&
      state.has(State::client_close_pending | State::server_close_pending)) {
    return add_saturating(state.last_progress, timeouts_.linger_nanos);
  }
  switch (state.phase) {
    case Phase::waiting_for_hello:
      return add_saturating(state.last_progress, timeouts_.no_hello_nanos);
    case Phase::handshaking:
      return add_saturating(state.last_progress, timeouts_.silence_nanos);
    case Phase::established:
      return add_saturating(state.phase_since, timeouts_.established_nanos);
    case Phase::ended:
      return add_saturating(state.phase_since, timeouts_.linger_nanos);
    case Phase::done:
      return state.phase_since;
  }
  return state.phase_since;
}

void Machine::finalize(Exchange& exchange, EndReason reason) noexcept {
  State& state = exchange.state;
  HandshakeRecord& record = exchange.record;
  if (!exchange.mark(HandshakeRecord::client_seen) ||
      !exchange.mark(HandshakeRecord::server_seen)) {
    record.flags |= HandshakeRecord::one_way;
  }
  const UnseenReason reason_to_doubt = doubt(exchange);
  const auto set_unseen = [&record](UnseenReason why) {
    record.outcome.kind = OutcomeKind::unseen;
    record.outcome.by = Party::none;
    record.outcome.unseen_reason = why;
  };

  const bool completed = record.outcome.stage == Stage::established &&
                         (state.phase == Phase::established || state.phase == Phase::done);
  if (completed && verdict_is_due(exchange)) {
    // What the server thinks of the client's certificate comes after both have finished.
    const bool stopped = reason == EndReason::capture_end || reason == EndReason::evicted;
    if (stopped || reason_to_doubt != UnseenReason::none) {
      record.outcome.stage = Stage::client_finished;
      set_unseen(reason_to_doubt != UnseenReason::none ? reason_to_doubt
                 : reason == EndReason::evicted        ? UnseenReason::evicted
                                                       : UnseenReason::capture_end);
      return;
    }
  }
  if (completed || (survived_loss(exchange) && !state.has(State::alert_is_ending))) {
    // Who may have said something that the mirror did not show has not left without a word.
    if (reason_to_doubt != UnseenReason::none || exchange.mark(HandshakeRecord::capture_gap)) {
      record.flags &= ~std::uint32_t{HandshakeRecord::late_rejection};
    }
    record.outcome.stage = Stage::established;
    record.outcome.kind = OutcomeKind::established;
    record.outcome.by = Party::none;
    if (record.end.value == 0) record.end = exchange.now;
    return;
  }
  if (state.phase == Phase::ended) {
    const bool proves_itself = state.has(State::alert_is_ending) ||
                               record.outcome.kind == OutcomeKind::non_tls_reply ||
                               record.outcome.kind == OutcomeKind::starttls_refused;
    if (!proves_itself && reason_to_doubt != UnseenReason::none) set_unseen(reason_to_doubt);
    return;
  }

  record.end = state.last_progress;
  if (state.phase == Phase::waiting_for_hello && reason != EndReason::capture_end &&
      reason != EndReason::evicted && reason_to_doubt == UnseenReason::none) {
    record.outcome.kind = OutcomeKind::no_hello;
    record.outcome.by = Party::client;
    return;
  }
  if (reason == EndReason::evicted) {
    set_unseen(UnseenReason::evicted);
    return;
  }
  // Nothing at all from the server: whether that is silence, only control can tell, which knows who
  // else was seen.
  const bool client_alone =
      !exchange.mark(HandshakeRecord::server_seen) && exchange.mark(HandshakeRecord::client_seen) &&
      !exchange.mark(HandshakeRecord::client_ack_beyond) &&
      record.outcome.stage == Stage::client_hello && !state.has(State::lost_hard);
  if (reason_to_doubt != UnseenReason::none && !(client_alone && reason == EndReason::timeout)) {
    set_unseen(reason_to_doubt);
    return;
  }
  if (client_refused(exchange, false)) {
    record.flags |= HandshakeRecord::inferred;
    append_alert(record, encrypted_alert_of(Party::client));
    record.outcome.kind = OutcomeKind::encrypted_alert;
    record.outcome.by = Party::client;
    return;
  }
  if (reason == EndReason::timeout) {
    record.outcome.kind = OutcomeKind::silence;
    record.outcome.by = awaited_party(exchange);
    return;
  }
  if (reason == EndReason::answer_lost) {
    set_unseen(UnseenReason::gap);
    return;
  }
  set_unseen(UnseenReason::capture_end);
}

}  // namespace shakedown::handshake
