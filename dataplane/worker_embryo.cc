// SPDX-License-Identifier: Apache-2.0
//
// TCP connections that have not said anything yet: opened, answered, refused, closed. They cost a
// line of memory each and live in a table of their own, so that a SYN flood cannot push out what
// matters.
#include "tcp_observation.h"
#include "tls/proxy_header.h"
#include "tls/record_probe.h"
#include "worker.h"
#include "worker_packet.h"

namespace shakedown {

namespace {

using flow::Embryo;
namespace tcp_flag = packet::tcp_flag;

/// Could a ClientHello begin with these first bytes of a connection? One byte may be all there is;
/// the record reader decides when more have come. The SSLv2 header has its high bit set, and then
/// msg-type 1.
bool may_begin_tls(Bytes payload) noexcept {
  if (payload.empty()) return false;
  if (payload[0] == static_cast<std::uint8_t>(ContentType::handshake)) {
    return (payload.size() < 2 || payload[1] == 3) &&
           (payload.size() < 6 ||
            payload[5] == static_cast<std::uint8_t>(HandshakeType::client_hello));
  }
  return (payload[0] & 0x80) != 0 && (payload.size() < 3 || payload[2] == 1) &&
         (payload.size() < 4 || payload[3] == 0 || payload[3] == 3);
}

bool may_be_server_flight(Bytes payload) noexcept {
  return !payload.empty() && payload[0] == static_cast<std::uint8_t>(ContentType::handshake) &&
         tls::plausible_record_start(payload);
}

std::uint16_t server_port_of(const Embryo& embryo) noexcept {
  return embryo.has(Embryo::client_is_low) ? embryo.key.high_port : embryo.key.low_port;
}

}  // namespace

UnixNanos Worker::embryo_deadline(const Embryo& embryo) const noexcept {
  return add_saturating(embryos_.last_touch(&embryo), config_.timeouts.embryo_nanos);
}

void Worker::time_out_embryo(Embryo& embryo) noexcept {
  const UnixNanos deadline = embryo_deadline(embryo);
  end_embryo(embryo, handshake::EndReason::timeout, Party::none, deadline, deadline, false);
}

void Worker::erase_embryo(Embryo& embryo) noexcept {
  embryos_.erase(&embryo);
  counters_.subtract(Counter::embryos_open);
}

void Worker::on_syn(const PacketContext& packet) noexcept {
  decided_.remove(packet.hash);
  Connection* connection = connections_.find(packet.hash, packet.keyed.key);
  if (connection != nullptr) {
    const UnixNanos until = std::min(connection->deadline, packet.clock);
    const Direction direction = direction_of(
        packet.keyed.source_is_low, connection->state.has(handshake::State::client_is_low));
    // Late duplicates of the SYN are told from a new connection by their number.
    const bool repeated = direction == Direction::client_to_server &&
                          record_of(*connection).syn.known() &&
                          connection->client_isn == packet.view.seq;
    if (repeated && connection->deadline > packet.clock) {
      counters_.add(Counter::fate_connection);
      return;
    }
    end_connection(*connection,
                   connection->deadline > packet.clock ? handshake::EndReason::replaced
                                                       : handshake::EndReason::timeout,
                   until, until);
    decided_.remove(packet.hash);
  }
  counters_.add(Counter::fate_syn);

  Embryo* embryo = embryos_.find(packet.hash, packet.keyed.key);
  if (embryo != nullptr && embryo_deadline(*embryo) > packet.clock &&
      embryo->has(Embryo::syn_seen) && embryo->client_isn == packet.view.seq) {
    embryo->count_syn_repeat();
    embryos_.touch(embryo, packet.clock);
    return;
  }
  if (embryo != nullptr) {
    if (embryo_deadline(*embryo) <= packet.clock) {
      time_out_embryo(*embryo);
    } else {
      counters_.add(Counter::embryos_replaced);
    }
    erase_embryo(*embryo);
  }
  embryo = begin_embryo(packet, packet.keyed.source_is_low);
  embryo->set(Embryo::syn_seen);
  embryo->client_isn = packet.view.seq;
  embryo->client_mss = packet.view.mss;
  embryo->client_ttl = packet.view.ttl;
  embryo->set_client_window_scale(packet.view.window_scale);
  // RFC 7413: with TCP Fast Open the hello is in the SYN.
  if (may_begin_tls(packet.view.payload)) {
    promote(*embryo, packet, Direction::client_to_server);
  }
}

Embryo* Worker::begin_embryo(const PacketContext& packet, bool client_is_low) noexcept {
  Embryo* embryo =
      embryos_.begin(packet.hash, packet.keyed.key, packet.clock, [this](Embryo&) noexcept {
        counters_.add(Counter::embryos_evicted);
        counters_.subtract(Counter::embryos_open);
      });
  counters_.add(Counter::embryos_begun);
  counters_.add(Counter::embryos_open);
  if (client_is_low) embryo->set(Embryo::client_is_low);
  if (packet.view.family == IpFamily::ipv6) embryo->set(Embryo::ipv6);
  embryo->syn_time = packet.view.time;
  return embryo;
}

// The SYN was not captured; its answer tells nearly as much.
void Worker::on_orphan_syn_ack(const PacketContext& packet) noexcept {
  counters_.add(Counter::fate_embryo);
  Embryo* embryo = begin_embryo(packet, !packet.keyed.source_is_low);
  embryo->client_isn = packet.view.ack.plus(~std::uint32_t{0});
  on_server_packet(*embryo, packet);
}

void Worker::on_embryo_packet(Embryo& embryo, const PacketContext& packet) noexcept {
  counters_.add(Counter::fate_embryo);
  const Direction direction =
      direction_of(packet.keyed.source_is_low, embryo.has(Embryo::client_is_low));
  if (direction == Direction::server_to_client) {
    on_server_packet(embryo, packet);
  } else {
    on_client_packet(embryo, packet);
  }
}

void Worker::on_server_packet(Embryo& embryo, const PacketContext& packet) noexcept {
  const packet::PacketView& view = packet.view;
  embryo.set(Embryo::server_seen);
  // The server acknowledged a byte that the client sent and the mirror did not show.
  const bool bytes_missing =
      view.has(tcp_flag::ack) && view.ack.after(embryo.client_isn.plus(1)) &&
      view.ack.distance_from(embryo.client_isn) < std::int32_t{kSequenceWindowMax};
  if (view.has(tcp_flag::rst)) {
    on_server_close(embryo, packet, bytes_missing);
    return;
  }
  if (view.has(tcp_flag::syn) && view.has(tcp_flag::ack)) {
    if (!embryo.has(Embryo::syn_ack_seen)) {
      embryo.set(Embryo::syn_ack_seen);
      embryo.server_isn = view.seq;
      embryo.set_syn_ack_delay(view.time.value - embryo.syn_time.value);
      embryo.server_mss = view.mss;
      embryo.server_ttl = view.ttl;
      embryo.set_server_window_scale(view.window_scale);
    }
    embryos_.touch(&embryo, packet.clock);
    return;
  }
  if (may_be_server_flight(view.payload)) {
    promote(embryo, packet, Direction::server_to_client);
    return;
  }
  if (view.has(tcp_flag::fin)) on_server_close(embryo, packet, bytes_missing);
}

// A server may close before a slow client's hello has come to it. The hello, if there is one, is on
// its way: the connection is followed until the linger is over, so that both make one event.
void Worker::on_server_close(Embryo& embryo, const PacketContext& packet,
                             bool bytes_missing) noexcept {
  const bool opened = embryo.has(Embryo::syn_ack_seen) &&
                      (embryo.has(Embryo::syn_seen) || embryo.has(Embryo::client_ack_seen));
  if (opened && !bytes_missing) {
    promote(embryo, packet, Direction::server_to_client);
    return;
  }
  end_embryo(embryo, handshake::EndReason::decided, Party::server, packet.view.time, packet.clock,
             bytes_missing);
  erase_embryo(embryo);
}

void Worker::on_client_packet(Embryo& embryo, const PacketContext& packet) noexcept {
  const packet::PacketView& view = packet.view;
  const bool at_first_byte = view.seq == embryo.client_isn.plus(1);
  if (view.payload_length() == 0) {
    if (view.has(tcp_flag::rst | tcp_flag::fin)) {
      end_embryo(embryo, handshake::EndReason::decided, Party::client, packet.view.time,
                 packet.clock, view.seq.after(embryo.client_isn.plus(1)));
      erase_embryo(embryo);
      return;
    }
    embryo.set(Embryo::client_ack_seen);
    embryos_.touch(&embryo, packet.clock);
    return;
  }
  embryo.set(Embryo::client_ack_seen);
  // A keep-alive probe repeats the byte before the first.
  if (!view.seq.after(embryo.client_isn)) return;
  const bool candidate =
      at_first_byte ? may_begin_tls(view.payload) || tls::proxy_header_size(view.payload) != 0
                    : tls::plausible_client_hello(view.payload);
  if (candidate || watched(server_port_of(embryo))) {
    promote(embryo, packet, Direction::client_to_server);
    return;
  }
  counters_.add(Counter::embryos_not_tls);
  erase_embryo(embryo);
}

// The embryo has begun to speak: from here on the connection is followed.
void Worker::promote(Embryo& embryo, const PacketContext& packet, Direction direction) noexcept {
  const Embryo origin = embryo;
  counters_.add(Counter::embryos_promoted);
  erase_embryo(embryo);
  Connection* connection = begin_connection(packet, direction);
  if (connection == nullptr) return;
  HandshakeRecord& record = record_of(*connection);
  adopt_embryo(record, origin);
  connection->client_isn = origin.client_isn;
  const packet::PacketView& view = packet.view;
  const bool from_client = direction == Direction::client_to_server;
  const SeqNum first = origin.client_isn.plus(1);
  const std::size_t prefix =
      from_client && view.seq == first ? tls::proxy_header_size(view.payload) : 0;
  reassembler_.start(connection->stream_of(Direction::client_to_server),
                     first.plus(static_cast<std::uint32_t>(prefix)));
  // What the server said before the client spoke (a banner) is no answer to a ClientHello.
  const bool told = from_client && view.has(tcp_flag::ack) && !view.has(tcp_flag::syn);
  const bool banner =
      told && origin.has(Embryo::syn_ack_seen) && view.ack.after(origin.server_isn.plus(1));
  if (told || !from_client) {
    // What a server said before it closed was no TLS, or it would have been followed by now.
    const bool in_order =
        !from_client && origin.has(Embryo::syn_ack_seen) && may_be_server_flight(view.payload);
    reassembler_.start(connection->stream_of(Direction::server_to_client),
                       told       ? view.ack
                       : in_order ? origin.server_isn.plus(1)
                                  : view.seq);
  } else if (origin.has(Embryo::syn_ack_seen)) {
    reassembler_.start(connection->stream_of(Direction::server_to_client),
                       origin.server_isn.plus(1));
  }
  if (prefix != 0 || banner) record.flags |= HandshakeRecord::after_plaintext;
  on_connection_packet(*connection, packet);
}

void Worker::end_embryo(Embryo& embryo, handshake::EndReason reason, Party closer, UnixNanos now,
                        UnixNanos order_time, bool bytes_missing) noexcept {
  if (!watched(server_port_of(embryo))) {
    counters_.add(Counter::embryos_unwatched_end);
    return;
  }
  HandshakeRecord record;
  describe_endpoints(record, embryo);
  adopt_embryo(record, embryo);
  record.end = now;
  const bool answered = embryo.has(Embryo::syn_ack_seen) || embryo.has(Embryo::client_ack_seen);
  const bool both = embryo.has(Embryo::server_seen) &&
                    (embryo.has(Embryo::syn_seen) || embryo.has(Embryo::client_ack_seen));
  if (!both) record.flags |= HandshakeRecord::one_way;
  const bool long_ignored =
      reason == handshake::EndReason::timeout || embryo.syn_repeat_count != 0 ||
      now >= add_saturating(embryos_.last_touch(&embryo), config_.timeouts.syn_nanos);
  Outcome& outcome = record.outcome;
  if (bytes_missing) {
    record.flags |= HandshakeRecord::capture_gap;
    outcome.unseen_reason = UnseenReason::gap;
  } else if (closer == Party::none && !answered && long_ignored) {
    // Whether nobody answers, or the answers are not mirrored, only control can tell.
    outcome.kind = OutcomeKind::unanswered;
    outcome.by = Party::server;
  } else if (reason == handshake::EndReason::capture_end) {
    outcome.unseen_reason = UnseenReason::capture_end;
  } else if (!both) {
    outcome.unseen_reason = UnseenReason::one_way;
  } else if (!answered && closer == Party::server) {
    outcome.kind = OutcomeKind::refused;
    outcome.by = Party::server;
  } else {
    outcome.kind = OutcomeKind::no_hello;
    outcome.by = closer == Party::none ? Party::client : closer;
  }
  counters_.add(Counter::embryos_reported);
  counters_.add(Counter::handshakes_begun);
  emitter_.push(record, order_time);
}

}  // namespace shakedown
