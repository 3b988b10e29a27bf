// SPDX-License-Identifier: Apache-2.0
//
// The XDP program and the data plane read the same packets: real captures, every encapsulation, every
// cut. Where both read TCP they name the same connection and the same payload; where the data plane
// sees anything that it would follow or count as broken, the program lets it pass.
#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include <cstring>
#include <filesystem>
#include <memory>

#include "../packet/encapsulations.h"
#include "filter_run.h"
#include "flow/flow_key.h"
#include "handshake_scripts.h"
#include "packet/decode.h"
#include "packet_builder.h"
#include "tls/proxy_header.h"
#include "tls/record_probe.h"

namespace shakedown::port {
namespace {

namespace ts = test_support;
using packet::DecodeStatus;

/// What decode() and the program say of one packet.
struct Tally {
  std::uint64_t packets = 0;
  std::uint64_t tcp = 0;        ///< of which the data plane reads TCP
  std::uint64_t agreed = 0;     ///< and the program the same
  std::uint64_t left_over = 0;  ///< and the program leaves it to the data plane
};

class Agreement : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string reason = FilterRun::refusal(); !reason.empty()) GTEST_SKIP() << reason;
    ASSERT_EQ(run_.attach(), "");
    ASSERT_EQ(run_.adopt(), "");
  }

  /// No connection is decided. Adds to tally_.
  void compare(Bytes frame, const std::string& name) {
    frame = frame.first(std::min(frame.size(), kFrameBytesMax));
    if (frame.size() < kFrameBytesMin) return;
    packet::PacketView view;
    const DecodeStatus status = packet::decode(packet::LinkType::ethernet, frame, view);
    const Verdict verdict = run_.run(frame);
    ++tally_.packets;
    ASSERT_EQ(verdict.redirected, verdict.passed()) << name;
    switch (status) {
      case DecodeStatus::tcp:
        ++tally_.tcp;
        expect_same(verdict, view, frame, name);
        return;
      case DecodeStatus::not_ip:
      case DecodeStatus::not_tcp:
        // QUIC passes, and what the program leaves to the workers; never as TCP.
        ASSERT_FALSE(verdict.is_tcp()) << name << ": " << verdict.name();
        return;
      default:
        ASSERT_TRUE(verdict.passed()) << name << ": " << verdict.name();
        ASSERT_FALSE(verdict.is_tcp()) << name << ": " << verdict.name();
    }
  }

  void expect_same(const Verdict& verdict, const packet::PacketView& view, Bytes frame,
                   const std::string& name) {
    ASSERT_TRUE(verdict.passed()) << name << ": " << verdict.name();
    if (!verdict.is_tcp()) {
      ASSERT_TRUE(verdict.is(PortCounter::passed_tunnel) ||
                  verdict.is(PortCounter::passed_unparsed))
          << name << ": " << verdict.name();
      ++tally_.left_over;
      return;
    }
    const flow::FlowKey key = flow::key_of(view).key;
    const bpf::XdpFlowKey& read = verdict.trace.key;
    ASSERT_EQ(std::memcmp(&key, &read, sizeof key), 0) << name;
    ASSERT_EQ(read.family, static_cast<std::uint8_t>(view.family)) << name;
    const auto offset = static_cast<std::size_t>(view.payload.data() - frame.data());
    ASSERT_EQ(verdict.trace.payload_offset, offset) << name;
    ASSERT_EQ(verdict.trace.payload_end, offset + view.payload.size()) << name;
    ++tally_.agreed;
  }

  /// As Worker::follow_untracked() asks.
  static bool begins_handshake(Bytes payload) {
    if (payload.empty()) return false;
    const std::size_t prefix = tls::proxy_header_size(payload);
    if (tls::plausible_client_hello(payload.subspan(prefix))) return true;
    return payload.size() > 5 && payload[0] == 22 && payload[5] == 2 &&
           tls::plausible_record_start(payload);
  }

  /// The same packet when its connection is decided.
  void compare_decided(Bytes frame, const std::string& name) {
    packet::PacketView view;
    if (frame.size() < kFrameBytesMin || frame.size() > kFrameBytesMax ||
        packet::decode(packet::LinkType::ethernet, frame, view) != DecodeStatus::tcp ||
        view.has(packet::tcp_flag::syn | packet::tcp_flag::fin | packet::tcp_flag::rst)) {
      return;
    }
    const ShuntRequest request = request_for(view);
    ASSERT_EQ(run_.filter().shunt({&request, 1}), 1u);
    const Verdict verdict = run_.run(frame);
    ASSERT_EQ(run_.filter().forget({&request, 1}), 1u);
    if (!verdict.is_tcp()) return;
    if (begins_handshake(view.payload)) {
      ASSERT_EQ(verdict.reason, PortCounter::passed_tls_like) << name;
      ++reopened_;
    } else if (verdict.is(PortCounter::passed_tls_like)) {
      ++passed_for_nothing_;
    } else {
      ASSERT_EQ(verdict.reason, view.payload_length() == 0 ? PortCounter::dropped_ack
                                                           : PortCounter::dropped_decided)
          << name;
      ++dropped_;
    }
  }

  void expect_sum() {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : run_.filter().counts()) sum += count;
    EXPECT_EQ(sum, run_.run_count());
  }

  FilterRun run_;
  Tally tally_;
  std::uint64_t reopened_ = 0;
  std::uint64_t passed_for_nothing_ = 0;
  std::uint64_t dropped_ = 0;
};

/// Calls `body` for each packet, as an Ethernet frame, of each capture of the tree.
template <class Body>
void for_each_captured_packet(Body body) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(SHAKEDOWN_CAPTURES)) {
    if (entry.path().extension() != ".pcap") continue;
    char error[PCAP_ERRBUF_SIZE];
    const std::unique_ptr<pcap_t, void (*)(pcap_t*)> file(
        pcap_open_offline(entry.path().c_str(), error), pcap_close);
    ASSERT_NE(file, nullptr) << entry.path() << ": " << error;
    if (pcap_datalink(file.get()) != DLT_EN10MB) continue;
    pcap_pkthdr* header = nullptr;
    const u_char* data = nullptr;
    for (unsigned number = 1; pcap_next_ex(file.get(), &header, &data) == 1; ++number) {
      body(Bytes(data, header->caplen),
           entry.path().filename().string() + " #" + std::to_string(number));
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

TEST_F(Agreement, OnRealCaptures) {
  for_each_captured_packet([this](Bytes frame, const std::string& name) { compare(frame, name); });
  EXPECT_GT(tally_.agreed, 1000u);
  // Nothing in them is beyond the program.
  EXPECT_EQ(tally_.left_over, 0u);
  EXPECT_EQ(tally_.agreed, tally_.tcp);
  expect_sum();
  RecordProperty("packets", std::to_string(tally_.packets));
}

TEST_F(Agreement, OnRealCapturesOfDecidedConnections) {
  for_each_captured_packet(
      [this](Bytes frame, const std::string& name) { compare_decided(frame, name); });
  EXPECT_GT(reopened_, 300u);
  EXPECT_GT(dropped_, 1000u);
  expect_sum();
  RecordProperty("passed_for_nothing", std::to_string(passed_for_nothing_));
}

TEST_F(Agreement, OnEveryHandshakeOfTheGenerators) {
  for (const ts::NamedDialogue& one : ts::dialogues_with_hello()) {
    for (const auto& frame : ts::play(one.dialogue)) {
      compare(Bytes(frame.bytes), one.name);
      compare_decided(Bytes(frame.bytes), one.name);
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_EQ(tally_.agreed, tally_.tcp);
  expect_sum();
}

ts::Bytes random_frame(ts::Random& random, unsigned depth, std::string& names) {
  const bool is_ipv6 = ts::one_in(random, 2);
  const ts::Endpoint client =
      is_ipv6 ? ts::endpoint("2001:db8::1", 50001) : ts::endpoint("192.0.2.1", 50000);
  const ts::Endpoint server =
      is_ipv6 ? ts::endpoint("2001:db8::2", 8443) : ts::endpoint("198.51.100.2", 443);
  const bool turned = ts::one_in(random, 2);
  const ts::Bytes inner = ts::tcp_frame(turned ? server : client, turned ? client : server,
                                        {.sequence = 7}, ts::Bytes(random() % 200, 0x17));
  const ts::Stack stack =
      ts::wrapped(random, {false, ts::Bytes(inner.begin() + 14, inner.end())}, depth);
  names = stack.names;
  return ts::in_ethernet(random, stack.content).bytes;
}

TEST_F(Agreement, OnEncapsulationsInAnyOrder) {
  ts::Random random(11);
  for (unsigned i = 0; i < 30'000 && !HasFatalFailure(); ++i) {
    std::string names;
    const ts::Bytes frame = random_frame(random, i % (kTunnelDepthMax + 2), names);
    compare(frame, names);
    compare_decided(frame, names);
  }
  // The program leaves PPTP and pseudowires to the workers.
  EXPECT_GT(tally_.agreed * 10, tally_.tcp * 7);
  EXPECT_GT(tally_.left_over, 0u);
  expect_sum();
}

TEST_F(Agreement, OnEveryCut) {
  ts::Random random(12);
  for (unsigned i = 0; i < 300 && !HasFatalFailure(); ++i) {
    std::string names;
    const ts::Bytes frame = random_frame(random, i % (kTunnelDepthMax + 1), names);
    for (std::size_t size = kFrameBytesMin; size <= frame.size() && !HasFatalFailure(); ++size) {
      compare(Bytes(frame).first(size), names + " cut to " + std::to_string(size));
    }
  }
  expect_sum();
}

TEST_F(Agreement, OnDamagedPackets) {
  ts::Random random(13);
  for (unsigned i = 0; i < 60'000 && !HasFatalFailure(); ++i) {
    std::string names;
    ts::Bytes frame = random_frame(random, i % 3, names);
    for (unsigned k = 1 + random() % 4; k != 0; --k) {
      frame[12 + random() % (frame.size() - 12)] = static_cast<std::uint8_t>(random());
    }
    compare(frame, names);
  }
  expect_sum();
}

}  // namespace
}  // namespace shakedown::port
