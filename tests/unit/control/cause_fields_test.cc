// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <memory>
#include <string>

#include "enrich/chain_judge.h"
#include "export/event_id.h"
#include "export/handshake_event.h"
#include "handshake_records.h"

namespace shakedown::exporting {
namespace {

namespace json = boost::json;

using diagnose::Cause;
using diagnose::Confidence;
using diagnose::Diagnosis;

json::object event_of(const HandshakeRecord& record, const Conclusion& conclusion = {}) {
  enrich::DefinitionStore store;
  enrich::ChainJudge judge;
  fmt::memory_buffer out;
  append_handshake_event(out, enrich::resolve(record, store, judge), {.sensor_name = "edge-1"},
                         conclusion);
  return json::parse(fmt::to_string(out)).as_object();
}

HandshakeRecord a_failure() { return test::a_handshake(OutcomeKind::alert, Stage::client_hello); }

constexpr diagnose::Rule kRule{.cause = Cause::version_mismatch,
                               .id = "version_mismatch.alert",
                               .needs = "an alert",
                               .against = "a success with the same versions",
                               .apply = nullptr};

Diagnosis a_diagnosis() {
  Diagnosis diagnosis;
  diagnosis.cause = Cause::version_mismatch;
  diagnosis.confidence = Confidence::certain;
  diagnosis.rule = &kRule;
  diagnosis.evidence = {"the server said protocol_version"};
  diagnosis.against = {"it took TLS 1.0 yesterday"};
  diagnosis.remedy = "Upgrade the client.";
  diagnosis.audience = diagnose::Audience::client;
  diagnosis.alternatives = {{Cause::cipher_mismatch, Confidence::possible}};
  diagnosis.reproduce = "openssl s_client -connect 198.51.100.5:443 </dev/null";
  return diagnosis;
}

TEST(EventId, IsTheSameForTheSameConnection) {
  const HandshakeRecord record = a_failure();
  EXPECT_EQ(event_id(record), event_id(record));
  EXPECT_EQ(event_id(record).size(), kEventIdSize);
  EXPECT_EQ(event_id(record).find_first_not_of("0123456789abcdef"), std::string::npos);
}

TEST(EventId, IsAnotherForAnotherConnection) {
  const HandshakeRecord record = a_failure();
  HandshakeRecord other = record;
  other.instance = 1;
  EXPECT_NE(event_id(other), event_id(record));
  other = record;
  other.first_seen.value += 1;
  EXPECT_NE(event_id(other), event_id(record));
  other = record;
  std::swap(other.client_port, other.server_port);
  EXPECT_NE(event_id(other), event_id(record));
  other = record;
  other.transport = Transport::udp;
  EXPECT_NE(event_id(other), event_id(record));
}

TEST(EventId, DoesNotDependOnHowItEndedOrWhoFollowedIt) {
  const HandshakeRecord record = a_failure();
  HandshakeRecord other = record;
  other.outcome.kind = OutcomeKind::established;
  other.worker_index = 3;
  other.sequence = 77;
  EXPECT_EQ(event_id(other), event_id(record));
}

TEST(CauseFields, SayWhatWasConcluded) {
  const Diagnosis diagnosis = a_diagnosis();
  const HandshakeRecord record = a_failure();
  const json::object event = event_of(record, {.diagnosis = &diagnosis});
  EXPECT_EQ(std::string(event.at("event").at("id").as_string()), event_id(record));
  EXPECT_EQ(event.at("event").at("reason"), "version_mismatch");
  const json::object& cause = event.at("shakedown").at("cause").as_object();
  EXPECT_EQ(cause.at("id"), "version_mismatch");
  EXPECT_EQ(cause.at("confidence"), "certain");
  EXPECT_EQ(cause.at("rule"), "version_mismatch.alert");
  EXPECT_EQ(cause.at("evidence").at(0), "the server said protocol_version");
  EXPECT_EQ(cause.at("against").at(0), "it took TLS 1.0 yesterday");
  EXPECT_EQ(cause.at("refutation"), "a success with the same versions");
  EXPECT_EQ(cause.at("remedy"), "Upgrade the client.");
  EXPECT_EQ(cause.at("for"), "client owner");
  EXPECT_EQ(std::string(cause.at("reproduce").as_string()), diagnosis.reproduce);
  EXPECT_FALSE(cause.contains("reproduce_working"));
  EXPECT_EQ(cause.at("alternatives").at(0).at("id"), "cipher_mismatch");
  EXPECT_EQ(cause.at("alternatives").at(0).at("confidence"), "possible");
  EXPECT_FALSE(event.at("shakedown").as_object().contains("warnings"));
}

TEST(CauseFields, AreAbsentWhereNothingWasConcluded) {
  const json::object event = event_of(a_failure());
  EXPECT_FALSE(event.at("event").as_object().contains("reason"));
  EXPECT_FALSE(event.at("shakedown").as_object().contains("cause"));
  EXPECT_FALSE(event.at("shakedown").as_object().contains("warnings"));
}

TEST(CauseFields, LeaveOutWhatIsEmpty) {
  const Diagnosis nothing;
  const json::object event = event_of(a_failure(), {.diagnosis = &nothing});
  EXPECT_EQ(event.at("event").at("reason"), "unknown");
  EXPECT_EQ(event.at("shakedown").at("cause"),
            (json::object{{"id", "unknown"}, {"confidence", "possible"}}));
}

TEST(CauseFields, WarnOfASuccessWithoutACauseBesideIt) {
  std::vector<diagnose::Warning> warnings(2);
  warnings[0] = {.id = "rejected_by_client",
                 .text = "the client left",
                 .diagnosis = std::make_shared<const Diagnosis>(a_diagnosis())};
  warnings[1] = {.id = "certificate_expires_soon", .text = "in 3 days", .diagnosis = nullptr};
  const json::object event = event_of(test::a_handshake(), {.warnings = warnings});
  EXPECT_FALSE(event.at("event").as_object().contains("reason"));
  EXPECT_FALSE(event.at("shakedown").as_object().contains("cause"));
  const json::array& written = event.at("shakedown").at("warnings").as_array();
  ASSERT_EQ(written.size(), 2u);
  EXPECT_EQ(written[0].at("id"), "rejected_by_client");
  EXPECT_EQ(written[0].at("text"), "the client left");
  EXPECT_EQ(written[0].at("cause").at("id"), "version_mismatch");
  EXPECT_FALSE(written[1].as_object().contains("cause"));
}

}  // namespace
}  // namespace shakedown::exporting
