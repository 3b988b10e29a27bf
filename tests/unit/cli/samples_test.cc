// SPDX-License-Identifier: Apache-2.0
//
// The configurations that are delivered with the program must be good: as they are, and with all
// that is turned off in them turned on.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "cli/config_check.h"

namespace shakedown::cli {
namespace {

namespace fs = std::filesystem;

std::set<fs::path> samples() {
  const fs::path folder = SHAKEDOWN_SAMPLES;
  std::set<fs::path> files;
  for (const fs::path& place : {folder, folder / "config"}) {
    for (const auto& entry : fs::directory_iterator(place)) {
      if (entry.path().extension() == ".yaml") files.insert(entry.path());
    }
  }
  return files;
}

std::string problems_of(const fs::path& file) {
  std::string problems;
  for (const std::string& line : check_configuration(file).problems) problems += line + '\n';
  return problems;
}

/// A setting that is turned off has no space behind its '#'; what follows it and is indented is its
/// own.
std::string turned_on(const fs::path& file) {
  std::ifstream input(file);
  std::string text;
  bool off = false;
  for (std::string line; std::getline(input, line);) {
    const bool comment = line.size() > 2 && line[0] == '#';
    off = comment && (line[1] != ' ' || (off && line[2] == ' '));
    text += (off ? line.substr(1) : line) + '\n';
  }
  return text;
}

std::string text_of(const fs::path& file) {
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

TEST(Samples, AreAllThere) { EXPECT_EQ(samples().size(), 6u); }

TEST(Samples, AreGood) {
  for (const fs::path& file : samples()) EXPECT_EQ(problems_of(file), "");
}

TEST(Samples, AreGoodWithEverythingTurnedOn) {
  std::string pattern = (fs::temp_directory_path() / "shakedown-XXXXXX").string();
  const fs::path folder = mkdtemp(pattern.data());
  const fs::path all = folder / "all.yaml";
  std::ofstream(all) << turned_on(fs::path(SHAKEDOWN_SAMPLES) / "shakedown.yaml");
  EXPECT_EQ(problems_of(all), "");
  // It shows every section.
  for (const char* section : {"sensor:", "ports:", "workers:", "handshakes:", "overload:",
                              "memory:", "output:", "control:", "diagnosis:", "watchlists:"}) {
    EXPECT_NE(text_of(all).find(std::string("\n") + section + "\n"), std::string::npos) << section;
  }
  fs::remove_all(folder);
}

}  // namespace
}  // namespace shakedown::cli
