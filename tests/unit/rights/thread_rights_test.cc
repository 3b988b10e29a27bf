// SPDX-License-Identifier: Apache-2.0
#include "thread_rights.h"

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <functional>
#include <thread>
#include <vector>

namespace shakedown {
namespace {

constexpr int kGood = 0;

/// The exit status of a process of its own, or minus the signal that ended it.
int in_process_of_its_own(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

std::uint64_t permitted() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
  syscall(SYS_capget, &header, data.data());
  return data[0].permitted | std::uint64_t{data[1].permitted} << 32;
}

/// A thread that waits, and says at the end what it still has.
class Waiting {
 public:
  explicit Waiting(bool deaf = false)
      : thread_([this, deaf] {
          if (deaf) {
            sigset_t all;
            sigfillset(&all);
            pthread_sigmask(SIG_SETMASK, &all, nullptr);
          }
          ready_.store(true);
          ready_.notify_all();
          end_.wait(false);
          left_ = permitted();
        }) {
    ready_.wait(false);
  }
  std::uint64_t left() {
    end_.store(true);
    end_.notify_all();
    thread_.join();
    return left_;
  }

 private:
  std::atomic<bool> ready_{false};
  std::atomic<bool> end_{false};
  std::uint64_t left_ = 0;
  std::thread thread_;
};

TEST(TrimAllThreads, TakesCapabilitiesFromThreadsThatWereThereBefore) {
  if (permitted() == 0) GTEST_SKIP() << "this user has no capabilities to give up";
  EXPECT_EQ(in_process_of_its_own([] {
              Waiting first;
              Waiting second;
              if (!trim_all_threads(0).empty()) return 1;
              return (first.left() | second.left() | permitted()) == 0 ? kGood : 2;
            }),
            kGood);
}

TEST(TrimAllThreads, KeepsWhatIsAskedForAndNoMore) {
  constexpr std::uint64_t kKept = std::uint64_t{1} << CAP_NET_RAW;
  if ((permitted() & kKept) == 0) GTEST_SKIP() << "this user has no CAP_NET_RAW to keep";
  EXPECT_EQ(in_process_of_its_own([] {
              Waiting other;
              if (!trim_all_threads(kKept).empty()) return 1;
              return other.left() == kKept && permitted() == kKept ? kGood : 2;
            }),
            kGood);
}

TEST(TrimAllThreads, GivesNothingThatWasNotThere) {
  EXPECT_EQ(in_process_of_its_own([] {
              if (!trim_all_threads(0).empty()) return 1;
              if (!trim_all_threads(~std::uint64_t{0}).empty()) return 2;
              return permitted() == 0 ? kGood : 3;
            }),
            kGood);
}

TEST(TrimAllThreads, EmptiesTheBoundingSet) {
  if ((permitted() >> CAP_SETPCAP & 1) == 0) GTEST_SKIP() << "this user has no CAP_SETPCAP";
  EXPECT_EQ(in_process_of_its_own([] {
              if (!trim_all_threads(0).empty()) return 1;
              for (unsigned i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; ++i) {
                if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) != 0) return 2;
              }
              return kGood;
            }),
            kGood);
}

TEST(TrimAllThreads, SaysSoWhenAThreadDoesNotListen) {
  if (permitted() == 0) GTEST_SKIP() << "this user has no capabilities to give up";
  EXPECT_EQ(in_process_of_its_own([] {
              Waiting deaf(true);
              const std::string sentence = trim_all_threads(0);
              if (sentence.find("a thread") == std::string::npos) return 1;
              return permitted() == 0 && deaf.left() != 0 ? kGood : 2;
            }),
            kGood);
}

TEST(TrimAllThreads, LeavesNoHandlerBehind) {
  EXPECT_EQ(in_process_of_its_own([] {
              if (!trim_all_threads(0).empty()) return 1;
              struct sigaction action {};
              sigaction(SIGRTMAX - 3, nullptr, &action);
              return action.sa_handler == SIG_DFL ? kGood : 2;
            }),
            kGood);
}

}  // namespace
}  // namespace shakedown
