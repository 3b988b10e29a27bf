// SPDX-License-Identifier: Apache-2.0
//
// What came out of order, and what never came. Acknowledgments tell what a sender had received when
// it spoke: an answer is read after what it answers, and what was acknowledged but never shown is a
// gap.
#include <array>

#include "worker.h"
#include "worker_stream_sink.h"

namespace shakedown {

namespace {

using handshake::Exchange;
using handshake::State;

/// Packets that may still bring what the receiver has acknowledged but the sensor has not seen.
/// Mirrors reorder by a few.
constexpr unsigned kPacketsPastHoleMax = 16;

}  // namespace

// A reset acknowledges like any segment (RFC 9293 §3.10.7.1), unless whoever forged it made the
// number up: injectors try several, and only the first is believed.
bool Worker::acks_stream(const Connection& connection, SeqNum ack, Direction direction) noexcept {
  const bool from_client = direction == Direction::client_to_server;
  if (connection.state.has(from_client ? State::client_rst : State::server_rst)) return false;
  const auto& acked = connection.streams[handshake::index_of(handshake::opposite(direction))];
  const std::int32_t ahead = ack.distance_from(acked.next);
  return acked.started() && ahead > 0 && ahead <= std::int32_t{kHeldBytesMax};
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
  if (stream::Reassembler::has_hole(acked) && !reassembler_.is_held_back(acked) &&
      ack == acked.next) {
    state.set(asks);
  }
}

// A packet without payload tells how far its side has sent. Its FIN takes a number of its own.
void Worker::note_sent_until(Connection& connection, SeqNum seq, Direction direction) noexcept {
  const State& state = connection.state;
  const bool from_client = direction == Direction::client_to_server;
  const bool fin = state.has(from_client ? State::client_fin : State::server_fin);
  const SeqNum end = from_client ? state.client_end : state.server_end;
  if (fin && seq == end.plus(1)) return;
  stream::Reassembler::note_sent_until(connection.stream_of(direction), seq);
}

// The first number of a side, shown late. What was taken for its first byte may not have been.
void Worker::note_late_syn(Connection& connection, SeqNum isn, Exchange& exchange,
                           Direction direction) noexcept {
  stream::StreamDirection& stream = connection.stream_of(direction);
  const SeqNum first = isn.plus(1);
  if (!stream.started()) {
    reassembler_.start(stream, first);
    return;
  }
  const SeqNum taken_for_first{stream.next.value - stream.delivered_bytes};
  const std::int32_t missed = taken_for_first.distance_from(first);
  if (missed > 0 && missed <= std::int32_t{kHeldBytesMax} &&
      !exchange.mark(HandshakeRecord::after_plaintext)) {
    machine_.on_loss(exchange, handshake::LossKind::missing);
  }
}

// A side whose SYN was not shown begins where the other has acknowledged it, even if the mirror
// shows a later segment first.
void Worker::start_where_acknowledged(Connection& connection, SeqNum first,
                                      Direction direction) noexcept {
  const State& state = connection.state;
  stream::StreamDirection& stream = connection.stream_of(direction);
  const bool from_client = direction == Direction::client_to_server;
  if (stream.started() ||
      !state.has(from_client ? State::server_ack_known : State::client_ack_known)) {
    return;
  }
  const SeqNum acked = from_client ? state.server_acked : state.client_acked;
  const std::int32_t ahead = first.distance_from(acked);
  if (ahead > 0 && ahead <= std::int32_t{kHeldBytesMax}) reassembler_.start(stream, acked);
}

// How far the sensor has read a side, in the numbers that acknowledge it: a FIN that has counted
// takes one.
SeqNum Worker::read_until(const Connection& connection, Direction side) noexcept {
  const State& state = connection.state;
  const bool client = side == Direction::client_to_server;
  const SeqNum next = connection.streams[handshake::index_of(side)].next;
  const bool at_fin =
      state.has(client ? State::client_fin : State::server_fin) &&
      !state.has(client ? State::client_close_pending : State::server_close_pending) &&
      next == (client ? state.client_end : state.server_end);
  return at_fin ? next.plus(1) : next;
}

// Whether what the other side says may wait for this side to be read. A side of which nothing was
// ever seen, unless another port shows it, or from which nothing more is wanted, is waited for in
// vain.
bool Worker::can_be_awaited(const Connection& connection, const HandshakeRecord& record,
                            Direction side) const noexcept {
  const std::uint32_t seen = side == Direction::client_to_server ? HandshakeRecord::client_seen
                                                                 : HandshakeRecord::server_seen;
  const stream::StreamDirection& stream = connection.streams[handshake::index_of(side)];
  return ((record.flags & seen) != 0 || config_.ports_apart) && stream.started() &&
         !stream.given_up();
}

void Worker::await_peer(Connection& connection, const HandshakeRecord& record,
                        Direction side) noexcept {
  stream::StreamDirection& stream = connection.stream_of(side);
  const Direction peer = handshake::opposite(side);
  const stream::StreamDirection& other = connection.stream_of(peer);
  // Where the mirror has turned the order around once, a side that was not seen yet may follow.
  const bool may_follow = stream.holds_segments() && other.started() && !other.given_up();
  if (may_follow || can_be_awaited(connection, record, peer)) {
    stream.await_peer(read_until(connection, peer));
  } else {
    stream.ignore_peer();
  }
}

// What was held back because it answers something that was not read yet. Each turn delivers at
// least one held segment.
void Worker::read_on(Connection& connection, Exchange& exchange) noexcept {
  for (unsigned turn = 0; turn < 2 * kHeldSegmentCountMax; ++turn) {
    bool moved = false;
    for (const Direction side : {Direction::client_to_server, Direction::server_to_client}) {
      stream::StreamDirection& stream = connection.stream_of(side);
      if (!reassembler_.is_held_back(stream)) continue;
      await_peer(connection, exchange.record, side);
      const SeqNum before = stream.next;
      StreamSink sink(*this, connection, exchange, side);
      reassembler_.resume(stream, sink);
      moved = moved || stream.next != before;
    }
    if (!moved) return;
  }
}

// This side has acknowledged more of the other than the sensor has read.
bool Worker::knows_more(const Connection& connection, const HandshakeRecord& record,
                        Direction side) const noexcept {
  const State& state = connection.state;
  const bool client = side == Direction::client_to_server;
  const Direction peer = handshake::opposite(side);
  if (!state.has(client ? State::client_ack_known : State::server_ack_known) ||
      !can_be_awaited(connection, record, peer)) {
    return false;
  }
  const SeqNum acked = client ? state.client_acked : state.server_acked;
  const bool fin = state.has(client ? State::server_fin : State::client_fin) &&
                   acked == (client ? state.server_end : state.client_end).plus(1);
  const std::int32_t ahead =
      acked.distance_from(connection.streams[handshake::index_of(peer)].next) - (fin ? 1 : 0);
  return ahead > 0 && ahead <= std::int32_t{kSequenceWindowMax};
}

// What a side waits for will not be shown any more.
void Worker::stop_waiting_for(Connection& connection, Exchange& exchange, Direction side,
                              SeqNum until) noexcept {
  stream::StreamDirection& stream = connection.stream_of(side);
  // One number may be a FIN, which holds no bytes.
  const bool maybe_fin = !stream::Reassembler::has_hole(stream) && until == stream.next.plus(1);
  if (side == Direction::client_to_server) {
    // Which of the server's words answer which of the client's cannot be told any more.
    exchange.state.server_reply = handshake::ServerReply::conversation;
  }
  if (!maybe_fin) {
    StreamSink sink(*this, connection, exchange, side);
    reassembler_.give_up_until(stream, until, sink);
  }
}

void Worker::be_patient_with_holes(Connection& connection, Exchange& exchange) noexcept {
  State& state = connection.state;
  const bool over = state.packets_past_hole >= kPacketsPastHoleMax;
  bool waits = false;
  for (const Direction side : {Direction::client_to_server, Direction::server_to_client}) {
    const bool client = side == Direction::client_to_server;
    const Direction peer = handshake::opposite(side);
    if (!state.has(client ? State::server_ack_known : State::client_ack_known)) continue;
    const SeqNum acked = client ? state.server_acked : state.client_acked;
    stream::StreamDirection& stream = connection.stream_of(side);
    stream::StreamDirection& answers = connection.stream_of(peer);
    const bool awaited = reassembler_.is_held_back(answers);
    const bool closing =
        state.has(client ? State::server_close_pending : State::client_close_pending) &&
        knows_more(connection, exchange.record, peer);
    const bool hole = reassembler_.hole_before(stream, acked);
    if (!hole && !awaited && !closing) continue;
    waits = true;
    if (!over) continue;
    StreamSink sink(*this, connection, exchange, side);
    if (hole) {
      reassembler_.give_up_hole(stream, sink);
    } else if (awaited) {
      stop_waiting_for(connection, exchange, side, reassembler_.awaited(answers));
      StreamSink answer_sink(*this, connection, exchange, peer);
      reassembler_.give_up_hole(answers, answer_sink);
    } else {
      stop_waiting_for(connection, exchange, side, acked);
      state.clear(client ? State::server_ack_known : State::client_ack_known);
    }
    read_on(connection, exchange);
  }
  state.packets_past_hole =
      waits && !over ? static_cast<std::uint8_t>(state.packets_past_hole + 1) : std::uint8_t{0};
}

// With what came behind the hole before its eyes, the receiver asked for the byte where the hole
// begins, and never for a later one: the mirror has lost nothing, these bytes never arrived (an MTU
// black hole lets only the small end of a flight pass).
bool Worker::lost_on_the_path(const Connection& connection, Direction side) const noexcept {
  const State& state = connection.state;
  const bool client = side == Direction::client_to_server;
  const stream::StreamDirection& stream = connection.streams[handshake::index_of(side)];
  return stream::Reassembler::has_hole(stream) && !reassembler_.is_held_back(stream) &&
         state.has(client ? State::server_asks_for_hole : State::client_asks_for_hole);
}

// Nothing will be filled any more. What was held behind the holes is read, then the closings count,
// and what was acknowledged but never seen is noted.
void Worker::give_up_holes(Connection& connection, Exchange& exchange) noexcept {
  State& state = connection.state;
  for (unsigned turn = 0; turn < 2 * kHeldSegmentCountMax; ++turn) {
    if (!give_up_first_hole(connection, exchange)) break;
    read_on(connection, exchange);
  }
  for (const Direction side : {Direction::client_to_server, Direction::server_to_client}) {
    if (!lost_on_the_path(connection, side)) note_unseen_bytes(connection, exchange, side);
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

// In the order of what answers what, as far as it is known. False: nothing is held any more.
bool Worker::give_up_first_hole(Connection& connection, Exchange& exchange) noexcept {
  constexpr std::array kSides{Direction::client_to_server, Direction::server_to_client};
  for (const Direction side : kSides) {
    stream::StreamDirection& stream = connection.stream_of(side);
    if (!stream::Reassembler::has_hole(stream) || reassembler_.is_held_back(stream)) continue;
    if (lost_on_the_path(connection, side)) continue;
    StreamSink sink(*this, connection, exchange, side);
    reassembler_.give_up_hole(stream, sink);
    return true;
  }
  for (const Direction side : kSides) {
    stream::StreamDirection& stream = connection.stream_of(side);
    if (!reassembler_.is_held_back(stream)) continue;
    stop_waiting_for(connection, exchange, handshake::opposite(side), reassembler_.awaited(stream));
    StreamSink sink(*this, connection, exchange, side);
    reassembler_.give_up_hole(stream, sink);
    return true;
  }
  return false;
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

// What nobody acknowledges is sent again (RFC 9293 §3.8.1). Data that was neither acknowledged nor
// repeated was answered, and the mirror did not show it. A side that was never seen is left to
// control, which knows whether it can be seen at all.
bool Worker::answer_was_lost(const Connection& connection, const HandshakeRecord& record) noexcept {
  const State& state = connection.state;
  for (const Direction side : {Direction::client_to_server, Direction::server_to_client}) {
    const bool client = side == Direction::client_to_server;
    const stream::StreamDirection& stream = connection.streams[handshake::index_of(side)];
    const bool peer_seen = (record.flags & (client ? HandshakeRecord::server_seen
                                                   : HandshakeRecord::client_seen)) != 0;
    if (!peer_seen || stream.delivered_bytes == 0 || stream.repeats()) continue;
    const bool acked = state.has(client ? State::server_ack_known : State::client_ack_known);
    const SeqNum newest = client ? state.server_acked : state.client_acked;
    if (!acked || newest.before(stream.highest_end)) return true;
  }
  return false;
}

}  // namespace shakedown
