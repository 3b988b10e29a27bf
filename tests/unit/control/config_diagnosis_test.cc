// SPDX-License-Identifier: Apache-2.0
//
// The section `diagnosis`: times, counts and paths, their limits, and what is said about mistakes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "config/values.h"
#include "config_reading.h"

namespace shakedown::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::int64_t kDay = 86'400 * kNanosPerSecond;

DiagnosisSettings settings_of(const std::string& keys) {
  const Configuration configuration = configuration_of("diagnosis: {" + keys + "}\n");
  EXPECT_FALSE(configuration.sensor.name) << *configuration.sensor.name;
  return configuration.diagnosis;
}

/// The one problem of a section; "none" or "several" otherwise.
std::string problem_of(const std::string& keys) {
  const auto problems = problems_of("diagnosis: {" + keys + "}\n");
  if (problems.size() == 1) return problems.front();
  return problems.empty() ? "none" : "several";
}

TEST(ConfigDiagnosis, ReadsEveryKey) {
  const DiagnosisSettings all = settings_of(
      "wait: 5s, system_roots: off, roots: [a.pem, /b], crls: c.pem, profiles: p.db, "
      "server_profiles: 1000, name_profiles: 2000, clients: 3000, expires_soon: 7d, half_life: "
      "12h");
  EXPECT_EQ(all.wait_nanos, 5 * kNanosPerSecond);
  EXPECT_EQ(all.system_roots, false);
  EXPECT_THAT(all.roots, ElementsAre("a.pem", "/b"));
  EXPECT_THAT(all.crls, ElementsAre("c.pem"));
  EXPECT_EQ(all.profiles, "p.db");
  EXPECT_EQ(all.server_profiles, 1000u);
  EXPECT_EQ(all.name_profiles, 2000u);
  EXPECT_EQ(all.clients, 3000u);
  EXPECT_EQ(all.expires_soon_nanos, 7 * kDay);
  EXPECT_EQ(all.half_life_nanos, kDay / 2);
}

TEST(ConfigDiagnosis, SetsNothingThatIsNotThere) {
  EXPECT_EQ(settings_of(""), DiagnosisSettings{});
  EXPECT_EQ(configuration_of("diagnosis:\n").diagnosis, DiagnosisSettings{});
}

TEST(ConfigDiagnosis, RefusesAnotherShapeAndOtherKeys) {
  EXPECT_THAT(problems_of("diagnosis: on\n"),
              ElementsAre(HasSubstr("'diagnosis' must be keys with values, not text")));
  EXPECT_THAT(problem_of("root: a"), HasSubstr("unknown key 'root'; did you mean 'roots'?"));
  EXPECT_THAT(problems_of("diagnoses: {}\n"), ElementsAre(HasSubstr("did you mean 'diagnosis'?")));
}

TEST(ConfigDiagnosis, TakesTimesInAllUnits) {
  EXPECT_EQ(settings_of("wait: 0").wait_nanos, 0);
  EXPECT_EQ(settings_of("wait: 3").wait_nanos, 3 * kNanosPerSecond);
  EXPECT_EQ(settings_of("wait: 0.5s").wait_nanos, kNanosPerSecond / 2);
  EXPECT_EQ(settings_of("wait: 1500ms").wait_nanos, 3 * kNanosPerSecond / 2);
  EXPECT_EQ(settings_of("wait: 0.5m").wait_nanos, 30 * kNanosPerSecond);
  EXPECT_EQ(settings_of("expires_soon: 10m").expires_soon_nanos, 600 * kNanosPerSecond);
  EXPECT_EQ(settings_of("expires_soon: 12h").expires_soon_nanos, kDay / 2);
  EXPECT_EQ(settings_of("expires_soon: 1.5d").expires_soon_nanos, 3 * kDay / 2);
}

TEST(ConfigDiagnosis, TakesTimesUpToTheirLimitsOnly) {
  EXPECT_EQ(settings_of("wait: 30s").wait_nanos, 30 * kNanosPerSecond);
  EXPECT_EQ(problem_of("wait: 30.001"),
            "s.yaml:1:19: 'wait' must be a time from 0 to 30s, like 500ms, 3s, 10m, 12h or 14d, "
            "not '30.001'");
  EXPECT_EQ(settings_of("expires_soon: 0").expires_soon_nanos, 0);
  EXPECT_EQ(settings_of("expires_soon: 365d").expires_soon_nanos, 365 * kDay);
  EXPECT_THAT(problem_of("expires_soon: 366d"), HasSubstr("from 0 to 365d"));
  EXPECT_EQ(settings_of("half_life: 60s").half_life_nanos, 60 * kNanosPerSecond);
  EXPECT_THAT(problem_of("half_life: 59s"), HasSubstr("from 1m to 365d"));
  EXPECT_THAT(problem_of("half_life: 366d"), HasSubstr("from 1m to 365d"));
}

TEST(ConfigDiagnosis, RefusesWhatIsNoTime) {
  for (const char* bad : {"-1", "s", "3 s", "3sec", "3S", "1w", "nan", "inf", "1e1", "''", "3s3",
                          "0x3", "99999999999999999999999999999999999999d"}) {
    EXPECT_THAT(problem_of(std::string("wait: ") + bad), HasSubstr("'wait' must be a time from"))
        << bad;
  }
}

TEST(ConfigDiagnosis, TakesCountsFromTheirLeastToTheirMost) {
  for (const char* key : {"server_profiles", "name_profiles", "clients"}) {
    const std::string name = std::string(key) + ": ";
    EXPECT_EQ(problem_of(name + "16"), "none");
    EXPECT_EQ(problem_of(name + "4194304"), "none");
    for (const char* bad : {"15", "4194305", "0", "-1", "many", "1.5"}) {
      EXPECT_THAT(problem_of(name + bad), HasSubstr("must be a whole number from 16 to 4194304"))
          << bad;
    }
  }
}

TEST(ConfigDiagnosis, FindsPathsBesideTheConfiguration) {
  const Reading reading =
      read_from({{"/etc/shakedown/s.yaml",
                  "diagnosis: {roots: [ca.pem, /etc/ca], crls: crls, profiles: profiles.db}\n"}},
                "/etc/shakedown/s.yaml");
  ASSERT_THAT(reading.problems.lines(), IsEmpty());
  const DiagnosisSettings& diagnosis = reading.configuration.diagnosis;
  EXPECT_THAT(diagnosis.roots, ElementsAre("/etc/shakedown/ca.pem", "/etc/ca"));
  EXPECT_THAT(diagnosis.crls, ElementsAre("/etc/shakedown/crls"));
  EXPECT_EQ(diagnosis.profiles, "/etc/shakedown/profiles.db");
}

TEST(ConfigDiagnosis, TakesPathsWithCommasAsTheyAre) {
  EXPECT_THAT(settings_of("roots: 'a,b.pem'").roots, ElementsAre("a,b.pem"));
  EXPECT_THAT(settings_of("roots: []").roots, IsEmpty());
}

TEST(ConfigDiagnosis, RefusesEachPathThatIsNone) {
  EXPECT_EQ(problem_of("roots: ['']"), "s.yaml:1:21: 'roots' must be the name of a file, not ''");
  EXPECT_THAT(problem_of("crls: [a, [b]]"),
              HasSubstr("'crls' must be one path or a list of them, not a list"));
  EXPECT_THAT(problem_of("crls: {a: b}"), HasSubstr("'crls' must be one path or a list of them"));
  EXPECT_THAT(problem_of("roots: \"a\\nb\""), HasSubstr("not 'a\\x0ab'"));
  EXPECT_THAT(problem_of("profiles: [a]"), HasSubstr("'profiles' must be one value, not a list"));
  EXPECT_EQ(problem_of("roots: ['', '']"), "several");
}

TEST(ConfigDiagnosis, TakesPathsUpToTheLimitOnly) {
  std::string list = "a";
  for (std::size_t i = 1; i < kTrustPathCountMax; ++i) list += ", a";
  EXPECT_EQ(settings_of("roots: [" + list + "]").roots.size(), kTrustPathCountMax);
  EXPECT_THAT(problem_of("roots: [" + list + ", a]"), HasSubstr("'roots' has more than 100 paths"));
}

TEST(ConfigDiagnosis, RefusesToTrustNobody) {
  EXPECT_EQ(problem_of("system_roots: off, roots: a.pem"), "none");
  EXPECT_EQ(problem_of("system_roots: on"), "none");
  EXPECT_EQ(problem_of("system_roots: off"),
            "s.yaml:1:27: without the system's roots and 'roots' nobody is trusted");
}

}  // namespace
}  // namespace shakedown::config
