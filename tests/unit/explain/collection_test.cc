// SPDX-License-Identifier: Apache-2.0
#include "explain/collection.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "explain_events.h"

namespace shakedown::explain {
namespace {

namespace json = boost::json;

Collection about(std::string_view subject) { return Collection(*serve::parse_subject(subject)); }

TEST(Collection, KeepsWhatConcernsItsSubject) {
  for (const char* subject : {"192.0.2.7", "192.0.2.7:50123", "198.51.100.5:443", "198.51.100.5",
                              "API.example.com", "api.example.com:443", "00112233445566aa"}) {
    Collection collection = about(subject);
    collection.add(test::a_failure());
    collection.add_line(json::serialize(test::a_failure()));
    EXPECT_EQ(collection.failed_count(), 2u) << subject;
    EXPECT_TRUE(collection.explains());
  }
  for (const char* subject : {"192.0.2.8", "198.51.100.5:444", "example.com", "ffffffffffffffff"}) {
    Collection collection = about(subject);
    collection.add(test::a_failure());
    collection.add_line(json::serialize(test::a_failure()));
    EXPECT_EQ(collection.failed_count(), 0u) << subject;
    EXPECT_EQ(collection.event_count(), 2u);
    EXPECT_FALSE(collection.explains());
  }
}

TEST(Collection, GroupsByServerNameAndCause) {
  Collection collection = about("198.51.100.5");
  collection.add(test::a_failure("192.0.2.7", 1));
  collection.add(test::a_failure("192.0.2.8", 3));
  collection.add(test::a_failure("192.0.2.7", 2));
  json::value other = test::a_failure("192.0.2.7", 9);
  other.at("shakedown").at("cause").at("id") = "untrusted_ca";
  collection.add(other);
  other = test::a_failure();
  other.at("tls").at("client").at("server_name") = "www.example.com";
  collection.add(other);
  const auto groups = collection.groups();
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_EQ(groups[0]->count, 3u);
  EXPECT_EQ(groups[0]->server, "198.51.100.5:443");
  EXPECT_EQ(groups[0]->name, "api.example.com");
  EXPECT_EQ(groups[0]->cause, "certificate_expired");
  EXPECT_EQ(groups[0]->clients.at("192.0.2.7"), 2u);
  EXPECT_EQ(groups[0]->first, "2025-11-20T14:05:01.123456Z");
  EXPECT_EQ(groups[0]->last, "2025-11-20T14:05:03.123456Z");
  EXPECT_EQ(groups[1]->cause, "untrusted_ca");
  EXPECT_EQ(groups[2]->name, "www.example.com");
}

TEST(Collection, KeepsTheNewestExamplesWhateverTheOrder) {
  Collection collection = about("198.51.100.5");
  for (const unsigned second : {5u, 1u, 9u, 3u, 7u})
    collection.add(test::a_failure("192.0.2.7", second));
  const Group& group = *collection.groups().at(0);
  ASSERT_EQ(group.examples.size(), kExampleCountMax);
  EXPECT_EQ(group.examples[0].time.substr(17, 2), "09");
  EXPECT_EQ(group.examples[1].time.substr(17, 2), "07");
  EXPECT_EQ(group.examples[2].time.substr(17, 2), "05");
  EXPECT_EQ(group.example.at("@timestamp"), "2025-11-20T14:05:09.123456Z");
}

TEST(Collection, ShowsTheNewestOfTheSurest) {
  Collection collection = about("198.51.100.5");
  json::value event = test::a_failure("192.0.2.7", 9);
  event.at("shakedown").at("cause").at("confidence") = "possible";
  collection.add(event);
  collection.add(test::a_failure("192.0.2.7", 3));
  collection.add(test::a_failure("192.0.2.7", 4));
  event.at("shakedown").at("cause").at("confidence") = "\x1b[31m";
  collection.add(event);
  const Group& group = *collection.groups().at(0);
  EXPECT_EQ(group.example.at("@timestamp"), "2025-11-20T14:05:04.123456Z");
  EXPECT_EQ(group.last.substr(17, 2), "09");
  EXPECT_EQ(group.confidences,
            (std::map<std::string, std::uint64_t>{{"certain", 2}, {"possible", 1}}));
}

TEST(Collection, CountsSuccessesAndWhatCouldNotBeJudged) {
  Collection collection = about("192.0.2.7");
  collection.add(test::a_success());
  json::value unseen = test::a_success();
  unseen.at("event").at("outcome") = "unknown";
  collection.add(unseen);
  EXPECT_EQ(collection.succeeded_count(), 1u);
  EXPECT_EQ(collection.unjudged_count(), 1u);
  EXPECT_FALSE(collection.explains());
}

TEST(Collection, ListsWarningsBehindFailures) {
  Collection collection = about("192.0.2.7");
  json::value warned = test::a_success();
  warned.at("shakedown").as_object()["warnings"] = {
      {{"id", "self_signed"}, {"text", "t"}}, {{"id", "certificate_expires_soon"}, {"text", "t"}}};
  collection.add(warned);
  collection.add(warned);
  collection.add(test::a_failure());
  EXPECT_EQ(collection.warned_count(), 2u);
  EXPECT_EQ(collection.succeeded_count(), 2u);
  const auto groups = collection.groups();
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_FALSE(groups[0]->warning);
  EXPECT_TRUE(groups[1]->warning);
  EXPECT_EQ(groups[1]->count, 2u);
}

TEST(Collection, ExplainsPlainTextToATlsPort) {
  Collection collection = about("192.0.2.7");
  json::value plain = test::a_failure();
  plain.at("event").at("outcome") = "unknown";
  plain.at("shakedown").at("cause").at("id") = "plaintext_client";
  collection.add(plain);
  EXPECT_EQ(collection.failed_count(), 1u);
}

TEST(Collection, PassesOverWhatIsNoEvent) {
  Collection collection = about("192.0.2.7");
  for (const char* line : {"", "\"192.0.2.7\"", "{\"192.0.2.7\"", "[1]", "{}", "\xff"}) {
    collection.add_line(line);
  }
  EXPECT_EQ(collection.event_count(), 0u);
  EXPECT_EQ(collection.unreadable_count(), 5u);
  collection.add_line(R"({"event":{"dataset":"shakedown.capture_health"},"x":"192.0.2.7"})");
  EXPECT_EQ(collection.event_count(), 1u);
}

TEST(Collection, SurvivesEventsOfAnyShape) {
  Collection collection = about("192.0.2.7");
  for (
      const char* line :
      {R"({"event":{"dataset":"shakedown.handshake"},"source":"192.0.2.7"})",
       R"({"event":{"dataset":"shakedown.handshake"},"source":{"ip":"192.0.2.7","port":-1}})",
       R"({"event":{"dataset":"shakedown.handshake"},"source":{"ip":7,"port":"192.0.2.7"}})",
       R"({"event":{"dataset":"shakedown.handshake","outcome":[]},"source":{"ip":"192.0.2.7","port":1},)"
       R"("destination":{"ip":"198.51.100.5","port":2},"shakedown":{"warnings":[1,{"id":2}],"cause":7}})"}) {
    collection.add_line(line);
  }
  EXPECT_EQ(collection.event_count(), 4u);
  EXPECT_EQ(collection.failed_count(), 1u);
}

TEST(Collection, KeepsABoundedNumberOfClientsAndGroups) {
  Collection collection = about("198.51.100.5");
  for (unsigned i = 0; i <= kClientCountMax; ++i) {
    collection.add(test::a_failure(fmt::format("10.0.{}.{}", i / 256, i % 256)));
  }
  const Group& group = *collection.groups().at(0);
  EXPECT_EQ(group.count, kClientCountMax + 1);
  EXPECT_EQ(group.clients.size(), kClientCountMax);
  EXPECT_TRUE(group.more_clients);
  json::value event = test::a_failure();
  for (unsigned i = 0; i < kGroupCountMax; ++i) {
    event.at("tls").at("client").at("server_name") = fmt::format("{}.example", i);
    collection.add(event);
  }
  EXPECT_EQ(collection.groups().size(), kGroupCountMax);
  EXPECT_EQ(collection.ungrouped_count(), 1u);
}

}  // namespace
}  // namespace shakedown::explain
