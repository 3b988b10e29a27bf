// SPDX-License-Identifier: Apache-2.0
//
// Connections whose handshake is followed: TCP segments become streams, streams become TLS records,
// records move the state machine, and when that is done a record leaves.
#include <memory>
#include <optional>

#include "tcp_observation.h"
#include "tls/proxy_header.h"
#include "tls/record_probe.h"
#include "worker.h"
#include "worker_packet.h"
#include "worker_stream_sink.h"

namespace shakedown {

namespace {

using handshake::EndReason;
using handshake::Exchange;
using handshake::Phase;
using handshake::State;
namespace tcp_flag = packet::tcp_flag;

/// What comes again sooner is a copy by the mirror, or the answer to acknowledgments that ask for
/// it: nobody's retransmission timer is shorter (RFC 6298 §2.4 asks for a second; Linux's 200 ms are
/// the shortest known).
constexpr std::int64_t kRepeatNanosMin = 100 * kNanosPerMilli;

}  // namespace

HandshakeRecord& Worker::record_of(const Connection& connection) noexcept {
  return records_[connections_.slot_of(&connection)];
}

ConnectionNotes& Worker::notes_of(const Connection& connection) noexcept {
  return notes_[connections_.slot_of(&connection)];
}

bool Worker::has_expired(Connection& connection, UnixNanos clock) noexcept {
  if (connection.deadline > clock) return false;
  end_connection(connection, EndReason::timeout, connection.deadline, connection.deadline);
  return true;
}

Exchange Worker::exchange_of(Connection& connection, UnixNanos now, UnixNanos clock) noexcept {
  return {connection.state,
          record_of(connection),
          connection.records_of(Direction::client_to_server),
          connection.records_of(Direction::server_to_client),
          now,
          clock};
}

Connection* Worker::begin_connection(const PacketContext& packet, Direction direction) noexcept {
  Connection* connection = connections_.insert(packet.hash, packet.keyed.key);
  if (connection == nullptr) {
    counters_.add(Counter::handshakes_evicted);
    return nullptr;
  }
  counters_.add(Counter::handshakes_begun);
  counters_.add(Counter::handshakes_open);
  HandshakeRecord& record = *std::construct_at(&record_of(*connection));
  std::construct_at(&notes_of(*connection));
  describe_endpoints(record, packet.view, direction);
  record.kept_share = overload::kept_share_of(shedding_);
  const bool from_client = direction == Direction::client_to_server;
  State& state = connection->state;
  if (packet.keyed.source_is_low == from_client) state.set(State::client_is_low);
  if (watched(record.server_port)) state.set(State::watched);
  state.last_progress = packet.clock;
  state.phase_since = packet.clock;
  return connection;
}

void Worker::begin_midstream(const PacketContext& packet, Direction direction) noexcept {
  const bool from_client = direction == Direction::client_to_server;
  if (!keeps(from_client ? packet.view.source : packet.view.destination)) {
    shed(packet.hash);
    return;
  }
  Connection* connection = begin_connection(packet, direction);
  if (connection == nullptr) {
    counters_.add(Counter::fate_flow_table_full);
    return;
  }
  counters_.add(Counter::fate_connection);
  ask_to_pass(packet);
  record_of(*connection).flags |= HandshakeRecord::midstream;
  const auto prefix = static_cast<std::uint32_t>(tls::proxy_header_size(packet.view.payload));
  if (prefix != 0) {
    record_of(*connection).flags |= HandshakeRecord::after_plaintext;
    record_of(*connection).starttls = StartTls::proxy_header;
  }
  reassembler_.start(connection->stream_of(direction), packet.view.seq.plus(prefix));
  if (packet.view.has(tcp_flag::ack)) {
    reassembler_.start(connection->stream_of(handshake::opposite(direction)), packet.view.ack);
  }
  connection->client_isn =
      connection->stream_of(Direction::client_to_server).next.plus(~std::uint32_t{prefix});
  on_connection_packet(*connection, packet);
}

void Worker::on_connection_packet(Connection& connection, const PacketContext& packet) noexcept {
  State& state = connection.state;
  const Direction direction =
      direction_of(packet.keyed.source_is_low, state.has(State::client_is_low));
  HandshakeRecord& record = record_of(connection);
  const packet::PacketView& view = packet.view;
  ConnectionNotes& notes = notes_of(connection);
  const Party sender = handshake::sender_of(direction);
  if (path::shown_before(notes.trace, view, sender)) {
    counters_.add(Counter::packets_duplicated);
    return;
  }
  path::observe(notes.trace, view, sender);
  observe_packet(record, view, direction);
  Exchange exchange = exchange_of(connection, view.time, packet.clock);

  const bool rst = view.has(tcp_flag::rst);
  if (view.has(tcp_flag::ack) && (!rst || acks_stream(connection, view.ack, direction))) {
    note_ack(connection, view.ack, direction);
  }
  if (view.payload_length() == 0 && !rst && !view.has(tcp_flag::syn)) {
    note_sent_until(connection, view.seq, direction);
  }
  if (view.has(tcp_flag::syn)) note_late_syn(connection, view.seq, exchange, direction);
  // RFC 9293 §3.5.2: a RST may hold text about its cause, which is no part of the stream.
  if (view.payload_length() != 0 && !view.has(tcp_flag::rst)) {
    if (state.phase == Phase::waiting_for_hello && state.has(State::plaintext_first) &&
        !notes.in_dialogue()) {
      look_for_hello(connection, packet, direction);
    } else {
      deliver(connection, packet, exchange, direction);
    }
  }
  if (view.has(tcp_flag::fin | tcp_flag::rst)) note_close(connection, packet, direction);
  be_patient_with_holes(connection, exchange);
  settle_closes(connection, exchange);
  settle(connection, packet);
}

// What was taken for the first byte of this stream was not. A keep-alive probe repeats the one
// before it (RFC 9293 §3.8.4).
bool Worker::begins_before(const stream::StreamDirection& stream, SeqNum first) noexcept {
  const SeqNum taken_for_first{stream.next.value - stream.delivered_bytes};
  const std::int32_t missed = taken_for_first.distance_from(first);
  return missed > 1 && missed <= std::int32_t{kHeldBytesMax};
}

void Worker::deliver(Connection& connection, const PacketContext& packet, Exchange& exchange,
                     Direction direction) noexcept {
  const packet::PacketView& view = packet.view;
  StreamSink sink(*this, connection, exchange, direction);
  // The byte after a SYN is the first of the stream.
  const SeqNum first = view.has(tcp_flag::syn) ? view.seq.plus(1) : view.seq;
  stream::StreamDirection& stream = connection.stream_of(direction);
  stream::StreamDirection& other = connection.stream_of(handshake::opposite(direction));
  if (!other.started() && stream.started() && first == stream.next && stream.delivered_bytes == 0 &&
      view.has(tcp_flag::ack)) {
    reassembler_.start(other, view.ack);
  }
  start_where_acknowledged(connection, first, direction);
  await_peer(connection, exchange.record, direction);
  if (!stream.awaits_peer() && view.has(tcp_flag::ack)) {
    // The other side was not seen yet: either it never will be, or the order is lost.
    const stream::StreamDirection& peer = connection.stream_of(handshake::opposite(direction));
    const std::int32_t ahead = view.ack.distance_from(peer.next);
    if (peer.started() && !peer.given_up() && ahead > 0 &&
        ahead <= std::int32_t{kSequenceWindowMax}) {
      exchange.state.set(State::not_all_shown);
    }
  }
  const stream::SegmentFate fate =
      view.has(tcp_flag::ack)
          ? reassembler_.deliver_answer(stream, first, view.payload, view.payload_missing, view.ack,
                                        sink)
          : reassembler_.deliver(stream, first, view.payload, view.payload_missing, sink);
  read_on(connection, exchange);
  TcpFacts& facts = direction == Direction::client_to_server ? exchange.record.client_tcp
                                                             : exchange.record.server_tcp;
  switch (fate) {
    case stream::SegmentFate::held:
      exchange.state.last_progress = packet.clock;
      if (facts.out_of_order_count != 0xffff) ++facts.out_of_order_count;
      break;
    case stream::SegmentFate::in_order:
    case stream::SegmentFate::partly_new:
      stream.set_repeats(false);
      break;
    case stream::SegmentFate::retransmission:
      if (packet.clock >= add_saturating(exchange.state.last_progress, kRepeatNanosMin)) {
        stream.set_repeats(true);
      }
      if (begins_before(stream, first) && !exchange.mark(HandshakeRecord::after_plaintext) &&
          !exchange.mark(HandshakeRecord::midstream)) {
        exchange.state.set(State::not_all_shown);
      }
      if (facts.retransmission_count != 0xffff) ++facts.retransmission_count;
      break;
    default:
      break;
  }
}

// After each packet: is it over, and when is it to be looked at again?
void Worker::settle(Connection& connection, const PacketContext& packet) noexcept {
  State& state = connection.state;
  if (state.has(State::not_tls)) {
    drop_connection(connection);
    return;
  }
  if (state.phase == Phase::done) {
    end_connection(connection, EndReason::decided, packet.view.time, packet.clock);
    return;
  }
  if (state.phase == Phase::established && sheds_tail_of(connection)) {
    counters_.add(Counter::tails_shed);
    record_of(connection).flags |= HandshakeRecord::tail_not_followed;
    end_connection(connection, EndReason::decided, packet.view.time, packet.clock);
    return;
  }
  const UnixNanos deadline = machine_.deadline(state);
  const std::uint32_t slot = connections_.slot_of(&connection);
  // Later deadlines are noticed when the wheel gets there; earlier ones it must be told.
  if (!wheel_.is_scheduled(slot) || deadline < connection.deadline) {
    wheel_.schedule(slot, deadline);
  }
  connection.deadline = deadline;
}

// What follows a handshake may show that the client turned away after it. What the server thinks of
// a client's certificate comes after it as well, and without that there is no outcome.
bool Worker::sheds_tail_of(const Connection& connection) noexcept {
  if (shedding_.level == OverloadLevel::none) return false;
  const ClientCertificate shown = record_of(connection).client_certificate;
  return shown != ClientCertificate::inferred_empty && shown != ClientCertificate::inferred_sent;
}

void Worker::end_connection(Connection& connection, EndReason reason, UnixNanos now,
                            UnixNanos order_time) noexcept {
  Exchange exchange = exchange_of(connection, now, order_time);
  give_up_holes(connection, exchange);
  if (!is_ours(connection, exchange.record)) {
    drop_connection(connection);
    return;
  }
  if (reason == EndReason::timeout && connection.state.phase == Phase::handshaking &&
      answer_was_lost(connection, exchange.record)) {
    reason = EndReason::answer_lost;
  }
  machine_.finalize(exchange, reason);
  judge_refusal(connection, exchange.record);
  judge_plaintext(connection, exchange.record);
  path::conclude(notes_of(connection).trace, exchange.record);
  if (exchange.record.outcome.by == Party::path) counters_.add(Counter::path_interference);
  emitter_.push(exchange.record, order_time);
  decided_.insert(connection.hash);
  decided_.insert(hash_of_syn(connection.hash, connection.client_isn));
  forget(connection);
}

// A SYN whose answer was a RST, and which was followed only to see whether more would come.
void Worker::judge_refusal(const Connection& connection, HandshakeRecord& record) noexcept {
  Outcome& outcome = record.outcome;
  if (outcome.kind == OutcomeKind::no_hello && outcome.by == Party::server && record.syn.known() &&
      !record.syn_ack.known() && connection.state.has(State::server_rst) &&
      record.client_tcp.packet_count == 1) {
    outcome.kind = OutcomeKind::refused;
  }
}

// A connection that never showed TLS, nor asked for it, on a port nobody watches, is not ours to
// report.
bool Worker::is_ours(const Connection& connection, const HandshakeRecord& record) noexcept {
  const State& state = connection.state;
  if (state.has(State::not_tls)) return false;
  if (state.has(State::watched)) return true;
  const bool silent_client =
      record.outcome.kind == OutcomeKind::no_hello && record.client_tcp.payload_bytes == 0;
  if (state.phase != Phase::waiting_for_hello && !state.has(State::plaintext_first)) {
    return !silent_client;
  }
  return record.starttls != StartTls::none || record.client_hello.known();
}

void Worker::drop_connection(Connection& connection) noexcept {
  counters_.add(Counter::handshakes_dropped_not_tls);
  forget(connection);
}

void Worker::forget(Connection& connection) noexcept {
  for (const Direction side : {Direction::client_to_server, Direction::server_to_client}) {
    reassembler_.release(connection.stream_of(side));
    reader_.release(connection.records_of(side));
  }
  wheel_.cancel(connections_.slot_of(&connection));
  connections_.erase(&connection);
  counters_.subtract(Counter::handshakes_open);
}

}  // namespace shakedown
