// SPDX-License-Identifier: Apache-2.0
//
// The service manager is a datagram socket of the test.
#include "cli/notify.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace shakedown::cli {
namespace {

class NotifierTest : public testing::Test {
 protected:
  NotifierTest() {
    path_ =
        std::filesystem::temp_directory_path() / ("shakedown-notify-" + std::to_string(getpid()));
    socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.string().copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    setenv("NOTIFY_SOCKET", path_.c_str(), 1);
  }
  ~NotifierTest() override {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) unsetenv(name);
    close(socket_);
    std::filesystem::remove(path_);
  }
  std::string heard() {
    char text[512];
    const ssize_t size = recv(socket_, text, sizeof text, 0);
    return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : "";
  }

  std::filesystem::path path_;
  int socket_ = -1;
};

TEST_F(NotifierTest, SaysWhatTheProtocolWants) {
  Notifier notifier;
  notifier.ready("12 packets");
  EXPECT_EQ(heard(), "READY=1\nSTATUS=12 packets");
  notifier.status("two\nlines");
  EXPECT_EQ(heard(), "STATUS=two lines");
  notifier.alive();
  EXPECT_EQ(heard(), "WATCHDOG=1");
  notifier.reloading();
  EXPECT_EQ(heard().rfind("RELOADING=1\nMONOTONIC_USEC=", 0), 0u);
  notifier.stopping("ending");
  EXPECT_EQ(heard(), "STOPPING=1\nSTATUS=ending");
}

TEST_F(NotifierTest, IsAliveTwiceAsOftenAsItMustBe) {
  setenv("WATCHDOG_USEC", "30000000", 1);
  EXPECT_EQ(Notifier().watchdog_period(), std::chrono::seconds(15));
  setenv("WATCHDOG_PID", "1", 1);
  EXPECT_FALSE(Notifier().watchdog_period()) << "it is meant for another process";
  setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
  EXPECT_TRUE(Notifier().watchdog_period());
  setenv("WATCHDOG_USEC", "nonsense", 1);
  EXPECT_FALSE(Notifier().watchdog_period());
}

TEST_F(NotifierTest, NeverWaitsForAManagerThatDoesNotListen) {
  Notifier notifier;
  EXPECT_TRUE(notifier.can_tell());
  int told = 0;
  for (; told < 10'000 && notifier.can_tell(); ++told) notifier.alive();
  EXPECT_GT(told, 1);
  EXPECT_FALSE(notifier.can_tell());
  for (int i = 0; i < 10; ++i) notifier.alive();  // would not come back
  while (!heard().empty()) --told;
  EXPECT_EQ(told, 0) << "what it had room for has arrived";
  EXPECT_TRUE(notifier.can_tell());
}

TEST_F(NotifierTest, SaysNothingWhereNobodyAsked) {
  unsetenv("NOTIFY_SOCKET");
  Notifier notifier;
  notifier.ready("12 packets");
  notifier.alive();
  EXPECT_EQ(heard(), "");
  EXPECT_FALSE(notifier.watchdog_period());
}

}  // namespace
}  // namespace shakedown::cli
