// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "diagnose/diagnosis.h"
#include "diagnose/failure.h"

namespace shakedown::diagnose {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

Finding saying(Confidence confidence, Standing standing, std::vector<Cause> alike = {}) {
  return {.confidence = confidence,
          .standing = standing,
          .evidence = {"something was seen"},
          .alike = std::move(alike)};
}

std::optional<Finding> nothing(const Facts&) { return std::nullopt; }
std::optional<Finding> likely_specific(const Facts&) {
  return saying(Confidence::likely, Standing::specific);
}
std::optional<Finding> likely_alike_crash(const Facts&) {
  return saying(Confidence::likely, Standing::specific, {Cause::server_crash});
}
std::optional<Finding> likely_told(const Facts&) {
  return saying(Confidence::likely, Standing::told);
}
std::optional<Finding> certain_specific(const Facts&) {
  return saying(Confidence::certain, Standing::specific);
}
std::optional<Finding> certain_told(const Facts&) {
  return saying(Confidence::certain, Standing::told);
}
std::optional<Finding> likely_fallback(const Facts&) {
  return saying(Confidence::likely, Standing::fallback);
}
std::optional<Finding> possible_fallback(const Facts&) {
  return saying(Confidence::possible, Standing::fallback, {Cause::sni_missing});
}
std::optional<Finding> more_evidence(const Facts&) {
  Finding finding = saying(Confidence::possible, Standing::specific);
  finding.evidence = {"something was seen", "something else, too"};
  return finding;
}

Rule rule(Cause cause, std::string_view id, std::optional<Finding> (*apply)(const Facts&)) {
  return {.cause = cause, .id = id, .needs = {}, .against = {}, .apply = apply};
}

class Decide : public ::testing::Test {
 protected:
  Diagnosis by(std::vector<Rule> rules) {
    rules_ = std::move(rules);
    return decide(facts_, rules_);
  }

 private:
  test::Failure failure_{OutcomeKind::reset, Party::server, Stage::client_hello};
  Facts facts_ = failure_.facts();
  std::vector<Rule> rules_;
};

TEST_F(Decide, SaysUnknownAndWhatWasSeenWhenNothingApplies) {
  const Diagnosis diagnosis = by({rule(Cause::server_crash, "a", nothing)});
  EXPECT_EQ(diagnosis.cause, Cause::unknown);
  EXPECT_EQ(diagnosis.confidence, Confidence::possible);
  EXPECT_EQ(diagnosis.rule, nullptr);
  EXPECT_THAT(diagnosis.evidence, Not(IsEmpty()));
  EXPECT_THAT(diagnosis.alternatives, IsEmpty());
}

TEST_F(Decide, PrefersTheSurerFinding) {
  const Diagnosis diagnosis = by({rule(Cause::server_crash, "a", likely_specific),
                                  rule(Cause::port_closed, "b", certain_specific)});
  EXPECT_EQ(diagnosis.cause, Cause::port_closed);
  EXPECT_EQ(diagnosis.confidence, Confidence::certain);
  ASSERT_EQ(diagnosis.alternatives.size(), 1u);
  EXPECT_EQ(diagnosis.alternatives[0].cause, Cause::server_crash);
  EXPECT_EQ(diagnosis.alternatives[0].confidence, Confidence::likely);
}

TEST_F(Decide, PrefersWhatAnEndSaidAmongTheEquallySure) {
  const Diagnosis diagnosis = by({rule(Cause::server_crash, "a", likely_specific),
                                  rule(Cause::port_closed, "b", likely_told)});
  EXPECT_EQ(diagnosis.cause, Cause::port_closed);
  EXPECT_EQ(diagnosis.confidence, Confidence::likely);
}

TEST_F(Decide, PrefersTheEarlierRuleWhereAllElseIsEqual) {
  const Diagnosis diagnosis = by({rule(Cause::server_crash, "a", likely_specific),
                                  rule(Cause::port_closed, "b", likely_specific)});
  EXPECT_EQ(diagnosis.cause, Cause::server_crash);
}

TEST_F(Decide, IsLessSureWhenTwoCausesContradictEachOther) {
  EXPECT_EQ(by({rule(Cause::server_crash, "a", likely_specific),
                rule(Cause::port_closed, "b", likely_specific)})
                .confidence,
            Confidence::possible);
  EXPECT_EQ(by({rule(Cause::server_crash, "a", certain_specific),
                rule(Cause::port_closed, "b", certain_specific)})
                .confidence,
            Confidence::likely);
}

TEST_F(Decide, TakesWhatAnEndSaidAgainstEverythingElse) {
  EXPECT_EQ(by({rule(Cause::server_crash, "a", certain_told),
                rule(Cause::port_closed, "b", certain_specific)})
                .confidence,
            Confidence::certain);
}

TEST_F(Decide, DoesNotTakeAFallbackForAContradiction) {
  EXPECT_EQ(by({rule(Cause::server_crash, "a", likely_specific),
                rule(Cause::port_closed, "b", likely_fallback)})
                .confidence,
            Confidence::likely);
}

TEST_F(Decide, DoesNotTakeWhatLooksAlikeForAContradiction) {
  const Diagnosis diagnosis = by({rule(Cause::port_closed, "a", likely_specific),
                                  rule(Cause::server_crash, "b", likely_specific)});
  EXPECT_EQ(diagnosis.confidence, Confidence::possible);
  const Diagnosis alike = by({rule(Cause::port_closed, "a", likely_alike_crash),
                              rule(Cause::server_crash, "b", likely_specific)});
  EXPECT_EQ(alike.cause, Cause::port_closed);
  EXPECT_EQ(alike.confidence, Confidence::likely);
  const Diagnosis other_way = by({rule(Cause::server_crash, "b", likely_specific),
                                  rule(Cause::port_closed, "a", likely_alike_crash)});
  EXPECT_EQ(other_way.confidence, Confidence::likely);
}

TEST_F(Decide, DoesNotTakeAnotherWayToTheSameCauseForAContradiction) {
  const Diagnosis diagnosis = by({rule(Cause::server_crash, "a", likely_specific),
                                  rule(Cause::server_crash, "b", more_evidence)});
  EXPECT_EQ(diagnosis.confidence, Confidence::likely);
  EXPECT_THAT(diagnosis.evidence, ElementsAre("something was seen", "something else, too"));
  EXPECT_THAT(diagnosis.alternatives, IsEmpty());
}

TEST_F(Decide, NamesWhatLooksAlikeAfterWhatWasFound) {
  const Diagnosis diagnosis = by({rule(Cause::server_unresponsive, "a", possible_fallback),
                                  rule(Cause::server_crash, "b", likely_specific)});
  EXPECT_EQ(diagnosis.cause, Cause::server_crash);
  ASSERT_EQ(diagnosis.alternatives.size(), 2u);
  EXPECT_EQ(diagnosis.alternatives[0].cause, Cause::server_unresponsive);
  EXPECT_EQ(diagnosis.alternatives[1].cause, Cause::sni_missing);
}

TEST_F(Decide, NeverNamesMoreAlternativesThanItsLimit) {
  std::vector<Rule> rules;
  for (const Cause cause : {Cause::server_crash, Cause::port_closed, Cause::sni_missing,
                            Cause::interception, Cause::clock_skew, Cause::self_signed}) {
    rules.push_back(rule(cause, name_of(cause), likely_specific));
  }
  EXPECT_EQ(by(rules).alternatives.size(), kAlternativeCountMax);
}

TEST_F(Decide, GivesTheRemedyOfTheCauseWhereTheRuleHasNone) {
  EXPECT_EQ(by({rule(Cause::server_crash, "a", likely_specific)}).remedy,
            describe(Cause::server_crash).remedy);
}

TEST(Causes, AreAllDescribedForSomebodyWhoCanAct) {
  std::set<std::string_view> ids;
  for (const CauseDescription& description : causes()) {
    EXPECT_TRUE(ids.insert(description.id).second) << description.id;
    EXPECT_EQ(&describe(description.cause), &description);
    EXPECT_EQ(cause_named(description.id), description.cause);
    EXPECT_FALSE(description.sentence.empty() || description.remedy.empty()) << description.id;
    EXPECT_NE(description.sentence.back(), '.') << description.id;
    EXPECT_EQ(description.remedy.back(), '.') << description.id;
    EXPECT_EQ(name_of(description.audience).empty(), description.cause == Cause::unknown);
  }
  EXPECT_FALSE(cause_named("no_such_cause"));
}

TEST(Rules, HaveNamesOfTheirOwnThatBeginWithTheirCause) {
  std::set<std::string_view> ids;
  for (const Rule& rule : rules()) {
    EXPECT_TRUE(ids.insert(rule.id).second) << rule.id;
    EXPECT_EQ(rule.id.substr(0, rule.id.find('.')), name_of(rule.cause)) << rule.id;
    EXPECT_FALSE(rule.needs.empty() || rule.against.empty()) << rule.id;
    EXPECT_NE(rule.apply, nullptr) << rule.id;
  }
}

TEST(Rules, LeadToEachCauseThatCanBeSeen) {
  std::set<Cause> reached;
  for (const Rule& rule : rules()) reached.insert(rule.cause);
  for (const CauseDescription& description : causes()) {
    // QUIC is not followed yet.
    if (description.cause == Cause::unknown || description.cause == Cause::udp_blocked) continue;
    EXPECT_TRUE(reached.contains(description.cause)) << description.id;
  }
}

}  // namespace
}  // namespace shakedown::diagnose
