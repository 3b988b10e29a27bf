// SPDX-License-Identifier: Apache-2.0
//
// Pieces of packets in tunnels, of tunnels, and of both.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "encapsulations.h"
#include "fragment_fixture.h"
#include "shakedown/limits.h"

namespace shakedown::packet {
namespace {

ts::Bytes vxlan_content(const ts::Bytes& frame) {
  return ts::ByteWriter().u32(0x0800'0000).u32(0xabcdef00).bytes(frame).take();
}
ts::Bytes vxlan_packet(const ts::Bytes& frame) {
  return without_ethernet(outer_udp_frame(4789, vxlan_content(frame)));
}

TEST_F(Fragments, OfATunnelLeadToTheInnerPacket) {
  const ts::Bytes inner = ts::link_frame({.vlan_tags = {{.id = 22}}}, packet_of(kText), false);
  const ts::Pieces pieces = ts::pieces_of(vxlan_packet(inner), 1, 48);
  DecodeStatus status = DecodeStatus::ip_fragment;
  for (const ts::Bytes& piece : pieces) {
    EXPECT_EQ(status, DecodeStatus::ip_fragment);
    status = see_frame(ts::link_frame({.vlan_tags = {{.id = 11}}}, piece, false));
  }
  ASSERT_EQ(status, DecodeStatus::tcp);
  EXPECT_EQ(payload(), kText);
  EXPECT_EQ(view_.tunnel_kind, TunnelKind::vxlan);
  EXPECT_EQ(view_.tunnel_id, 0xabcdefu);
  EXPECT_EQ(view_.vlan_outer, 11);
  EXPECT_EQ(view_.vlan_inner, 22);
}

TEST_F(Fragments, InATunnelKeepItsKindAndId) {
  const ts::Pieces pieces = ts::pieces_of(packet_of(text_of(100), true), 1, 64);
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const ts::Bytes inner = ts::link_frame({.vlan_tags = {{.id = 22}}}, pieces[i], true);
    EXPECT_EQ(see(vxlan_packet(inner)),
              i + 1 == pieces.size() ? DecodeStatus::tcp : DecodeStatus::ip_fragment);
  }
  EXPECT_EQ(payload(), text_of(100));
  EXPECT_EQ(view_.tunnel_kind, TunnelKind::vxlan);
  EXPECT_EQ(view_.tunnel_id, 0xabcdefu);
  EXPECT_EQ(view_.vlan_outer, 22);
}

TEST_F(Fragments, OfAPriorityTagKeepThatItWasSeen) {
  // A tag of VLAN 0 is the outer one; that of the inner frame is the inner one, whole or in pieces.
  const ts::Bytes inner = ts::link_frame({.vlan_tags = {{.id = 22}}}, packet_of(kText), false);
  for (const ts::Bytes& piece : ts::pieces_of(vxlan_packet(inner), 1, 64)) {
    static_cast<void>(see_frame(ts::link_frame({.vlan_tags = {{.id = 0}}}, piece, false)));
  }
  EXPECT_EQ(get(Counter::packets_reassembled), 1u);
  EXPECT_EQ(view_.vlan_outer, 0);
  EXPECT_EQ(view_.vlan_inner, 22);
}

TEST_F(Fragments, OfFragmentsInTunnelsAreFollowedDownToTheLast) {
  // Two inner pieces, each in a tunnel packet that came in three.
  std::uint32_t id = 100;
  DecodeStatus status = DecodeStatus::ip_fragment;
  for (const ts::Bytes& inner : ts::pieces_of(packet_of(text_of(200)), 1, 120)) {
    for (const ts::Bytes& outer :
         ts::pieces_of(vxlan_packet(ts::link_frame({}, inner, false)), ++id, 64)) {
      EXPECT_EQ(status, DecodeStatus::ip_fragment);
      status = see(outer);
    }
  }
  ASSERT_EQ(status, DecodeStatus::tcp);
  EXPECT_EQ(payload(), text_of(200));
  EXPECT_EQ(view_.tunnel_kind, TunnelKind::vxlan);
  EXPECT_EQ(get(Counter::packets_reassembled), 3u);
  EXPECT_EQ(get(Counter::fragments_held), 0u);
}

/// Wraps each piece in IP until the innermost packet is `depth` tunnels deep, in pieces at each level.
ts::Pieces nested_pieces(const ts::Bytes& packet, unsigned depth, std::uint32_t& id) {
  ts::Pieces out;
  for (const ts::Bytes& piece : ts::pieces_of(packet, ++id, (packet.size() - 20) / 16 * 8 + 8)) {
    if (depth == 0) {
      out.push_back(piece);
      continue;
    }
    const ts::Bytes around =
        ts::ip_packet(kOuterSource.address, kOuterDestination.address, 4, piece);
    for (ts::Bytes& outer : nested_pieces(around, depth - 1, id)) out.push_back(std::move(outer));
  }
  return out;
}

TEST_F(Fragments, AreFollowedToTheLimitOfTunnelsAndNoDeeper) {
  std::uint32_t id = 0;
  EXPECT_EQ(see_all(nested_pieces(packet_of(text_of(300)), kTunnelDepthMax, id)),
            DecodeStatus::tcp);
  EXPECT_EQ(payload(), text_of(300));
  EXPECT_TRUE(table_->has_room() == false) << "one packet took a place for each level";
  DecodeStatus status = DecodeStatus::tcp;
  for (const ts::Bytes& piece : nested_pieces(packet_of(kText), kTunnelDepthMax + 1, id)) {
    status = see(piece);
    EXPECT_NE(status, DecodeStatus::tcp);
  }
  EXPECT_EQ(status, DecodeStatus::tunnel_too_deep);
}

/// A packet in `depth` encapsulations, of which any IP header may have come in pieces.
struct CutStack {
  std::vector<ts::Content> contents;
  TunnelKind kind = TunnelKind::none;
  std::uint32_t id = 0;
  std::string names;
};

CutStack cut_stack(ts::Random& random, const ts::Bytes& packet, unsigned depth) {
  std::uint32_t fragment_id = random() & 0x7fff;
  CutStack stack;
  stack.contents = {{false, packet}};
  const auto cut_some = [&] {
    if (stack.contents[0].is_ethernet || ts::one_in(random, 2)) return;
    std::vector<ts::Content> pieces;
    for (const ts::Content& content : stack.contents) {
      const std::size_t share = content.bytes.size() / (1 + random() % 3) / 8 * 8 + 8;
      for (const ts::Bytes& piece : ts::pieces_of(content.bytes, ++fragment_id, share)) {
        pieces.push_back({false, piece});
      }
    }
    stack.contents = std::move(pieces);
    stack.names += "cut, ";
  };
  cut_some();
  for (unsigned i = 0; i < depth; cut_some()) {
    const auto& encapsulation = ts::encapsulations()[random() % ts::encapsulations().size()];
    if (!encapsulation.takes_ethernet && stack.contents[0].is_ethernet) continue;
    const std::uint32_t id = random() & encapsulation.id_mask;
    for (ts::Content& content : stack.contents) {
      if (encapsulation.takes_ethernet) content = ts::in_ethernet(random, content);
      content = encapsulation.wrap(random, content, id);
    }
    if (stack.kind == TunnelKind::none && encapsulation.kind != TunnelKind::none) {
      stack.kind = encapsulation.kind;
      stack.id = id;
    }
    stack.names += encapsulation.name + ", ";
    ++i;
  }
  for (std::size_t i = stack.contents.size(); i > 1; --i) {
    std::swap(stack.contents[i - 1], stack.contents[random() % i]);
  }
  return stack;
}

TEST_F(Fragments, OfAnyLayerInAnyOrderLeadToTheInnermostPacket) {
  ts::Random random(21);
  std::uint64_t pieces = 0;
  for (unsigned i = 0; i < 3'000 && !HasFailure(); ++i) {
    const bool is_ipv6 = ts::one_in(random, 2);
    const unsigned depth = random() % (kTunnelDepthMax + 2);
    const std::string text = text_of(random() % 3000);
    const CutStack stack = cut_stack(random, packet_of(text, is_ipv6), depth);
    const std::size_t last = stack.contents.size() - 1;
    pieces += last;
    for (std::size_t at = 0; at <= last; ++at) {
      const ts::Bytes frame = ts::in_ethernet(random, stack.contents[at]).bytes;
      const DecodeStatus status = see(frame, i * kNanosPerMilli, LinkType::ethernet);
      if (depth > kTunnelDepthMax) {
        // Each piece inside the last encapsulation is too deep by itself.
        EXPECT_NE(status, DecodeStatus::tcp) << stack.names;
        if (at == last) {
          EXPECT_EQ(status, DecodeStatus::tunnel_too_deep) << stack.names;
        }
      } else if (at != last) {
        EXPECT_EQ(status, DecodeStatus::ip_fragment) << stack.names;
      } else {
        ASSERT_EQ(status, DecodeStatus::tcp) << stack.names;
        EXPECT_TRUE(payload() == text) << stack.names;
        EXPECT_EQ(view_.tunnel_kind, stack.kind) << stack.names;
        EXPECT_EQ(view_.tunnel_id, stack.id) << stack.names;
        EXPECT_EQ(view_.family, is_ipv6 ? IpFamily::ipv6 : IpFamily::ipv4);
      }
    }
  }
  EXPECT_GT(pieces, 5'000u);
  EXPECT_EQ(get(Counter::fragments_held), 0u);
}

TEST_F(Fragments, HaveRoomForOnePacketAsLongAsItSaysSo) {
  unsigned count = 0;
  for (std::uint32_t id = 1; table_->has_room(); ++id) {
    for (const ts::Bytes& piece : ts::pieces_of(packet_of(kText), id, 16)) {
      ASSERT_EQ(decode(LinkType::raw_ip, piece, view_), DecodeStatus::ip_fragment);
      if (!table_->add(view_, UnixNanos{kBegin}).empty()) ++count;
    }
  }
  EXPECT_EQ(count, FragmentTable::kWholePacketCount - FragmentTable::kNestingMax + 1);
  table_->forget_whole_packets();
  EXPECT_TRUE(table_->has_room());
}

TEST_F(Fragments, ThatWereAbsorbedBeforeAreOnlyCounted) {
  ASSERT_EQ(decode(LinkType::raw_ip, ts::pieces_of(packet_of(kText), 1, 16)[0], view_),
            DecodeStatus::ip_fragment);
  EXPECT_FALSE(view_.fragment.empty());
  EXPECT_EQ(decode(LinkType::absorbed_fragment, ts::Bytes(60, 0), view_),
            DecodeStatus::ip_fragment);
  EXPECT_TRUE(view_.fragment.empty());
}

}  // namespace
}  // namespace shakedown::packet
