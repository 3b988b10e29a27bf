// SPDX-License-Identifier: Apache-2.0
#include "cli/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace shakedown::cli {
namespace {

/// Runs in the child between fork and exec: only async-signal-safe calls.
[[noreturn]] void become(char* const* argv, int kept_fd, int error_fd, pid_t parent) {
  // The death of the parent is ours. It may have died before we asked, hence the second look.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);

  setpgid(0, 0);
  // Outside the terminal's foreground group, writing to it would stop us under `stty tostop`.
  signal(SIGTTOU, SIG_IGN);
  signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);

  fcntl(kept_fd, F_SETFD, 0);
  execv(argv[0], argv);
  const int reason = errno;
  [[maybe_unused]] const ssize_t written = write(error_fd, &reason, sizeof(reason));
  _exit(127);
}

}  // namespace

SpawnResult spawn(const std::vector<std::string>& words, int kept_fd) {
  std::vector<std::string> copies = words;
  std::vector<char*> argv;
  for (std::string& word : copies) argv.push_back(word.data());
  argv.push_back(nullptr);

  // A successful exec closes this pipe; a failed one sends its reason through it.
  std::array<int, 2> error_pipe{};
  if (pipe2(error_pipe.data(), O_CLOEXEC) != 0) {
    return {-1, fmt::format("cannot make a pipe: {}", std::strerror(errno))};
  }
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) become(argv.data(), kept_fd, error_pipe[1], parent);
  const int fork_error = errno;
  close(error_pipe[1]);
  if (pid < 0) {
    close(error_pipe[0]);
    return {-1, fmt::format("cannot start {}: {}", words.front(), std::strerror(fork_error))};
  }
  int reason = 0;
  ssize_t got = 0;
  do {
    got = read(error_pipe[0], &reason, sizeof(reason));
  } while (got < 0 && errno == EINTR);
  close(error_pipe[0]);
  if (got == static_cast<ssize_t>(sizeof(reason))) {
    waitpid(pid, nullptr, 0);
    return {-1, fmt::format("cannot start {}: {}", words.front(), std::strerror(reason))};
  }
  return {pid, {}};
}

}  // namespace shakedown::cli
