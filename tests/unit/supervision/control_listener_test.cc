// SPDX-License-Identifier: Apache-2.0
#include "cli/control_listener.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace shakedown::cli {
namespace {

namespace fs = std::filesystem;

class ControlListenerTest : public testing::Test {
 protected:
  ControlListenerTest() {
    std::string pattern = (fs::temp_directory_path() / "shakedown-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
  }
  ~ControlListenerTest() override { fs::remove_all(root_); }

  fs::path root_;
};

TEST_F(ControlListenerTest, MakesTheSocketForItsUserAndGroupAndTakesItAway) {
  const fs::path path = root_ / "folder" / "control.sock";
  {
    ControlListener listener;
    ASSERT_EQ(listener.open(path, getgid()), "");
    EXPECT_GE(listener.descriptor(), 0);
    struct stat status {};
    ASSERT_EQ(lstat(path.c_str(), &status), 0);
    EXPECT_TRUE(S_ISSOCK(status.st_mode));
    EXPECT_EQ(status.st_mode & 0777, 0660u);
    EXPECT_EQ(status.st_gid, getgid());
  }
  EXPECT_FALSE(fs::exists(path));
  EXPECT_FALSE(fs::exists(path.parent_path()));
}

TEST_F(ControlListenerTest, ReplacesASocketThatNobodyAnswersAt) {
  const fs::path path = root_ / "control.sock";
  auto* const dead = new ControlListener;  // as one that was killed
  ASSERT_EQ(dead->open(path, std::nullopt), "");
  close(dead->descriptor());
  ControlListener listener;
  EXPECT_EQ(listener.open(path, std::nullopt), "");
}

TEST_F(ControlListenerTest, LeavesTheSocketOfAnotherSensorAlone) {
  const fs::path path = root_ / "control.sock";
  ControlListener first;
  ASSERT_EQ(first.open(path, std::nullopt), "");
  {
    ControlListener second;
    EXPECT_NE(second.open(path, std::nullopt).find("another sensor"), std::string::npos);
    EXPECT_EQ(second.descriptor(), -1);
  }
  EXPECT_TRUE(fs::exists(path));
}

TEST_F(ControlListenerTest, LeavesAFileAlone) {
  const fs::path path = root_ / "control.sock";
  std::ofstream(path) << "precious";
  ControlListener listener;
  EXPECT_NE(listener.open(path, std::nullopt).find("is no socket"), std::string::npos);
  EXPECT_EQ(fs::file_size(path), 8u);
}

TEST_F(ControlListenerTest, RefusesAPathThatIsTooLong) {
  ControlListener listener;
  EXPECT_EQ(listener.open(std::string(107, 'x'), std::nullopt).find("must have"),
            std::string::npos);
  fs::remove(std::string(107, 'x'));
  ControlListener longer;
  EXPECT_NE(longer.open(std::string(108, 'x'), std::nullopt).find("must have 1 to 107"),
            std::string::npos);
  EXPECT_NE(longer.open("", std::nullopt).find("must have"), std::string::npos);
}

TEST(ControlSocketPath, FollowsWhatWasAskedAndThenTheServiceManager) {
  EXPECT_EQ(control_socket_path("off"), "");
  EXPECT_EQ(control_socket_path("/x/y"), "/x/y");
  setenv("RUNTIME_DIRECTORY", "/run/one:/run/two", 1);
  EXPECT_EQ(control_socket_path(""), "/run/one/control.sock");
  EXPECT_EQ(control_socket_path("off"), "");
  unsetenv("RUNTIME_DIRECTORY");
  if (geteuid() != 0) return;
  EXPECT_EQ(control_socket_path(""), "/run/shakedown/control.sock");
}

}  // namespace
}  // namespace shakedown::cli
