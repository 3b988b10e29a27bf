// SPDX-License-Identifier: Apache-2.0
//
// Ports, merge and distribution on real DPDK: no huge pages, no devices, no rights.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "dpdk.h"
#include "packet_builder.h"
#include "pcap_writer.h"
#include "port/direct_source.h"
#include "port/distributor.h"
#include "port/merged_ports.h"
#include "tcp_conversation.h"

namespace shakedown::port {
namespace {

namespace support = shakedown::test_support;
using support::CaptureFileFormat;

constexpr unsigned kWorkersMax = 3;
constexpr unsigned kFilesMax = 4;

Dpdk& dpdk() {
  static Dpdk instance(kWorkersMax, 96 * 1024 * 1024, buffers_needed(kFilesMax, kWorkersMax));
  return instance;
}

/// One packet as a worker saw it.
struct Seen {
  std::int64_t time = 0;
  std::int64_t clock = 0;
  unsigned port_index = 0;
  std::vector<std::uint8_t> bytes;

  auto operator<=>(const Seen&) const = default;
};

std::vector<Seen> read_all(Source& source) {
  std::vector<Seen> seen;
  auto burst = std::make_unique<Burst>();
  UnixNanos clock;
  do {
    source.receive(*burst);
    EXPECT_GE(burst->clock, clock);
    clock = burst->clock;
    for (unsigned i = 0; i < burst->count; ++i) {
      const CapturedPacket& packet = burst->packets[i];
      EXPECT_LE(packet.clock, clock);
      seen.push_back({packet.time.value,
                      packet.clock.value,
                      packet.port_index,
                      {packet.bytes.begin(), packet.bytes.end()}});
    }
    source.release(*burst);
  } while (!burst->ended);
  return seen;
}

class PortSource : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = testing::TempDir() + "sourceXXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    dpdk();
  }
  void TearDown() override {
    merged_.reset();
    ports_.clear();
    std::filesystem::remove_all(folder_);
  }

  static support::TimedFrame frame(std::uint64_t micros, std::size_t size, std::uint8_t fill = 0) {
    support::TimedFrame out;
    out.time_ns = 1'000'000'000'000 + micros * 1000;
    out.bytes = support::Bytes(size, fill);
    return out;
  }

  void add(const support::Frames& frames, CaptureFileFormat format = CaptureFileFormat::pcap,
           support::CaptureFileOptions options = {}) {
    add_bytes(support::capture_file_bytes(frames, format, options));
  }

  void add_bytes(const support::Bytes& bytes) {
    const std::string path = folder_ + "/" + std::to_string(ports_.size());
    std::FILE* const file = std::fopen(path.c_str(), "wb");
    ASSERT_NE(file, nullptr);
    ASSERT_EQ(std::fwrite(bytes.data(), 1, bytes.size(), file), bytes.size());
    std::fclose(file);
    const ProbeResult probed = probe_capture(path);
    ASSERT_EQ(probed.status, ProbeStatus::ok) << probed.sentence;
    const auto index = static_cast<unsigned>(ports_.size());
    ports_.push_back(std::make_unique<PcapPort>());
    ASSERT_EQ(ports_.back()->open(probed.file, index, dpdk().buffers.pool(), descriptions_[index]),
              "");
    link_types_[index] = probed.file.link_type;
  }

  MergedPorts& merged() {
    std::vector<InputPort*> ports;
    for (const auto& port : ports_) ports.push_back(port.get());
    merged_ = std::make_unique<MergedPorts>(ports, dpdk().buffers, packet_clock_);
    return *merged_;
  }

  std::vector<Seen> read_directly() {
    DirectSource source(merged(), dpdk().buffers, link_types_, counters_[0], stop_);
    return read_all(source);
  }

  /// What each worker saw.
  std::vector<std::vector<Seen>> read_distributed(unsigned worker_count) {
    Distributor distributor(merged(), dpdk().buffers, link_types_, stop_);
    std::vector<CounterBlock*> counters;
    for (unsigned i = 0; i < worker_count; ++i) counters.push_back(&counters_[i]);
    EXPECT_EQ(distributor.create(counters), "");
    std::vector<std::vector<Seen>> seen(worker_count);
    std::vector<std::function<void()>> bodies;
    for (unsigned i = 0; i < worker_count; ++i) {
      bodies.emplace_back([&, i] { seen[i] = read_all(distributor.source(i)); });
    }
    bodies.emplace_back([&] { distributor.run(); });
    for (unsigned i = 0; i < bodies.size(); ++i) {
      EXPECT_TRUE(dpdk().eal.launch(i, bodies[i]));
    }
    dpdk().eal.wait();
    return seen;
  }

  std::string folder_;
  std::vector<std::unique_ptr<PcapPort>> ports_;
  std::array<PortDescription, kFilesMax> descriptions_;
  std::array<CounterBlock, kWorkersMax> counters_;
  LinkTypes link_types_{};
  std::atomic<std::int64_t> packet_clock_{0};
  std::atomic<bool> stop_{false};
  std::unique_ptr<MergedPorts> merged_;
};

TEST_F(PortSource, GivesEveryPacketWithItsBytesAndTime) {
  for (const auto format : {CaptureFileFormat::pcap, CaptureFileFormat::pcapng}) {
    ports_.clear();
    support::Frames frames;
    for (std::uint8_t i = 0; i < 200; ++i) frames.push_back(frame(i, 60u + i, i));
    add(frames, format, {.nanoseconds = format == CaptureFileFormat::pcap});
    const auto seen = read_directly();
    ASSERT_EQ(seen.size(), frames.size());
    for (std::size_t i = 0; i < seen.size(); ++i) {
      EXPECT_EQ(seen[i].time, static_cast<std::int64_t>(frames[i].time_ns));
      EXPECT_EQ(seen[i].bytes, frames[i].bytes);
    }
    EXPECT_FALSE(ports_[0]->is_cut());
    EXPECT_EQ(ports_[0]->packet_count(), frames.size());
    EXPECT_EQ(packet_clock_.load(), static_cast<std::int64_t>(frames.back().time_ns));
  }
}

TEST_F(PortSource, PutsLongPacketsInOnePieceAndCutsTheLongest) {
  support::Frames frames;
  std::uint64_t micros = 0;
  // More than one burst takes, on and around each limit.
  for (int round = 0; round < 12; ++round) {
    for (const std::size_t size :
         {std::size_t{2047}, std::size_t{2048}, std::size_t{2049}, std::size_t{4224},
          std::size_t{65'535}, kPacketBytesMax - 1, kPacketBytesMax, kPacketBytesMax + 1}) {
      frames.push_back(frame(micros++, size));
      for (std::size_t i = 0; i < size; ++i) {
        frames.back().bytes[i] = static_cast<std::uint8_t>(i * 7 + micros);
      }
    }
  }
  add(frames);
  const auto seen = read_directly();
  ASSERT_EQ(seen.size(), frames.size());
  for (std::size_t i = 0; i < seen.size(); ++i) {
    auto expected = frames[i].bytes;
    if (expected.size() > kPacketBytesMax) expected.resize(kPacketBytesMax);
    EXPECT_TRUE(seen[i].bytes == expected) << i << ": " << seen[i].bytes.size();
  }
  EXPECT_EQ(counters_[0].get(Counter::oversized_packets), 12u);
  EXPECT_EQ(ports_[0]->no_buffer_count(), 0u);
}

TEST_F(PortSource, MergesFilesInOrderOfTimeAndTiesInOrderOfFiles) {
  add({frame(10, 60, 1), frame(20, 60, 2), frame(30, 60, 3)});
  add({frame(5, 60, 4), frame(20, 60, 5), frame(25, 60, 6)});
  add({frame(20, 60, 7), frame(40, 60, 8)});
  std::vector<std::uint8_t> order;
  for (const Seen& packet : read_directly()) order.push_back(packet.bytes[0]);
  EXPECT_EQ(order, (std::vector<std::uint8_t>{4, 1, 2, 5, 7, 6, 3, 8}));
}

TEST_F(PortSource, MergesALongFileWithAShortOneAndAnEmptyOne) {
  support::Frames many;
  for (unsigned i = 0; i < 500; ++i) many.push_back(frame(2 * i, 60));
  add(many);
  add({});
  add({frame(333, 60, 9)});
  const auto seen = read_directly();
  ASSERT_EQ(seen.size(), 501u);
  for (std::size_t i = 1; i < seen.size(); ++i) EXPECT_LE(seen[i - 1].time, seen[i].time);
  EXPECT_EQ(seen[167].bytes[0], 9);
}

TEST_F(PortSource, KeepsTheOrderOfAFileAndAClockThatNeverGoesBack) {
  add({frame(10, 60, 1), frame(5, 60, 2), frame(12, 60, 3)});
  add({frame(11, 60, 4)});
  std::vector<std::uint8_t> order;
  std::int64_t newest = 0;
  for (const Seen& packet : read_directly()) {
    order.push_back(packet.bytes[0]);
    newest = std::max(newest, packet.time);
    EXPECT_EQ(packet.clock, newest);
  }
  EXPECT_EQ(order, (std::vector<std::uint8_t>{1, 2, 4, 3}));
}

TEST_F(PortSource, SaysThatAFileIsCutAndUsesWhatCameBefore) {
  const support::Frames frames(100, frame(1, 60));
  const auto whole = support::capture_file_bytes(frames);
  // After the last whole packet; inside a header; inside its packet; one byte too short.
  for (const auto& [size, count, cut] :
       {std::tuple{whole.size() - 76, 99u, false}, std::tuple{whole.size() - 75, 99u, true},
        std::tuple{whole.size() - 60, 99u, true}, std::tuple{whole.size() - 1, 99u, true}}) {
    ports_.clear();
    descriptions_[0].cut = 0;
    add_bytes({whole.begin(), whole.begin() + static_cast<long>(size)});
    EXPECT_EQ(read_directly().size(), count);
    EXPECT_EQ(ports_[0]->is_cut(), cut) << size;
    EXPECT_EQ(descriptions_[0].cut.load(), cut ? 1u : 0u);
  }
}

TEST_F(PortSource, ReadsNothingBehindDamage) {
  auto bytes = support::capture_file_bytes(support::Frames(100, frame(1, 60)));
  // The captured length of packet 50: more than libpcap allows.
  const std::size_t length_offset = 24 + 50 * 76 + 8;
  bytes[length_offset + 3] = 0x7f;
  add_bytes(bytes);
  EXPECT_EQ(read_directly().size(), 50u);
  EXPECT_TRUE(ports_[0]->is_cut());
}

TEST_F(PortSource, EndsWhenStopped) {
  add(support::Frames(1000, frame(1, 60)));
  stop_ = true;
  EXPECT_TRUE(read_directly().empty());
}

/// Conversations of many clients, so that every worker gets some.
support::Frames conversations() {
  support::Frames frames;
  for (std::uint16_t client = 0; client < 40; ++client) {
    const auto source = support::endpoint("192.0.2.7", static_cast<std::uint16_t>(40'000 + client));
    const auto destination = support::endpoint("198.51.100.9", 443);
    for (unsigned i = 0; i < 50; ++i) {
      support::TimedFrame out;
      out.time_ns = 1'000'000'000'000 + (i * 40 + client) * 1000u;
      out.bytes = i % 2 == 0 ? support::tcp_frame(source, destination, {}, {})
                             : support::tcp_frame(destination, source, {}, {});
      frames.push_back(out);
    }
  }
  return frames;
}

TEST_F(PortSource, DistributesEveryPacketOnceAndKeepsConnectionsTogether) {
  const support::Frames frames = conversations();
  add(frames);
  add(support::Frames(300, frame(700, 60, 0xff)));
  auto expected = read_directly();
  std::sort(expected.begin(), expected.end());
  for (const unsigned worker_count : {2u, 3u}) {
    ports_.clear();
    add(frames);
    add(support::Frames(300, frame(700, 60, 0xff)));
    const auto seen = read_distributed(worker_count);
    std::vector<Seen> together;
    for (const auto& worker : seen) {
      EXPECT_FALSE(worker.empty());
      together.insert(together.end(), worker.begin(), worker.end());
    }
    std::sort(together.begin(), together.end());
    // Time, clock, port and bytes are those that a single worker sees.
    EXPECT_TRUE(together == expected);
    for (unsigned i = 1; i < worker_count; ++i) {
      for (const Seen& packet : seen[i]) EXPECT_EQ(packet.port_index, 0u) << "not TCP";
    }
    // The client's port stands at 34 or 36, by direction.
    std::vector<unsigned> workers_of_client(40, 0);
    for (unsigned i = 0; i < worker_count; ++i) {
      for (const Seen& packet : seen[i]) {
        if (packet.port_index != 0) continue;
        for (const std::size_t offset : {34u, 36u}) {
          const unsigned number = packet.bytes[offset] * 256u + packet.bytes[offset + 1];
          if (number >= 40'000) workers_of_client[number - 40'000] |= 1u << i;
        }
      }
    }
    for (const unsigned workers : workers_of_client) EXPECT_EQ(workers & (workers - 1), 0u);
  }
}

TEST_F(PortSource, DistributesLongPacketsWithoutRunningOutOfBuffers) {
  support::Frames frames;
  for (unsigned i = 0; i < 2000; ++i) frames.push_back(frame(i, 60'000));
  add(frames);
  const auto seen = read_distributed(2);
  EXPECT_EQ(seen[0].size() + seen[1].size(), frames.size());
  EXPECT_EQ(ports_[0]->no_buffer_count(), 0u);
}

TEST(PacketTime, StaysWithinWhatIsSeenAndKnown) {
  EXPECT_EQ(nanos_of_micros(0).value, 1);
  EXPECT_EQ(nanos_of_micros(1).value, 1000);
  EXPECT_EQ(nanos_of_micros(~std::uint64_t{0}).value, 1);
  EXPECT_EQ(nanos_of_micros(std::uint64_t{1} << 62).value, kEndOfTime.value - 1);
}

}  // namespace
}  // namespace shakedown::port
