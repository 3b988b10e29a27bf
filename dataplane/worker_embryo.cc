// SPDX-License-Identifier: Apache-2.0
//
// TCP connections that have not said anything yet: opened, answered, refused, closed. They cost a
// line of memory each and live in a table of their own, so that a SYN flood cannot push out what
// matters.
#include "first_bytes.h"
#include "tcp_observation.h"
#include "tls/proxy_header.h"
#include "worker.h"
#include "worker_packet.h"

namespace shakedown {

namespace {

using flow::Embryo;
namespace tcp_flag = packet::tcp_flag;

/// The same SYN sooner than this is a copy by the mirror: no stack repeats it within its smallest
/// time-out (RFC 6298 §2.4 asks for a second; Linux's 200 ms are the shortest known).
constexpr std::int64_t kSynRepeatNanosMin = 100 * kNanosPerMilli;

/// Counting on from the last one, round the end of the field. Another value says nothing: it may be
/// the copy of an earlier repetition.
bool is_later_ip_id(std::uint16_t ip_id, std::uint16_t last) noexcept {
  return static_cast<std::int16_t>(ip_id - last) > 0;
}

void adopt_icmp(path::Trace& trace, const flow::IcmpNote& note) noexcept {
  trace.icmp.icmp = note.error;
  trace.icmp.icmp_type = note.type;
  trace.icmp.icmp_code = note.code;
  trace.icmp.icmp_mtu = note.mtu;
  trace.icmp.icmp_count = note.count;
  trace.icmp_sender = note.sender;
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
  end_embryo(embryo, {.reason = handshake::EndReason::timeout, .now = deadline, .clock = deadline});
}

void Worker::erase_embryo(Embryo& embryo) noexcept {
  embryos_.erase(&embryo);
  counters_.subtract(Counter::embryos_open);
}

Embryo* Worker::living_embryo(const PacketContext& packet) noexcept {
  Embryo* const embryo = embryos_.find(packet.hash, packet.keyed.key);
  if (embryo == nullptr || embryo_deadline(*embryo) > packet.clock) return embryo;
  time_out_embryo(*embryo);
  erase_embryo(*embryo);
  return nullptr;
}

void Worker::on_syn(const PacketContext& packet) noexcept {
  if (decided_.contains(packet.hash)) {
    // A copy of the SYN that comes after all is over.
    if (decided_.contains(hash_of_syn(packet.hash, packet.view.seq))) {
      counters_.add(Counter::fate_decided);
      return;
    }
    decided_.remove(packet.hash);
  }
  Connection* connection = connections_.find(packet.hash, packet.keyed.key);
  if (connection != nullptr) {
    const UnixNanos until = std::min(connection->deadline, packet.clock);
    const Direction direction = direction_of(
        packet.keyed.source_is_low, connection->state.has(handshake::State::client_is_low));
    // A SYN that is shown again or late is told from a new connection by its number.
    const bool same =
        direction == Direction::client_to_server &&
        (connection->client_isn == packet.view.seq || is_late_syn(*connection, packet));
    if (same && connection->deadline > packet.clock) {
      counters_.add(Counter::fate_connection);
      HandshakeRecord& record = record_of(*connection);
      if (!record.syn.known()) adopt_syn(record, packet.view);
      return;
    }
    end_connection(*connection,
                   connection->deadline > packet.clock ? handshake::EndReason::replaced
                                                       : handshake::EndReason::timeout,
                   until, until);
    decided_.remove(packet.hash);
  }
  Embryo* embryo = embryos_.find(packet.hash, packet.keyed.key);
  if (embryo != nullptr && embryo_deadline(*embryo) > packet.clock &&
      embryo->client_isn == packet.view.seq) {
    counters_.add(Counter::fate_syn);
    flow::MirrorLink& link = embryos_.link_of(embryo);
    const UnixNanos repeat = add_saturating(embryos_.last_touch(embryo), kSynRepeatNanosMin);
    if (!embryo->has(Embryo::syn_seen)) {
      describe_syn(*embryo, packet.view);
    } else if (packet.clock >= repeat || is_later_ip_id(packet.view.ip_id, link.ip_id)) {
      link.ip_id = packet.view.ip_id;
      embryo->count_syn_repeat();
      embryos_.touch(embryo, packet.clock);
    }
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
  if (!keeps(packet.view.source)) {
    shed(packet.hash);
    decided_.insert(hash_of_syn(packet.hash, packet.view.seq));
    return;
  }
  counters_.add(Counter::fate_syn);
  ask_to_pass(packet);
  embryo = begin_embryo(packet, packet.keyed.source_is_low);
  describe_syn(*embryo, packet.view);
  // RFC 7413: with TCP Fast Open the hello is in the SYN.
  if (may_begin_tls(packet.view.payload)) {
    promote(*embryo, packet, Direction::client_to_server);
  }
}

// The connection was found in its middle, because its SYN comes later than what followed it.
bool Worker::is_late_syn(Connection& connection, const PacketContext& packet) noexcept {
  const HandshakeRecord& record = record_of(connection);
  stream::StreamDirection& client = connection.stream_of(Direction::client_to_server);
  const SeqNum first = packet.view.seq.plus(1);
  const std::int32_t before = client.next.distance_from(first);
  if ((record.flags & HandshakeRecord::midstream) == 0 || !client.started() ||
      client.delivered_bytes != 0 || client.has_hole() || before < 0 ||
      before > std::int32_t{kHeldBytesMax} ||
      packet.clock >= add_saturating(record.first_seen, config_.timeouts.linger_nanos)) {
    return false;
  }
  reassembler_.start(client, first);
  connection.client_isn = packet.view.seq;
  return true;
}

void Worker::describe_syn(Embryo& embryo, const packet::PacketView& view) noexcept {
  embryo.set(Embryo::syn_seen);
  embryo.client_isn = view.seq;
  embryo.client_mss = view.mss;
  embryo.client_ttl = view.ttl;
  embryo.set_client_window_scale(view.window_scale);
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
  const packet::PacketView& view = packet.view;
  embryos_.link_of(embryo) = {view.tunnel_id,
                              view.vlan_outer,
                              view.vlan_inner,
                              view.tunnel_kind,
                              view.port_index,
                              view.ip_id,
                              overload::kept_share_of(shedding_)};
  return embryo;
}

// The SYN was not captured; its answer tells nearly as much.
void Worker::on_orphan_syn_ack(const PacketContext& packet) noexcept {
  if (!keeps(packet.view.destination)) {
    shed(packet.hash);
    return;
  }
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
  // What it answers may come later, if the mirror has turned the order around.
  const bool in_place =
      embryo.has(view.payload.empty() ? Embryo::syn_seen : Embryo::syn_ack_seen);
  const bool early = bytes_missing && (in_place || tls::plausible_record_start(view.payload));
  if (early || may_be_server_flight(view.payload)) {
    promote(embryo, packet, Direction::server_to_client);
    return;
  }
  const bool at_first_byte =
      !embryo.has(Embryo::syn_ack_seen) || view.seq == embryo.server_isn.plus(1);
  if (!view.payload.empty() && at_first_byte && !bytes_missing) {
    // A greeting: the client may ask for TLS next, or speak it to a server that does not.
    const Recognition words = recognise(view.payload, Party::server);
    if (words.service != Service::binary || watched(server_port_of(embryo))) {
      promote_plaintext(embryo, packet, words, Direction::server_to_client);
      return;
    }
  }
  if (!view.payload.empty() && !bytes_missing) embryo.set(Embryo::server_spoke);
  if (view.has(tcp_flag::fin)) on_server_close(embryo, packet, bytes_missing);
}

// A server may close before a slow client's hello has come to it. The hello, if there is one, is on
// its way: the connection is followed until the linger is over, so that both make one event.
void Worker::on_server_close(Embryo& embryo, const PacketContext& packet,
                             bool bytes_missing) noexcept {
  const bool opened = embryo.has(Embryo::syn_ack_seen) &&
                      (embryo.has(Embryo::syn_seen) || embryo.has(Embryo::client_ack_seen));
  // A closed port answers a SYN with RST and ACK (RFC 9293 §3.10.7.1). Who sends anything else may
  // have more to send.
  const bool odd_refusal = !embryo.has(Embryo::syn_ack_seen) && !bytes_missing &&
                           embryo.has(Embryo::syn_seen) &&
                           !embryo.has(Embryo::client_ack_seen) &&
                           packet.view.has(tcp_flag::rst) && !packet.view.has(tcp_flag::ack) &&
                           watched(server_port_of(embryo));
  if (opened || odd_refusal || (bytes_missing && embryo.has(Embryo::syn_ack_seen))) {
    promote(embryo, packet, Direction::server_to_client);
    return;
  }
  end_embryo(embryo, {.packet = &packet.view,
                      .closer = Party::server,
                      .now = packet.view.time,
                      .clock = packet.clock,
                      .bytes_missing = bytes_missing});
  erase_embryo(embryo);
}

void Worker::on_client_packet(Embryo& embryo, const PacketContext& packet) noexcept {
  const packet::PacketView& view = packet.view;
  const bool at_first_byte = view.seq == embryo.client_isn.plus(1);
  if (view.payload_length() == 0) {
    if (view.has(tcp_flag::rst | tcp_flag::fin)) {
      // What belongs before it may come later, if the mirror has turned the order around.
      const bool server_bytes_missing = view.has(tcp_flag::ack) &&
                                        embryo.has(Embryo::syn_ack_seen) &&
                                        view.ack.after(embryo.server_isn.plus(1));
      if (view.seq.after(embryo.client_isn.plus(1)) || server_bytes_missing ||
          !embryo.has(Embryo::syn_seen)) {
        promote(embryo, packet, Direction::client_to_server);
        return;
      }
      end_embryo(
          embryo,
          {.packet = &view, .closer = Party::client, .now = view.time, .clock = packet.clock});
      decided_.insert(packet.hash);
      decided_.insert(hash_of_syn(packet.hash, embryo.client_isn));
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
  // What belongs before it may come later, if the mirror has turned the order around.
  const bool out_of_order =
      !at_first_byte && view.seq.distance_from(embryo.client_isn) < std::int32_t{kHeldBytesMax};
  if (out_of_order || may_begin_tls(view.payload) || tls::proxy_header_size(view.payload) != 0) {
    promote(embryo, packet, Direction::client_to_server);
    return;
  }
  const Recognition words = recognise(view.payload, Party::client);
  if (service::upgrade_of(words.service, Party::client) != StartTls::none ||
      watched(server_port_of(embryo))) {
    promote_plaintext(embryo, packet, words, Direction::client_to_server);
    return;
  }
  counters_.add(Counter::embryos_not_tls);
  erase_embryo(embryo);
}

void Worker::promote_plaintext(Embryo& embryo, const PacketContext& packet,
                               const Recognition& words, Direction direction) noexcept {
  Connection* const connection = begin_from_embryo(embryo, packet, direction);
  if (connection == nullptr) return;
  begin_plaintext(*connection, words, direction);
  on_connection_packet(*connection, packet);
}

void Worker::promote(Embryo& embryo, const PacketContext& packet, Direction direction) noexcept {
  Connection* const connection = begin_from_embryo(embryo, packet, direction);
  if (connection != nullptr) on_connection_packet(*connection, packet);
}

// The embryo has begun to speak: from here on the connection is followed.
Connection* Worker::begin_from_embryo(Embryo& embryo, const PacketContext& packet,
                                      Direction direction) noexcept {
  const Embryo origin = embryo;
  const std::uint8_t kept_share = embryos_.link_of(&embryo).kept_share;
  const flow::IcmpNote icmp =
      origin.has(Embryo::icmp_seen) ? embryos_.icmp_of(&embryo) : flow::IcmpNote{};
  counters_.add(Counter::embryos_promoted);
  erase_embryo(embryo);
  Connection* connection = begin_connection(packet, direction);
  if (connection == nullptr) return nullptr;
  HandshakeRecord& record = record_of(*connection);
  adopt_embryo(record, origin);
  record.kept_share = kept_share;
  connection->client_isn = origin.client_isn;
  path::begin(notes_of(*connection).trace, {.syn = record.syn,
                                            .syn_ack = record.syn_ack,
                                            .client_isn = origin.client_isn,
                                            .server_isn = origin.server_isn,
                                            .client_ttl = origin.client_ttl,
                                            .server_ttl = origin.server_ttl,
                                            .syn_repeated = origin.syn_repeat_count != 0});
  if (icmp.count != 0) adopt_icmp(notes_of(*connection).trace, icmp);
  const packet::PacketView& view = packet.view;
  const bool from_client = direction == Direction::client_to_server;
  const SeqNum first = origin.client_isn.plus(1);
  const std::size_t prefix =
      from_client && view.seq == first ? tls::proxy_header_size(view.payload) : 0;
  reassembler_.start(connection->stream_of(Direction::client_to_server),
                     first.plus(static_cast<std::uint32_t>(prefix)));
  // What the server said before the client spoke (a banner) is no answer to a ClientHello.
  const bool told = from_client && view.has(tcp_flag::ack) && !view.has(tcp_flag::syn);
  const bool banner = told && origin.has(Embryo::syn_ack_seen) && view.seq == first &&
                      view.payload_length() != 0 && view.ack.after(origin.server_isn.plus(1));
  // Packets before this one may come later: then the server's first number is that of its SYN-ACK.
  const bool late = told && (view.seq != first || view.payload_length() == 0);
  if (late) {
    if (origin.has(Embryo::syn_ack_seen)) {
      reassembler_.start(connection->stream_of(Direction::server_to_client),
                         origin.server_isn.plus(1));
    }
  } else if (told || !from_client) {
    // What the server said and was not followed is no TLS.
    const bool in_order =
        !from_client && origin.has(Embryo::syn_ack_seen) && !origin.has(Embryo::server_spoke);
    reassembler_.start(connection->stream_of(Direction::server_to_client),
                       told       ? view.ack
                       : in_order ? origin.server_isn.plus(1)
                                  : view.seq);
  } else if (origin.has(Embryo::syn_ack_seen)) {
    reassembler_.start(connection->stream_of(Direction::server_to_client),
                       origin.server_isn.plus(1));
  }
  if (prefix != 0) record.starttls = StartTls::proxy_header;
  if (prefix != 0 || banner) record.flags |= HandshakeRecord::after_plaintext;
  return connection;
}

void Worker::describe_opening(const Embryo& embryo, HandshakeRecord& record) noexcept {
  describe_endpoints(record, embryo, embryos_.link_of(&embryo));
  adopt_embryo(record, embryo);
}

void Worker::end_embryo(Embryo& embryo, const EmbryoEnd& end) noexcept {
  if (!watched(server_port_of(embryo))) {
    counters_.add(Counter::embryos_unwatched_end);
    return;
  }
  HandshakeRecord record;
  describe_opening(embryo, record);
  record.end = end.now;
  const bool answered = embryo.has(Embryo::syn_ack_seen) || embryo.has(Embryo::client_ack_seen);
  const bool both = embryo.has(Embryo::server_seen) &&
                    (embryo.has(Embryo::syn_seen) || embryo.has(Embryo::client_ack_seen));
  if (!both) record.flags |= HandshakeRecord::one_way;
  const bool long_ignored =
      end.reason == handshake::EndReason::timeout || embryo.syn_repeat_count != 0 ||
      end.now >= add_saturating(embryos_.last_touch(&embryo), config_.timeouts.syn_nanos);
  Outcome& outcome = record.outcome;
  if (end.bytes_missing) {
    record.flags |= HandshakeRecord::capture_gap;
    outcome.unseen_reason = UnseenReason::gap;
  } else if (end.closer == Party::none && !answered && long_ignored) {
    // Whether nobody answers, or the answers are not mirrored, only control can tell.
    outcome.kind = OutcomeKind::unanswered;
    outcome.by = Party::server;
  } else if (end.reason == handshake::EndReason::capture_end) {
    outcome.unseen_reason = UnseenReason::capture_end;
  } else if (!both) {
    outcome.unseen_reason = UnseenReason::one_way;
  } else if (!answered && end.closer == Party::server) {
    outcome.kind = OutcomeKind::refused;
    outcome.by = Party::server;
  } else {
    outcome.kind = OutcomeKind::no_hello;
    outcome.by = end.closer == Party::none ? Party::client : end.closer;
  }
  describe_path(embryo, end, record);
  counters_.add(Counter::embryos_reported);
  counters_.add(Counter::handshakes_begun);
  emitter_.push(record, end.clock);
}

void Worker::describe_path(const Embryo& embryo, const EmbryoEnd& end,
                           HandshakeRecord& record) noexcept {
  path::Trace trace;
  if (embryo.has(Embryo::icmp_seen)) adopt_icmp(trace, embryos_.icmp_of(&embryo));
  if (end.packet != nullptr) {
    observe_ending(record, *end.packet,
                   end.closer == Party::client ? Direction::client_to_server
                                               : Direction::server_to_client);
  }
  path::conclude(trace, record);
  if (record.outcome.by == Party::path) counters_.add(Counter::path_interference);
}

}  // namespace shakedown
