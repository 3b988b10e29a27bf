// SPDX-License-Identifier: Apache-2.0
//
// No packet of a real capture may bring the worker out of step, however it was cut: every capture
// is followed with all packets cut at each of many lengths, and to its end after each of many
// packets. Run under sanitizers for their sake.
//
//     cut_capture_test [capture | folder]...
#include <pcap/pcap.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "worker_harness.h"

namespace {

using namespace shakedown;
using test_harness::WorkerHarness;

/// Long captures are followed once, and cut in their first packets only: their time grows with the
/// square.
constexpr std::size_t kCutPacketCountMax = 1000;

struct Packet {
  std::uint64_t time_ns = 0;
  std::vector<std::uint8_t> bytes;
};

struct Capture {
  packet::LinkType link_type{};
  std::vector<Packet> packets;
};

Capture load(const std::filesystem::path& path) {
  Capture capture;
  char error[PCAP_ERRBUF_SIZE];
  pcap_t* const pcap =
      pcap_open_offline_with_tstamp_precision(path.c_str(), PCAP_TSTAMP_PRECISION_NANO, error);
  if (pcap == nullptr) {
    std::printf("%s: %s\n", path.c_str(), error);
    return capture;
  }
  capture.link_type = packet::link_type_from_dlt(pcap_datalink(pcap));
  pcap_pkthdr* header = nullptr;
  const u_char* data = nullptr;
  while (pcap_next_ex(pcap, &header, &data) == 1) {
    const auto seconds = static_cast<std::uint64_t>(header->ts.tv_sec);
    const auto nanos = static_cast<std::uint64_t>(header->ts.tv_usec);
    capture.packets.push_back({seconds * 1'000'000'000 + nanos, {data, data + header->caplen}});
  }
  pcap_close(pcap);
  return capture;
}

/// Every length through the headers, then fewer.
std::vector<std::size_t> cut_lengths(std::size_t longest) {
  std::vector<std::size_t> lengths;
  for (std::size_t length = 0; length < longest; length += length < 120 ? 1 : 1 + length / 16) {
    lengths.push_back(length);
  }
  return lengths;
}

class CutTest {
 public:
  void run(const std::filesystem::path& path) {
    const Capture capture = load(path);
    const std::span<const Packet> packets(capture.packets);
    std::size_t longest = 0;
    for (const Packet& packet : packets) longest = std::max(longest, packet.bytes.size());
    follow(path, capture.link_type, packets, longest);
    const auto few = packets.first(std::min(packets.size(), kCutPacketCountMax));
    for (const std::size_t length : cut_lengths(longest)) {
      follow(path, capture.link_type, few, length);
    }
    for (std::size_t count = 0; count < few.size(); ++count) {
      follow(path, capture.link_type, few.first(count), longest);
    }
  }
  [[nodiscard]] bool passed() const { return run_count_ != 0 && error_count_ == 0; }
  void report() const { std::printf("%u runs, %u errors\n", run_count_, error_count_); }

 private:
  void follow(const std::filesystem::path& path, packet::LinkType link_type,
              std::span<const Packet> packets, std::size_t length) {
    WorkerHarness harness;
    for (const Packet& packet : packets) {
      // A copy of its own, so that a sanitizer sees the first byte that is read too many.
      const std::size_t size = std::min(length, packet.bytes.size());
      const std::vector<std::uint8_t> cut(packet.bytes.begin(),
                                          packet.bytes.begin() + static_cast<std::ptrdiff_t>(size));
      harness.feed_packet(cut, packet.time_ns, link_type);
    }
    harness.finish();
    ++run_count_;
    const std::string error = harness.conservation_error();
    if (error.empty()) return;
    ++error_count_;
    std::printf("%s, %zu packets of at most %zu bytes: %s\n", path.c_str(), packets.size(), length,
                error.c_str());
  }

  unsigned run_count_ = 0;
  unsigned error_count_ = 0;
};

bool is_capture(const std::filesystem::path& path) {
  return path.extension() == ".pcap" || path.extension() == ".pcapng";
}

}  // namespace

int main(int argc, char** argv) {
  CutTest test;
  for (const char* argument : std::span(argv, static_cast<std::size_t>(argc)).subspan(1)) {
    if (!std::filesystem::is_directory(argument)) {
      test.run(argument);
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(argument)) {
      if (is_capture(entry.path())) test.run(entry.path());
    }
  }
  test.report();
  return test.passed() ? 0 : 1;
}
