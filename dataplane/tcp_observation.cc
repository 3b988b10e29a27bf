// SPDX-License-Identifier: Apache-2.0
#include "tcp_observation.h"

#include <algorithm>
#include <limits>

namespace shakedown {

namespace {

using handshake::Direction;
namespace tcp_flag = packet::tcp_flag;

template <class Count>
void count_up(Count& count, std::uint32_t amount = 1) noexcept {
  const std::uint64_t sum = std::uint64_t{count} + amount;
  count = static_cast<Count>(std::min<std::uint64_t>(sum, std::numeric_limits<Count>::max()));
}

TcpFacts& facts_of(HandshakeRecord& record, Direction direction) noexcept {
  return direction == Direction::client_to_server ? record.client_tcp : record.server_tcp;
}

}  // namespace

void describe_endpoints(HandshakeRecord& record, const packet::PacketView& view,
                        Direction direction) noexcept {
  const bool from_client = direction == Direction::client_to_server;
  record.client_address = from_client ? view.source : view.destination;
  record.server_address = from_client ? view.destination : view.source;
  record.client_port = from_client ? view.source_port : view.destination_port;
  record.server_port = from_client ? view.destination_port : view.source_port;
  record.family = view.family;
  record.vlan_outer = view.vlan_outer;
  record.vlan_inner = view.vlan_inner;
  record.tunnel_kind = view.tunnel_kind;
  record.tunnel_id = view.tunnel_id;
  record.port_index = view.port_index;
  record.first_seen = view.time;
}

void describe_endpoints(HandshakeRecord& record, const flow::Embryo& embryo,
                        const flow::MirrorLink& link) noexcept {
  const bool client_low = embryo.has(flow::Embryo::client_is_low);
  record.client_address = client_low ? embryo.key.low_address : embryo.key.high_address;
  record.server_address = client_low ? embryo.key.high_address : embryo.key.low_address;
  record.client_port = client_low ? embryo.key.low_port : embryo.key.high_port;
  record.server_port = client_low ? embryo.key.high_port : embryo.key.low_port;
  record.family = embryo.has(flow::Embryo::ipv6) ? IpFamily::ipv6 : IpFamily::ipv4;
  record.vlan_outer = link.vlan_outer;
  record.vlan_inner = link.vlan_inner;
  record.tunnel_kind = link.tunnel_kind;
  record.tunnel_id = link.tunnel_id;
  record.port_index = link.port_index;
  record.kept_share = link.kept_share;
}

void adopt_embryo(HandshakeRecord& record, const flow::Embryo& embryo) noexcept {
  record.first_seen = embryo.syn_time;
  if (embryo.has(flow::Embryo::syn_seen)) {
    record.syn = embryo.syn_time;
    record.flags |= HandshakeRecord::client_seen;
    record.client_tcp.mss = embryo.client_mss;
    record.client_tcp.ttl = embryo.client_ttl;
    record.client_tcp.window_scale = embryo.client_window_scale();
    record.client_tcp.retransmission_count = embryo.syn_repeat_count;
    count_up(record.client_tcp.packet_count);
  }
  if (embryo.has(flow::Embryo::syn_ack_seen)) {
    record.syn_ack =
        embryo.has(flow::Embryo::syn_seen)
            ? add_saturating(embryo.syn_time,
                             std::int64_t{embryo.syn_ack_delay_micros()} * kNanosPerMicro)
            : embryo.syn_time;
    record.server_tcp.mss = embryo.server_mss;
    record.server_tcp.ttl = embryo.server_ttl;
    record.server_tcp.window_scale = embryo.server_window_scale();
    count_up(record.server_tcp.packet_count);
  }
  if (embryo.has(flow::Embryo::client_ack_seen)) record.flags |= HandshakeRecord::client_seen;
  if (embryo.has(flow::Embryo::server_seen)) record.flags |= HandshakeRecord::server_seen;
}

void adopt_syn(HandshakeRecord& record, const packet::PacketView& view) noexcept {
  record.syn = record.first_seen;
  record.flags |= HandshakeRecord::client_seen;
  record.flags &= ~std::uint32_t{HandshakeRecord::midstream};
  record.client_tcp.mss = view.mss;
  record.client_tcp.ttl = view.ttl;
  record.client_tcp.window_scale = view.window_scale;
  count_up(record.client_tcp.packet_count);
}

void observe_packet(HandshakeRecord& record, const packet::PacketView& view,
                    Direction direction) noexcept {
  TcpFacts& facts = facts_of(record, direction);
  record.flags |= direction == Direction::client_to_server ? HandshakeRecord::client_seen
                                                           : HandshakeRecord::server_seen;
  if (facts.packet_count == 0) {
    facts.ttl = view.ttl;
    facts.mss = view.mss;
    facts.window_scale = view.window_scale;
  }
  if (facts.window == 0) {
    facts.window = view.window;
    facts.ip_id = view.ip_id;
  }
  count_up(facts.packet_count);
  const std::uint32_t length = view.payload_length();
  if (length == 0) return;
  count_up(facts.segment_count);
  count_up(facts.payload_bytes, length);
  const std::uint8_t rst_count = direction == Direction::client_to_server
                                     ? record.ending.rst_count_client
                                     : record.ending.rst_count_server;
  if (rst_count != 0 && !view.has(tcp_flag::rst)) count_up(record.ending.data_after_rst);
}

void observe_ending(HandshakeRecord& record, const packet::PacketView& view,
                    Direction direction) noexcept {
  EndingPacket& ending = record.ending;
  const bool rst = view.has(tcp_flag::rst);
  if (rst) {
    count_up(direction == Direction::client_to_server ? ending.rst_count_client
                                                      : ending.rst_count_server);
  }
  const bool first = ending.from == Party::none;
  const bool first_rst = rst && (ending.tcp_flags & tcp_flag::rst) == 0;
  if (!first && !first_rst) return;
  ending.from = handshake::sender_of(direction);
  ending.ip_id = view.ip_id;
  ending.window = view.window;
  ending.payload_length =
      static_cast<std::uint16_t>(std::min<std::uint32_t>(view.payload_length(), 0xffff));
  ending.ttl = view.ttl;
  ending.tcp_flags = view.tcp_flags;
}

}  // namespace shakedown
