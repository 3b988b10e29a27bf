// SPDX-License-Identifier: Apache-2.0
//
// Two workers with queues of their own: whether both directions meet, and what goes from one to the
// other.
#include "flow/owner_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "handshake_scripts.h"
#include "packet/stray_sink.h"
#include "packet_builder.h"
#include "worker_harness.h"

namespace shakedown {
namespace {

using namespace test_support;
using test_harness::outcome_text;
using test_harness::plain_tools;
using test_harness::small_config;
using test_harness::WorkerHarness;

/// Keeps what is handed over, as long as it has room.
class StrayList final : public packet::StraySink {
 public:
  struct Kept {
    std::vector<std::uint8_t> bytes;
    packet::Stray stray;
    unsigned worker = 0;
  };

  [[nodiscard]] bool hand_over(const packet::Stray& stray, unsigned worker) noexcept override {
    if (kept.size() == room) return false;
    kept.push_back({{stray.bytes.begin(), stray.bytes.end()}, stray, worker});
    return true;
  }

  std::vector<Kept> kept;
  std::size_t room = 16;
};

class Owners : public testing::Test {
 protected:
  Owners() {
    for (unsigned i = 0; i < 2; ++i) {
      WorkerConfig config = small_config();
      config.worker_index = static_cast<std::uint8_t>(i);
      Worker::Tools tools = plain_tools();
      tools.owners = &table_;
      tools.strays = &strays_;
      workers_.push_back(std::make_unique<WorkerHarness>(config, tools));
    }
  }

  [[nodiscard]] std::uint64_t wrong_count() const {
    return workers_[0]->counter(Counter::packets_wrong_worker) +
           workers_[1]->counter(Counter::packets_wrong_worker);
  }

  flow::OwnerTable table_;
  StrayList strays_;
  std::vector<std::unique_ptr<WorkerHarness>> workers_;
};

/// A router's word to the sender of `frame` that its network is out of reach.
test_support::Bytes icmp_about(const test_support::Bytes& frame) {
  constexpr std::ptrdiff_t kEthernet = 14;
  const test_support::Bytes quote(frame.begin() + kEthernet, frame.end());
  const test_support::Bytes message =
      ByteWriter().u8(3).u8(0).u16(0).u32(0).bytes(quote).take();
  return link_frame({}, ip_packet(address("203.0.113.7"), address("192.0.2.10"), 1, message), false);
}

/// The frames that one side sent.
Frames sent_by(Side side, const Frames& frames) {
  Frames sent;
  std::ranges::copy_if(frames, std::back_inserter(sent),
                       [side](const TimedFrame& frame) { return frame.from == side; });
  return sent;
}

TEST_F(Owners, BothDirectionsAtOneWorkerAreRight) {
  workers_[0]->feed(play(tls12_full()));
  EXPECT_EQ(wrong_count(), 0u);
}

TEST_F(Owners, DirectionsThatPartAreCounted) {
  const Frames frames = play(tls12_full());
  workers_[0]->feed(sent_by(Side::client, frames));
  workers_[1]->feed(sent_by(Side::server, frames));
  EXPECT_EQ(wrong_count(), 1u) << "the SYN-ACK";
}

TEST_F(Owners, SynThatComesAfterItsAnswerIsCountedAsWell) {
  const Frames frames = play(tls12_full());
  workers_[1]->feed(sent_by(Side::server, frames));
  workers_[0]->feed(sent_by(Side::client, frames));
  EXPECT_EQ(wrong_count(), 1u);
}

TEST_F(Owners, IcmpErrorGoesToTheWorkerOfItsConnection) {
  TcpConversation conversation;
  conversation.syn();
  const Frames syn = conversation.take_frames();
  workers_[1]->feed(syn);
  const test_support::Bytes error = icmp_about(syn.front().bytes);
  workers_[0]->feed_packet(error, syn.front().time_ns + kMillisecond);
  ASSERT_EQ(strays_.kept.size(), 1u);
  EXPECT_EQ(strays_.kept[0].worker, 1u);
  EXPECT_FALSE(strays_.kept[0].stray.reassembled);
  EXPECT_EQ(strays_.kept[0].bytes, error);
  EXPECT_EQ(workers_[0]->counter(Counter::fate_handed_over), 1u);
  EXPECT_EQ(workers_[0]->conservation_error(), "");

  workers_[1]->feed_packet(strays_.kept[0].bytes, syn.front().time_ns + kMillisecond);
  EXPECT_EQ(workers_[1]->counter(Counter::icmp_errors_matched), 1u);
}

TEST_F(Owners, WhatFindsNoRoomStaysHereAndIsCounted) {
  TcpConversation conversation;
  conversation.syn();
  const Frames syn = conversation.take_frames();
  workers_[1]->feed(syn);
  strays_.room = 0;
  workers_[0]->feed_packet(icmp_about(syn.front().bytes), syn.front().time_ns + kMillisecond);
  EXPECT_EQ(workers_[0]->counter(Counter::handovers_refused), 1u);
  EXPECT_EQ(workers_[0]->counter(Counter::fate_icmp_error), 1u);
  EXPECT_EQ(workers_[0]->conservation_error(), "");
}

TEST(OwnerTable, KnowsTheNewestOfEachSlot) {
  flow::OwnerTable table;
  const std::uint64_t hash = 0x1234'5678'0000'0011;
  EXPECT_FALSE(table.owner_of(hash));
  table.claim(hash, 3);
  EXPECT_EQ(table.owner_of(hash), 3u);
  const std::uint64_t neighbour = hash ^ 0x0100'0000'0000'0000;
  EXPECT_FALSE(table.owner_of(neighbour));
  table.claim(neighbour, kWorkerCountMax - 1);
  EXPECT_EQ(table.owner_of(neighbour), kWorkerCountMax - 1);
  EXPECT_FALSE(table.owner_of(hash));
}

}  // namespace
}  // namespace shakedown
