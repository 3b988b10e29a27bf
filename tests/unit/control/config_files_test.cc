// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "config/pattern_lines.h"
#include "config/text_file.h"

namespace shakedown::config {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ReadTextFile : public ::testing::Test {
 protected:
  ReadTextFile() {
    std::string pattern = (fs::temp_directory_path() / "shakedown-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~ReadTextFile() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string put(const std::string& text) const {
    const fs::path path = folder_ / "file";
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }

  fs::path folder_;
};

TEST_F(ReadTextFile, GivesAllBytesUpToTheLimit) {
  const std::string text(50'000, 'x');
  EXPECT_EQ(read_text_file(put(text), 50'000).text, text);
  EXPECT_EQ(read_text_file(put(text), 50'000).error, "");
  EXPECT_EQ(read_text_file(put(""), 10).error, "");
}

TEST_F(ReadTextFile, RefusesOneByteMore) {
  const TextFile file = read_text_file(put(std::string(2049, 'x')), 2048);
  EXPECT_EQ(file.error, "is larger than 2 KiB");
  EXPECT_EQ(file.text, "");
}

TEST_F(ReadTextFile, RefusesWhatIsNoFile) {
  EXPECT_EQ(read_text_file(folder_ / "none", 10).error,
            "cannot be read: No such file or directory");
  EXPECT_EQ(read_text_file(folder_, 10).error, "cannot be read: Is a directory");
  EXPECT_EQ(read_text_file("", 10).error, "cannot be read: No such file or directory");
  EXPECT_EQ(read_text_file("/dev/null", 10).error, "is not a file that can be read twice");
}

TEST_F(ReadTextFile, DoesNotWaitForAPipe) {
  const std::string pipe = folder_ / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(read_text_file(pipe, 10).error, "is not a file that can be read twice");
}

struct Line {
  std::string text;
  unsigned line = 0;
  unsigned column = 0;

  bool operator==(const Line&) const = default;
};

void PrintTo(const Line& line, std::ostream* out) {
  *out << line.text << " at " << line.line << ':' << line.column;
}

std::vector<Line> lines_of(std::string_view text, std::size_t count_max = 100) {
  std::vector<Line> lines;
  for_each_pattern_line(text, [&](std::string_view pattern, Position position) {
    lines.push_back({std::string(pattern), position.line, position.column});
    return lines.size() < count_max;
  });
  return lines;
}

TEST(PatternLines, GivesOnePatternALineWithItsPlace) {
  EXPECT_THAT(lines_of("a\n\n  b\t\nc"),
              ElementsAre(Line{"a", 1, 1}, Line{"b", 3, 3}, Line{"c", 4, 1}));
}

TEST(PatternLines, PassesOverCommentsAndEmptyLines) {
  EXPECT_THAT(lines_of(""), IsEmpty());
  EXPECT_THAT(lines_of("# a\n  # b\n\n \t\n"), IsEmpty());
  EXPECT_THAT(lines_of("a # comment\nb\t#c\nd#e\n"),
              ElementsAre(Line{"a", 1, 1}, Line{"b", 2, 1}, Line{"d#e", 3, 1}));
}

TEST(PatternLines, TakesFilesFromOtherSystems) {
  EXPECT_THAT(lines_of("\xef\xbb\xbf"
                       "a\r\nb\r\n"),
              ElementsAre(Line{"a", 1, 1}, Line{"b", 2, 1}));
}

TEST(PatternLines, EndsWhenItIsTold) {
  EXPECT_THAT(lines_of("a\nb\nc\n", 2), ElementsAre(Line{"a", 1, 1}, Line{"b", 2, 1}));
}

}  // namespace
}  // namespace shakedown::config
