// SPDX-License-Identifier: Apache-2.0
//
// Pieces of IP packets on their way to several workers: what the workers see together is what one
// worker sees that puts pieces together itself.
#include "port/distributor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "dpdk.h"
#include "fragment_support.h"
#include "packet/follow_fragment.h"
#include "packet/fragment_table.h"
#include "packet_builder.h"
#include "port/direct_source.h"

namespace shakedown::port {
namespace {

namespace ts = shakedown::test_support;
using packet::DecodeStatus;
using packet::LinkType;

constexpr unsigned kWorkersMax = 4;

Dpdk& dpdk() {
  static Dpdk instance(kWorkersMax, 96 * 1024 * 1024, buffers_needed(1, kWorkersMax));
  return instance;
}

/// Frames out of memory, one microsecond apart.
class FrameStream final : public PacketStream {
 public:
  explicit FrameStream(const std::vector<ts::Bytes>& frames) : frames_(frames) {}

  unsigned read(std::span<rte_mbuf*> out) noexcept override {
    unsigned count = 0;
    for (; count < out.size() && next_ < frames_.size(); ++count) {
      out[count] = buffer_of(frames_[next_++]);
      clock_ =
          UnixNanos{1'000 * kNanosPerSecond + static_cast<std::int64_t>(next_) * kNanosPerMicro};
      dpdk().buffers.set_time(out[count], clock_);
      dpdk().buffers.set_clock(out[count], clock_);
    }
    return count;
  }
  [[nodiscard]] bool ended() const noexcept override { return next_ == frames_.size(); }

 private:
  static rte_mbuf* buffer_of(const ts::Bytes& frame) {
    rte_mbuf* head = nullptr;
    rte_mbuf* last = nullptr;
    for (std::size_t at = 0; at < frame.size(); at += kBufferRoomBytes) {
      rte_mbuf* const buffer = rte_pktmbuf_alloc(dpdk().buffers.pool());
      EXPECT_NE(buffer, nullptr);
      const std::size_t size = std::min<std::size_t>(kBufferRoomBytes, frame.size() - at);
      std::memcpy(rte_pktmbuf_append(buffer, static_cast<std::uint16_t>(size)), frame.data() + at,
                  size);
      if (head == nullptr) {
        head = buffer;
        head->port = 0;
      } else {
        last->next = buffer;
        ++head->nb_segs;
        head->pkt_len += static_cast<std::uint32_t>(size);
      }
      last = buffer;
    }
    return head;
  }

  const std::vector<ts::Bytes>& frames_;
  std::size_t next_ = 0;
};

/// A packet as it came out of the last step before the flow table.
struct Seen {
  DecodeStatus status{};
  std::int64_t time = 0;
  std::int64_t clock = 0;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint32_t tunnel_id = 0;
  std::vector<std::uint8_t> payload{};

  auto operator<=>(const Seen&) const = default;
};

struct Outcome {
  std::vector<Seen> packets;
  std::int64_t captured_bytes = 0;
};

/// What a worker does with its packets, up to the flow table.
Outcome work(Source& source, packet::Defragmenter* defragmenter) {
  Outcome out;
  auto burst = std::make_unique<Burst>();
  do {
    source.receive(*burst);
    for (unsigned i = 0; i < burst->count; ++i) {
      const CapturedPacket& packet = burst->packets[i];
      packet::PacketView view;
      Bytes whole;
      DecodeStatus status = packet::decode(packet.link_type, packet.bytes, view);
      if (status == DecodeStatus::ip_fragment && defragmenter != nullptr) {
        status = packet::follow_fragment(*defragmenter, packet.clock, view, whole);
        defragmenter->forget_whole_packets();
      }
      Seen seen{.status = status, .time = packet.time.value, .clock = packet.clock.value};
      if (status == DecodeStatus::tcp || status == DecodeStatus::icmp_error) {
        seen.source_port = view.source_port;
        seen.destination_port = view.destination_port;
        seen.tunnel_id = view.tunnel_id;
        if (status == DecodeStatus::tcp)
          seen.payload.assign(view.payload.begin(), view.payload.end());
      }
      out.packets.push_back(std::move(seen));
      out.captured_bytes +=
          static_cast<std::int64_t>(packet.bytes.size()) - packet.bytes_beyond_capture;
    }
    source.release(*burst);
  } while (!burst->ended);
  return out;
}

struct Result {
  std::vector<Outcome> workers;
  std::map<Counter, std::uint64_t> fragments;

  [[nodiscard]] std::vector<Seen> together() const {
    std::vector<Seen> out;
    for (const Outcome& worker : workers) {
      out.insert(out.end(), worker.packets.begin(), worker.packets.end());
    }
    std::sort(out.begin(), out.end());
    return out;
  }
  [[nodiscard]] std::int64_t captured_bytes() const {
    std::int64_t sum = 0;
    for (const Outcome& worker : workers) sum += worker.captured_bytes;
    return sum;
  }
};

class DistributedFragments : public testing::Test {
 protected:
  void SetUp() override { dpdk(); }
  void TearDown() override {
    // Nothing is left in rings or tables.
    EXPECT_EQ(rte_mempool_in_use_count(dpdk().buffers.pool()), 0u);
  }

  Result run(unsigned worker_count, const std::vector<ts::Bytes>& frames) {
    auto counters = std::make_unique<std::array<CounterBlock, kWorkersMax>>();
    packet::FragmentTable table((*counters)[0], 3);
    EXPECT_EQ(table.create(), "");
    FrameStream stream(frames);
    const LinkTypes link_types{};
    const std::atomic<bool> stop{false};
    Result result;
    result.workers.resize(worker_count);
    if (worker_count == 1) {
      DirectSource source(stream, dpdk().buffers, link_types, (*counters)[0], stop);
      result.workers[0] = work(source, &table);
    } else {
      Distributor distributor(stream, dpdk().buffers, link_types, stop, &table);
      std::vector<CounterBlock*> blocks;
      for (unsigned i = 0; i < worker_count; ++i) blocks.push_back(&(*counters)[i]);
      EXPECT_EQ(distributor.create(blocks), "");
      std::vector<std::function<void()>> bodies;
      for (unsigned i = 0; i < worker_count; ++i) {
        bodies.emplace_back([&, i] { result.workers[i] = work(distributor.source(i), nullptr); });
      }
      bodies.emplace_back([&] { distributor.run(); });
      for (unsigned i = 0; i < bodies.size(); ++i) EXPECT_TRUE(dpdk().eal.launch(i, bodies[i]));
      dpdk().eal.wait();
    }
    for (const Counter counter :
         {Counter::fragments_received, Counter::fragments_reassembled,
          Counter::fragments_duplicated, Counter::fragments_refused, Counter::fragments_expired,
          Counter::fragments_held, Counter::packets_reassembled}) {
      result.fragments[counter] = (*counters)[0].get(counter);
    }
    return result;
  }
};

const ts::Endpoint kServer = ts::endpoint("198.51.100.9", 443);

ts::Bytes frame_of(const ts::Bytes& packet) {
  return ts::link_frame({.vlan_tags = {{.id = 12}}}, packet, packet[0] >> 4 == 6);
}

/// One packet of one of many connections, in one of many ways to be in pieces.
std::vector<ts::Bytes> frames_of(std::mt19937& random, std::uint32_t id) {
  const auto client =
      ts::endpoint("192.0.2.7", static_cast<std::uint16_t>(40'000 + random() % 100));
  const ts::Bytes tcp =
      ts::tcp_frame(client, kServer, {.sequence = id}, ts::Bytes(random() % 3000, 'x'));
  const ts::Bytes packet = ts::part(tcp, 14, tcp.size());
  const ts::Bytes tunnel = ts::ByteWriter().u32(0x0800'0000).u32(id % 50 << 8).bytes(tcp).take();
  const ts::Bytes outer_frame =
      ts::udp_frame(ts::endpoint("2001:db8::1", 999), ts::endpoint("2001:db8::2", 4789), tunnel);
  const ts::Bytes outer = ts::part(outer_frame, 14, outer_frame.size());
  std::vector<ts::Bytes> frames;
  switch (random() % 7) {
    case 0:
      return {frame_of(packet)};
    case 1:
      for (const auto& piece : ts::pieces_of(packet, id, 1480)) frames.push_back(frame_of(piece));
      return frames;
    case 2:
      for (const auto& piece : ts::pieces_of(outer, id, 1448)) frames.push_back(frame_of(piece));
      return frames;
    case 3: {  // both the tunnel and what it carries, the outer ones in jumbo frames
      std::uint32_t outer_id = id * 16;
      for (const auto& piece : ts::pieces_of(packet, id, 2400)) {
        const ts::Bytes around = ts::ip_packet(kServer.address, client.address, 4, piece);
        for (const auto& part : ts::pieces_of(around, ++outer_id, 2200)) {
          frames.push_back(frame_of(part));
        }
      }
      return frames;
    }
    case 4: {  // an error about it
      ts::Bytes quote = ts::part(packet, 0, 28);
      const ts::Bytes icmp = ts::ByteWriter().u8(3).u8(1).u16(0).u32(0).bytes(quote).take();
      return {frame_of(ts::ip_packet(kServer.address, client.address, 1, icmp))};
    }
    case 5:  // not TCP, whole and in pieces
      for (const auto& piece : ts::pieces_of(
               ts::ip_packet(client.address, kServer.address, 50, ts::Bytes(4000, 1)), id, 1480)) {
        frames.push_back(frame_of(piece));
      }
      return frames;
    default:  // an orphan
      return {frame_of(ts::ipv4_piece(packet, static_cast<std::uint16_t>(id), 0, 16))};
  }
}

TEST_F(DistributedFragments, GiveTheWorkersTogetherWhatOneWorkerSees) {
  std::mt19937 random(5);
  std::vector<ts::Bytes> frames;
  for (std::uint32_t id = 1; id < 3000; ++id) {
    for (ts::Bytes& frame : frames_of(random, id)) {
      if (random() % 10 == 0) frames.push_back(frame);  // shown twice
      frames.push_back(std::move(frame));
      // Out of order.
      if (frames.size() > 3 && random() % 10 == 0)
        std::swap(frames[frames.size() - 3], frames.back());
    }
  }
  const Result one = run(1, frames);
  ASSERT_EQ(one.workers[0].packets.size(), frames.size());
  EXPECT_GT(one.fragments.at(Counter::packets_reassembled), 1000u);
  EXPECT_GT(one.fragments.at(Counter::fragments_duplicated), 100u);
  for (const unsigned worker_count : {2u, 4u}) {
    const Result several = run(worker_count, frames);
    EXPECT_TRUE(several.together() == one.together());
    EXPECT_EQ(several.fragments, one.fragments);
    EXPECT_EQ(several.captured_bytes(), one.captured_bytes());
    std::map<std::uint16_t, unsigned> worker_of;
    for (unsigned i = 0; i < worker_count; ++i) {
      EXPECT_FALSE(several.workers[i].packets.empty());
      for (const Seen& packet : several.workers[i].packets) {
        if (packet.source_port == 0) {
          EXPECT_EQ(i, 0u);
        } else {
          EXPECT_EQ(worker_of.try_emplace(packet.source_port, i).first->second, i);
        }
      }
    }
  }
}

TEST_F(DistributedFragments, NeverLackBuffersHoweverLongTheirPacketsAre) {
  const auto client = ts::endpoint("192.0.2.7", 40'000);
  std::vector<ts::Bytes> frames;
  for (std::uint32_t id = 0; id < 400; ++id) {
    const ts::Bytes tcp = ts::tcp_frame(client, kServer, {.sequence = id}, ts::Bytes(60'000, 'x'));
    for (const auto& piece : ts::pieces_of(ts::part(tcp, 14, tcp.size()), id, 59'992)) {
      frames.push_back(frame_of(piece));
    }
  }
  const Result result = run(2, frames);
  EXPECT_EQ(result.fragments.at(Counter::packets_reassembled), 400u);
}

TEST_F(DistributedFragments, GoToWorkerZeroAsTheyAreWithoutADefragmenter) {
  const auto client = ts::endpoint("192.0.2.7", 40'000);
  const ts::Bytes tcp = ts::tcp_frame(client, kServer, {}, ts::Bytes(100, 'x'));
  std::vector<ts::Bytes> frames;
  for (const auto& piece : ts::pieces_of(ts::part(tcp, 14, tcp.size()), 1, 64)) {
    frames.push_back(frame_of(piece));
  }
  FrameStream stream(frames);
  const std::atomic<bool> stop{false};
  auto counters = std::make_unique<std::array<CounterBlock, 2>>();
  Distributor distributor(stream, dpdk().buffers, LinkTypes{}, stop, nullptr);
  const std::array<CounterBlock*, 2> blocks{&(*counters)[0], &(*counters)[1]};
  ASSERT_EQ(distributor.create(blocks), "");
  distributor.run();
  auto burst = std::make_unique<Burst>();
  distributor.source(0).receive(*burst);
  ASSERT_EQ(burst->count, frames.size());
  for (unsigned i = 0; i < burst->count; ++i) {
    EXPECT_EQ(burst->packets[i].link_type, LinkType::ethernet);
    EXPECT_TRUE(std::ranges::equal(burst->packets[i].bytes, frames[i]));
  }
  distributor.source(0).release(*burst);
}

}  // namespace
}  // namespace shakedown::port
