// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>

#include "enrich/chain_judge.h"
#include "export/event_id.h"
#include "handshake_records.h"
#include "serve/explain_answer.h"
#include "serve/protocol.h"
#include "serve/subject.h"

namespace shakedown::serve {
namespace {

namespace json = boost::json;

TEST(Subject, TakesAddressesOfBothFamilies) {
  const auto bare = parse_subject("192.0.2.7");
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->kind, Subject::Kind::address);
  EXPECT_EQ(bare->port, 0);
  EXPECT_EQ(subject_text(*bare), "192.0.2.7");
  EXPECT_EQ(subject_text(*parse_subject("192.0.2.7:443")), "192.0.2.7:443");
  EXPECT_EQ(subject_text(*parse_subject("2001:DB8::1")), "2001:db8::1");
  EXPECT_EQ(subject_text(*parse_subject("[2001:db8::1]")), "2001:db8::1");
  EXPECT_EQ(subject_text(*parse_subject("[2001:db8::1]:443")), "[2001:db8::1]:443");
}

TEST(Subject, TakesNamesInAnyCase) {
  const auto name = parse_subject("API.Example.COM.");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->kind, Subject::Kind::name);
  EXPECT_EQ(subject_text(*name), "api.example.com");
  EXPECT_EQ(subject_text(*parse_subject("api.example.com:8443")), "api.example.com:8443");
}

TEST(Subject, TakesSixteenHexDigitsForAnEvent) {
  EXPECT_EQ(parse_subject("0123456789ABCDEF")->kind, Subject::Kind::event);
  EXPECT_EQ(parse_subject("0123456789abcde")->kind, Subject::Kind::name);
  EXPECT_EQ(parse_subject("0123456789abcdef0")->kind, Subject::Kind::name);
  EXPECT_EQ(parse_subject("0123456789abcdeg")->kind, Subject::Kind::name);
}

TEST(Subject, RefusesWhatIsNone) {
  for (const char* text : {"", ".", "a b", "a/b", "name:", "name:0", "name:65536", "name:x",
                           "a\x1b[31m", "192.0.2.7/24", "[2001:db8::1", "user@host"}) {
    EXPECT_FALSE(parse_subject(text)) << text;
  }
  EXPECT_TRUE(parse_subject(std::string(255, 'a')));
  EXPECT_FALSE(parse_subject(std::string(kSubjectSizeMax + 1, 'a')));
}

SubjectTraits traits_of(const HandshakeRecord& record, std::string_view name = "www.example.com") {
  return {.event_id = "00112233445566aa",
          .family = record.family,
          .client_address = record.client_address,
          .server_address = record.server_address,
          .client_port = record.client_port,
          .server_port = record.server_port,
          .server_name = name};
}

TEST(Subject, MatchesEitherEndAndTheName) {
  const HandshakeRecord record = test::a_handshake();
  for (const char* text :
       {"192.0.2.7", "198.51.100.5", "192.0.2.7:50123", "198.51.100.5:443", "www.example.com",
        "WWW.example.com.", "www.example.com:443", "00112233445566AA"}) {
    EXPECT_TRUE(matches(*parse_subject(text), traits_of(record))) << text;
  }
  for (const char* text : {"192.0.2.8", "192.0.2.7:443", "198.51.100.5:50123", "example.com",
                           "www.example.com:444", "00112233445566ab", "::"}) {
    EXPECT_FALSE(matches(*parse_subject(text), traits_of(record))) << text;
  }
  EXPECT_TRUE(matches(*parse_subject("00112233445566ab"), traits_of(record, "00112233445566ab")));
  EXPECT_TRUE(matches(*parse_subject("www.example.com"), traits_of(record, "www.example.com.")));
}

TEST(Protocol, KnowsTheRequestToExplain) {
  const auto parsed = parse_request(explain_request_line("192.0.2.7"));
  const auto* request = std::get_if<Request>(&parsed);
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(command_name(*request), "explain");
  EXPECT_EQ(subject_text(std::get<ExplainRequest>(*request).subject), "192.0.2.7");
}

TEST(Protocol, RefusesToExplainNothing) {
  const auto reason = [](const char* line) {
    const auto parsed = parse_request(line);
    const auto* refusal = std::get_if<Refusal>(&parsed);
    return refusal == nullptr ? std::string("none") : refusal->reason;
  };
  EXPECT_EQ(reason(R"({"command":"explain"})"), "malformed");
  EXPECT_EQ(reason(R"({"command":"explain","subject":7})"), "malformed");
  EXPECT_EQ(reason(R"({"command":"explain","subject":"a b"})"), "bad_value");
  EXPECT_EQ(reason(R"({"command":"explain","subject":"a","file":"b"})"), "malformed");
}

class RecentEventsTest : public testing::Test {
 protected:
  void add(RecentEvents& events, std::uint8_t client, std::string line = "{}\n") {
    HandshakeRecord record = test::a_handshake(OutcomeKind::reset, Stage::client_hello);
    record.client_address = test::ipv4(192, 0, 2, client);
    record.first_seen.value += client;
    test::set_name(record, "www.example.com");
    events.add(enrich::resolve(record, store_, judge_), line);
  }
  static std::vector<std::string> lines(const RecentEvents::Found& found) {
    std::vector<std::string> all;
    for (const auto* entry : found.entries) all.push_back(entry->line);
    return all;
  }

  enrich::DefinitionStore store_;
  enrich::ChainJudge judge_;
};

TEST_F(RecentEventsTest, FindsTheLatestOldestFirst) {
  RecentEvents events;
  for (std::uint8_t i = 1; i <= 5; ++i) add(events, i, fmt::format("{{\"n\":{}}}\n", i));
  const auto found = events.latest(*parse_subject("www.example.com"), 3);
  EXPECT_EQ(found.count, 5u);
  EXPECT_EQ(lines(found), (std::vector<std::string>{"{\"n\":3}", "{\"n\":4}", "{\"n\":5}"}));
  EXPECT_EQ(lines(events.latest(*parse_subject("192.0.2.2"), 3)),
            (std::vector<std::string>{"{\"n\":2}"}));
  EXPECT_EQ(events.latest(*parse_subject("192.0.2.9"), 3).count, 0u);
}

TEST_F(RecentEventsTest, ForgetsTheOldestAtItsLimit) {
  RecentEvents one;
  add(one, 1, std::string(100, 'x'));
  const std::size_t size = one.bytes();
  RecentEvents exact(3 * size), below(3 * size - 1);
  for (std::uint8_t i = 1; i <= 3; ++i) {
    add(exact, i, std::string(100, 'x'));
    add(below, i, std::string(100, 'x'));
  }
  EXPECT_EQ(exact.count(), 3u);
  EXPECT_EQ(below.count(), 2u);
  EXPECT_LE(below.bytes(), 3 * size - 1);
  EXPECT_EQ(below.latest(*parse_subject("192.0.2.1"), 3).count, 0u);
  EXPECT_EQ(below.since().value, test::kStart + 2);
}

TEST_F(RecentEventsTest, DoesNotKeepWhatIsLargerThanAll) {
  RecentEvents events(2048);
  add(events, 1);
  add(events, 2, std::string(4096, 'x'));
  EXPECT_EQ(events.count(), 1u);
}

TEST_F(RecentEventsTest, AnswersWithEventsAndProfiles) {
  RecentEvents events;
  add(events, 1, R"({"n":1})");
  add(events, 2, R"({"n":2})");
  unsigned asked = 0;
  const std::string line = explain_answer(*parse_subject("www.example.com"), events,
                                          [&asked](const HandshakeRecord& record) {
                                            ++asked;
                                            EXPECT_EQ(record.server_port, 443);
                                            return std::string(R"({"server":"s"})");
                                          });
  const json::object answer = json::parse(line).as_object();
  EXPECT_EQ(answer.at("ok"), true);
  EXPECT_EQ(answer.at("command"), "explain");
  EXPECT_EQ(answer.at("subject"), "www.example.com");
  EXPECT_EQ(answer.at("kept").at("events"), 2);
  EXPECT_EQ(answer.at("matched"), 2);
  EXPECT_EQ(answer.at("events").as_array().size(), 2u);
  EXPECT_EQ(answer.at("profiles"), (json::array{{{"server", "s"}}}));
  EXPECT_EQ(asked, 1u);
}

TEST_F(RecentEventsTest, AnswersWithNothing) {
  const RecentEvents events;
  const json::object answer =
      json::parse(explain_answer(*parse_subject("192.0.2.1"), events, {})).as_object();
  EXPECT_EQ(answer.at("matched"), 0);
  EXPECT_TRUE(answer.at("events").as_array().empty());
  EXPECT_FALSE(answer.at("kept").as_object().contains("since"));
}

TEST_F(RecentEventsTest, DescribesAServer) {
  HandshakeRecord record = test::a_handshake();
  test::set_name(record, "www.example.com");
  const enrich::Handshake handshake = enrich::resolve(record, store_, judge_);
  diagnose::ServerView view;
  EXPECT_EQ(profile_json(handshake, view), "");
  view.known = true;
  view.successes = 11.6f;
  const std::vector<diagnose::Weighed<std::uint16_t>> versions{{0x0304, 3.0f, {}},
                                                               {0x0303, 1.0f, {}}};
  view.versions = versions;
  const std::vector<std::string> protocols{"h2"};
  view.application_protocols = protocols;
  view.success_before = UnixNanos{test::kStart};
  const json::object profile = json::parse(profile_json(handshake, view)).as_object();
  EXPECT_EQ(profile.at("server"), "198.51.100.5:443");
  EXPECT_EQ(profile.at("server_name"), "www.example.com");
  EXPECT_EQ(profile.at("successes"), 12);
  EXPECT_EQ(profile.at("versions"), (json::array{"TLSv1.3", "TLSv1.2"}));
  EXPECT_EQ(profile.at("application_protocols"), (json::array{"h2"}));
  EXPECT_EQ(profile.at("last_success"), "2025-11-20T14:05:01.123456Z");
  EXPECT_FALSE(profile.contains("certificate"));
}

}  // namespace
}  // namespace shakedown::serve
