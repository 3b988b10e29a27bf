// SPDX-License-Identifier: Apache-2.0
#include "export/path_words.h"

#include <gtest/gtest.h>

#include <set>

#include "export/service_names.h"
#include "handshake_records.h"

namespace shakedown::exporting {
namespace {

namespace evidence = path_evidence;
constexpr std::uint8_t kFin = 0x01;
constexpr std::uint8_t kRstAck = 0x14;

/// A reset in the server's name after the ClientHello.
HandshakeRecord a_reset() {
  HandshakeRecord record = test::a_handshake(OutcomeKind::reset, Stage::client_hello);
  record.ending = {.ip_id = 0,
                   .window = 8192,
                   .payload_length = 12,
                   .ttl = 57,
                   .tcp_flags = kRstAck,
                   .rst_count_server = 1,
                   .from = Party::server};
  record.path = {.ending_delay_micros = 400,
                 .round_trip_micros = 38'200,
                 .side_ip_id = 41'321,
                 .side_window = 502,
                 .side_ttl_min = 51,
                 .side_ttl_max = 51};
  return record;
}

std::string sentence_of(HandshakeRecord record, std::uint32_t bit) {
  record.path.evidence = bit;
  const auto sentences = path_sentences(record);
  return sentences.size() == 1 ? sentences.front() : "not one sentence";
}

TEST(PathWords, SayThatAResetCameTooEarly) {
  HandshakeRecord record = a_reset();
  EXPECT_EQ(
      sentence_of(record, evidence::reset_too_early),
      "the reset came 0.4 ms after the ClientHello that it acknowledges; the server has never "
      "answered in less than 38.2 ms");
  record.outcome.stage = Stage::server_hello;
  record.path.round_trip_micros = 0;
  record.path.ending_delay_micros = 1'234'567;
  EXPECT_EQ(sentence_of(record, evidence::reset_too_early),
            "the reset came 1,234 ms after the packet that it acknowledges");
  record.path.ending_delay_micros = 7;
  EXPECT_EQ(sentence_of(record, evidence::reset_too_early),
            "the reset came 0.007 ms after the packet that it acknowledges");
}

TEST(PathWords, SayWhatCameAfterTheEnd) {
  HandshakeRecord record = a_reset();
  record.ending.data_after_rst = 1;
  EXPECT_EQ(sentence_of(record, evidence::data_after_reset),
            "1 segment of data came from the server after its reset");
  record.ending.data_after_rst = 3;
  EXPECT_EQ(sentence_of(record, evidence::data_after_reset),
            "3 segments of data came from the server after its reset");
  record.ending.data_after_rst = 0;
  EXPECT_EQ(sentence_of(record, evidence::data_after_reset),
            "data came from the server after its reset");
  record.ending.from = Party::client;
  EXPECT_EQ(sentence_of(record, evidence::data_after_fin),
            "data came from the client after its FIN");
}

TEST(PathWords, CompareTheEndingWithWhatItsSideSentBefore) {
  HandshakeRecord record = a_reset();
  EXPECT_EQ(sentence_of(record, evidence::ttl_differs),
            "the reset's TTL is 57, the server's packets before it had 51");
  EXPECT_EQ(sentence_of(record, evidence::ip_id_differs),
            "the reset's IP ID is 0, the server's packet before it had 41321");
  EXPECT_EQ(sentence_of(record, evidence::window_differs),
            "the reset's window is 8192, the server's packet before it had 502");
  EXPECT_EQ(sentence_of(record, evidence::options_differ),
            "the reset's TCP options are not those of the server's packets before it");
  record.family = IpFamily::ipv6;
  record.path.side_ttl_max = 53;
  record.ending.tcp_flags = kFin;
  EXPECT_EQ(sentence_of(record, evidence::ttl_differs),
            "the FIN's hop limit is 57, the server's packets before it had 51 to 53");
}

TEST(PathWords, CountPayloadAndResets) {
  HandshakeRecord record = a_reset();
  EXPECT_EQ(sentence_of(record, evidence::payload_in_reset), "12 bytes of payload in the reset");
  record.ending.payload_length = 1;
  EXPECT_EQ(sentence_of(record, evidence::payload_in_reset), "1 byte of payload in the reset");
  record.ending.rst_count_server = 3;
  EXPECT_EQ(sentence_of(record, evidence::resets_disagree),
            "3 resets came from the server, and their numbers cannot all be its own");
  record.ending.rst_count_client = 1;
  EXPECT_EQ(sentence_of(record, evidence::both_sides_reset),
            "each end was reset in the other's name (1 from the client, 3 from the server), and "
            "neither reset answers the other");
}

TEST(PathWords, RepeatWhatIcmpSaid) {
  HandshakeRecord record = a_reset();
  record.icmp_sender = test::ipv4(10, 1, 2, 3);
  record.path.icmp = IcmpError::prohibited;
  record.path.icmp_count = 1;
  EXPECT_EQ(sentence_of(record, evidence::icmp_error),
            "ICMP from 10.1.2.3: administratively prohibited");
  record.path.icmp = IcmpError::packet_too_big;
  record.path.icmp_mtu = 1400;
  record.path.icmp_count = 5;
  EXPECT_EQ(sentence_of(record, evidence::icmp_error),
            "ICMP from 10.1.2.3: packet too big, at most 1400 bytes pass (5 times)");
  record.icmp_sender = {};
  record.family = IpFamily::ipv6;
  record.path.icmp = IcmpError::other;
  record.path.icmp_mtu = 0;
  record.path.icmp_count = 0;
  record.path.icmp_type = 4;
  record.path.icmp_code = 1;
  EXPECT_EQ(sentence_of(record, evidence::icmp_error), "ICMPv6: another error (type 4, code 1)");
}

TEST(PathWords, SayWhereLargePacketsAreLost) {
  HandshakeRecord record = a_reset();
  record.path.stalled_segment_bytes = 1448;
  record.path.stalled_segment_count = 4;
  EXPECT_EQ(sentence_of(record, evidence::large_segments_lost_to_client),
            "a segment of 1448 bytes to the client was sent 4 times and never acknowledged, while "
            "smaller ones passed: large packets are lost on the path to the client");
  EXPECT_EQ(sentence_of(record, evidence::large_segments_lost_to_server).substr(0, 47),
            "a segment of 1448 bytes to the server was sent ");
  record.path.stalled_segment_bytes = 0;
  record.path.stalled_segment_count = 0;
  EXPECT_EQ(sentence_of(record, evidence::large_segments_lost_to_client),
            "the large segments that the client still asks for never came by here, while smaller "
            "ones did: large packets are lost on the path to the client");
}

TEST(PathWords, HaveANameAndASentenceForEachPieceOfEvidence) {
  std::set<std::string> seen;
  for (unsigned index = 0; index < kPathEvidenceCount; ++index) {
    const std::string name(path_evidence_name(index));
    EXPECT_FALSE(name.empty());
    EXPECT_TRUE(seen.insert(name).second) << name;
    EXPECT_FALSE(sentence_of(a_reset(), 1u << index).empty()) << name;
  }
  HandshakeRecord all = a_reset();
  all.path.evidence = 0xffff'ffff;
  EXPECT_EQ(path_sentences(all).size(), kPathEvidenceCount);
  EXPECT_TRUE(path_sentences(a_reset()).empty());
  EXPECT_EQ(path_evidence_name(kPathEvidenceCount), "unknown");
}

TEST(PathWords, NameTheSignaturesAsThePaperDoes) {
  EXPECT_EQ(tampering_signature_name(TamperingSignature::none), "");
  EXPECT_EQ(tampering_signature_name(TamperingSignature::syn_nothing), "SYN -> nothing");
  EXPECT_EQ(tampering_signature_name(TamperingSignature::syn_rst_and_rst_ack),
            "SYN -> RST;RST+ACK");
  EXPECT_EQ(tampering_signature_name(TamperingSignature::ack_rst_rst), "SYN;ACK -> RST;RST");
  EXPECT_EQ(tampering_signature_name(TamperingSignature::psh_nothing), "PSH+ACK -> nothing");
  EXPECT_EQ(tampering_signature_name(TamperingSignature::psh_rst_same_rst), "PSH+ACK -> RST=RST");
  EXPECT_EQ(tampering_signature_name(TamperingSignature::psh_rst_different_rst),
            "PSH+ACK -> RST!=RST");
  EXPECT_EQ(tampering_signature_name(TamperingSignature::psh_rst_rst_zero), "PSH+ACK -> RST;RST0");
  EXPECT_EQ(tampering_signature_name(TamperingSignature::data_rst_ack), "PSH+ACK;Data -> RST+ACK");
  std::set<std::string_view> seen;
  for (unsigned i = 1; i < kTamperingSignatureCount; ++i) {
    EXPECT_TRUE(seen.insert(tampering_signature_name(static_cast<TamperingSignature>(i))).second);
  }
  EXPECT_EQ(tampering_signature_name(static_cast<TamperingSignature>(200)), "unknown");
}

TEST(PathWords, KnowNoNumbersOfANewerDataPlane) {
  EXPECT_EQ(path_confidence_name(PathConfidence::certain), "certain");
  EXPECT_EQ(path_confidence_name(static_cast<PathConfidence>(4)), "unknown");
  EXPECT_EQ(icmp_error_name(IcmpError::prohibited), "prohibited");
  EXPECT_EQ(icmp_error_name(static_cast<IcmpError>(8)), "unknown");
}

TEST(ServiceNames, AreAllThereAndDiffer) {
  std::set<std::string_view> services;
  for (unsigned i = 1; i < kServiceCount; ++i) {
    EXPECT_TRUE(services.insert(service_name(static_cast<Service>(i))).second) << i;
  }
  std::set<std::string_view> kinds;
  for (unsigned i = 1; i < kStartTlsCount; ++i) {
    EXPECT_TRUE(kinds.insert(starttls_name(static_cast<StartTls>(i))).second) << i;
  }
  EXPECT_FALSE(services.contains(""));
  EXPECT_FALSE(kinds.contains(""));
  EXPECT_EQ(service_name(Service::none), "");
  EXPECT_EQ(service_name(Service::ssh), "ssh");
  EXPECT_EQ(service_name(Service::block_page), "block_page");
  EXPECT_EQ(service_name(static_cast<Service>(kServiceCount)), "unknown");
  EXPECT_EQ(starttls_name(StartTls::smtp), "smtp");
  EXPECT_EQ(starttls_name(StartTls::http_connect), "http_connect");
  EXPECT_EQ(starttls_name(static_cast<StartTls>(kStartTlsCount)), "unknown");
}

}  // namespace
}  // namespace shakedown::exporting
