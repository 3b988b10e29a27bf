// SPDX-License-Identifier: Apache-2.0
#include "handshake/machine.h"

#include <algorithm>

#include "handshake/message_rows.h"
#include "tls/cipher_suite.h"
#include "tls/record_reader.h"
#include "tls/server_key_exchange.h"
#include "tls/sslv2_hello.h"

namespace shakedown::handshake {

namespace {

/// FNV-1a: enough to tell whether a session id came back; nothing secret or hostile hangs on it.
std::uint32_t digest_of(Bytes bytes) noexcept {
  std::uint32_t hash = 0x811c9dc5;
  for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 0x01000193;
  return hash == 0 ? 1 : hash;
}

void advance(Exchange& exchange, Stage stage) noexcept {
  if (exchange.state.phase == Phase::ended) return;
  exchange.record.outcome.stage = std::max(exchange.record.outcome.stage, stage);
}

template <class Count>
Count saturating(std::size_t value) noexcept {
  return static_cast<Count>(std::min<std::size_t>(value, Count(~Count{0})));
}

void copy_server_name(const tls::ClientHello& hello, HandshakeRecord& record) noexcept {
  const Bytes name = hello.server_name;
  const std::size_t kept = std::min(name.size(), record.server_name.size());
  std::copy_n(name.begin(), kept, record.server_name.begin());
  record.client_hello_facts.server_name_length = saturating<std::uint8_t>(name.size());
  if (kept < name.size()) {
    record.client_hello_facts.flags |= ClientHelloFacts::server_name_truncated;
  }
}

}  // namespace

void append_history(Exchange& exchange, Direction direction, char letter) noexcept {
  HandshakeRecord& record = exchange.record;
  if (direction == Direction::server_to_client) letter = static_cast<char>(letter | 0x20);
  const bool data = (letter | 0x20) == (letter::application_data | 0x20);
  if (data && exchange.state.last_letter == letter) return;
  exchange.state.last_letter = letter;
  if (record.history_length == record.history.size()) {
    record.flags |= HandshakeRecord::history_truncated;
    return;
  }
  record.history[record.history_length++] = letter;
}

void append_alert(HandshakeRecord& record, const AlertFact& alert) noexcept {
  if (record.alert_count == record.alerts.size()) {
    record.flags |= HandshakeRecord::alerts_dropped;
    return;
  }
  record.alerts[record.alert_count++] = alert;
}

Machine::Machine(const Timeouts& timeouts, DefinitionSink& definitions, CounterBlock& counters,
                 Arena& arena, std::uint64_t seed)
    : timeouts_(timeouts),
      definitions_(definitions),
      counters_(counters),
      fingerprints_(arena, seed) {}

void Machine::enter(Exchange& exchange, Phase phase) const noexcept {
  exchange.state.phase = phase;
  exchange.state.phase_since = exchange.clock;
}

std::uint64_t Machine::define(HandshakeRecord& record, DefinitionKind kind, Bytes body) noexcept {
  if (body.empty()) return 0;
  const std::uint64_t id = definitions_.define(kind, body);
  if (id == 0) record.flags |= HandshakeRecord::definitions_refused;
  return id;
}

void Machine::on_message(Exchange& exchange, Direction direction,
                         const tls::Message& message) noexcept {
  counters_.add(Counter::tls_messages);
  const MessageRow& row = row_of(message.type, sender_of(direction));
  exchange.state.clear(flag_of(direction, State::client_warned, State::server_warned));
  // No outcome rests on a staple.
  const bool dispensable = message.type == HandshakeType::certificate_status;
  if (message.loss == tls::BodyLoss::pool_empty && !dispensable) {
    exchange.state.set(State::over_limit);
  }

  const bool hello_row =
      row.type == HandshakeType::server_hello || row.type == HandshakeType::hello_retry_request;
  if (row.type == HandshakeType::client_hello) {
    read_client_hello(exchange, message);
  } else if (hello_row) {
    read_server_hello(exchange, message);
    exchange.record.last_flight = exchange.now;
    return;  // it wrote its own letter and stage: only the body tells a HelloRetryRequest
  } else if (row.type == HandshakeType::certificate && row.letter != kUnknownMessageRow.letter) {
    read_certificate(exchange, direction, message);
  }
  append_history(exchange, direction, row.letter);
  advance(exchange, row.reached);
  exchange.record.last_flight = exchange.now;

  HandshakeRecord& record = exchange.record;
  switch (row.type) {
    case HandshakeType::server_key_exchange: {
      const auto keys =
          tls::parse_server_key_exchange(message.body, record.server_hello_facts.cipher_suite);
      if (keys.named_group != 0) record.server_hello_facts.named_group = keys.named_group;
      record.server_hello_facts.dh_prime_bits = keys.dh_prime_bits;
      break;
    }
    case HandshakeType::certificate_request:
      if (record.client_certificate == ClientCertificate::not_requested) {
        record.client_certificate = ClientCertificate::requested;
      }
      break;
    case HandshakeType::server_hello_done:
      exchange.state.set(State::server_hello_done);
      break;
    case HandshakeType::certificate_status:
      read_certificate_status(record, message);
      break;
    case HandshakeType::new_session_ticket:
      record.server_hello_facts.flags |= ServerHelloFacts::new_session_ticket_seen;
      break;
    case HandshakeType::finished:
      note_finished(exchange, direction);
      break;
    default:
      break;
  }
}

void Machine::read_client_hello(Exchange& exchange, const tls::Message& message) noexcept {
  HandshakeRecord& record = exchange.record;
  State& state = exchange.state;
  if (state.has(State::client_hello_read)) {
    if ((record.server_hello_facts.flags & ServerHelloFacts::hello_retry_request) != 0) {
      record.client_hello_facts.flags |= ClientHelloFacts::second_hello_seen;
    } else {
      record.flags |= HandshakeRecord::renegotiation;
    }
    return;
  }
  state.set(State::client_hello_read);
  record.client_hello = exchange.now;
  if (state.phase == Phase::waiting_for_hello) enter(exchange, Phase::handshaking);
  note_hello_after_close(exchange);

  const ParseStatus status = tls::parse_client_hello(message.body, client_hello_);
  if (status == ParseStatus::malformed) {
    record.flags |= HandshakeRecord::malformed_hello;
    counters_.add(Counter::tls_malformed);
  }
  tls::fill_facts(client_hello_, record.client_hello_facts);
  ClientHelloFacts& facts = record.client_hello_facts;
  facts.record_version = message.record_version;
  facts.length = saturating<std::uint16_t>(message.length);
  facts.record_count = message.record_count;
  facts.segment_count = message.segment_count;
  if (!message.complete_body) facts.flags |= ClientHelloFacts::truncated_parse;
  // Left as it is by a hello that ends before its random.
  (void)ByteReader(client_hello_.random).read_u32(record.hello_random_time);
  copy_server_name(client_hello_, record);
  if (client_hello_.server_name.size() > record.server_name.size()) {
    record.name_definition = define(record, DefinitionKind::server_name, client_hello_.server_name);
  }
  if (!client_hello_.session_id.empty())
    state.session_id_digest = digest_of(client_hello_.session_id);
  if (!message.complete_body && client_hello_.cipher_suites.empty()) return;

  const Bytes offer = Bytes(offer_).first(tls::encode_client_offer(client_hello_, offer_));
  const tls::Fingerprints fingerprints = fingerprints_.of(client_hello_, offer);
  record.ja3 = fingerprints.ja3;
  record.ja4 = fingerprints.ja4;
  record.offer_definition = define(record, DefinitionKind::client_offer, offer);
}

void Machine::read_server_hello(Exchange& exchange, const tls::Message& message) noexcept {
  HandshakeRecord& record = exchange.record;
  State& state = exchange.state;
  if (state.phase == Phase::waiting_for_hello) enter(exchange, Phase::handshaking);
  if (tls::parse_server_hello(message.body, message.type, server_hello_) ==
      ParseStatus::malformed) {
    counters_.add(Counter::tls_malformed);
  }
  ServerHelloFacts& facts = record.server_hello_facts;
  if (server_hello_.is_hello_retry_request()) {
    append_history(exchange, Direction::server_to_client, 'J');
    advance(exchange, Stage::hello_retry_request);
    facts.flags |= ServerHelloFacts::hello_retry_request;
    facts.retry_group = server_hello_.key_share_group;
    // RFC 8446 §4.1.4: version and cipher suite are settled here already.
    facts.selected_version = server_hello_.selected_version;
    facts.cipher_suite = server_hello_.cipher_suite;
    return;
  }
  append_history(exchange, Direction::server_to_client, 'S');
  advance(exchange, Stage::server_hello);
  if (state.has(State::server_hello_read)) return;
  state.set(State::server_hello_read);
  record.server_hello = exchange.now;

  const std::uint32_t retry_flag = facts.flags & ServerHelloFacts::hello_retry_request;
  const std::uint16_t retry_group = facts.retry_group;
  tls::fill_facts(server_hello_, facts);
  facts.flags |= retry_flag | ServerHelloFacts::seen;
  facts.retry_group = retry_group;
  facts.record_version = message.record_version;
  if (!message.complete_body) {
    // The version that counts stands in an extension (RFC 8446 §4.2.1), which may be cut off.
    if (!exchange.tls13()) facts.selected_version = 0;
    on_loss(exchange, LossKind::truncated);
  }
  if (!server_hello_.session_id.empty() &&
      digest_of(server_hello_.session_id) == state.session_id_digest) {
    facts.flags |= ServerHelloFacts::session_id_echoed;
  }
  record.ja3s = fingerprints_.of(server_hello_);

  if (exchange.tls13()) {
    // RFC 8446 §4.1.3: all that follows ServerHello is encrypted, in both directions.
    tls::set_opaque(exchange.server_records);
    tls::set_opaque(exchange.client_records);
    state.finished_record_length = tls::finished_record_length(facts.cipher_suite);
    state.alert_record_length = tls::alert_record_length(facts.cipher_suite);
    if ((facts.flags & ServerHelloFacts::psk_selected) != 0) {
      facts.flags |= ServerHelloFacts::resumed;
    }
    const bool early_data =
        (record.client_hello_facts.flags & ClientHelloFacts::early_data_offered) != 0;
    if (exchange.mark(HandshakeRecord::client_data_seen) && !early_data &&
        !state.has(State::not_all_shown)) {
      // The mirror showed the client's answer before the ServerHello that it answers.
      record.flags |= HandshakeRecord::server_flight_seen;
      state.client_flight = ClientFlight::finished;
      note_completed_tls13(exchange);
    }
  }
}

void Machine::on_sslv2_hello(Exchange& exchange, Direction direction, Bytes body) noexcept {
  HandshakeRecord& record = exchange.record;
  State& state = exchange.state;
  if (state.phase == Phase::waiting_for_hello) enter(exchange, Phase::handshaking);
  record.last_flight = exchange.now;
  if (direction == Direction::client_to_server) {
    tls::Sslv2ClientHello hello;
    if (tls::parse_sslv2_client_hello(body, hello) == ParseStatus::malformed) {
      record.flags |= HandshakeRecord::malformed_hello;
    }
    state.set(State::client_hello_read);
    record.client_hello = exchange.now;
    note_hello_after_close(exchange);
    tls::fill_facts(hello, record.client_hello_facts);
    const std::size_t size = tls::encode_client_offer(hello, offer_);
    record.offer_definition =
        define(record, DefinitionKind::client_offer, Bytes(offer_).first(size));
    append_history(exchange, direction, 'C');
    advance(exchange, Stage::client_hello);
    return;
  }
  tls::Sslv2ServerHello hello;
  if (tls::parse_sslv2_server_hello(body, hello) == ParseStatus::malformed) {
    counters_.add(Counter::tls_malformed);
  }
  state.set(State::server_hello_read);
  record.server_hello = exchange.now;
  tls::fill_facts(hello, record.server_hello_facts);
  append_history(exchange, direction, 'S');
  advance(exchange, Stage::server_hello);
}

void Machine::on_alert(Exchange& exchange, Direction direction, AlertLevel level,
                       AlertDescription description) noexcept {
  counters_.add(Counter::tls_alerts);
  HandshakeRecord& record = exchange.record;
  const Party sender = sender_of(direction);
  append_history(exchange, direction, letter::alert);
  append_alert(record, {level, description, sender, false});
  record.last_flight = exchange.now;
  if (description == AlertDescription::close_notify) {
    record.flags |= flag_of(direction, HandshakeRecord::close_notify_client,
                            HandshakeRecord::close_notify_server);
  }
  if (exchange.state.phase != Phase::handshaking &&
      exchange.state.phase != Phase::waiting_for_hello) {
    return;
  }
  if (level == AlertLevel::fatal) {
    latch(exchange, OutcomeKind::alert, sender);
    exchange.state.set(State::alert_is_ending);
  } else {
    exchange.state.set(flag_of(direction, State::client_warned, State::server_warned));
  }
}

void Machine::on_change_cipher_spec(Exchange& exchange, Direction direction) noexcept {
  append_history(exchange, direction, letter::change_cipher_spec);
  State& state = exchange.state;
  HandshakeRecord& record = exchange.record;
  if (exchange.tls13()) return;  // RFC 8446 appendix D.4: it means nothing there
  const bool hello_known = state.has(State::server_hello_read);
  // Before any ServerHello it is the compatibility record of a TLS 1.3 client with early data,
  // unless the hello was lost.
  if (!hello_known && !state.has(State::lost_hard) && !exchange.mark(HandshakeRecord::midstream)) {
    return;
  }
  state.set(flag_of(direction, State::client_ccs, State::server_ccs));
  tls::set_opaque(exchange.records_of(direction));
  const bool abbreviated = direction == Direction::server_to_client && hello_known &&
                           !state.has(State::server_hello_done | State::server_certificate |
                                      State::client_ccs | State::lost_hard);
  if (abbreviated) record.server_hello_facts.flags |= ServerHelloFacts::resumed;
}

void Machine::on_over_limit(Exchange& exchange) noexcept {
  counters_.add(Counter::tls_over_limit);
  exchange.state.set(State::over_limit);
}

}  // namespace shakedown::handshake
