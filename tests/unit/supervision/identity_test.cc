// SPDX-License-Identifier: Apache-2.0
#include "cli/identity.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <sstream>
#include <string>

#include "cli/child_process.h"

namespace shakedown::cli {
namespace {

using ::testing::HasSubstr;

/// `/proc/self/status` of a program that was started as this identity.
std::map<std::string, std::string> status_as(const Identity& identity) {
  int ends[2];
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const std::string command = "cat /proc/self/status >&" + std::to_string(ends[1]);
  const SpawnResult child =
      spawn({.words = {"/bin/sh", "-c", command}, .kept_fds = {ends[1]}, .identity = identity});
  EXPECT_EQ(child.error, "");
  close(ends[1]);
  std::string text;
  char part[4096];
  for (ssize_t size = 0; (size = read(ends[0], part, sizeof part)) > 0;) {
    text.append(part, static_cast<std::size_t>(size));
  }
  close(ends[0]);
  waitpid(child.pid, nullptr, 0);
  std::map<std::string, std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    const std::size_t colon = line.find(":\t");
    if (colon != std::string::npos) lines[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return lines;
}

TEST(Identity, SaysWhichUserIsMissing) {
  const IdentityChoice choice = find_identity("nobody-of-this-name");
  EXPECT_THAT(choice.error, HasSubstr("there is no user 'nobody-of-this-name'"));
  std::string error;
  EXPECT_EQ(find_group("nobody-of-this-name", error), static_cast<gid_t>(-1));
  EXPECT_THAT(error, HasSubstr("there is no group 'nobody-of-this-name'"));
}

TEST(Identity, ANameThatIsOurOwnChangesNoUser) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  const IdentityChoice choice = find_identity("root");
  EXPECT_EQ(choice.error, "");
  EXPECT_EQ(choice.identity.kind, Identity::Kind::trimmed);
}

TEST(Identity, OnlyRootCanStartAsAnother) {
  if (geteuid() == 0) GTEST_SKIP() << "is root";
  EXPECT_THAT(find_identity("root").error, HasSubstr("only root"));
}

TEST(Identity, AUserHasNoRightsOfRoot) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  const IdentityChoice choice = find_identity("nobody");
  ASSERT_EQ(choice.error, "");
  auto status = status_as(choice.identity);
  const std::string uid = std::to_string(choice.identity.uid);
  EXPECT_EQ(status["Uid"], uid + "\t" + uid + "\t" + uid + "\t" + uid);
  EXPECT_EQ(status["CapEff"], "0000000000000000");
  EXPECT_EQ(status["CapPrm"], "0000000000000000");
  EXPECT_EQ(status["NoNewPrivs"], "1");
  EXPECT_THAT(status["Groups"], HasSubstr(std::to_string(choice.identity.gid)));
}

TEST(Identity, RootKeepsOnlyTheRightsToFiles) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  auto status = status_as(find_identity("").identity);
  EXPECT_EQ(std::stoull(status["CapEff"], nullptr, 16) & ~0x6ULL, 0u) << status["CapEff"];
  EXPECT_EQ(status["NoNewPrivs"], "1");
}

TEST(Identity, AChildIsAsItsParentUnlessAskedFor) { EXPECT_EQ(status_as({})["NoNewPrivs"], "0"); }

}  // namespace
}  // namespace shakedown::cli
