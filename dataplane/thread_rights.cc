// SPDX-License-Identifier: Apache-2.0
#include "thread_rights.h"

#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

namespace shakedown {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// What the handler works with. Lock-free, as it must be there.
std::atomic<std::uint64_t> kept_capabilities{0};
std::atomic<unsigned> threads_done{0};
std::atomic<int> first_error{0};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

/// Not of the few that the C library and debuggers use.
int broadcast_signal() { return SIGRTMAX - 3; }

/// Runs in signal handlers: nothing but system calls. Zero, or the reason of the kernel.
int trim_this_thread(std::uint64_t kept) noexcept {
  // Without CAP_SETPCAP the bounding set stays; no_new_privs makes it meaningless anyway.
  for (unsigned i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; ++i) {
    prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
  }
  // Linux before 4.3 has no ambient set to clear.
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;

  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
  if (syscall(SYS_capget, &header, data.data()) != 0) return errno;
  for (unsigned i = 0; i < data.size(); ++i) {
    const auto mask = static_cast<std::uint32_t>(kept >> (32 * i));
    data[i].permitted &= mask;
    data[i].effective = data[i].permitted;
    data[i].inheritable = 0;
  }
  return syscall(SYS_capset, &header, data.data()) == 0 ? 0 : errno;
}

void on_broadcast(int) {
  const int saved = errno;
  if (const int error = trim_this_thread(kept_capabilities.load()); error != 0) {
    int none = 0;
    first_error.compare_exchange_strong(none, error);
  }
  threads_done.fetch_add(1);
  errno = saved;
}

std::vector<pid_t> threads_of_process() {
  std::vector<pid_t> threads;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task", error)) {
    const std::string name = entry.path().filename();
    pid_t thread = 0;
    std::from_chars(name.data(), name.data() + name.size(), thread);
    if (thread > 0) threads.push_back(thread);
  }
  return threads;
}

/// Whether the last one asked has answered in time.
bool wait_for_answers(unsigned asked) {
  const auto deadline = SteadyClock::now() + kBroadcastPatience;
  while (threads_done.load() < asked) {
    if (SteadyClock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  return true;
}

/// Asks all threads but this one; again while new ones appear, whose makers may not have been asked
/// when they made them. False: not all have answered.
bool ask_all_threads() {
  const pid_t self = static_cast<pid_t>(syscall(SYS_gettid));
  std::vector<pid_t> known = {self};
  unsigned asked = 0;
  for (bool found_new = true; found_new;) {
    found_new = false;
    for (const pid_t thread : threads_of_process()) {
      if (std::find(known.begin(), known.end(), thread) != known.end()) continue;
      known.push_back(thread);
      // A thread that has ended since has nothing to give up.
      if (syscall(SYS_tgkill, getpid(), thread, broadcast_signal()) != 0) continue;
      ++asked;
      found_new = true;
    }
    if (!wait_for_answers(asked)) return false;
  }
  return true;
}

/// A line of /proc/self/task/N/status as a number; all ones where it cannot be read.
std::uint64_t status_number(pid_t thread, std::string_view key) {
  std::ifstream file("/proc/self/task/" + std::to_string(thread) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(key)) continue;
    const std::size_t begin = line.find_first_not_of(" \t", key.size());
    std::uint64_t number = ~std::uint64_t{0};
    if (begin != std::string::npos) {
      std::from_chars(line.data() + begin, line.data() + line.size(), number, 16);
    }
    return number;
  }
  return ~std::uint64_t{0};
}

std::string what_is_left(std::uint64_t kept) {
  const std::vector<pid_t> threads = threads_of_process();
  if (threads.empty()) return "whether rights were given up cannot be seen: /proc cannot be read";
  for (const pid_t thread : threads) {
    if ((status_number(thread, "CapPrm:") & ~kept) == 0) continue;
    // One that has ended between the two looks is no thread that keeps anything.
    const auto still = threads_of_process();
    if (std::find(still.begin(), still.end(), thread) == still.end()) continue;
    return "a thread of this process keeps capabilities that it does not need";
  }
  return {};
}

}  // namespace

std::string trim_all_threads(std::uint64_t kept) {
  kept_capabilities.store(kept);
  threads_done.store(0);
  first_error.store(0);
  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = on_broadcast;
  action.sa_flags = SA_RESTART;
  sigfillset(&action.sa_mask);
  if (sigaction(broadcast_signal(), &action, &before) != 0) {
    return std::string("capabilities cannot be given up: ") + std::strerror(errno);
  }
  int error = trim_this_thread(kept);
  // After a time-out the handler stays: by default the signal, when it comes at last, would kill.
  if (ask_all_threads()) sigaction(broadcast_signal(), &before, nullptr);
  if (error == 0) error = first_error.load();
  if (error != 0) return std::string("capabilities cannot be given up: ") + std::strerror(error);
  return what_is_left(kept);
}

}  // namespace shakedown
