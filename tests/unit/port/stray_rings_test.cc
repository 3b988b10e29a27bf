// SPDX-License-Identifier: Apache-2.0
//
// Packets that one worker hands to another, on real rings and buffers.
#include "port/stray_rings.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <vector>

#include "dpdk.h"
#include "port/direct_source.h"

namespace shakedown::port {
namespace {

constexpr unsigned kWorkerCount = 2;
constexpr UnixNanos kTime{1'700'000'000'000'000'000};

Dpdk& dpdk() {
  static Dpdk instance(kWorkerCount, 64 * 1024 * 1024,
                       kWorkerCount * stray_buffers_needed() + 4 * kBufferCacheHeld);
  return instance;
}

/// Ports that never have anything, at a clock of their own.
class QuietPorts final : public PacketStream {
 public:
  QuietPorts() { clock_ = UnixNanos{kTime.value + kNanosPerSecond}; }
  unsigned read(std::span<rte_mbuf*>) noexcept override {
    ++read_count;
    return 0;
  }
  bool ended() const noexcept override { return false; }

  unsigned read_count = 0;
};

class Strays : public testing::Test {
 protected:
  void SetUp() override {
    dpdk();
    rings_ = std::make_unique<StrayRings>(dpdk().buffers);
    ASSERT_EQ(rings_->create(kWorkerCount), "");
    source_ = std::make_unique<DirectSource>(ports_, dpdk().buffers, link_types_, counters_, stop_);
    source_->share(*rings_, 1);
  }

  bool hand_over(std::size_t size, bool reassembled = true, unsigned worker = 1) {
    bytes_.assign(size, 0x5a);
    return rings_->hand_over({.bytes = bytes_,
                              .reassembled = reassembled,
                              .captured_bytes = 100,
                              .time = kTime,
                              .clock = kTime,
                              .port_index = 1},
                             worker);
  }
  unsigned receive() {
    source_->receive(burst_);
    const unsigned count = burst_.count;
    source_->release(burst_);
    return count;
  }
  unsigned in_use() { return rte_mempool_in_use_count(dpdk().buffers.pool()); }

  QuietPorts ports_;
  LinkTypes link_types_{packet::LinkType::ethernet, packet::LinkType::ethernet};
  CounterBlock counters_;
  std::atomic<bool> stop_{false};
  std::unique_ptr<StrayRings> rings_;
  std::unique_ptr<DirectSource> source_;
  std::vector<std::uint8_t> bytes_;
  Burst burst_;
};

TEST_F(Strays, ComeOutOfTheSourceOfTheirWorker) {
  ASSERT_TRUE(hand_over(5000));
  source_->receive(burst_);
  ASSERT_EQ(burst_.count, 1u);
  const CapturedPacket& packet = burst_.packets[0];
  EXPECT_EQ(packet.link_type, packet::LinkType::reassembled);
  EXPECT_EQ(packet.bytes.size(), 5000u);
  EXPECT_EQ(packet.bytes_beyond_capture, 4900);
  EXPECT_EQ(packet.port_index, 1);
  EXPECT_EQ(counters_.get(Counter::packets_taken_over), 1u);
  source_->release(burst_);
  EXPECT_EQ(receive(), 0u);
}

TEST_F(Strays, ThatCameWholeAreAsTheirPortGaveThem) {
  ASSERT_TRUE(hand_over(80, false));
  source_->receive(burst_);
  ASSERT_EQ(burst_.count, 1u);
  EXPECT_EQ(burst_.packets[0].link_type, packet::LinkType::ethernet);
  EXPECT_EQ(burst_.packets[0].bytes_beyond_capture, 0);
  source_->release(burst_);
}

// Their own clock is that of another worker, which may be ahead.
TEST_F(Strays, NeverMoveTheClockOfWhoTakesThem) {
  ASSERT_TRUE(hand_over(80));
  source_->receive(burst_);
  EXPECT_EQ(burst_.packets[0].clock, ports_.clock());
  EXPECT_EQ(burst_.packets[0].time, ports_.clock());
  EXPECT_EQ(burst_.clock, ports_.clock());
  source_->release(burst_);
}

TEST_F(Strays, LeaveTheirTurnToThePorts) {
  for (unsigned i = 0; i < 3 * kStrayBurstSize; ++i) ASSERT_TRUE(hand_over(60));
  EXPECT_EQ(receive(), kStrayBurstSize);
  EXPECT_EQ(ports_.read_count, 0u);
  receive();
  EXPECT_EQ(ports_.read_count, 1u);
}

TEST_F(Strays, FindNoRoomWhenTooManyWait) {
  for (unsigned i = 0; i < kStrayRingSize; ++i) ASSERT_TRUE(hand_over(60)) << i;
  EXPECT_FALSE(hand_over(60));
  EXPECT_TRUE(hand_over(60, true, 0));
  while (counters_.get(Counter::packets_taken_over) < kStrayRingSize) receive();
  EXPECT_TRUE(hand_over(60));
}

TEST_F(Strays, FindNoRoomWhenTheyTakeTooManyBuffers) {
  constexpr std::size_t kLongest = 65'535;
  constexpr unsigned kBuffers = (kLongest + kBufferRoomBytes - 1) / kBufferRoomBytes;
  for (unsigned i = 0; i < kStrayBuffersMax / kBuffers; ++i) ASSERT_TRUE(hand_over(kLongest)) << i;
  EXPECT_FALSE(hand_over(kLongest));
  EXPECT_LE(in_use(), kStrayBuffersMax);
}

TEST_F(Strays, AreRefusedOnceTheirWorkerHasEnded) {
  ASSERT_TRUE(hand_over(60));
  stop_ = true;
  source_->receive(burst_);
  EXPECT_EQ(burst_.count, 1u);
  EXPECT_FALSE(burst_.ended);
  source_->release(burst_);
  source_->receive(burst_);
  EXPECT_TRUE(burst_.ended);
  source_->release(burst_);
  EXPECT_FALSE(hand_over(60));
}

TEST_F(Strays, AreRefusedWhenTheyAreNoPackets) {
  EXPECT_FALSE(hand_over(0));
  EXPECT_FALSE(hand_over(kPacketBytesMax + 1));
  EXPECT_TRUE(hand_over(kPacketBytesMax));
  EXPECT_FALSE(hand_over(60, true, kWorkerCount));
}

TEST_F(Strays, GiveTheirBuffersBack) {
  const unsigned before = in_use();
  for (unsigned i = 0; i < 20; ++i) ASSERT_TRUE(hand_over(3000));
  receive();
  source_.reset();
  rings_.reset();
  EXPECT_EQ(in_use(), before);
}

}  // namespace
}  // namespace shakedown::port
