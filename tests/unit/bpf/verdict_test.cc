// SPDX-License-Identifier: Apache-2.0
//
// The verdicts of the XDP program on single packets: what passes, what is dropped, and by which reason.
#include <gtest/gtest.h>

#include <array>

#include "filter_run.h"
#include "hello_builder.h"
#include "packet/decode.h"
#include "packet_builder.h"
#include "record_builder.h"
#include "shakedown/limits.h"

namespace shakedown::port {
namespace {

namespace ts = test_support;
namespace flag = ts::tcp_flag;

const ts::Endpoint kClient = ts::endpoint("192.0.2.1", 50000);
const ts::Endpoint kServer = ts::endpoint("198.51.100.2", 443);
const ts::Endpoint kClient6 = ts::endpoint("2001:db8::1", 50001);
const ts::Endpoint kServer6 = ts::endpoint("2001:db8::2", 8443);

ts::Bytes segment(std::uint8_t flags, const ts::Bytes& payload = {}) {
  return ts::tcp_frame(kClient, kServer, {.sequence = 7, .flags = flags}, payload);
}
ts::Bytes answer(std::uint8_t flags, const ts::Bytes& payload = {}) {
  return ts::tcp_frame(kServer, kClient, {.sequence = 9, .flags = flags}, payload);
}
ts::Bytes data(std::size_t size = 100) { return ts::Bytes(size, 0x55); }
ts::Bytes client_hello() { return ts::record(22, ts::ClientHelloBuilder().build()); }
ts::Bytes server_hello() { return ts::record(22, ts::ServerHelloBuilder().build()); }

class Filter : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string reason = FilterRun::refusal(); !reason.empty()) GTEST_SKIP() << reason;
    ASSERT_EQ(run_.attach(), "");
  }
  void adopt(const XdpFilterOptions& options = traced()) { ASSERT_EQ(run_.adopt(options), ""); }

  PortCounter reason_of(const ts::Bytes& frame) {
    const Verdict verdict = run_.run(frame);
    EXPECT_EQ(verdict.redirected, verdict.passed());
    EXPECT_EQ(verdict.dropped, !verdict.passed());
    return verdict.reason;
  }
  void decide(const ts::Bytes& frame) {
    packet::PacketView view;
    ASSERT_EQ(packet::decode(packet::LinkType::ethernet, Bytes(frame), view),
              packet::DecodeStatus::tcp);
    const ShuntRequest request = request_for(view);
    ASSERT_EQ(run_.filter().shunt({&request, 1}), 1u);
  }
  PortCounter udp_reason(std::uint16_t port, const ts::Bytes& payload) {
    return reason_of(ts::udp_frame(kClient, {kServer.address, port}, payload));
  }
  PortCounter ip_reason(std::uint8_t protocol, const ts::Bytes& content) {
    return reason_of(ts::link_frame(
        {}, ts::ip_packet(kClient.address, kServer.address, protocol, content), false));
  }

  FilterRun run_;
};

TEST_F(Filter, PassesEverythingUntilItIsConfigured) {
  EXPECT_EQ(reason_of(segment(flag::ack, data())), PortCounter::passed_unparsed);
  EXPECT_EQ(udp_reason(53, data()), PortCounter::passed_unparsed);
  EXPECT_EQ(reason_of(ts::ethernet_frame({}, 0x0806, data(28))), PortCounter::passed_unparsed);
  adopt();
  EXPECT_EQ(reason_of(segment(flag::ack, data())), PortCounter::passed_undecided);
}

TEST_F(Filter, PassesAConnectionUntilItIsDecided) {
  adopt();
  for (const ts::Bytes& frame : {segment(flag::ack), segment(flag::ack | flag::psh, data()),
                                 answer(flag::ack), answer(flag::ack, data())}) {
    EXPECT_EQ(reason_of(frame), PortCounter::passed_undecided);
  }
  decide(segment(flag::ack));
  EXPECT_EQ(reason_of(segment(flag::ack)), PortCounter::dropped_ack);
  EXPECT_EQ(reason_of(answer(flag::ack)), PortCounter::dropped_ack);
  EXPECT_EQ(reason_of(segment(flag::ack | flag::psh, data())), PortCounter::dropped_decided);
  EXPECT_EQ(reason_of(answer(flag::ack, data(1))), PortCounter::dropped_decided);
}

TEST_F(Filter, KnowsADecidedConnectionOfIpv6) {
  adopt();
  const auto frame = [](const ts::Endpoint& from, const ts::Endpoint& to) {
    return ts::tcp_frame(from, to, {.sequence = 7}, data());
  };
  decide(frame(kClient6, kServer6));
  EXPECT_EQ(reason_of(frame(kServer6, kClient6)), PortCounter::dropped_decided);
  EXPECT_EQ(reason_of(frame(kServer6, {kClient6.address, 50002})), PortCounter::passed_undecided);
}

TEST_F(Filter, PassesSynFinAndRstOfADecidedConnection) {
  adopt();
  decide(segment(flag::ack));
  for (const int flags : {flag::fin | flag::ack, flag::rst | 0, flag::rst | flag::ack,
                          flag::syn | flag::ack, flag::fin | 0}) {
    EXPECT_EQ(reason_of(answer(static_cast<std::uint8_t>(flags))), PortCounter::passed_tcp_control);
  }
  EXPECT_EQ(reason_of(segment(flag::ack)), PortCounter::dropped_ack);
}

TEST_F(Filter, ForgetsAConnectionWhenItsEndpointsAreUsedAnew) {
  adopt();
  decide(segment(flag::ack));
  EXPECT_EQ(reason_of(segment(flag::syn | flag::ece | flag::cwr)), PortCounter::passed_tcp_control);
  EXPECT_EQ(reason_of(segment(flag::ack, data())), PortCounter::passed_undecided);
  EXPECT_EQ(reason_of(answer(flag::ack, data())), PortCounter::passed_undecided);
}

TEST_F(Filter, DoesNotForgetForAnAnswerOrAReset) {
  adopt();
  decide(segment(flag::ack));
  EXPECT_EQ(reason_of(answer(flag::syn | flag::ack)), PortCounter::passed_tcp_control);
  EXPECT_EQ(reason_of(segment(flag::syn | flag::rst)), PortCounter::passed_tcp_control);
  EXPECT_EQ(reason_of(segment(flag::ack)), PortCounter::dropped_ack);
}

TEST_F(Filter, ReopensADecidedConnectionThatBeginsAHandshake) {
  for (const ts::Bytes& hello : {client_hello(), server_hello()}) {
    XdpFilterOptions options = traced();
    options.reopened_nanos = 3'600'000'000'000;
    adopt(options);
    decide(segment(flag::ack));
    EXPECT_EQ(reason_of(segment(flag::ack, hello)), PortCounter::passed_tls_like);
    // What follows belongs to it.
    EXPECT_EQ(reason_of(answer(flag::ack, data())), PortCounter::passed_undecided);
    decide(segment(flag::ack));
    EXPECT_EQ(reason_of(answer(flag::ack, data())), PortCounter::dropped_decided);
    EXPECT_EQ(reason_of(segment(flag::syn)), PortCounter::passed_tcp_control);
  }
}

TEST_F(Filter, ClosesAgainWhatNobodyDecided) {
  XdpFilterOptions options = traced();
  options.reopened_nanos = 1;
  adopt(options);
  decide(segment(flag::ack));
  EXPECT_EQ(reason_of(segment(flag::ack, client_hello())), PortCounter::passed_tls_like);
  EXPECT_EQ(reason_of(segment(flag::ack, data())), PortCounter::dropped_decided);
}

TEST_F(Filter, KnowsAHandshakeByItsFirstSixBytes) {
  adopt();
  decide(segment(flag::ack));
  struct {
    ts::Bytes payload;
    PortCounter reason;
  } const cases[] = {
      {{22, 3, 0, 0, 60, 1}, PortCounter::passed_tls_like},
      {{22, 3, 4, 255, 255, 2}, PortCounter::passed_tls_like},
      {{22, 3, 3, 0, 60}, PortCounter::dropped_decided},
      {{22, 3, 5, 0, 60, 1}, PortCounter::dropped_decided},
      {{22, 2, 3, 0, 60, 1}, PortCounter::dropped_decided},
      {{23, 3, 3, 0, 60, 1}, PortCounter::dropped_decided},
      {{22, 3, 3, 0, 60, 0}, PortCounter::dropped_decided},
      {{22, 3, 3, 0, 60, 3}, PortCounter::dropped_decided},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(reason_of(segment(flag::ack, one.payload)), one.reason);
    decide(segment(flag::ack));
  }
}

TEST_F(Filter, KnowsProxyHeadersAndHellosOfSslv2) {
  adopt();
  decide(segment(flag::ack));
  const ts::Bytes proxy2{0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
  ts::Bytes sslv2{0x80, 9 + 3 + 16, 1, 3, 1, 0, 3, 0, 0, 0, 16, 0, 0, 47};
  sslv2.resize(2 + 9 + 3 + 16, 0xab);
  ts::Bytes padded{0, 9 + 3 + 16, 0, 1, 0, 2, 0, 3, 0, 0, 0, 16};
  padded.resize(3 + 9 + 3 + 16, 0xab);
  for (const ts::Bytes& payload :
       {ts::bytes_of("PROXY TCP4 192.0.2.1 198.51.100.2 1 2\r\n"), proxy2, sslv2, padded}) {
    EXPECT_EQ(reason_of(segment(flag::ack, payload)), PortCounter::passed_tls_like);
    decide(segment(flag::ack));
  }
  sslv2[1] = 99;  // the parts do not add up
  for (const ts::Bytes& payload : {ts::bytes_of("PROXX TCP4 192.0.2.1"), sslv2}) {
    EXPECT_EQ(reason_of(segment(flag::ack, payload)), PortCounter::dropped_decided);
  }
}

TEST_F(Filter, IgnoresWhatStandsBehindTheEndOfIp) {
  adopt();
  decide(segment(flag::ack));
  ts::Bytes frame = segment(flag::ack);
  const ts::Bytes hello = client_hello();
  frame.insert(frame.end(), hello.begin(), hello.end());
  EXPECT_EQ(reason_of(frame), PortCounter::dropped_ack);
}

TEST_F(Filter, TakesATruncatedPayloadForData) {
  adopt();
  decide(segment(flag::ack));
  ts::Bytes frame = segment(flag::ack, data());
  frame.resize(14 + 20 + 20);
  EXPECT_EQ(reason_of(frame), PortCounter::dropped_decided);
}

TEST_F(Filter, PassesQuicsLongHeaders) {
  adopt();
  const ts::Bytes initial{0xc3, 0, 0, 0, 1, 8, 1, 2, 3, 4, 5, 6, 7, 8};
  const ts::Bytes version2{0xd3, 0x6b, 0x33, 0x43, 0xcf, 20, 0};
  const ts::Bytes negotiation{0x80, 0, 0, 0, 0, 255, 0};
  for (const ts::Bytes& payload : {initial, version2, negotiation}) {
    EXPECT_EQ(udp_reason(443, payload), PortCounter::passed_quic);
    EXPECT_EQ(udp_reason(9, payload), PortCounter::passed_quic);
  }
  const ts::Bytes short_header{0x43, 1, 2, 3, 4, 5, 6, 7};
  const ts::Bytes not_fixed{0x83, 0, 0, 0, 1, 8, 1};
  const ts::Bytes long_id{0xc3, 0, 0, 0, 1, 21, 1};
  const ts::Bytes cut{0xc3, 0, 0, 0, 1, 8};
  for (const ts::Bytes& payload : {short_header, not_fixed, long_id, cut, ts::Bytes{}}) {
    EXPECT_EQ(udp_reason(443, payload), PortCounter::dropped_udp);
  }
}

TEST_F(Filter, LooksForQuicWhereItIsTold) {
  XdpFilterOptions options = traced();
  options.quic_ports = {443, 8443};
  adopt(options);
  const ts::Bytes initial{0xc3, 0, 0, 0, 1, 8, 1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_EQ(udp_reason(443, initial), PortCounter::passed_quic);
  EXPECT_EQ(udp_reason(8443, initial), PortCounter::passed_quic);
  EXPECT_EQ(reason_of(ts::udp_frame({kServer.address, 443}, kClient, initial)),
            PortCounter::passed_quic);
  EXPECT_EQ(udp_reason(444, initial), PortCounter::dropped_udp);
  EXPECT_EQ(udp_reason(0, initial), PortCounter::dropped_udp);
  options.quic_passes = false;
  adopt(options);
  EXPECT_EQ(udp_reason(443, initial), PortCounter::dropped_udp);
}

TEST_F(Filter, PassesIcmpErrorsAlone) {
  adopt();
  for (unsigned type = 0; type < 256; ++type) {
    const ts::Bytes message{static_cast<std::uint8_t>(type), 0, 0, 0, 0, 0, 0, 0};
    const bool is_error = type == 3 || type == 11 || type == 12;
    EXPECT_EQ(ip_reason(1, message),
              is_error ? PortCounter::passed_icmp : PortCounter::dropped_other_ip);
    const bool is_error6 = type >= 1 && type <= 4;
    EXPECT_EQ(reason_of(ts::link_frame(
                  {}, ts::ip_packet(kClient6.address, kServer6.address, 58, message), true)),
              is_error6 ? PortCounter::passed_icmp : PortCounter::dropped_other_ip);
    // Each in the packets of the other.
    EXPECT_EQ(ip_reason(58, message), PortCounter::dropped_other_ip);
  }
}

TEST_F(Filter, DropsWhatIsNotTcp) {
  adopt();
  EXPECT_EQ(udp_reason(53, data()), PortCounter::dropped_udp);
  EXPECT_EQ(ip_reason(132, data()), PortCounter::dropped_other_ip);
  EXPECT_EQ(ip_reason(50, data()), PortCounter::dropped_other_ip);
  constexpr std::array<std::uint16_t, 5> kTypes{0x0806, 0x88cc, 0x8809, 0x88e5, 0x0600};
  for (const std::uint16_t type : kTypes) {
    EXPECT_EQ(reason_of(ts::ethernet_frame({}, type, data())), PortCounter::dropped_not_ip);
  }
  // Spanning tree behind LLC.
  EXPECT_EQ(reason_of(ts::ethernet_frame({}, 0x26, ts::Bytes{0x42, 0x42, 0x03, 0, 0})),
            PortCounter::dropped_not_ip);
}

TEST_F(Filter, TreatsFragmentsAsConfigured) {
  ts::IpHeader first;
  first.more_fragments = true;
  first.dont_fragment = false;
  ts::IpHeader last;
  last.fragment_offset = 100;
  last.dont_fragment = false;
  const ts::Bytes fragment6 = ts::link_frame(
      {},
      ts::ip_packet(kClient6.address, kServer6.address, 44, ts::Bytes{6, 0, 0, 9, 0, 0, 0, 1, 0}),
      true);
  for (const bool pass : {true, false}) {
    XdpFilterOptions options = traced();
    options.fragments_pass = pass;
    adopt(options);
    const PortCounter expected =
        pass ? PortCounter::passed_fragment : PortCounter::dropped_unwatched;
    EXPECT_EQ(reason_of(ts::tcp_frame(kClient, kServer, {}, data(), first)), expected);
    EXPECT_EQ(reason_of(ts::udp_frame(kClient, kServer, data(), last)), expected);
    EXPECT_EQ(reason_of(fragment6), expected);
  }
}

TEST_F(Filter, TreatsTunnelsAsConfigured) {
  const ts::Bytes inner = segment(flag::ack, data());
  const ts::Bytes vxlan = ts::concatenate({{8, 0, 0, 0, 0, 0, 42, 0}, inner});
  const ts::Bytes frame = ts::udp_frame(kClient6, {kServer6.address, 4789}, vxlan);
  struct {
    bpf::XdpTreatment treatment;
    PortCounter reason;
  } const cases[] = {{bpf::SHAKEDOWN_XDP_PASS, PortCounter::passed_tunnel},
                     {bpf::SHAKEDOWN_XDP_DROP, PortCounter::dropped_unwatched},
                     {bpf::SHAKEDOWN_XDP_OPEN, PortCounter::dropped_decided}};
  for (const auto& one : cases) {
    XdpFilterOptions options = traced();
    options.tunnels = one.treatment;
    adopt(options);
    decide(inner);
    EXPECT_EQ(reason_of(frame), one.reason);
    // The same port without the header of the tunnel is another application.
    EXPECT_EQ(udp_reason(4789, data()), PortCounter::dropped_udp);
  }
}

TEST_F(Filter, LeavesTunnelsThatItDoesNotOpenToTheWorkers) {
  adopt();
  // PPTP, and GRE with a source route.
  EXPECT_EQ(ip_reason(47, {0x30, 0x01, 0x88, 0x0b, 0, 4, 0, 1, 0, 0, 0, 1}),
            PortCounter::passed_tunnel);
  EXPECT_EQ(ip_reason(47, {0x40, 0, 0x08, 0, 0, 0, 0, 0}), PortCounter::passed_tunnel);
}

TEST_F(Filter, OpensAsManyVlanTagsAsTheWorkers) {
  adopt();
  decide(segment(flag::ack));
  for (std::size_t count = 0; count <= kVlanTagCountMax + 1; ++count) {
    ts::LinkHeader link;
    link.vlan_tags.resize(count, {.id = 9});
    const ts::Bytes frame = ts::tcp_frame(kClient, kServer, {.sequence = 7}, data(), {}, link);
    EXPECT_EQ(reason_of(frame), count <= kVlanTagCountMax ? PortCounter::dropped_decided
                                                          : PortCounter::passed_unparsed)
        << count;
  }
}

TEST_F(Filter, OpensAsManyExtensionHeadersAsTheWorkers) {
  adopt();
  decide(ts::tcp_frame(kClient6, kServer6, {}, data()));
  for (unsigned count = 0; count <= kIpv6ExtensionCountMax + 1; ++count) {
    ts::IpHeader ip;
    ip.extension_headers.resize(count, {.type = 60, .body = ts::Bytes(6, 0)});
    const ts::Bytes frame = ts::tcp_frame(kClient6, kServer6, {.sequence = 7}, data(), ip);
    EXPECT_EQ(reason_of(frame), count <= kIpv6ExtensionCountMax ? PortCounter::dropped_decided
                                                                : PortCounter::passed_unparsed)
        << count;
  }
}

TEST_F(Filter, OpensAsManyLabelsAsTheWorkers) {
  adopt();
  const ts::Bytes inner = segment(flag::ack, data());
  decide(inner);
  for (unsigned count = 1; count <= kMplsLabelCountMax + 1; ++count) {
    ts::ByteWriter writer;
    for (unsigned label = 1; label <= count; ++label) writer.u32(label == count ? 0x1140 : 0x1040);
    const ts::Bytes frame =
        ts::ethernet_frame({}, 0x8847, writer.bytes(ts::BytesView(inner).subspan(14)).take());
    EXPECT_EQ(reason_of(frame), count <= kMplsLabelCountMax ? PortCounter::dropped_decided
                                                            : PortCounter::passed_unparsed)
        << count;
  }
}

TEST_F(Filter, OpensAsManyEncapsulationsAsTheWorkers) {
  adopt();
  const ts::Bytes inner = segment(flag::ack, data());
  decide(inner);
  ts::Bytes packet(inner.begin() + 14, inner.end());
  for (unsigned depth = 0; depth <= kTunnelDepthMax + 1; ++depth) {
    EXPECT_EQ(reason_of(ts::link_frame({}, packet, false)), depth <= kTunnelDepthMax
                                                                ? PortCounter::dropped_decided
                                                                : PortCounter::passed_unparsed)
        << depth;
    packet = ts::ip_packet(kClient.address, kServer.address, 4, packet);
  }
}

TEST(QueueWithoutASocket, GoesToTheKernelUntilTheFilterIsConfigured) {
  if (const std::string reason = FilterRun::refusal(); !reason.empty()) GTEST_SKIP() << reason;
  FilterRun run;
  ASSERT_EQ(run.attach(false), "");
  const Verdict before = run.run(segment(flag::ack));
  EXPECT_EQ(before.reason, PortCounter::dropped_no_socket);
  EXPECT_FALSE(before.redirected);
  EXPECT_FALSE(before.dropped);
  ASSERT_EQ(run.adopt(), "");
  const Verdict after = run.run(segment(flag::ack));
  EXPECT_EQ(after.reason, PortCounter::dropped_no_socket);
  EXPECT_TRUE(after.dropped);
  // What would not have come anyway is named by its own reason.
  EXPECT_EQ(run.run(ts::ethernet_frame({}, 0x0806, data())).reason, PortCounter::dropped_not_ip);
}

}  // namespace
}  // namespace shakedown::port
