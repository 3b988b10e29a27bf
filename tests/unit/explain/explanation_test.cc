// SPDX-License-Identifier: Apache-2.0
#include "explain/explanation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "explain/report.h"
#include "explain_events.h"

namespace shakedown::explain {
namespace {

namespace json = boost::json;

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(Explanation, TellsAnEventInFull) {
  EXPECT_EQ(explanation(test::a_failure()),
            R"(Event 00112233445566aa, 2025-11-20 14:05:05 UTC
What was seen
  - 192.0.2.7:50123 to 198.51.100.5:443; server name api.example.com; capture
    edge.pcap; VLAN 10
  - the client's ClientHello: versions TLS 1.3, 1.2; 517 bytes; 2 cipher suites;
    groups x25519; ALPN h2
  - the server chose: TLS 1.2; TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256; group
    x25519
  - the server's certificate: CN=api.example.com, issued by CN=Example CA, valid
    from 2024-01-01 00:00:00 until 2025-01-01 00:00:00
  - alert from the client: certificate_expired (45), fatal
  - the end: the client ended it by an alert after the server's Certificate
    (alert_after_certificate)
What was concluded
  The handshake failed because the server's certificate has expired
    (certificate_expired). This is certain.
Why
  - the client said certificate_expired
  - it expired 323 days before
What speaks against it
  - others accept it
What else it could be
  - the client's clock is wrong (clock_skew, possible)
What would prove it wrong
  - the same client accepts it later
What the server owner can do
  Renew it.
To see it again
  openssl s_client -connect 198.51.100.5:443 </dev/null
)");
}

TEST(Explanation, SaysPlainlyThatNothingIsKnown) {
  json::value event = test::a_failure();
  event.at("shakedown").at("cause") = {{"id", "unknown"}, {"confidence", "possible"}};
  EXPECT_THAT(explanation(event),
              HasSubstr("What was seen does not tell why it failed (unknown)."));
  event.at("shakedown").as_object().erase("cause");
  EXPECT_THAT(explanation(event), HasSubstr("The event names no cause"));
}

TEST(Explanation, TellsOfWarnings) {
  json::value event = test::a_success();
  event.at("shakedown").as_object()["warnings"] = {{{"id", "rejected_by_client"},
                                                    {"text", "the client left without a request"},
                                                    {"cause",
                                                     {{"id", "untrusted_ca"},
                                                      {"confidence", "likely"},
                                                      {"remedy", "Install it."},
                                                      {"for", "client owner"}}}}};
  const std::string text = explanation(event);
  EXPECT_THAT(text, HasSubstr("It succeeded, but\n  The client left without a request "
                              "(rejected_by_client).\n"));
  EXPECT_THAT(text, HasSubstr("(untrusted_ca). This is"));
  EXPECT_THAT(text, HasSubstr("What the client owner can do\n  Install it.\n"));
}

TEST(Explanation, DoesNotLetStrangersMoveTheCursor) {
  json::value event = test::a_failure();
  const std::string evil = "\x1b[2J\r\n\xc2\x9b";
  event.at("tls").at("client").at("server_name") = evil;
  event.at("tls").at("server").at("subject") = evil;
  event.at("shakedown").at("cause").at("id") = evil;
  event.at("shakedown").at("cause").at("reproduce") = evil;
  event.at("shakedown").at("cause").at("evidence") = {evil};
  event.at("shakedown").at("alerts").at(0).at("name") = evil;
  event.at("@timestamp") = evil;
  for (const std::string& text : {explanation(event), [&] {
                                    Collection collection(*serve::parse_subject("192.0.2.7"));
                                    collection.add(event);
                                    collection.add(event);
                                    return report_text(collection, "in a file", 10);
                                  }()}) {
    for (const char letter : text) {
      EXPECT_TRUE(letter == '\n' || (letter >= 0x20 && letter < 0x7f)) << text;
    }
  }
}

TEST(Explanation, LeavesOutWhatIsMissing) {
  const json::value event = json::parse(R"({"event":{"dataset":"shakedown.handshake"}})");
  EXPECT_EQ(explanation(event),
            "An event, at a time that is not known\nWhat was seen\n  - an unknown address to an "
            "unknown address\n  - the end: what was "
            "captured does not show how it ended ()\n");
}

class ReportTest : public testing::Test {
 protected:
  std::string text(unsigned rows = 10) { return report_text(collection_, "in edge.pcap", rows); }
  Collection collection_{*serve::parse_subject("198.51.100.5")};
};

TEST_F(ReportTest, TellsOneEventAlone) {
  collection_.add(test::a_failure());
  EXPECT_EQ(text(), explanation(test::a_failure()));
}

TEST_F(ReportTest, ListsGroupsBeforeTheDetails) {
  collection_.add(test::a_failure("192.0.2.7", 1));
  collection_.add(test::a_failure("192.0.2.8", 2));
  collection_.add(test::a_failure("192.0.2.7", 3));
  collection_.add(test::a_success());
  EXPECT_THAT(text(), StartsWith(R"(198.51.100.5: 3 failed, 1 succeeded

  3 certificate_expired (certain) at 198.51.100.5:443 for api.example.com
    the server's certificate has expired
    2025-11-20 14:05:01 to 14:05:03 UTC, 2 clients: 192.0.2.7 (2), 192.0.2.8
    newest: 00112233445566aa, 00112233445566aa, 00112233445566aa

One of the first kind, the newest of the surest:
Event 00112233445566aa, 2025-11-20 14:05:03 UTC
)"));
}

TEST_F(ReportTest, SaysHowSureEachIsWhereTheyDiffer) {
  json::value event = test::a_failure();
  event.at("shakedown").at("cause").at("confidence") = "likely";
  collection_.add(event);
  collection_.add(event);
  collection_.add(test::a_failure());
  EXPECT_THAT(text(), HasSubstr("  3 certificate_expired (1 certain, 2 likely) at"));
}

TEST_F(ReportTest, SaysHowManyKindsAreLeftOut) {
  for (int i = 0; i < 4; ++i) {
    json::value event = test::a_failure();
    event.at("tls").at("client").at("server_name") = std::string(1, static_cast<char>('a' + i));
    collection_.add(event);
  }
  EXPECT_THAT(text(3), HasSubstr("  1 more kinds; --top N shows more\n"));
  EXPECT_THAT(text(4), Not(HasSubstr("more kinds")));
}

TEST_F(ReportTest, SaysThatNothingFailed) {
  collection_.add(test::a_success());
  EXPECT_EQ(text(), "Nothing of 198.51.100.5 failed in edge.pcap: 0 failed, 1 succeeded.\n");
}

TEST_F(ReportTest, SaysThatNothingIsKnown) {
  EXPECT_EQ(text(),
            "Nothing is known of 198.51.100.5 in edge.pcap: 0 events are there, none of them\n"
            "  about it.\n");
}

TEST_F(ReportTest, HasTheSameInJson) {
  collection_.add(test::a_failure("192.0.2.7", 1));
  collection_.add(test::a_failure("192.0.2.8", 2));
  const json::object report = json::parse(report_json(collection_, 10)).as_object();
  EXPECT_EQ(report.at("subject"), "198.51.100.5");
  EXPECT_EQ(report.at("failed"), 2);
  const json::object& group = report.at("groups").at(0).as_object();
  EXPECT_EQ(group.at("cause"), "certificate_expired");
  EXPECT_EQ(group.at("count"), 2);
  EXPECT_EQ(group.at("client_count"), 2);
  EXPECT_EQ(report.at("event").at("@timestamp"), "2025-11-20T14:05:02.123456Z");
  EXPECT_FALSE(report.contains("profiles"));
}

TEST_F(ReportTest, TellsWhatIsKnownOfServers) {
  const json::value answer = json::parse(
      R"({"profiles":[{"server":"198.51.100.5:443","server_name":"www.example.com","successes":12,)"
      R"("failures":3,"last_success":"2025-11-20T14:05:01.123456Z","versions":["TLSv1.3","TLSv1.2"],)"
      R"("certificate":{"subject":"CN=a","issuer":"CN=b"}}]})");
  EXPECT_EQ(profiles_text(answer),
            "What is known of 198.51.100.5:443 (www.example.com)\n"
            "  - about 12 handshakes succeeded lately, 3 failed\n"
            "  - the latest success began at 2025-11-20 14:05:01 UTC\n"
            "  - versions that succeed: TLSv1.3, TLSv1.2\n"
            "  - certificate: CN=a, issued by CN=b\n");
  EXPECT_EQ(profiles_text(json::parse("{}")), "");
}

}  // namespace
}  // namespace shakedown::explain
