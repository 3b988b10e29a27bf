// SPDX-License-Identifier: Apache-2.0
//
// FIN and RST: when they count, and whose was first.
#include "tcp_observation.h"
#include "worker.h"
#include "worker_packet.h"

namespace shakedown {

namespace {

using handshake::Exchange;
using handshake::State;
namespace tcp_flag = packet::tcp_flag;

}  // namespace

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
  const bool late = !rst && closed_before_peer(connection, view, direction);
  if (late && from_client) state.clear(State::server_closed_first);
  if (late && !from_client) state.set(State::server_closed_first);
  state.set(rst ? (from_client ? State::client_rst : State::server_rst)
                : (from_client ? State::client_fin : State::server_fin));
  state.set(from_client ? State::client_close_pending : State::server_close_pending);
  // A connection that ends waits for missing bytes from now on, not from its last byte.
  state.last_progress = packet.clock;
  const stream::StreamDirection& stream = connection.stream_of(direction);
  SeqNum& end = from_client ? state.client_end : state.server_end;
  end = rst ? view.seq : view.seq.plus(view.payload_length());
  if (!rst) stream::Reassembler::note_fin(connection.stream_of(direction), end);
  // The number of a RST that answers a segment is the receiver's wish, not a place in the stream
  // (RFC 9293 §3.10.7.1).
  if (rst && (!stream.started() || end.before(stream.next))) end = stream.next;
}

// The FIN was shown late: the other side has acknowledged it already, while it acknowledges none
// of that side's.
bool Worker::closed_before_peer(const Connection& connection, const packet::PacketView& view,
                                Direction direction) noexcept {
  const State& state = connection.state;
  const bool from_client = direction == Direction::client_to_server;
  const bool peer_closed = state.has(from_client ? State::server_fin : State::client_fin);
  const bool acked_known =
      state.has(from_client ? State::server_ack_known : State::client_ack_known);
  if (!peer_closed || !acked_known || !view.has(tcp_flag::ack)) return false;
  const SeqNum acked = from_client ? state.server_acked : state.client_acked;
  const SeqNum peer_end = from_client ? state.server_end : state.client_end;
  return acked == view.seq.plus(view.payload_length() + 1) && !view.ack.after(peer_end);
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
  for (const Direction side : closing_order(state)) {
    const bool client = side == Direction::client_to_server;
    if (!state.has(client ? State::client_close_pending : State::server_close_pending)) continue;
    const stream::StreamDirection& stream = connection.stream_of(side);
    const SeqNum end = client ? state.client_end : state.server_end;
    if (stream.started() && !stream.given_up() && stream.next.before(end)) return;
    if (stream::Reassembler::has_hole(stream)) return;
    if (knows_more(connection, exchange.record, side)) return;
    // What the other side still has to say comes first, unless it answers this very closing.
    const stream::StreamDirection& answers = connection.stream_of(handshake::opposite(side));
    const bool answered =
        reassembler_.is_held_back(answers) && reassembler_.awaited(answers) == end.plus(1);
    if (stream::Reassembler::has_hole(answers) && !answered) return;
    close_side(connection, exchange, side);
    read_on(connection, exchange);
  }
}

}  // namespace shakedown
