// SPDX-License-Identifier: Apache-2.0
#include "reload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "export/output_file.h"
#include "log.h"

namespace shakedown {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ReloadTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() /
              ("shakedown_" + std::string(info->name()) + std::to_string(getpid()));
    std::filesystem::create_directory(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
  }
  std::string written(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(folder_ / name, std::ios::binary).rdbuf();
    return text.str();
  }
  FreshConfiguration read(const std::string& name) {
    ConfigurationReader reader;
    EXPECT_FALSE(reader.running());
    Options options;
    options.config_path = name;
    reader.start(options);
    EXPECT_TRUE(reader.running());
    for (;;) {
      if (auto fresh = reader.poll()) return std::move(*fresh);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  ReloadResult apply(const config::Configuration& now) {
    ReloadResult result;
    apply_changes(running_, now, options_, result);
    return result;
  }

  std::filesystem::path folder_;
  config::Configuration running_;
  Options options_;
};

TEST_F(ReloadTest, ReadsWatchlists) {
  write("s.yaml", "watchlists:\n  shops: ['shop\\.example\\.com']\n");
  const FreshConfiguration fresh = read(path("s.yaml"));
  EXPECT_THAT(fresh.problems, IsEmpty());
  ASSERT_TRUE(fresh.watchlists);
  EXPECT_THAT(fresh.watchlists->names(), ElementsAre("shops"));
}

TEST_F(ReloadTest, GivesProblemsAndNothingElse) {
  write("s.yaml", "watchlist: {}\n");
  const FreshConfiguration fresh = read(path("s.yaml"));
  EXPECT_FALSE(fresh.watchlists);
  ASSERT_EQ(fresh.problems.size(), 1u);
  EXPECT_THAT(fresh.problems[0], HasSubstr("s.yaml:1:1"));
  EXPECT_FALSE(read(path("nowhere.yaml")).watchlists);
}

TEST_F(ReloadTest, NeedsNoFile) {
  const FreshConfiguration fresh = read("");
  EXPECT_TRUE(fresh.watchlists);
  EXPECT_THAT(fresh.problems, IsEmpty());
}

TEST_F(ReloadTest, TakesOverWhatTheFileSaidBefore) {
  running_.output.events = options_.events_path = "/var/old.ndjson";
  config::Configuration now = running_;
  now.output.events = "/var/new.ndjson";
  now.sensor.name = "edge-1";
  now.control.log_level = "debug";
  const ReloadResult result = apply(now);
  EXPECT_THAT(result.taken, ElementsAre("sensor.name", "output.events", "control.log_level"));
  EXPECT_THAT(result.overridden, IsEmpty());
  EXPECT_EQ(options_.events_path, "/var/new.ndjson");
  EXPECT_EQ(options_.sensor_name, "edge-1");
  EXPECT_EQ(options_.log_level, "debug");
}

TEST_F(ReloadTest, TakesBackWhatIsNotInTheFileAnyMore) {
  running_.output.health = options_.health_path = "/var/health.ndjson";
  const ReloadResult result = apply({});
  EXPECT_THAT(result.taken, ElementsAre("output.health"));
  EXPECT_EQ(options_.health_path, "");
}

TEST_F(ReloadTest, LeavesWhatTheCommandLineSays) {
  running_.output.events = "/var/file.ndjson";
  options_.events_path = "/var/typed.ndjson";
  options_.sensor_name = "typed";
  config::Configuration now;
  now.output.events = "/var/another.ndjson";
  now.sensor.name = "written";
  const ReloadResult result = apply(now);
  EXPECT_THAT(result.taken, IsEmpty());
  EXPECT_THAT(result.overridden, ElementsAre("sensor.name", "output.events"));
  EXPECT_EQ(options_.events_path, "/var/typed.ndjson");
  EXPECT_EQ(options_.sensor_name, "typed");
}

TEST_F(ReloadTest, NamesWhatNeedsARestart) {
  config::Configuration now;
  now.workers.count = 4;
  const ReloadResult result = apply(now);
  EXPECT_THAT(result.taken, IsEmpty());
  EXPECT_THAT(result.needs_restart, ElementsAre("workers.count"));
  EXPECT_THAT(result.sentence(), HasSubstr("takes effect with a restart: workers.count"));
}

TEST_F(ReloadTest, TellsWhatOfTheDiagnosisHasChanged) {
  config::Configuration now;
  now.diagnosis.wait_nanos = 1;
  now.diagnosis.system_roots = false;
  now.diagnosis.roots = {"r"};
  now.diagnosis.crls = {"c"};
  now.diagnosis.expires_soon_nanos = 1;
  now.diagnosis.clients = 100;
  const ReloadResult all = apply(now);
  EXPECT_THAT(all.taken, ElementsAre("diagnosis.wait", "diagnosis.system_roots", "diagnosis.roots",
                                     "diagnosis.crls", "diagnosis.expires_soon"));
  EXPECT_THAT(all.needs_restart, ElementsAre("diagnosis.clients"));

  options_.diagnosis_wait_nanos = 2;
  options_.no_system_roots = true;
  options_.roots = options_.crls = {"typed"};
  const ReloadResult typed = apply(now);
  EXPECT_THAT(typed.taken, ElementsAre("diagnosis.expires_soon"));
  EXPECT_THAT(typed.overridden, ElementsAre("diagnosis.wait", "diagnosis.system_roots",
                                            "diagnosis.roots", "diagnosis.crls"));
  EXPECT_EQ(options_.diagnosis_wait_nanos, 2);
}

TEST_F(ReloadTest, SeesThatWatchlistsHaveChanged) {
  config::Configuration now;
  now.watchlists.push_back({.name = "shops", .file = "", .patterns = {{.text = "shop"}}});
  EXPECT_THAT(apply(now).taken, ElementsAre("watchlists"));
  running_ = now;
  now.watchlists[0].patterns[0].line = 7;  // moved, and the same
  EXPECT_THAT(apply(now).taken, IsEmpty());
  now.watchlists[0].patterns[0].text = "shops";
  EXPECT_THAT(apply(now).taken, ElementsAre("watchlists"));
}

class OutputFileTest : public ReloadTest {};

TEST_F(OutputFileTest, GoesOnInAnewFileAfterOneWasRotatedAway) {
  exporting::OutputFile file;
  ASSERT_TRUE(file.open(path("events")));
  ASSERT_TRUE(file.write("first\n"));
  std::filesystem::rename(path("events"), path("events.1"));
  ASSERT_TRUE(file.write("second\n"));
  EXPECT_EQ(file.reopen(path("events")), "");
  ASSERT_TRUE(file.write("third\n"));
  ASSERT_TRUE(file.finish());
  EXPECT_EQ(written("events.1"), "first\nsecond\n");
  EXPECT_EQ(written("events"), "third\n");
}

TEST_F(OutputFileTest, LosesNothingWhereNothingWasRotated) {
  exporting::OutputFile file;
  ASSERT_TRUE(file.open(path("events")));
  ASSERT_TRUE(file.write("first\n"));
  EXPECT_EQ(file.reopen(path("events")), "");
  ASSERT_TRUE(file.write("second\n"));
  ASSERT_TRUE(file.finish());
  EXPECT_EQ(written("events"), "first\nsecond\n");
}

TEST_F(OutputFileTest, GoesOnWithTheOldFileWhereTheNewOneCannotBeOpened) {
  exporting::OutputFile file;
  ASSERT_TRUE(file.open(path("events")));
  EXPECT_THAT(file.reopen("/nonexistent/events"), HasSubstr("/nonexistent/events"));
  EXPECT_EQ(file.error(), "");
  ASSERT_TRUE(file.write("first\n"));
  ASSERT_TRUE(file.finish());
  EXPECT_EQ(written("events"), "first\n");
}

TEST_F(OutputFileTest, DoesNotWaitForTheReaderOfAPipe) {
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  exporting::OutputFile file;
  EXPECT_THAT(file.reopen(path("pipe")), HasSubstr("pipes are opened only at the start"));
}

TEST(Log, TellsOnlyWhatTheLevelLets) {
  testing::internal::CaptureStderr();
  log::set_level(LogLevel::warning);
  log::info("not told");
  log::warning("told");
  log::set_level(LogLevel::unset);
  log::info("told as well");
  log::debug("not told");
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "shakedown-control: told\nshakedown-control: told as well\n");
}

TEST(Log, KnowsItsLevelsByName) {
  for (const LogLevel level :
       {LogLevel::error, LogLevel::warning, LogLevel::info, LogLevel::debug}) {
    EXPECT_EQ(log::level_of(log::level_name(level)), level);
  }
  EXPECT_FALSE(log::level_of("unset"));
  EXPECT_FALSE(log::level_of("Info"));
}

}  // namespace
}  // namespace shakedown
