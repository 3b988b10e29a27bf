// SPDX-License-Identifier: Apache-2.0
//
// Live ports that a test fills by hand, on real DPDK buffers: no interfaces, no rights.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "dpdk.h"
#include "port/direct_source.h"
#include "port/distributor.h"
#include "port/live_ports.h"
#include "port/rest.h"
#include "tcp_conversation.h"

namespace shakedown::port {
namespace {

namespace support = shakedown::test_support;

constexpr unsigned kWorkersMax = 2;

Dpdk& dpdk() {
  static Dpdk instance(kWorkersMax, 48 * 1024 * 1024, live_buffers_needed(0, kWorkersMax));
  return instance;
}

/// Gives `waiting` packets, each with its number and the port's index in its first bytes. What does
/// not fit into `room` is missed, as in a card.
class FakePort final : public InputPort {
 public:
  explicit FakePort(std::uint16_t index) : index_(index) {}

  void arrive(unsigned count) { waiting_ += count; }
  /// As if the card had stamped them.
  void stamp_is(std::function<UnixNanos(unsigned)> stamp) { stamp_ = std::move(stamp); }
  void frame_is(std::function<support::Bytes(unsigned)> frame) { frame_ = std::move(frame); }

  unsigned poll(std::span<rte_mbuf*> out) noexcept override {
    ++poll_count_;
    unsigned count = 0;
    while (count < out.size() && waiting_ != 0) {
      rte_mbuf* const packet = rte_pktmbuf_alloc(dpdk().buffers.pool());
      if (packet == nullptr) break;
      const support::Bytes bytes = frame_(next_);
      std::memcpy(rte_pktmbuf_append(packet, static_cast<std::uint16_t>(bytes.size())),
                  bytes.data(), bytes.size());
      packet->port = index_;
      if (stamp_) {
        dpdk().buffers.set_time(packet, stamp_(next_));
        dpdk().buffers.set_stamped(packet);
      }
      out[count++] = packet;
      --waiting_;
      ++next_;
    }
    return count;
  }
  bool at_end() const noexcept override { return false; }
  std::uint64_t no_buffer_count() noexcept override { return 0; }
  std::uint64_t missed_count() noexcept override { return 0; }

  unsigned poll_count() const { return poll_count_; }
  unsigned waiting() const { return waiting_; }

 private:
  std::uint16_t index_;
  std::atomic<unsigned> waiting_{0};
  std::atomic<unsigned> poll_count_{0};
  unsigned next_ = 0;
  std::function<UnixNanos(unsigned)> stamp_;
  std::function<support::Bytes(unsigned)> frame_ = [](unsigned number) {
    support::Bytes bytes(60, 0xee);
    std::memcpy(bytes.data(), &number, sizeof number);
    return bytes;
  };
};

class Live : public testing::Test {
 protected:
  void SetUp() override { dpdk(); }

  LivePorts& ports(bool busy = true) {
    std::array<InputPort*, 2> ports{&first_, &second_};
    live_ = std::make_unique<LivePorts>(ports, dpdk().buffers, packet_clock_, busy);
    return *live_;
  }
  DirectSource& direct() {
    direct_ =
        std::make_unique<DirectSource>(ports(), dpdk().buffers, link_types_, counters_[0], stop_);
    return *direct_;
  }
  /// Ports of the packets of one read, in order.
  std::vector<unsigned> read_ports() {
    std::array<rte_mbuf*, kBurstSize> packets{};
    const unsigned count = live_->read(packets);
    std::vector<unsigned> seen;
    for (unsigned i = 0; i < count; ++i) seen.push_back(packets[i]->port);
    rte_pktmbuf_free_bulk(packets.data(), count);
    return seen;
  }

  FakePort first_{0};
  FakePort second_{1};
  std::atomic<std::int64_t> packet_clock_{0};
  std::atomic<bool> stop_{false};
  std::array<CounterBlock, kWorkersMax> counters_;
  LinkTypes link_types_{packet::LinkType::ethernet, packet::LinkType::ethernet};
  std::unique_ptr<LivePorts> live_;
  std::unique_ptr<DirectSource> direct_;
  Burst burst_;
};

TEST_F(Live, DoesNotEndWhenNothingComes) {
  DirectSource& source = direct();
  for (int turn = 0; turn < 300; ++turn) {
    source.receive(burst_);
    EXPECT_FALSE(burst_.ended);
    EXPECT_EQ(burst_.count, 0u);
    source.release(burst_);
  }
  first_.arrive(1);
  source.receive(burst_);
  EXPECT_EQ(burst_.count, 1u);
  source.release(burst_);
}

TEST_F(Live, MovesTheClockInEmptyBursts) {
  DirectSource& source = direct();
  source.receive(burst_);
  const UnixNanos before = burst_.clock;
  source.release(burst_);
  EXPECT_EQ(before.value, packet_clock_.load());
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  source.receive(burst_);
  EXPECT_GE(burst_.clock.value - before.value, kNanosPerMilli);
  source.release(burst_);
}

TEST_F(Live, StampsPacketsWithTheClockOfTheirBurst) {
  DirectSource& source = direct();
  UnixNanos last;
  for (int turn = 0; turn < 50; ++turn) {
    first_.arrive(3);
    second_.arrive(2);
    source.receive(burst_);
    ASSERT_EQ(burst_.count, 5u);
    for (unsigned i = 0; i < burst_.count; ++i) {
      EXPECT_EQ(burst_.packets[i].time, burst_.packets[i].clock);
      EXPECT_EQ(burst_.packets[i].clock, burst_.clock);
      EXPECT_EQ(burst_.packets[i].port_index, i < 3 ? 0 : 1);
    }
    EXPECT_GE(burst_.clock, last);
    last = burst_.clock;
    source.release(burst_);
  }
}

TEST_F(Live, EndsWhenStoppedAndGivesWhatItHasTaken) {
  DirectSource& source = direct();
  first_.arrive(10);
  stop_ = true;
  source.receive(burst_);
  EXPECT_TRUE(burst_.ended);
  EXPECT_EQ(burst_.count, 0u);
  EXPECT_EQ(first_.waiting(), 10u) << "left to the kernel";
  source.release(burst_);
}

TEST_F(Live, LetsNoPortStarveTheOthers) {
  static_cast<void>(ports());
  first_.arrive(10 * kBurstSize);
  second_.arrive(10);
  EXPECT_EQ(read_ports(), std::vector<unsigned>(kBurstSize, 0));
  const auto next = read_ports();
  ASSERT_EQ(next.size(), kBurstSize);
  EXPECT_EQ(next[0], 1u);
  EXPECT_EQ(next[9], 1u);
  EXPECT_EQ(next[10], 0u);
}

TEST_F(Live, FillsABurstExactly) {
  for (const unsigned count : {kBurstSize - 1, kBurstSize, kBurstSize + 1}) {
    static_cast<void>(ports());
    first_.arrive(count);
    std::size_t seen = read_ports().size();
    EXPECT_EQ(seen, std::min(count, kBurstSize));
    seen += read_ports().size();
    EXPECT_EQ(seen, count);
  }
}

// One poll in each step of at least kSleepNanos, once it is asleep.
TEST_F(Live, SleepsOnAQuietLinkUnlessItIsToldNotTo) {
  constexpr unsigned kTurns = kSleepTurn + 20;
  for (const bool busy : {false, true}) {
    static_cast<void>(ports(busy));
    const auto begin = std::chrono::steady_clock::now();
    for (unsigned turn = 0; turn < kTurns; ++turn) EXPECT_TRUE(read_ports().empty());
    const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - begin;
    if (!busy) {
      EXPECT_GE(took.count(), 20 * kSleepNanos);
    }
  }
}

TEST_F(Live, KeepsTheTimeThatACardKnew) {
  LivePorts& live = ports();
  const UnixNanos begin = live.clock();
  first_.arrive(1);
  first_.stamp_is([&](unsigned) { return UnixNanos{begin.value + kNanosPerMicro}; });
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  std::array<rte_mbuf*, kBurstSize> packets{};
  ASSERT_EQ(live.read(packets), 1u);
  EXPECT_EQ(dpdk().buffers.time_of(packets[0]).value, begin.value + kNanosPerMicro);
  EXPECT_EQ(dpdk().buffers.clock_of(packets[0]).value, begin.value + kNanosPerMicro);
  rte_pktmbuf_free(packets[0]);
  // A packet that was stamped a moment ago is not older than the clock of a quiet link.
  EXPECT_LE(live.clock().value, LiveClock().now().value - kStampDelay);
  EXPECT_GE(live.clock().value, begin.value + 2 * kNanosPerMilli);
}

TEST_F(Live, DoesNotBelieveACardThatIsFarOff) {
  for (const std::int64_t error : {-3'600 * kNanosPerSecond, 3'600 * kNanosPerSecond}) {
    LivePorts& live = ports();
    const UnixNanos begin = live.clock();
    first_.arrive(1);
    first_.stamp_is([&](unsigned) { return UnixNanos{begin.value + error}; });
    std::array<rte_mbuf*, kBurstSize> packets{};
    ASSERT_EQ(live.read(packets), 1u);
    const UnixNanos time = dpdk().buffers.time_of(packets[0]);
    EXPECT_GE(time.value, begin.value - kStampErrorMax);
    EXPECT_LE(time.value, LiveClock().now().value);
    EXPECT_GE(dpdk().buffers.clock_of(packets[0]), begin);
    rte_pktmbuf_free(packets[0]);
  }
}

TEST_F(Live, SharesAPacketClockThatNeverGoesBack) {
  constexpr unsigned kTurns = 20'000;
  std::array<InputPort*, 1> one{&first_};
  std::array<InputPort*, 1> other{&second_};
  LivePorts left(one, dpdk().buffers, packet_clock_, true, true);
  LivePorts right(other, dpdk().buffers, packet_clock_, true, true);
  std::atomic<bool> stop{false};
  std::thread watcher([&] {
    std::int64_t last = 0;
    while (!stop) {
      const std::int64_t now = packet_clock_.load();
      EXPECT_GE(now, last);
      last = now;
    }
  });
  std::thread reader([&] {
    std::array<rte_mbuf*, kBurstSize> packets{};
    for (unsigned turn = 0; turn < kTurns; ++turn) EXPECT_EQ(right.read(packets), 0u);
  });
  std::array<rte_mbuf*, kBurstSize> packets{};
  for (unsigned turn = 0; turn < kTurns; ++turn) EXPECT_EQ(left.read(packets), 0u);
  reader.join();
  stop = true;
  watcher.join();
  EXPECT_GE(packet_clock_.load(), left.clock().value - kSharedClockStep);
}

/// Every packet to the same worker, or each to another one.
support::Bytes tcp_frame_of_client(unsigned client) {
  const auto source =
      support::endpoint("192.0.2.7", static_cast<std::uint16_t>(40'000 + client % 16));
  return support::tcp_frame(source, support::endpoint("198.51.100.9", 443), {}, {});
}

class LiveDistributor : public Live {
 protected:
  /// Runs distributor and workers until each packet that arrives was seen, then stops them.
  /// `worker_turn` is called before each turn of each worker.
  std::array<std::uint64_t, kWorkersMax> run(unsigned packet_count,
                                             const std::function<void(unsigned)>& worker_turn) {
    Distributor distributor(ports(false), dpdk().buffers, link_types_, stop_);
    std::array<CounterBlock*, kWorkersMax> counters{&counters_[0], &counters_[1]};
    EXPECT_EQ(distributor.create(counters), "");
    std::array<std::atomic<std::uint64_t>, kWorkersMax> seen{};
    std::vector<std::function<void()>> bodies;
    for (unsigned i = 0; i < kWorkersMax; ++i) {
      bodies.emplace_back([&, i] {
        auto burst = std::make_unique<Burst>();
        UnixNanos clock;
        do {
          worker_turn(i);
          distributor.source(i).receive(*burst);
          EXPECT_GE(burst->clock, clock);
          clock = burst->clock;
          seen[i] += burst->count;
          distributor.source(i).release(*burst);
        } while (!burst->ended);
      });
    }
    bodies.emplace_back([&] { distributor.run(); });
    for (unsigned i = 0; i < bodies.size(); ++i) {
      EXPECT_TRUE(dpdk().eal.launch(i, bodies[i]));
    }
    first_.arrive(packet_count);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (seen[0] + seen[1] < packet_count && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    stop_ = true;
    dpdk().eal.wait();
    return {seen[0], seen[1]};
  }
};

TEST_F(LiveDistributor, LosesNothingToAWorkerThatIsSlow) {
  first_.frame_is(tcp_frame_of_client);
  // Ten times what the rings and the pool hold.
  constexpr unsigned kCount = 10 * kWorkersMax * kWorkerRingSize;
  const auto seen = run(kCount, [](unsigned worker) {
    if (worker == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
  });
  EXPECT_EQ(seen[0] + seen[1], kCount);
  EXPECT_GT(seen[0], 0u);
  EXPECT_GT(seen[1], 0u);
  EXPECT_EQ(first_.waiting(), 0u);
}

TEST_F(LiveDistributor, EndsAtOnceOnAQuietLink) {
  const auto begin = std::chrono::steady_clock::now();
  const auto seen = run(0, [](unsigned) {});
  EXPECT_EQ(seen[0] + seen[1], 0u);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
}

TEST_F(LiveDistributor, MovesTheClockOfWorkersThatGetNothing) {
  // What is not TCP goes to worker 0.
  std::atomic<int> turns{0};
  const std::int64_t before = LiveClock().now().value;
  const auto seen = run(100, [&](unsigned worker) { turns += worker == 1; });
  EXPECT_EQ(seen[0], 100u);
  EXPECT_EQ(seen[1], 0u);
  EXPECT_GT(turns.load(), 0);
  EXPECT_GT(packet_clock_.load(), before);
}

}  // namespace
}  // namespace shakedown::port
