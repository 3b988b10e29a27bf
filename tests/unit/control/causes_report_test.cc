// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <sstream>
#include <string>

#include "aggregate/totals.h"
#include "enrich/chain_judge.h"
#include "handshake_records.h"
#include "report/causes.h"
#include "report/summary.h"

namespace shakedown::report {
namespace {

using diagnose::Cause;
using diagnose::Confidence;
using testing::HasSubstr;
using testing::Not;

class CausesTest : public testing::Test {
 protected:
  void add(Cause cause, Confidence confidence, std::uint8_t client = 1, std::uint8_t server = 1,
           std::string remedy = {}) {
    HandshakeRecord record = test::a_handshake(OutcomeKind::alert, Stage::client_hello);
    record.client_address = test::ipv4(192, 0, 2, client);
    record.server_address = test::ipv4(198, 51, 100, server);
    const enrich::Handshake handshake = enrich::resolve(record, store_, judge_);
    diagnose::Diagnosis diagnosis;
    diagnosis.cause = cause;
    diagnosis.confidence = confidence;
    diagnosis.audience = diagnose::describe(cause).audience;
    diagnosis.remedy =
        remedy.empty() ? std::string(diagnose::describe(cause).remedy) : std::move(remedy);
    totals_.add(handshake);
    totals_.add_cause(handshake, diagnosis);
  }
  std::string text(unsigned rows = kDefaultRowCount) {
    return summary_text({.totals = totals_,
                         .health = health_,
                         .snapshot = snapshot_,
                         .warnings = {},
                         .rows = rows});
  }
  boost::json::object object() {
    return boost::json::parse(
               summary_json(
                   {.totals = totals_, .health = health_, .snapshot = snapshot_, .warnings = {}}))
        .as_object();
  }

  aggregate::Totals totals_;
  aggregate::CaptureHealth health_;
  enrich::DefinitionStore store_;
  enrich::ChainJudge judge_;
  ingest::Snapshot snapshot_;
};

TEST_F(CausesTest, CountsByCauseConfidenceClientAndServer) {
  add(Cause::certificate_expired, Confidence::likely, 1, 1);
  add(Cause::certificate_expired, Confidence::certain, 2, 1);
  add(Cause::certificate_expired, Confidence::certain, 2, 2);
  add(Cause::unknown, Confidence::possible, 3, 1);
  const aggregate::CauseCount& expired = totals_.why.causes.at(Cause::certificate_expired);
  EXPECT_EQ(expired.count, 3u);
  EXPECT_EQ(expired.of(Confidence::certain), 2u);
  EXPECT_EQ(expired.of(Confidence::likely), 1u);
  EXPECT_EQ(expired.of(Confidence::possible), 0u);
  EXPECT_EQ(expired.clients.key_count(), 2u);
  EXPECT_EQ(expired.servers.key_count(), 2u);
  EXPECT_EQ(totals_.why.diagnosed, 4u);
}

TEST_F(CausesTest, KeepsTheFirstOfTheSurestAsTheExample) {
  add(Cause::certificate_expired, Confidence::possible, 1, 1, "first");
  add(Cause::certificate_expired, Confidence::certain, 2, 1, "second");
  add(Cause::certificate_expired, Confidence::certain, 3, 1, "third");
  const aggregate::CauseCount& expired = totals_.why.causes.at(Cause::certificate_expired);
  EXPECT_EQ(expired.remedy, "second");
  EXPECT_EQ(expired.example.client_address, test::ipv4(192, 0, 2, 2));
}

TEST_F(CausesTest, SaysNothingWhereNothingWasDiagnosed) {
  EXPECT_THAT(text(), Not(HasSubstr("Why")));
  EXPECT_TRUE(object().at("causes").as_array().empty());
  EXPECT_TRUE(object().at("handshake_warnings").as_array().empty());
}

TEST_F(CausesTest, ShowsTheMostFrequentFirstWithSentenceAndRemedy) {
  add(Cause::version_mismatch, Confidence::certain);
  for (int i = 0; i < 3; ++i) add(Cause::certificate_expired, Confidence::likely);
  const std::string summary = text();
  EXPECT_THAT(
      summary,
      HasSubstr("\nWhy                                   count  share    sure  clients  servers\n"
                "  certificate_expired                     3   75 %   100 %        1        1\n"
                "  version_mismatch                        1   25 %   100 %        1        1\n"
                "  certificate_expired: the server's certificate has expired. For the server\n"
                "    owner: Renew the certificate,"))
      << summary;
  EXPECT_THAT(summary, HasSubstr("shakedown explain"));
}

TEST_F(CausesTest, ExplainsWhatIsKnownBeforeWhatIsNot) {
  for (int i = 0; i < 3; ++i) add(Cause::unknown, Confidence::possible);
  add(Cause::version_mismatch, Confidence::certain);
  EXPECT_THAT(text(), HasSubstr("  unknown                                 3   75 %     0 %"));
  EXPECT_THAT(text(), HasSubstr("  version_mismatch: client and server"));
  EXPECT_THAT(text(), Not(HasSubstr("  unknown: ")));
}

TEST_F(CausesTest, FitsTheScreenInTheWorstCase) {
  std::uint8_t number = 0;
  for (const diagnose::CauseDescription& cause : diagnose::causes()) {
    ++number;
    add(cause.cause, Confidence::possible, number, number, std::string(500, 'x') + " \x1b[31m");
  }
  const CausesText why = causes_text(totals_.why, kDefaultRowCount, 2);
  std::istringstream lines(why.heading + "\n" + why.body);
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    // A word that is longer than the line stays whole.
    if (line.find("xxx") == std::string::npos) {
      EXPECT_LE(line.size(), 80u) << line;
    }
    EXPECT_EQ(line.find('\x1b'), std::string::npos);
  }
  EXPECT_LE(count, kCauseLineCountMax) << why.body;
  EXPECT_THAT(why.body, HasSubstr(" more causes "));
}

TEST_F(CausesTest, ShowsAllOfThemWhenMoreRowsAreAskedFor) {
  for (const diagnose::CauseDescription& cause : diagnose::causes())
    add(cause.cause, Confidence::likely);
  EXPECT_THAT(text(100), Not(HasSubstr("more causes")));
  EXPECT_THAT(text(100), HasSubstr("  hello_too_large: "));
}

TEST_F(CausesTest, HasTheSameNumbersInJson) {
  add(Cause::certificate_expired, Confidence::certain, 1, 1, "Renew.");
  add(Cause::certificate_expired, Confidence::possible, 2, 1);
  totals_.add_warnings(
      std::vector<diagnose::Warning>{{.id = "self_signed", .text = "t", .diagnosis = {}}});
  const boost::json::object summary = object();
  ASSERT_EQ(summary.at("causes").as_array().size(), 1u);
  const boost::json::object& cause = summary.at("causes").at(0).as_object();
  EXPECT_EQ(cause.at("id"), "certificate_expired");
  EXPECT_EQ(cause.at("count"), 2);
  EXPECT_EQ(cause.at("share"), 1.0);
  EXPECT_EQ(cause.at("confidence"),
            (boost::json::object{{"certain", 1}, {"likely", 0}, {"possible", 1}}));
  EXPECT_EQ(cause.at("clients"), (boost::json::object{{"count", 2}, {"approximate", false}}));
  EXPECT_EQ(cause.at("servers").at("count"), 1);
  EXPECT_EQ(cause.at("remedy"), "Renew.");
  EXPECT_EQ(cause.at("for"), "server owner");
  EXPECT_EQ(cause.at("example").at("source"), "192.0.2.1:50123");
  EXPECT_EQ(summary.at("handshake_warnings").at(0),
            (boost::json::object{{"id", "self_signed"}, {"count", 1}}));
}

TEST_F(CausesTest, CountsAWarnedHandshakeOnce) {
  const std::vector<diagnose::Warning> two{{.id = "a", .text = "t", .diagnosis = {}},
                                           {.id = "b", .text = "t", .diagnosis = {}}};
  totals_.add_warnings(two);
  totals_.add_warnings({});
  totals_.add_warnings(two);
  EXPECT_EQ(totals_.why.warned, 2u);
  EXPECT_EQ(totals_.why.warnings.at("a"), 2u);
}

TEST_F(CausesTest, SaysWhenThereAreMoreClientsThanAreCounted) {
  for (unsigned i = 0; i < aggregate::kCauseKeyCountMax + 1; ++i) {
    HandshakeRecord record = test::a_handshake(OutcomeKind::reset, Stage::client_hello);
    record.client_address =
        test::ipv4(10, 0, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i & 0xff));
    diagnose::Diagnosis diagnosis;
    diagnosis.cause = Cause::server_overload;
    totals_.add_cause(enrich::resolve(record, store_, judge_), diagnosis);
  }
  EXPECT_THAT(causes_text(totals_.why, 5, 0).body, HasSubstr(" 1,024+ "));
}

}  // namespace
}  // namespace shakedown::report
