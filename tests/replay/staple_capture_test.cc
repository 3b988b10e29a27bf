// SPDX-License-Identifier: Apache-2.0
//
// A staple that a real server sent comes out as it went in: OpenSSL reads it and finds the
// certificate of the same handshake revoked. TLS 1.3 hides its own.
//
//     staple_capture_test <folder of the laboratory's captures>
#include <gtest/gtest.h>
#include <openssl/ocsp.h>
#include <pcap/pcap.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "worker_harness.h"

namespace shakedown {
namespace {

using test_harness::WorkerHarness;

std::filesystem::path captures;

using Response = std::unique_ptr<OCSP_RESPONSE, decltype(&OCSP_RESPONSE_free)>;
using BasicResponse = std::unique_ptr<OCSP_BASICRESP, decltype(&OCSP_BASICRESP_free)>;

void follow(WorkerHarness& harness, const std::string& name) {
  char error[PCAP_ERRBUF_SIZE];
  pcap_t* const pcap = pcap_open_offline_with_tstamp_precision((captures / name).c_str(),
                                                               PCAP_TSTAMP_PRECISION_NANO, error);
  ASSERT_NE(pcap, nullptr) << error;
  const auto link_type = packet::link_type_from_dlt(pcap_datalink(pcap));
  pcap_pkthdr* header = nullptr;
  const u_char* data = nullptr;
  while (pcap_next_ex(pcap, &header, &data) == 1) {
    const auto seconds = static_cast<std::uint64_t>(header->ts.tv_sec);
    const auto nanos = static_cast<std::uint64_t>(header->ts.tv_usec);
    harness.feed_packet(Bytes(data, header->caplen), seconds * 1'000'000'000 + nanos, link_type);
  }
  pcap_close(pcap);
  harness.finish();
}

/// V_OCSP_CERTSTATUS_... of its only certificate; -1: it is no response to a question for one.
int status_in(const std::vector<std::uint8_t>& body) {
  const unsigned char* at = body.data();
  const Response response(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(body.size())),
                          &OCSP_RESPONSE_free);
  if (!response || at != body.data() + body.size()) return -1;
  const BasicResponse basic(OCSP_response_get1_basic(response.get()), &OCSP_BASICRESP_free);
  if (!basic || OCSP_resp_count(basic.get()) != 1) return -1;
  return OCSP_single_get0_status(OCSP_resp_get0(basic.get(), 0), nullptr, nullptr, nullptr,
                                 nullptr);
}

TEST(StapleCapture, OfTls12IsWhatTheServerSent) {
  WorkerHarness harness;
  follow(harness, "certificate_revoked.gnutls.nginx.tlsv12.pcap");
  ASSERT_EQ(harness.records().size(), 1u);
  const HandshakeRecord& record = harness.records()[0];
  EXPECT_TRUE(record.server_hello_facts.flags & ServerHelloFacts::ocsp_staple_seen);
  ASSERT_TRUE(harness.definitions().contains(record.ocsp_definition));
  EXPECT_EQ(status_in(harness.definitions().at(record.ocsp_definition)), V_OCSP_CERTSTATUS_REVOKED);
}

TEST(StapleCapture, OfTls13IsNotSeen) {
  WorkerHarness harness;
  follow(harness, "certificate_revoked.gnutls.nginx.tlsv13.pcap");
  ASSERT_EQ(harness.records().size(), 1u);
  EXPECT_EQ(harness.records()[0].ocsp_definition, 0u);
}

}  // namespace
}  // namespace shakedown

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc != 2) return 2;
  shakedown::captures = argv[1];
  return RUN_ALL_TESTS();
}
