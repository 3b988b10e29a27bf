// SPDX-License-Identifier: Apache-2.0
//
// Connections that begin with something else than TLS: a service that may be upgraded to it, a
// proxy in front of it, a client or server that does not speak it at all.
#include <algorithm>
#include <optional>

#include "first_bytes.h"
#include "tls/proxy_header.h"
#include "worker.h"
#include "worker_packet.h"
#include "worker_stream_sink.h"

namespace shakedown {

namespace {

using handshake::Exchange;
using handshake::Phase;
using handshake::State;
using service::Progress;

/// A proxy is asked for a connection, not for TLS: whether that is what goes through it shows
/// later.
bool is_proxy(StartTls kind) noexcept {
  return kind == StartTls::http_connect || kind == StartTls::socks;
}

/// A client that does not wait for the answer sends its hello right behind the request. Empty: it
/// has not.
Bytes hello_behind_request(Bytes bytes) noexcept {
  auto from = bytes.begin();
  while (from != bytes.end()) {
    from = std::find(from, bytes.end(), static_cast<std::uint8_t>(ContentType::handshake));
    const Bytes rest(from, bytes.end());
    if (tls::plausible_client_hello(rest)) return rest;
    if (from != bytes.end()) ++from;
  }
  return {};
}

Recognition& words_of(HandshakeRecord& record, Party from) noexcept {
  return from == Party::client ? record.client_service : record.server_service;
}

}  // namespace

Recognition Worker::recognise(Bytes first_bytes, Party from) noexcept {
  counters_.add(Counter::services_recognised);
  return recogniser_.recognise(first_bytes, from);
}

void Worker::begin_plaintext(Connection& connection, const Recognition& first_words,
                             Direction direction) noexcept {
  const Party from = handshake::sender_of(direction);
  HandshakeRecord& record = record_of(connection);
  connection.state.set(State::plaintext_first);
  record.flags |= HandshakeRecord::after_plaintext;
  words_of(record, from) = first_words;
  notes_of(connection).dialogue.kind = service::upgrade_of(first_words.service, from);
}

// Of bytes in order: do they belong to what is said before TLS?
bool Worker::is_plaintext(const Connection& connection, Direction direction,
                          Bytes bytes) noexcept {
  const State& state = connection.state;
  const ConnectionNotes& notes = notes_of(connection);
  const bool from_client = direction == Direction::client_to_server;
  // The answer to a client that did not wait for it.
  if (!from_client && notes.dialogue.progress == Progress::asked) return true;
  if (state.phase != Phase::waiting_for_hello) return false;
  if (state.has(State::plaintext_first)) return notes.in_dialogue();
  // First words that came out of order.
  const stream::StreamDirection& stream = connection.streams[handshake::index_of(direction)];
  return from_client && stream.delivered_bytes == bytes.size() && !may_begin_tls(bytes) &&
         (record_of(connection).flags & HandshakeRecord::midstream) == 0 &&
         tls::proxy_header_size(bytes) == 0;
}

// What is TLS of these bytes already.
Bytes Worker::hear(Connection& connection, Exchange& exchange, Direction direction,
                   Bytes bytes) noexcept {
  State& state = connection.state;
  HandshakeRecord& record = exchange.record;
  ConnectionNotes& notes = notes_of(connection);
  const Party from = handshake::sender_of(direction);
  const bool begun = !state.has(State::plaintext_first) &&
                     notes.dialogue.progress != Progress::asked;
  if (begun) begin_plaintext(connection, recognise(bytes, from), direction);
  if (!notes.in_dialogue()) {
    if (!state.has(State::watched)) state.set(State::not_tls);
    return {};
  }
  // The answer to a client that speaks TLS already was not shown, or taken for another.
  if (from == Party::server && !state.has(State::plaintext_first) && may_be_server_flight(bytes)) {
    notes.dialogue.progress = Progress::accepted;
    return bytes;
  }
  const bool from_client = from == Party::client;
  if (from_client && tls::plausible_client_hello(bytes)) {
    begin_tls(connection, record);
    if (exchange.mark(HandshakeRecord::capture_gap)) lose_answer(connection, exchange);
    return bytes;
  }
  Recognition& words = words_of(record, from);
  if (words.service == Service::none) words = recognise(bytes, from);
  heed(connection, exchange, service::on_bytes(notes.dialogue, from, bytes));
  const Progress progress = notes.dialogue.progress;
  if (!from_client || (progress != Progress::asked && progress != Progress::accepted)) return {};
  const Bytes hello = hello_behind_request(bytes);
  if (!hello.empty() && state.has(State::plaintext_first)) begin_tls(connection, record);
  return hello;
}

void Worker::heed(Connection& connection, Exchange& exchange, Progress progress) noexcept {
  State& state = connection.state;
  const service::Dialogue& dialogue = notes_of(connection).dialogue;
  const bool proxy = is_proxy(dialogue.kind);
  const bool asked = progress == Progress::asked || progress == Progress::accepted ||
                     progress == Progress::refused;
  if (asked && !proxy && exchange.record.starttls == StartTls::none) {
    exchange.record.starttls = dialogue.kind;
    counters_.add(Counter::upgrades_asked);
  }
  switch (progress) {
    case Progress::talking:
    case Progress::asked:
      return;
    case Progress::accepted:
      if (state.has(State::plaintext_first)) begin_tls(connection, exchange.record);
      return;
    case Progress::refused:
      if (proxy) break;
      counters_.add(Counter::upgrades_declined);
      if (dialogue.code != 0) exchange.record.server_service.code = dialogue.code;
      machine_.on_upgrade_refused(exchange);
      return;
    case Progress::over:
      break;
  }
  if (!state.has(State::watched)) state.set(State::not_tls);
}

// From here on both sides speak TLS. Their streams go on where they are.
void Worker::begin_tls(Connection& connection, HandshakeRecord& record) noexcept {
  for (const Direction side : {Direction::client_to_server, Direction::server_to_client}) {
    reader_.release(connection.records_of(side));
  }
  connection.records = {tls::RecordState{}, tls::RecordState::for_server()};
  connection.state.clear(State::plaintext_first | State::not_all_shown);
  record.flags |= HandshakeRecord::after_plaintext;
  const service::Dialogue& dialogue = notes_of(connection).dialogue;
  if (dialogue.progress == Progress::asked || dialogue.progress == Progress::accepted) {
    record.starttls = dialogue.kind;
  } else if (record.client_service.service != Service::none) {
    record.starttls = StartTls::unknown;
  }
}

// The client goes on with TLS, so the server has accepted; but its answer is among what is missing,
// or may be. The next record that it sends is looked for.
void Worker::lose_answer(Connection& connection, Exchange& exchange) noexcept {
  service::Dialogue& dialogue = notes_of(connection).dialogue;
  if (dialogue.progress == Progress::accepted) return;
  dialogue.progress = Progress::accepted;
  StreamSink sink(*this, connection, exchange, Direction::server_to_client);
  static_cast<void>(reader_.gap(exchange.server_records, std::nullopt, sink));
  machine_.on_loss(exchange, handshake::LossKind::missing);
}

// Outside of a dialogue that is understood nothing is put together; a hello shows itself at the start
// of its segment.
void Worker::look_for_hello(Connection& connection, const PacketContext& packet,
                            Direction direction) noexcept {
  const packet::PacketView& view = packet.view;
  const Party from = handshake::sender_of(direction);
  State& state = connection.state;
  HandshakeRecord& record = record_of(connection);
  state.last_progress = packet.clock;
  Exchange exchange = exchange_of(connection, view.time, packet.clock);
  if (from == Party::client && tls::plausible_client_hello(view.payload)) {
    for (const Direction side : {Direction::client_to_server, Direction::server_to_client}) {
      reassembler_.release(connection.stream_of(side));
    }
    reassembler_.start(connection.stream_of(Direction::client_to_server), view.seq);
    reassembler_.start(connection.stream_of(Direction::server_to_client), view.ack);
    begin_tls(connection, record);
    deliver(connection, packet, exchange, direction);
    return;
  }
  // Followed by number, so that a closing is recognised as such.
  stream::StreamDirection& stream = connection.stream_of(direction);
  const SeqNum end = view.seq.plus(view.payload_length());
  if (!stream.started() || end.after(stream.next)) {
    reassembler_.release(stream);
    reassembler_.start(stream, end);
  }
  Recognition& words = words_of(record, from);
  if (words.service != Service::none || view.payload.empty()) return;
  words = recognise(view.payload, from);
  service::Dialogue& dialogue = notes_of(connection).dialogue;
  if (dialogue.kind == StartTls::none) dialogue.kind = service::upgrade_of(words.service, from);
  if (dialogue.kind != StartTls::none) {
    heed(connection, exchange, service::on_bytes(dialogue, from, view.payload));
  } else if (from == Party::client && !state.has(State::watched)) {
    state.set(State::not_tls);
  }
}

// The state machine knows only what was said in TLS.
void Worker::judge_plaintext(const Connection& connection, HandshakeRecord& record) noexcept {
  const State& state = connection.state;
  const service::Dialogue& dialogue = notes_of(connection).dialogue;
  Outcome& outcome = record.outcome;
  const bool gap = (record.flags & HandshakeRecord::capture_gap) != 0;
  if (outcome.kind == OutcomeKind::no_hello && dialogue.progress == Progress::asked &&
      !is_proxy(dialogue.kind) && !gap) {
    const bool closed = state.has(State::client_fin | State::client_rst | State::server_fin |
                                  State::server_rst);
    if (!closed) {
      outcome = {OutcomeKind::silence, Party::server, Stage::tcp, UnseenReason::none};
    } else if (outcome.by == Party::server) {
      outcome.kind = OutcomeKind::starttls_refused;
    }
    return;
  }
  // It greeted in another language, before the hello or while that was on its way, and that was its
  // answer. Some clients complain about it by an alert.
  const bool unanswered =
      outcome.kind == OutcomeKind::closed || outcome.kind == OutcomeKind::reset ||
      outcome.kind == OutcomeKind::silence ||
      (outcome.kind == OutcomeKind::alert && outcome.by == Party::client);
  if (unanswered && outcome.stage == Stage::client_hello && record.starttls == StartTls::none &&
      record.server_service.service != Service::none) {
    outcome.kind = OutcomeKind::non_tls_reply;
    outcome.by = Party::server;
  }
}

}  // namespace shakedown
