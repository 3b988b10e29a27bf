// SPDX-License-Identifier: Apache-2.0
#include "cli/config_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace shakedown::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ConfigCheckTest : public ::testing::Test {
 protected:
  ConfigCheckTest() {
    std::string pattern = (fs::temp_directory_path() / "shakedown-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~ConfigCheckTest() override { fs::remove_all(folder_); }

  std::string put(const char* name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }

  fs::path folder_;
};

TEST_F(ConfigCheckTest, SummarisesAGoodConfigurationInOneLine) {
  put("names.txt", "one.example\ntwo.example\n");
  const std::string path = put("s.yaml", "watchlists:\n  a: ['x.*']\n  b: {file: names.txt}\n");
  const ConfigCheck check = check_configuration(path);
  EXPECT_THAT(check.problems, IsEmpty());
  EXPECT_EQ(check.summary, path + ": OK, 2 watchlists with 3 patterns");
}

TEST_F(ConfigCheckTest, SaysWhenNothingIsConfigured) {
  const std::string path = put("s.yaml", "# nothing yet\n");
  EXPECT_EQ(check_configuration(path).summary, path + ": OK, nothing is configured");
}

TEST_F(ConfigCheckTest, CountsOneThingInTheSingular) {
  const std::string path = put("s.yaml", "watchlists: {a: [x]}\n");
  EXPECT_EQ(check_configuration(path).summary, path + ": OK, 1 watchlist with 1 pattern");
}

TEST_F(ConfigCheckTest, CountsPortsWorkersAndWatchlists) {
  const std::string path = put("s.yaml",
                               "ports: [{tap: a}, {tap: b}]\n"
                               "workers: {cpus: 2-5}\n"
                               "watchlists: {a: [x]}\n");
  EXPECT_EQ(check_configuration(path).summary,
            path + ": OK, 2 ports, 4 workers, 1 watchlist with 1 pattern");
}

TEST_F(ConfigCheckTest, SaysWhenThereIsNothingToCount) {
  const std::string path = put("s.yaml", "overload: {shed: off}\n");
  EXPECT_EQ(check_configuration(path).summary, path + ": OK, no ports and no watchlists");
}

TEST_F(ConfigCheckTest, AsksForNothingOfThisMachine) {
  const std::string path = put("s.yaml",
                               "ports: [{nic: nowhere7}]\n"
                               "control: {user: nobody-has-this, socket: /nowhere/s}\n");
  EXPECT_EQ(check_configuration(path).summary, path + ": OK, 1 port");
}

TEST_F(ConfigCheckTest, GivesAllProblems) {
  const std::string path = put("s.yaml", "watchlists:\n  a: []\nother: x\n");
  const auto problems = check_configuration(path).problems;
  EXPECT_THAT(problems, ElementsAre(path + ":2:6: the watchlist 'a' has no patterns",
                                    path + ":3:1: unknown key 'other'; known here: sensor, ports, "
                                           "workers, handshakes, overload, memory, output, "
                                           "control, diagnosis, watchlists"));
  EXPECT_EQ(check_configuration(path).summary, "");
}

TEST_F(ConfigCheckTest, RefusesAFileThatIsNotThere) {
  const std::string path = folder_ / "none.yaml";
  EXPECT_THAT(check_configuration(path).problems,
              ElementsAre(path + ": cannot be read: No such file or directory"));
}

}  // namespace
}  // namespace shakedown::cli
