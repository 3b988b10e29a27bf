// SPDX-License-Identifier: Apache-2.0
//
// Each case is confined in a process of its own, and says how that ended.
#include "confinement.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <functional>

namespace shakedown {
namespace {

constexpr int kDone = 0;
constexpr int kNotConfined = 99;

/// An exit status, or minus the signal that ended it.
int run_confined(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    _exit(confine_control().empty() ? body() : kNotConfined);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

TEST(Confinement, EndsAControlThatStartsAProgram) {
  EXPECT_EQ(run_confined([] {
              std::array<char*, 1> none{nullptr};
              return execve("/bin/true", none.data(), none.data());
            }),
            -SIGSYS);
}

TEST(Confinement, EndsAControlThatLooksIntoOthersOrLoadsPrograms) {
  EXPECT_EQ(run_confined([] { return static_cast<int>(ptrace(PTRACE_TRACEME, 0, 0, 0)); }),
            -SIGSYS);
  EXPECT_EQ(run_confined([] { return static_cast<int>(syscall(SYS_bpf, 0, 0, 0)); }), -SIGSYS);
  EXPECT_EQ(run_confined([] { return socket(AF_PACKET, SOCK_RAW, 0); }), -SIGSYS);
}

TEST(Confinement, LetsFilesBeOpenedAndEventsBeSent) {
  EXPECT_EQ(run_confined([] { return open("/dev/null", O_RDWR) < 0 ? errno : kDone; }), kDone);
  EXPECT_EQ(run_confined([] { return socket(AF_INET, SOCK_STREAM, 0) < 0 ? errno : kDone; }),
            kDone);
}

TEST(Confinement, IsForGood) {
  EXPECT_EQ(run_confined([] { return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); }), 1);
}

}  // namespace
}  // namespace shakedown
