// SPDX-License-Identifier: Apache-2.0
#include "ingest/visibility.h"

#include <functional>
#include <string_view>

namespace shakedown::ingest {

namespace {

bool has(const HandshakeRecord& record, HandshakeRecord::Flag flag) {
  return (record.flags & flag) != 0;
}

/// The client acted on an answer that the mirror did not show.
bool answered_out_of_sight(const HandshakeRecord& record) {
  if (has(record, HandshakeRecord::client_ack_beyond)) return true;
  // The data plane says so of clients that went on after their SYN.
  if (record.outcome.kind == OutcomeKind::unseen &&
      record.outcome.unseen_reason == UnseenReason::one_way) {
    return true;
  }
  if (!record.client_hello.known()) return false;
  // Who speaks after the SYN has received the SYN-ACK; RFC 7413 (TCP Fast Open) speaks in it.
  if (record.syn.known() && record.client_hello > record.syn) return true;
  // RFC 9293 §3.8.1: data that nobody acknowledges is repeated.
  return record.client_tcp.retransmission_count == 0;
}

/// Something on the way says that the packet did not arrive: there was no answer to show.
bool known_undelivered(const HandshakeRecord& record) {
  switch (record.path.icmp) {
    case IcmpError::network_unreachable:
    case IcmpError::host_unreachable:
    case IcmpError::port_unreachable:
    case IcmpError::prohibited:
      return true;
    case IcmpError::none:
    case IcmpError::packet_too_big:
    case IcmpError::time_exceeded:
    case IcmpError::other:
      break;
  }
  return false;
}

bool rests_on_no_answer(const HandshakeRecord& record) {
  return record.outcome.kind == OutcomeKind::silence ||
         record.outcome.kind == OutcomeKind::unanswered;
}

bool lossy(const HandshakeRecord& record) {
  return has(record, HandshakeRecord::capture_gap) ||
         has(record, HandshakeRecord::client_ack_beyond) ||
         has(record, HandshakeRecord::server_ack_beyond);
}

bool withhold(HandshakeRecord& record) {
  record.flags |= HandshakeRecord::one_way;
  if (!rests_on_no_answer(record)) return false;
  record.outcome.kind = OutcomeKind::unseen;
  record.outcome.by = Party::none;
  record.outcome.unseen_reason = UnseenReason::one_way;
  return true;
}

}  // namespace

std::size_t Visibility::Hash::operator()(const Link& link) const noexcept {
  const std::uint64_t network =
      std::uint64_t{link.tunnel_id} << 32 | std::uint64_t{link.vlan_outer} << 16 | link.vlan_inner;
  const std::uint64_t port =
      std::uint64_t{link.port_index} << 8 | static_cast<std::uint64_t>(link.tunnel_kind);
  return std::hash<std::uint64_t>{}(network * 0x9e3779b97f4a7c15 ^ port);
}

std::size_t Visibility::Hash::operator()(const Place& place) const noexcept {
  const std::size_t address = std::hash<std::string_view>{}(
      {reinterpret_cast<const char*>(place.address.bytes.data()), place.address.bytes.size()});
  return address ^ ((*this)(place.link) * 3);
}

Visibility::Link Visibility::link_of(const HandshakeRecord& record) {
  Link link{.vlan_outer = record.vlan_outer,
            .vlan_inner = record.vlan_inner,
            .tunnel_kind = record.tunnel_kind,
            .port_index = record.port_index};
  switch (record.tunnel_kind) {
    case TunnelKind::gre:
    case TunnelKind::erspan:
    case TunnelKind::vxlan:
    case TunnelKind::geneve:
      link.tunnel_id = record.tunnel_id;
      break;
    // The ids of these name a subscriber, a label or one direction, not a network.
    case TunnelKind::none:
    case TunnelKind::gtp_u:
    case TunnelKind::ip_in_ip:
    case TunnelKind::six_in_four:
    case TunnelKind::pppoe:
    case TunnelKind::mpls:
    case TunnelKind::vn_tag:
    case TunnelKind::e_tag:
      break;
  }
  return link;
}

Visibility::LinkFacts& Visibility::facts_of(const Link& link) {
  LinkFacts* const known = links_.find(link);
  return known != nullptr ? *known : links_.insert(link, {});
}

void Visibility::learn(const HandshakeRecord& record, bool answer_shown) {
  const Link link = link_of(record);
  const auto count = [answer_shown](auto& places, const Place& place) {
    Shown* const known = places.find(place);
    Shown& shown = known != nullptr ? *known : places.insert(place, {});
    const bool first_answer = answer_shown && shown.both == 0;
    shown.count(answer_shown, kAddressMemory);
    return first_answer;
  };
  const bool new_server = count(servers_, {.link = link, .address = record.server_address});
  count(clients_, {.link = link, .address = record.client_address});

  LinkFacts& facts = facts_of(link);
  if (new_server) ++facts.answering_servers;
  if (answer_shown && lossy(record)) ++facts.lossy;
  const std::uint32_t before = facts.shown.both;
  facts.shown.count(answer_shown, kLinkMemory);
  if (facts.shown.both < before) facts.lossy /= 2;
}

bool Visibility::answer_would_be_shown(const HandshakeRecord& record) {
  const Link link = link_of(record);
  const LinkFacts* const facts = links_.find(link);
  if (facts == nullptr) return false;
  const bool repeated = record.client_tcp.retransmission_count != 0;
  if (!repeated && !facts->steady()) return false;
  if (const Shown* server = servers_.find({.link = link, .address = record.server_address})) {
    return server->answers_are_shown();
  }
  // For a server that was never seen, those that its client knows speak, or all of the link.
  if (!repeated || !facts->shown.answers_are_shown()) return false;
  if (const Shown* client = clients_.find({.link = link, .address = record.client_address})) {
    return client->answers_are_shown();
  }
  return facts->answering_servers >= kAnsweringServersEnough;
}

Judgement Visibility::judge(HandshakeRecord& record) {
  const bool client = has(record, HandshakeRecord::client_seen);
  const bool server = has(record, HandshakeRecord::server_seen);
  if (client && server) {
    learn(record, true);
    return {.sight = Sight::both};
  }
  // That a server's packets are shown without those of its clients says nothing about answers to
  // clients whose packets are shown.
  if (server) return {.sight = Sight::server_only};
  if (known_undelivered(record) && record.outcome.kind == OutcomeKind::unanswered) {
    return {.sight = Sight::no_answer};
  }
  if (client && answered_out_of_sight(record)) {
    learn(record, false);
    return {.sight = Sight::client_only, .withheld = withhold(record)};
  }
  if (!rests_on_no_answer(record)) return {.sight = Sight::not_known};
  if (known_undelivered(record) || answer_would_be_shown(record)) {
    return {.sight = Sight::no_answer};
  }
  return {.sight = Sight::not_known, .withheld = withhold(record)};
}

}  // namespace shakedown::ingest
