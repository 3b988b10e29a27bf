// SPDX-License-Identifier: Apache-2.0
//
// Pieces of plain packets: in and out of order, late, twice, overlapping, cut, too many.
#include "packet/fragment_table.h"

#include <rte_malloc.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "encapsulations.h"
#include "fragment_fixture.h"

namespace shakedown::packet {
namespace {

TEST_F(Fragments, TakesNoMoreMemoryThanItSays) {
  table_.reset();
  rte_malloc_socket_stats before{};
  rte_malloc_get_socket_stats(0, &before);
  table_ = std::make_unique<FragmentTable>(*counters_, 7);
  ASSERT_EQ(table_->create(), "");
  rte_malloc_socket_stats after{};
  rte_malloc_get_socket_stats(0, &after);
  const std::size_t taken = after.heap_allocsz_bytes - before.heap_allocsz_bytes;
  EXPECT_LE(taken, FragmentTable::bytes_needed());
  EXPECT_GE(taken + FragmentTable::bytes_needed() / 10, FragmentTable::bytes_needed());
}

TEST_F(Fragments, GivesItsMemoryBack) {
  rte_malloc_socket_stats before{};
  rte_malloc_get_socket_stats(0, &before);
  for (int i = 0; i < 3; ++i) {
    table_.reset();
    table_ = std::make_unique<FragmentTable>(*counters_, 7);
    ASSERT_EQ(table_->create(), "");
  }
  rte_malloc_socket_stats after{};
  rte_malloc_get_socket_stats(0, &after);
  EXPECT_EQ(after.heap_allocsz_bytes, before.heap_allocsz_bytes);
}

TEST_F(Fragments, ASecondTableIsRefusedWithASentence) {
  FragmentTable second(*counters_, 7);
  EXPECT_NE(second.create(), "");
}

class OfBothFamilies : public Fragments, public testing::WithParamInterface<bool> {};

TEST_P(OfBothFamilies, BecomeTheWholePacketInAnyOrder) {
  const std::string text = text_of(150);
  std::uint32_t id = 1;
  std::array<std::size_t, 4> order{0, 1, 2, 3};
  do {
    const ts::Pieces pieces = ts::pieces_of(packet_of(text, GetParam()), ++id, 48);
    ASSERT_EQ(pieces.size(), order.size());
    ts::Pieces shuffled;
    for (const std::size_t i : order) shuffled.push_back(pieces[i]);
    ASSERT_EQ(see_all(shuffled), DecodeStatus::tcp);
    EXPECT_EQ(payload(), text);
    EXPECT_EQ(view_.seq.value, 7u);
    EXPECT_EQ(view_.payload_missing, 0u);
    EXPECT_EQ(view_.family, GetParam() ? IpFamily::ipv6 : IpFamily::ipv4);
  } while (std::next_permutation(order.begin(), order.end()));
  EXPECT_EQ(get(Counter::packets_reassembled), 24u);
  EXPECT_EQ(get(Counter::fragments_reassembled), 96u);
  EXPECT_EQ(get(Counter::fragments_held), 0u);
}

TEST_P(OfBothFamilies, KeepAddressesAndPorts) {
  ASSERT_EQ(see_all(ts::pieces_of(packet_of("inner text", GetParam()), 5, 16)), DecodeStatus::tcp);
  const Decoded whole = decoded(packet_of("inner text", GetParam()), LinkType::raw_ip);
  EXPECT_EQ(view_.source, whole.view.source);
  EXPECT_EQ(view_.destination, whole.view.destination);
  EXPECT_EQ(view_.source_port, whole.view.source_port);
  EXPECT_EQ(view_.ttl, whole.view.ttl);
}

TEST_P(OfBothFamilies, AreKeptApartByIdentification) {
  const ts::Pieces first = ts::pieces_of(packet_of("the first packet", GetParam()), 1, 24);
  const ts::Pieces second = ts::pieces_of(packet_of("another packet!!", GetParam()), 2, 24);
  EXPECT_EQ(see(first[0]), DecodeStatus::ip_fragment);
  EXPECT_EQ(see(second[0]), DecodeStatus::ip_fragment);
  EXPECT_EQ(see(first[1]), DecodeStatus::tcp);
  EXPECT_EQ(payload(), "the first packet");
  EXPECT_EQ(see(second[1]), DecodeStatus::tcp);
  EXPECT_EQ(payload(), "another packet!!");
}

TEST_P(OfBothFamilies, AreWaitedForUntilTheTimeoutAndNoLonger) {
  const auto seen_after = [this](std::uint32_t id, std::int64_t nanos) {
    const ts::Pieces pieces = ts::pieces_of(packet_of(kText, GetParam()), id, 16);
    const std::int64_t begin = clock_.value == 0 ? 0 : clock_.value - kBegin;
    EXPECT_EQ(see(pieces[0], begin), DecodeStatus::ip_fragment);
    return see(pieces[1], begin + nanos);
  };
  EXPECT_EQ(seen_after(1, FragmentTable::kTimeoutNanos - 1), DecodeStatus::tcp);
  EXPECT_EQ(seen_after(2, FragmentTable::kTimeoutNanos), DecodeStatus::tcp);
  EXPECT_EQ(get(Counter::fragments_expired), 0u);
  EXPECT_EQ(seen_after(3, FragmentTable::kTimeoutNanos + 1), DecodeStatus::ip_fragment);
  EXPECT_EQ(get(Counter::fragments_expired), 1u);
  EXPECT_EQ(get(Counter::fragments_held), 1u);
}

TEST_P(OfBothFamilies, AreLeftOutWhenShownTwice) {
  const ts::Pieces pieces = ts::pieces_of(packet_of(text_of(60), GetParam()), 9, 32);
  for (std::size_t i = 0; i + 1 < pieces.size(); ++i) {
    EXPECT_EQ(see(pieces[i]), DecodeStatus::ip_fragment);
    EXPECT_EQ(see(pieces[i]), DecodeStatus::ip_fragment);
  }
  EXPECT_EQ(see(pieces.back()), DecodeStatus::tcp);
  // Also when it is whole already.
  for (const ts::Bytes& piece : pieces) EXPECT_EQ(see(piece), DecodeStatus::ip_fragment);
  EXPECT_EQ(get(Counter::fragments_duplicated), 2 * pieces.size() - 1);
  EXPECT_EQ(get(Counter::fragments_held), 0u);
}

TEST_P(OfBothFamilies, AreLeftOutWhenShownAgainWithAnotherTtlVlanOrMac) {
  const ts::Bytes packet = packet_of(kText, GetParam());
  const ts::Pieces pieces = ts::pieces_of(packet, 9, 16);
  ts::Bytes later = pieces[0];
  const std::size_t ttl_at = GetParam() ? 7 : 8;
  --later[ttl_at];
  if (!GetParam()) later[10] ^= 0x55;  // checksum
  EXPECT_EQ(see(pieces[0]), DecodeStatus::ip_fragment);
  EXPECT_EQ(see_frame(ts::link_frame({.source = {2, 0, 0, 0, 0, 9}, .vlan_tags = {{.id = 7}}},
                                     later, GetParam())),
            DecodeStatus::ip_fragment);
  EXPECT_EQ(get(Counter::fragments_duplicated), 1u);
  EXPECT_EQ(see(pieces[1]), DecodeStatus::tcp);
  EXPECT_EQ(view_.vlan_outer, 0) << "of the copy that was used";
}

TEST_P(OfBothFamilies, AreNotTakenForCopiesAfterTheTimeout) {
  const ts::Pieces pieces = ts::pieces_of(packet_of(kText, GetParam()), 9, 16);
  EXPECT_EQ(see(pieces[0]), DecodeStatus::ip_fragment);
  EXPECT_EQ(see(pieces[1]), DecodeStatus::tcp);
  EXPECT_EQ(see(pieces[0], FragmentTable::kTimeoutNanos + 1), DecodeStatus::ip_fragment);
  EXPECT_EQ(see(pieces[1], FragmentTable::kTimeoutNanos + 1), DecodeStatus::tcp);
  EXPECT_EQ(get(Counter::fragments_duplicated), 0u);
}

TEST_P(OfBothFamilies, AreRefusedWithTheirPacketWhenTheyOverlap) {
  const ts::Bytes packet = packet_of(text_of(100), GetParam());
  const auto piece = [&](std::size_t begin, std::size_t size) {
    return GetParam() ? ts::ipv6_piece(packet, 3, begin, size)
                      : ts::ipv4_piece(packet, 3, begin, size);
  };
  EXPECT_EQ(see(piece(0, 48)), DecodeStatus::ip_fragment);
  EXPECT_EQ(see(piece(40, 40)), DecodeStatus::ip_fragment);
  EXPECT_EQ(see(piece(80, 40)), DecodeStatus::ip_fragment);
  EXPECT_EQ(get(Counter::fragments_refused), 3u);
  EXPECT_EQ(get(Counter::fragments_held), 0u);
}

TEST_P(OfBothFamilies, AreRefusedWhenTheSameShareSaysSomethingElse) {
  const auto first = ts::pieces_of(packet_of(text_of(100), GetParam()), 3, 40);
  ts::Bytes other = first[0];
  other.back() ^= 1;
  EXPECT_EQ(see(first[0]), DecodeStatus::ip_fragment);
  EXPECT_EQ(see(other), DecodeStatus::ip_fragment);
  EXPECT_EQ(get(Counter::fragments_refused), 2u);
}

TEST_P(OfBothFamilies, AreTakenUpToAsManyAsAllowedAndNoMore) {
  const std::size_t most = FragmentTable::kPiecesPerPacketMax;
  const std::string text = text_of(most * 16 - 20);
  EXPECT_EQ(see_all(ts::pieces_of(packet_of(text, GetParam()), 1, 16)), DecodeStatus::tcp);
  EXPECT_EQ(payload(), text);
  EXPECT_EQ(see_all(ts::pieces_of(packet_of(text + "1", GetParam()), 2, 16)),
            DecodeStatus::ip_fragment);
  EXPECT_EQ(get(Counter::packets_reassembled), 1u);
  EXPECT_GT(get(Counter::fragments_refused), 0u);
}

TEST_P(OfBothFamilies, OfJumboFramesTakeSeveralBuffers) {
  for (const std::size_t share : {std::size_t{1480}, std::size_t{2040}, std::size_t{2048},
                                  std::size_t{4096}, std::size_t{8960}}) {
    const std::string text = text_of(std::min<std::size_t>(share * 5 / 2, 8 * share));
    EXPECT_EQ(see_all(ts::pieces_of(packet_of(text, GetParam()), static_cast<std::uint32_t>(share),
                                    share)),
              DecodeStatus::tcp)
        << share;
    EXPECT_EQ(payload(), text);
  }
  EXPECT_EQ(get(Counter::fragments_refused), 0u);
}

TEST_P(OfBothFamilies, MakeTheLongestPacketThatIpKnowsAndNoLonger) {
  const std::size_t ip_bytes = GetParam() ? 0 : 20;
  ts::Bytes packet = packet_of(text_of(65'535 - ip_bytes - 20), GetParam());
  EXPECT_EQ(see_all(ts::pieces_of(packet, 1, 21'840)), DecodeStatus::tcp);
  EXPECT_EQ(view_.payload.size(), 65'535 - ip_bytes - 20);
  // One byte more, of which only the last piece knows.
  packet.push_back('x');
  EXPECT_EQ(see_all(ts::pieces_of(packet, 2, 21'840)), DecodeStatus::ip_fragment);
  EXPECT_GT(get(Counter::fragments_refused), 0u);
  EXPECT_EQ(get(Counter::packets_reassembled), 1u);
}

TEST_P(OfBothFamilies, AreRefusedWhenTheyCannotBePieces) {
  const ts::Bytes packet = packet_of(text_of(100), GetParam());
  const auto piece = [&](std::size_t begin, std::size_t size) {
    return GetParam() ? ts::ipv6_piece(packet, 3, begin, size)
                      : ts::ipv4_piece(packet, 3, begin, size);
  };
  const auto with_length = [&](ts::Bytes bytes, std::uint16_t length) {
    ts::ByteWriter writer(std::move(bytes));
    writer.patch(GetParam() ? 4 : 2, length, 2);
    return writer.take();
  };
  const auto beyond_the_end = [&] {
    ts::ByteWriter writer(piece(0, 40));
    // Offset 65,528 and more to come: 40 bytes cannot stand there.
    writer.patch(GetParam() ? 42 : 6, GetParam() ? 0xfff9 : 0x3fff, 2);
    return writer.take();
  };
  EXPECT_EQ(see(piece(0, 41)), DecodeStatus::ip_fragment) << "no multiple of eight";
  EXPECT_EQ(see(piece(0, 0)), DecodeStatus::ip_fragment) << "no share";
  EXPECT_EQ(see(with_length(piece(0, 40), 0)), DecodeStatus::ip_fragment) << "no length";
  EXPECT_EQ(see(beyond_the_end()), DecodeStatus::ip_fragment);
  EXPECT_EQ(get(Counter::fragments_refused), 4u);
  EXPECT_EQ(get(Counter::fragments_held), 0u);
}

TEST_P(OfBothFamilies, DropLinkPadding) {
  const ts::Pieces pieces = ts::pieces_of(packet_of(kText, GetParam()), 1, 16);
  EXPECT_EQ(see_frame(ts::link_frame({.trailer_size = 4}, pieces[0], GetParam())),
            DecodeStatus::ip_fragment);
  EXPECT_EQ(see_frame(ts::link_frame({.trailer_size = 20}, pieces[1], GetParam())),
            DecodeStatus::tcp);
  EXPECT_EQ(payload(), kText);
}

// What lies behind the first cut is missing, be it captured or not.
TEST_P(OfBothFamilies, KeepWhatStandsInFrontOfACutBySnapLength) {
  const std::string text = text_of(140);  // with TCP's header 160 bytes: four shares of 40
  std::uint32_t id = 0;
  for (std::size_t cut_piece = 0; cut_piece < 4; ++cut_piece) {
    for (const std::size_t cut_bytes : {1u, 15u, 40u}) {
      ts::Pieces pieces = ts::pieces_of(packet_of(text, GetParam()), ++id, 40);
      ASSERT_EQ(pieces.size(), 4u);
      pieces[cut_piece].resize(pieces[cut_piece].size() - cut_bytes);
      const DecodeStatus status = see_all(pieces);
      const std::size_t kept = 40 * (cut_piece + 1) - cut_bytes;
      if (kept < 20) {
        EXPECT_EQ(status, DecodeStatus::tcp_malformed);
        continue;
      }
      ASSERT_EQ(status, DecodeStatus::tcp) << cut_piece << ' ' << cut_bytes;
      EXPECT_EQ(payload(), text.substr(0, kept - 20));
      EXPECT_EQ(view_.payload_missing, 160 - kept);
    }
  }
}

TEST_P(OfBothFamilies, PushOutTheOldestWhenRoomIsShort) {
  const auto orphan = [&](std::uint32_t id) {
    return ts::pieces_of(packet_of(kText, GetParam()), id, 16)[0];
  };
  const unsigned most = FragmentTable::kBufferCount;
  for (std::uint32_t i = 0; i < most; ++i) {
    ASSERT_EQ(see(orphan(i), i * kNanosPerMilli), DecodeStatus::ip_fragment);
  }
  EXPECT_EQ(get(Counter::fragments_held), most);
  EXPECT_EQ(get(Counter::fragments_refused), 0u);
  // The newest orphan is completed although the table is full: its second piece takes the room of
  // the oldest ones.
  const std::int64_t now = most * kNanosPerMilli;
  EXPECT_EQ(see(ts::pieces_of(packet_of(kText, GetParam()), most - 1, 16)[1], now),
            DecodeStatus::tcp);
  EXPECT_GT(get(Counter::fragments_refused), 0u);
  EXPECT_LE(get(Counter::fragments_refused), most / 2);
  EXPECT_EQ(get(Counter::fragments_expired), 0u);
  EXPECT_EQ(see(ts::pieces_of(packet_of(kText, GetParam()), 0, 16)[1], now),
            DecodeStatus::ip_fragment);
}

TEST_P(OfBothFamilies, AreRefusedWhenAllRoomIsTakenAtThisMoment) {
  for (std::uint32_t i = 0; i < FragmentTable::kBufferCount + 10; ++i) {
    ASSERT_EQ(see(ts::pieces_of(packet_of(kText, GetParam()), i, 16)[0]),
              DecodeStatus::ip_fragment);
  }
  EXPECT_EQ(get(Counter::fragments_held), FragmentTable::kBufferCount);
  EXPECT_EQ(get(Counter::fragments_refused), 10u);
}

TEST_P(OfBothFamilies, SurviveAFloodOfHostilePieces) {
  ts::Random random(11);
  const ts::Bytes packet = packet_of(text_of(2000), GetParam());
  for (unsigned i = 0; i < 20'000; ++i) {
    const std::size_t begin = random() % 250 * 8;
    const std::size_t size = 1 + random() % 300;
    const std::uint16_t id = static_cast<std::uint16_t>(random() % 64);
    ts::Bytes piece = GetParam() ? ts::ipv6_piece(packet, id, begin, size)
                                 : ts::ipv4_piece(packet, id, begin, size);
    if (random() % 8 == 0) piece.resize(piece.size() - std::min<std::size_t>(size - 1, 20));
    static_cast<void>(see(piece, i * kNanosPerMilli * 10));
  }
  EXPECT_EQ(get(Counter::fragments_received), 20'000u);
}

INSTANTIATE_TEST_SUITE_P(BothFamilies, OfBothFamilies, testing::Bool(),
                         [](const auto& which) { return which.param ? "Ipv6" : "Ipv4"; });

TEST_F(Fragments, OfIpv4KeepTheOptionsOfTheFirst) {
  const ts::Bytes packet = packet_of(text_of(60), false, {.ttl = 9, .options = ts::Bytes(8, 1)});
  EXPECT_EQ(see_all(ts::pieces_of(packet, 1, 32)), DecodeStatus::tcp);
  EXPECT_EQ(payload(), text_of(60));
  EXPECT_EQ(view_.ttl, 9);
  EXPECT_EQ(view_.ip_id, 1);
}

TEST_F(Fragments, OfIpv4AreKeptApartByProtocol) {
  const ts::Pieces pieces = ts::pieces_of(packet_of(kText), 1, 16);
  ts::Bytes udp = pieces[0];
  udp[9] = 17;
  EXPECT_EQ(see(udp), DecodeStatus::ip_fragment);
  EXPECT_EQ(see(pieces[0]), DecodeStatus::ip_fragment);
  EXPECT_EQ(see(pieces[1]), DecodeStatus::tcp);
}

TEST_F(Fragments, OfIpv6MayFollowOtherExtensionHeaders) {
  ts::IpHeader ip;
  ip.extension_headers = {{.type = 0, .body = ts::Bytes(14, 1)}, {.type = 43, .body = {}}};
  const ts::Bytes packet = packet_of(kText, true, ip);
  // Hop-by-hop options of 16 bytes and a routing header of 8 stand in front of every piece.
  const std::size_t fixed = 40 + 16 + 8;
  const std::size_t next_header_at = 40 + 16;
  EXPECT_EQ(see(ts::ipv6_piece(packet, 1, 16, 16, fixed, next_header_at)),
            DecodeStatus::ip_fragment);
  EXPECT_EQ(see(ts::ipv6_piece(packet, 1, 0, 16, fixed, next_header_at)), DecodeStatus::tcp);
  EXPECT_EQ(payload(), kText);
}

TEST_F(Fragments, OfIpv6MayBeginWithExtensionHeaders) {
  ts::IpHeader ip;
  ip.extension_headers = {{.type = 60, .body = ts::Bytes(14, 1)}};
  EXPECT_EQ(see_all(ts::pieces_of(packet_of(kText, true, ip), 1, 24)), DecodeStatus::tcp);
  EXPECT_EQ(payload(), kText);
}

TEST_F(Fragments, OfOtherProtocolsGetTheirOwnFate) {
  const ts::Bytes packet = without_ethernet(outer_udp_frame(53, ts::Bytes(100, 1)));
  EXPECT_EQ(see_all(ts::pieces_of(packet, 1, 64)), DecodeStatus::not_tcp);
  EXPECT_EQ(view_.detail, Counter::not_tcp_udp);
  EXPECT_EQ(get(Counter::packets_reassembled), 1u);
}

}  // namespace
}  // namespace shakedown::packet
