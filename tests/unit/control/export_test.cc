// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>
#include <span>
#include <string>

#include "export/code_names.h"
#include "export/community_id.h"
#include "export/handshake_event.h"
#include "export/json_writer.h"
#include "export/output_file.h"
#include "export/text.h"
#include "export/tls_names.h"
#include "handshake_records.h"

namespace shakedown::exporting {
namespace {

namespace json = boost::json;

std::string json_string(std::string_view text) {
  fmt::memory_buffer out;
  append_json_string(out, text);
  return fmt::to_string(out);
}

TEST(JsonString, EscapesWhatJsonForbids) {
  EXPECT_EQ(json_string("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(json_string(std::string_view("\0\n\x7f", 3)), R"("\u0000\u000a\u007f")");
}

TEST(JsonString, KeepsUtf8AndEscapesWhatIsNot) {
  EXPECT_EQ(json_string("b\xc3\xbc"
                        "cher"),
            "\"b\xc3\xbc"
            "cher\"");
  EXPECT_EQ(json_string("\xff"), R"("\u00ff")");
  EXPECT_EQ(json_string("\xc3"), R"("\u00c3")");
  EXPECT_EQ(json_string("\xc0\x80"), R"("\u00c0\u0080")");            // overlong
  EXPECT_EQ(json_string("\xed\xa0\x80"), R"("\u00ed\u00a0\u0080")");  // surrogate
  EXPECT_EQ(json_string("\xf4\x90\x80\x80"), R"("\u00f4\u0090\u0080\u0080")");
  EXPECT_EQ(json_string("\xf0\x9f\x98\x80"), "\"\xf0\x9f\x98\x80\"");
}

TEST(JsonWriter, PutsCommasBetweenAndNotAround) {
  fmt::memory_buffer out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.member("a", 1);
  writer.begin_array("b");
  writer.value("x");
  writer.value("y");
  writer.end_array();
  writer.begin_object("c");
  writer.end_object();
  writer.member("d", true);
  writer.member("e", 0.5, 2);
  writer.end_object();
  EXPECT_EQ(fmt::to_string(out), R"({"a":1,"b":["x","y"],"c":{},"d":true,"e":0.50})");
}

TEST(TlsNames, TablesAscend) {
  const auto ascends = [](std::span<const CodeName> names) {
    for (std::size_t i = 1; i < names.size(); ++i) {
      if (names[i - 1].code >= names[i].code) return false;
    }
    return true;
  };
  EXPECT_TRUE(ascends({kCipherSuiteNames, kCipherSuiteNamesCount}));
  EXPECT_TRUE(ascends({kNamedGroupNames, kNamedGroupNamesCount}));
  EXPECT_TRUE(ascends({kSignatureSchemeNames, kSignatureSchemeNamesCount}));
}

TEST(TlsNames, KnowTheRegistry) {
  EXPECT_EQ(cipher_suite_name(0x0000), "TLS_NULL_WITH_NULL_NULL");
  EXPECT_EQ(cipher_suite_name(0x1301), "TLS_AES_128_GCM_SHA256");
  EXPECT_EQ(cipher_suite_name(0xc02f), "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
  EXPECT_EQ(cipher_suite_name(0xc755), "0xc755");
  EXPECT_EQ(cipher_suite_name(0xffff), "0xffff");
  EXPECT_EQ(named_group_name(0x001d), "x25519");
  EXPECT_EQ(named_group_name(0x11ec), "X25519MLKEM768");
  EXPECT_EQ(named_group_name(0x11eb), "SecP256r1MLKEM768");
  EXPECT_EQ(named_group_name(0x6399), "X25519Kyber768Draft00");
  EXPECT_EQ(named_group_name(0x0100), "ffdhe2048");
  EXPECT_EQ(signature_scheme_name(0x0804), "rsa_pss_rsae_sha256");
  EXPECT_EQ(alert_name(AlertDescription::unknown_ca), "unknown_ca");
  EXPECT_EQ(alert_name(AlertDescription{200}), "alert_200");
}

TEST(TlsNames, SpellVersions) {
  EXPECT_EQ(version_number(0x0303), "1.2");
  EXPECT_EQ(version_number(0x0300), "3.0");
  EXPECT_EQ(version_protocol(0x0300), "ssl");
  EXPECT_EQ(version_number(0x0002), "2.0");
  EXPECT_EQ(version_protocol(0x0002), "ssl");
  EXPECT_EQ(version_number(0x7f1c), "1.3-draft28");
  EXPECT_EQ(version_number(0xfb1a), "1.3-fb26");
  EXPECT_EQ(version_number(0x7e01), "1.3-exp1");
  EXPECT_EQ(version_number(0x1234), "0x1234");
  EXPECT_EQ(version_protocol(0x0304), "tls");
  EXPECT_EQ(version_label(0x0304), "TLSv1.3");
  EXPECT_EQ(version_label(0x0300), "SSLv3");
  EXPECT_EQ(version_label(0x0002), "SSLv2");
}

TEST(OutcomeNames, FollowTheDesign) {
  EXPECT_EQ(outcome_name(OutcomeKind::established, Stage::established), "established");
  EXPECT_EQ(outcome_name(OutcomeKind::reset, Stage::client_hello), "reset_after_client_hello");
  EXPECT_EQ(outcome_name(OutcomeKind::encrypted_alert, Stage::server_hello),
            "encrypted_alert_after_server_hello");
  EXPECT_EQ(outcome_name(OutcomeKind::unanswered, Stage::tcp), "unanswered");
  EXPECT_EQ(outcome_name(OutcomeKind::non_tls_reply, Stage::client_hello), "non_tls_reply");
  EXPECT_EQ(outcome_name(OutcomeKind::starttls_refused, Stage::tcp), "starttls_refused");
  for (unsigned i = 0; i < kOutcomeKindCount; ++i) {
    EXPECT_NE(outcome_kind_name(static_cast<OutcomeKind>(i)), "unknown") << i;
  }
  EXPECT_EQ(party_name(Party::path), "path");
}

TEST(Text, TimesHaveMicroseconds) {
  EXPECT_EQ(time_text(UnixNanos{test::kStart}), "2025-11-20T14:05:01.123456Z");
  EXPECT_EQ(time_text(UnixNanos{1}), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(time_text(UnixNanos{-1}), "1969-12-31T23:59:59.999999Z");
}

TEST(Text, TerminalTextMovesNoCursor) {
  EXPECT_EQ(terminal_text("a\x1b[31m", 80), "a\\x1b[31m");
  EXPECT_EQ(terminal_text("\xc2\x9b", 80), "\\xc2\\x9b");
  EXPECT_EQ(terminal_text("abcdef", 6), "abcdef");
  EXPECT_EQ(terminal_text("abcdefg", 6), "abcde~");
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(1234567), "1,234,567");
}

TEST(CommunityId, MatchesTheSpecificationInBothDirections) {
  HandshakeRecord record = test::a_handshake();
  record.client_address = test::ipv4(128, 232, 110, 120);
  record.client_port = 34855;
  record.server_address = test::ipv4(66, 35, 250, 204);
  record.server_port = 80;
  EXPECT_EQ(community_id(record), "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
  std::swap(record.client_address, record.server_address);
  std::swap(record.client_port, record.server_port);
  EXPECT_EQ(community_id(record), "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
}

std::string event_of(const HandshakeRecord& record, enrich::DefinitionStore& store) {
  enrich::ChainJudge judge;
  fmt::memory_buffer out;
  const EventContext context{
      .sensor_name = "edge-1", .capture_names = {"a.pcap"}, .interface_names = {}};
  append_handshake_event(out, enrich::resolve(record, store, judge), context);
  return fmt::to_string(out);
}

std::string live_event_of(const HandshakeRecord& record) {
  enrich::DefinitionStore store;
  enrich::ChainJudge judge;
  fmt::memory_buffer out;
  const EventContext context{
      .sensor_name = "edge-1", .capture_names = {}, .interface_names = {"eth1", "eth2"}};
  append_handshake_event(out, enrich::resolve(record, store, judge), context);
  return fmt::to_string(out);
}

json::object parsed(const HandshakeRecord& record) {
  enrich::DefinitionStore store;
  return json::parse(event_of(record, store)).as_object();
}

TEST(HandshakeEvent, NamesEveryKindOfTunnel) {
  HandshakeRecord record = test::a_handshake(OutcomeKind::alert, Stage::client_hello);
  record.tunnel_id = 7;
  std::set<std::string> names;
  for (unsigned kind = 1; kind < kTunnelKindCount; ++kind) {
    record.tunnel_kind = static_cast<TunnelKind>(kind);
    const auto name = std::string(parsed(record).at("shakedown").at("tunnel").as_string());
    EXPECT_NE(name.substr(0, 7), "tunnel_") << kind;
    EXPECT_TRUE(names.insert(name).second) << name;
  }
  EXPECT_TRUE(names.contains("vn_tag:7"));
  EXPECT_TRUE(names.contains("e_tag:7"));
}

TEST(HandshakeEvent, HasTheFieldsOfTheDesign) {
  HandshakeRecord record = test::a_handshake(OutcomeKind::alert, Stage::client_hello);
  record.outcome.by = Party::server;
  record.vlan_outer = 10;
  record.tunnel_kind = TunnelKind::vxlan;
  record.tunnel_id = 42;
  test::set_name(record, "api.example.com");
  test::add_alert(record, {.level = AlertLevel::fatal,
                           .description = AlertDescription::protocol_version,
                           .from = Party::server});
  json::object event = parsed(record);
  EXPECT_EQ(event["@timestamp"], "2025-11-20T14:05:01.124456Z");
  EXPECT_EQ(event.at("event").at("dataset"), "shakedown.handshake");
  EXPECT_EQ(event.at("event").at("outcome"), "failure");
  EXPECT_EQ(event.at("event").at("action"), "alert_after_client_hello");
  EXPECT_EQ(event.at("event").at("duration"), 41 * kNanosPerMilli);
  EXPECT_EQ(event.at("source").at("ip"), "192.0.2.7");
  EXPECT_EQ(event.at("source").at("port"), 50123);
  EXPECT_EQ(event.at("destination").at("port"), 443);
  EXPECT_EQ(event.at("network").at("vlan").at("id"), "10");
  EXPECT_EQ(event.at("observer").at("name"), "edge-1");
  EXPECT_EQ(event.at("tls").at("version"), "1.2");
  EXPECT_EQ(event.at("tls").at("version_protocol"), "tls");
  EXPECT_EQ(event.at("tls").at("cipher"), "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
  EXPECT_EQ(event.at("tls").at("curve"), "x25519");
  EXPECT_EQ(event.at("tls").at("established"), false);
  EXPECT_EQ(event.at("tls").at("resumed"), false);
  EXPECT_EQ(event.at("tls").at("client").at("server_name"), "api.example.com");
  const json::object& ours = event.at("shakedown").as_object();
  EXPECT_EQ(ours.at("capture"), "a.pcap");
  EXPECT_FALSE(event.at("observer").as_object().contains("ingress"));
  EXPECT_EQ(ours.at("outcome").at("by"), "server");
  EXPECT_EQ(ours.at("outcome").at("stage"), "client_hello");
  EXPECT_EQ(ours.at("alerts").at(0).at("code"), 70);
  EXPECT_EQ(ours.at("alerts").at(0).at("name"), "protocol_version");
  EXPECT_EQ(ours.at("client_hello").at("max_version"), "TLSv1.3");
  EXPECT_EQ(ours.at("tunnel"), "vxlan:42");
  EXPECT_FALSE(ours.contains("starttls"));
  EXPECT_FALSE(ours.contains("handshake"));
}

TEST(HandshakeEvent, NamesTheInterfaceAndNoCaptureInALiveRun) {
  HandshakeRecord record = test::a_handshake();
  record.port_index = 1;
  const json::object event = json::parse(live_event_of(record)).as_object();
  EXPECT_EQ(event.at("observer").at("ingress").at("interface").at("name"), "eth2");
  EXPECT_FALSE(event.at("shakedown").as_object().contains("capture"));
  record.port_index = 2;
  const json::object unknown = json::parse(live_event_of(record)).as_object();
  EXPECT_FALSE(unknown.at("observer").as_object().contains("ingress"));
}

TEST(HandshakeEvent, ReportsARejectionAfterAnEstablishedHandshake) {
  HandshakeRecord record = test::a_handshake();
  EXPECT_FALSE(parsed(record).at("shakedown").as_object().contains("rejection"));
  record.flags |= HandshakeRecord::late_rejection;
  const json::object event = parsed(record);
  EXPECT_EQ(event.at("tls").at("established"), true);
  const json::object& rejection = event.at("shakedown").at("rejection").as_object();
  EXPECT_EQ(rejection.at("by"), "client");
  EXPECT_EQ(rejection.at("inferred"), true);
  EXPECT_EQ(rejection.at("evidence"), "closed without sending anything after Finished");
}

TEST(HandshakeEvent, ReportsNoRejectionBesideAFailure) {
  HandshakeRecord record = test::a_handshake(OutcomeKind::encrypted_alert, Stage::client_finished);
  record.flags |= HandshakeRecord::late_rejection;
  EXPECT_FALSE(parsed(record).at("shakedown").as_object().contains("rejection"));
}

TEST(HandshakeEvent, NamesWhatWasSpokenBesideTls) {
  HandshakeRecord record = test::a_handshake(OutcomeKind::starttls_refused, Stage::tcp);
  EXPECT_FALSE(parsed(record).at("shakedown").as_object().contains("service"));
  record.starttls = StartTls::smtp;
  record.client_service = {.service = Service::smtp};
  record.server_service = {.service = Service::smtp, .code = 454};
  const json::object event = parsed(record);
  EXPECT_EQ(event.at("event").at("outcome"), "failure");
  EXPECT_EQ(event.at("event").at("action"), "starttls_refused");
  EXPECT_EQ(event.at("tls").at("established"), false);
  EXPECT_EQ(event.at("shakedown").at("starttls"), "smtp");
  const json::object& service = event.at("shakedown").at("service").as_object();
  EXPECT_EQ(service.at("client"), "smtp");
  EXPECT_FALSE(service.contains("client_code"));
  EXPECT_EQ(service.at("server"), "smtp");
  EXPECT_EQ(service.at("server_code"), 454);
}

TEST(HandshakeEvent, ShowsTheEvidenceAboutThePath) {
  HandshakeRecord record = test::a_handshake(OutcomeKind::reset, Stage::client_hello);
  for (const char* field : {"path", "path_evidence", "tampering_signature", "duplicates"}) {
    EXPECT_FALSE(parsed(record).at("shakedown").as_object().contains(field)) << field;
  }
  record.outcome.by = Party::path;
  record.ending = {.ip_id = 1,
                   .window = 0,
                   .payload_length = 12,
                   .ttl = 57,
                   .tcp_flags = 0x14,
                   .rst_count_server = 2,
                   .data_after_rst = 3,
                   .from = Party::server};
  record.path = {.evidence = path_evidence::reset_too_early | path_evidence::ttl_differs |
                             path_evidence::icmp_error |
                             path_evidence::large_segments_lost_to_client,
                 .ending_delay_micros = 400,
                 .round_trip_micros = 38'200,
                 .side_ip_id = 2,
                 .side_window = 502,
                 .stalled_segment_bytes = 1448,
                 .icmp_mtu = 1400,
                 .duplicate_count = 9,
                 .side_ttl_min = 51,
                 .side_ttl_max = 52,
                 .stalled_segment_count = 4,
                 .icmp_count = 1,
                 .icmp = IcmpError::packet_too_big,
                 .icmp_type = 3,
                 .icmp_code = 4,
                 .confidence = PathConfidence::certain,
                 .signature = TamperingSignature::psh_rst_ack_rst_ack};
  record.icmp_sender = test::ipv4(10, 1, 2, 3);
  const json::object event = parsed(record);
  const json::object& ours = event.at("shakedown").as_object();
  EXPECT_EQ(ours.at("outcome").at("by"), "path");
  EXPECT_EQ(ours.at("duplicates"), 9);
  EXPECT_EQ(ours.at("tampering_signature"), "PSH+ACK -> RST+ACK;RST+ACK");
  EXPECT_EQ(ours.at("path_evidence").as_array().size(), 4u);
  const json::object& path = ours.at("path").as_object();
  EXPECT_EQ(path.at("confidence"), "certain");
  EXPECT_EQ(json::serialize(path.at("evidence")),
            R"(["reset_too_early","ttl_differs","icmp_error","large_segments_lost_to_client"])");
  EXPECT_EQ(path.at("ending_delay_us"), 400);
  EXPECT_EQ(path.at("ending_from"), "server");
  EXPECT_EQ(path.at("ending_ttl"), 57);
  EXPECT_EQ(path.at("side_ttl_min"), 51);
  EXPECT_EQ(path.at("side_ttl_max"), 52);
  EXPECT_EQ(path.at("ending_ip_id"), 1);
  EXPECT_EQ(path.at("side_ip_id"), 2);
  EXPECT_EQ(path.at("ending_window"), 0);
  EXPECT_EQ(path.at("side_window"), 502);
  EXPECT_EQ(path.at("payload_length"), 12);
  EXPECT_EQ(path.at("resets_client"), 0);
  EXPECT_EQ(path.at("resets_server"), 2);
  EXPECT_EQ(path.at("segments_after_reset"), 3);
  EXPECT_EQ(path.at("round_trip_us"), 38'200);
  EXPECT_EQ(path.at("stalled_segment_bytes"), 1448);
  EXPECT_EQ(path.at("stalled_segment_count"), 4);
  EXPECT_EQ(path.at("stalled_segment_direction"), "to_client");
  EXPECT_EQ(path.at("icmp").at("sender"), "10.1.2.3");
  EXPECT_EQ(path.at("icmp").at("error"), "packet_too_big");
  EXPECT_EQ(path.at("icmp").at("mtu"), 1400);
}

TEST(HandshakeEvent, ShowsAResetWithoutEvidenceAsItWas) {
  HandshakeRecord record = test::a_handshake(OutcomeKind::reset, Stage::client_hello);
  record.ending = {.ttl = 51, .tcp_flags = 0x04, .rst_count_client = 1, .from = Party::client};
  const json::object event = parsed(record);
  const json::object& path = event.at("shakedown").at("path").as_object();
  EXPECT_EQ(path.at("resets_client"), 1);
  for (const char* field : {"confidence", "evidence", "icmp", "side_ttl_min", "round_trip_us",
                            "stalled_segment_bytes"}) {
    EXPECT_FALSE(path.contains(field)) << field;
  }
  // IPv6 has no identification in its header.
  record.family = IpFamily::ipv6;
  EXPECT_FALSE(parsed(record).at("shakedown").at("path").as_object().contains("ending_ip_id"));
}

TEST(HandshakeEvent, LeavesOutWhatIsNotKnown) {
  HandshakeRecord record = test::a_handshake(OutcomeKind::unseen, Stage::client_hello);
  record.outcome.unseen_reason = UnseenReason::one_way;
  record.server_hello_facts = {};
  json::object event = parsed(record);
  const json::object& tls = event.at("tls").as_object();
  EXPECT_EQ(event.at("event").at("outcome"), "unknown");
  for (const char* field : {"version", "cipher", "curve", "established", "resumed", "server"}) {
    EXPECT_FALSE(tls.contains(field)) << field;
  }
  EXPECT_EQ(event.at("shakedown").at("outcome").at("unseen_reason"), "one_way");
}

TEST(HandshakeEvent, InventsNoCodeForAnEncryptedAlert) {
  HandshakeRecord record = test::a_handshake(OutcomeKind::encrypted_alert, Stage::server_hello);
  test::add_alert(record, {.from = Party::client, .encrypted = true});
  const json::object event = parsed(record);
  const json::object& alert = event.at("shakedown").at("alerts").at(0).as_object();
  EXPECT_EQ(alert.at("name"), "encrypted");
  EXPECT_EQ(alert.at("encrypted"), true);
  EXPECT_FALSE(alert.contains("code"));
  EXPECT_FALSE(alert.contains("level"));
}

TEST(HandshakeEvent, NamesTheKindOfAnEstablishedHandshake) {
  HandshakeRecord record = test::a_handshake();
  const auto kind = [&record] {
    return std::string(parsed(record).at("shakedown").at("handshake").as_string());
  };
  EXPECT_EQ(kind(), "full");
  record.client_certificate = ClientCertificate::inferred_sent;
  EXPECT_EQ(kind(), "mutual");
  record.server_hello_facts.flags |= ServerHelloFacts::resumed;
  EXPECT_EQ(kind(), "resumed");
  record.server_hello_facts.flags |= ServerHelloFacts::early_data_accepted;
  EXPECT_EQ(kind(), "zero_rtt");
}

TEST(HandshakeEvent, IsOneValidLineWhateverThePeersSent) {
  std::uint64_t state = 1;
  for (int round = 0; round < 500; ++round) {
    HandshakeRecord record;
    auto* bytes = reinterpret_cast<std::uint8_t*>(&record);
    for (std::size_t i = 0; i < sizeof record; ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      bytes[i] = static_cast<std::uint8_t>(state >> 56);
    }
    enrich::DefinitionStore store;
    const std::string line = event_of(record, store);
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    boost::system::error_code error;
    json::parse(line, error);
    EXPECT_FALSE(error) << error.message() << ' ' << line;
  }
}

TEST(OutputFile, SaysWhyItCannotBeOpened) {
  OutputFile missing;
  EXPECT_FALSE(missing.open("/nonexistent/events.ndjson"));
  EXPECT_EQ(missing.error(), "cannot open /nonexistent/events.ndjson: No such file or directory");
  OutputFile directory;
  EXPECT_FALSE(directory.open("/tmp"));
  EXPECT_EQ(directory.error(), "cannot open /tmp: Is a directory");
}

TEST(OutputFile, SaysThatTheDiskIsFullAndStaysQuietAfterwards) {
  OutputFile file;
  ASSERT_TRUE(file.open("/dev/full"));
  EXPECT_TRUE(file.write("a line\n"));
  EXPECT_FALSE(file.finish());
  EXPECT_EQ(file.error(), "cannot write /dev/full: No space left on device");
  EXPECT_FALSE(file.write("more"));
}

TEST(OutputFile, NoticesAFullDiskWhenTheBufferIs) {
  OutputFile file;
  ASSERT_TRUE(file.open("/dev/full"));
  EXPECT_TRUE(file.write(std::string(kOutputBufferBytes - 1, 'x')));
  EXPECT_FALSE(file.write("x"));
}

}  // namespace
}  // namespace shakedown::exporting
