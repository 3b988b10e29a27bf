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

namespace shakedown {

namespace {

using handshake::EndReason;
using handshake::Exchange;
using handshake::Phase;
using handshake::State;
namespace tcp_flag = packet::tcp_flag;

/// Packets that may still bring what the receiver has acknowledged but the sensor has not seen.
/// Mirrors reorder by a few.
constexpr unsigned kPacketsPastHoleMax = 16;

}  // namespace

/// Listens to one direction: of the reassembler for bytes and gaps, of the record reader for what
/// they mean.
class Worker::StreamSink {
 public:
  StreamSink(Worker& worker, Connection& connection, Exchange& exchange,
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
    return !exchange_.state.has(State::not_tls);
  }
  bool on_gap(stream::GapReason reason, std::uint32_t size) noexcept {
    exchange_.record.flags |= HandshakeRecord::capture_gap;
    service::on_gap(worker_.notes_of(connection_).dialogue, handshake::sender_of(direction_));
    if (exchange_.state.has(State::plaintext_first)) return true;
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
      if (exchange_.state.has(State::client_hello_read)) {
        exchange_.record.server_service = worker_.recognise(first_bytes, Party::server);
        worker_.machine_.on_non_tls_reply(exchange_);
      }
    } else if (exchange_.state.has(State::watched)) {
      exchange_.state.set(State::plaintext_first);
      exchange_.record.flags |= HandshakeRecord::after_plaintext;
      exchange_.record.client_service = worker_.recognise(first_bytes, Party::client);
    } else {
      exchange_.state.set(State::not_tls);
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
  Exchange& exchange_;
  handshake::Direction direction_;
};

HandshakeRecord& Worker::record_of(const Connection& connection) noexcept {
  return records_[connections_.slot_of(&connection)];
}

ConnectionNotes& Worker::notes_of(const Connection& connection) noexcept {
  return notes_[connections_.slot_of(&connection)];
}

Connection* Worker::living_connection(const PacketContext& packet) noexcept {
  Connection* const connection = connections_.find(packet.hash, packet.keyed.key);
  if (connection == nullptr || connection->deadline > packet.clock) return connection;
  end_connection(*connection, EndReason::timeout, connection->deadline, connection->deadline);
  return nullptr;
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
  const bool from_client = direction == Direction::client_to_server;
  State& state = connection->state;
  if (packet.keyed.source_is_low == from_client) state.set(State::client_is_low);
  if (watched(record.server_port)) state.set(State::watched);
  state.last_progress = packet.clock;
  state.phase_since = packet.clock;
  return connection;
}

void Worker::begin_midstream(const PacketContext& packet, Direction direction) noexcept {
  Connection* connection = begin_connection(packet, direction);
  if (connection == nullptr) {
    counters_.add(Counter::fate_flow_table_full);
    return;
  }
  counters_.add(Counter::fate_connection);
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

  if (view.has(tcp_flag::ack) && !view.has(tcp_flag::rst))
    note_ack(connection, view.ack, direction);
  if (direction == Direction::server_to_client && view.payload_length() != 0) {
    note_answer_to_unread(connection);
  }
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

void Worker::note_ack(Connection& connection, SeqNum ack, Direction direction) noexcept {
  State& state = connection.state;
  const bool from_client = direction == Direction::client_to_server;
  SeqNum& newest = from_client ? state.client_acked : state.server_acked;
  const std::uint32_t known = from_client ? State::client_ack_known : State::server_ack_known;
  const std::uint32_t asks =
      from_client ? State::client_asks_for_hole : State::server_asks_for_hole;
  if (!state.has(known) || ack.after(newest)) {
    newest = ack;
    state.clear(asks);
  }
  state.set(known);
  const stream::StreamDirection& acked =
      connection.streams[handshake::index_of(handshake::opposite(direction))];
  if (stream::Reassembler::has_hole(acked) && ack == acked.next) state.set(asks);
}

// The server speaks and has acknowledged what the sensor has not read yet, because the mirror turned
// the order around or lost it. Which of its words answer which of the client's cannot be told then.
void Worker::note_answer_to_unread(Connection& connection) noexcept {
  State& state = connection.state;
  const stream::StreamDirection& client = connection.stream_of(Direction::client_to_server);
  if (state.has(State::server_ack_known) && client.started() &&
      state.server_acked.after(client.next)) {
    state.server_reply = handshake::ServerReply::conversation;
  }
}

void Worker::deliver(Connection& connection, const PacketContext& packet, Exchange& exchange,
                     Direction direction) noexcept {
  const packet::PacketView& view = packet.view;
  StreamSink sink(*this, connection, exchange, direction);
  // The byte after a SYN is the first of the stream.
  const SeqNum first = view.has(tcp_flag::syn) ? view.seq.plus(1) : view.seq;
  const stream::SegmentFate fate = reassembler_.deliver(connection.stream_of(direction), first,
                                                        view.payload, view.payload_missing, sink);
  TcpFacts& facts = direction == Direction::client_to_server ? exchange.record.client_tcp
                                                             : exchange.record.server_tcp;
  switch (fate) {
    case stream::SegmentFate::held:
      exchange.state.last_progress = packet.clock;
      if (facts.out_of_order_count != 0xffff) ++facts.out_of_order_count;
      break;
    case stream::SegmentFate::retransmission:
      if (facts.retransmission_count != 0xffff) ++facts.retransmission_count;
      break;
    default:
      break;
  }
}

// A closing counts once every byte before it was seen, in both directions, so that reordering and
// loss cannot turn it into the cause of an end.
void Worker::note_close(Connection& connection, const PacketContext& packet,
                        Direction direction) noexcept {
  const packet::PacketView& view = packet.view;
  State& state = connection.state;
  const bool from_client = direction == Direction::client_to_server;
  observe_ending(record_of(connection), view, direction);
  const bool rst = view.has(tcp_flag::rst);
  const std::uint32_t seen =
      from_client ? State::client_fin | State::client_rst : State::server_fin | State::server_rst;
  if (state.has(seen)) return;
  if (!from_client && !state.has(State::client_fin | State::client_rst)) {
    state.set(State::server_closed_first);
  }
  state.set(rst ? (from_client ? State::client_rst : State::server_rst)
                : (from_client ? State::client_fin : State::server_fin));
  state.set(from_client ? State::client_close_pending : State::server_close_pending);
  // A connection that ends waits for missing bytes from now on, not from its last byte.
  state.last_progress = packet.clock;
  const stream::StreamDirection& stream = connection.stream_of(direction);
  SeqNum& end = from_client ? state.client_end : state.server_end;
  end = rst ? view.seq : view.seq.plus(view.payload_length());
  // The number of a RST that answers a segment is the receiver's wish, not a place in the stream
  // (RFC 9293 §3.10.7.1).
  if (rst && (!stream.started() || end.before(stream.next))) end = stream.next;
}

std::array<Worker::Direction, 2> Worker::closing_order(const State& state) noexcept {
  if (state.has(State::server_closed_first)) {
    return {Direction::server_to_client, Direction::client_to_server};
  }
  return {Direction::client_to_server, Direction::server_to_client};
}

void Worker::close_side(Connection& connection, Exchange& exchange, Direction side) noexcept {
  State& state = connection.state;
  const bool client = side == Direction::client_to_server;
  state.clear(client ? State::client_close_pending : State::server_close_pending);
  const bool rst = state.has(client ? State::client_rst : State::server_rst);
  machine_.on_close(exchange, side, rst ? handshake::CloseKind::rst : handshake::CloseKind::fin);
}

void Worker::settle_closes(Connection& connection, Exchange& exchange) noexcept {
  State& state = connection.state;
  if (!state.has(State::client_close_pending | State::server_close_pending)) return;
  for (const auto& stream : connection.streams) {
    if (stream::Reassembler::has_hole(stream)) return;
  }
  for (const Direction side : closing_order(state)) {
    const bool client = side == Direction::client_to_server;
    if (!state.has(client ? State::client_close_pending : State::server_close_pending)) continue;
    const stream::StreamDirection& stream = connection.stream_of(side);
    const SeqNum end = client ? state.client_end : state.server_end;
    if (stream.started() && !stream.given_up() && stream.next.before(end)) return;
    close_side(connection, exchange, side);
  }
}

void Worker::be_patient_with_holes(Connection& connection, Exchange& exchange) noexcept {
  State& state = connection.state;
  bool waits = false;
  for (const Direction side : {Direction::client_to_server, Direction::server_to_client}) {
    const bool client = side == Direction::client_to_server;
    if (!state.has(client ? State::server_ack_known : State::client_ack_known)) continue;
    const SeqNum acked = client ? state.server_acked : state.client_acked;
    stream::StreamDirection& stream = connection.stream_of(side);
    if (!reassembler_.hole_before(stream, acked)) continue;
    waits = true;
    if (state.packets_past_hole < kPacketsPastHoleMax) continue;
    StreamSink sink(*this, connection, exchange, side);
    reassembler_.give_up_hole(stream, sink);
  }
  state.packets_past_hole = waits && state.packets_past_hole < kPacketsPastHoleMax
                                ? static_cast<std::uint8_t>(state.packets_past_hole + 1)
                                : std::uint8_t{0};
}

// With what came behind the hole before its eyes, the receiver asked for the byte where the hole
// begins, and never for a later one: the mirror has lost nothing, these bytes never arrived (an MTU
// black hole lets only the small end of a flight pass).
bool Worker::lost_on_the_path(const Connection& connection, Direction side) noexcept {
  const State& state = connection.state;
  const bool client = side == Direction::client_to_server;
  return stream::Reassembler::has_hole(connection.streams[handshake::index_of(side)]) &&
         state.has(client ? State::server_asks_for_hole : State::client_asks_for_hole);
}

// Nothing will be filled any more. What was held behind the holes is read, then the closings count,
// and what was acknowledged but never seen is noted.
void Worker::give_up_holes(Connection& connection, Exchange& exchange) noexcept {
  State& state = connection.state;
  for (const Direction side : {Direction::client_to_server, Direction::server_to_client}) {
    stream::StreamDirection& stream = connection.stream_of(side);
    StreamSink sink(*this, connection, exchange, side);
    if (lost_on_the_path(connection, side)) continue;
    for (unsigned i = 0; i < kHeldSegmentCountMax && stream::Reassembler::has_hole(stream); ++i) {
      reassembler_.give_up_hole(stream, sink);
    }
    note_unseen_bytes(connection, exchange, side);
  }
  for (const Direction side : closing_order(state)) {
    const bool client = side == Direction::client_to_server;
    if (!state.has(client ? State::client_close_pending : State::server_close_pending)) continue;
    const SeqNum end = client ? state.client_end : state.server_end;
    const stream::StreamDirection& stream = connection.stream_of(side);
    // The bytes right before the closing are missing, and nothing came after them.
    if (stream.started() && stream.next.before(end)) {
      machine_.on_loss(exchange, handshake::LossKind::missing);
    }
    close_side(connection, exchange, side);
  }
}

void Worker::note_unseen_bytes(const Connection& connection, Exchange& exchange,
                               Direction side) const noexcept {
  const State& state = connection.state;
  const bool client = side == Direction::client_to_server;
  const stream::StreamDirection& stream = connection.streams[handshake::index_of(side)];
  if (!state.has(client ? State::server_ack_known : State::client_ack_known) || !stream.started()) {
    return;
  }
  const SeqNum acked = client ? state.server_acked : state.client_acked;
  // A FIN takes one number.
  const std::int32_t beyond = acked.distance_from(stream.highest_end) -
                              (state.has(client ? State::client_fin : State::server_fin) ? 1 : 0);
  if (beyond > 0) {
    exchange.record.flags |=
        client ? HandshakeRecord::server_ack_beyond : HandshakeRecord::client_ack_beyond;
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
  const UnixNanos deadline = machine_.deadline(state);
  const std::uint32_t slot = connections_.slot_of(&connection);
  // Later deadlines are noticed when the wheel gets there; earlier ones it must be told.
  if (!wheel_.is_scheduled(slot) || deadline < connection.deadline) {
    wheel_.schedule(slot, deadline);
  }
  connection.deadline = deadline;
}

void Worker::end_connection(Connection& connection, EndReason reason, UnixNanos now,
                            UnixNanos order_time) noexcept {
  Exchange exchange = exchange_of(connection, now, order_time);
  give_up_holes(connection, exchange);
  if (!is_ours(connection, exchange.record)) {
    drop_connection(connection);
    return;
  }
  machine_.finalize(exchange, reason);
  judge_plaintext(connection, exchange.record);
  path::conclude(notes_of(connection).trace, exchange.record);
  if (exchange.record.outcome.by == Party::path) counters_.add(Counter::path_interference);
  emitter_.push(exchange.record, order_time);
  decided_.insert(connection.hash);
  forget(connection);
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
  return record.starttls != StartTls::none;
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
