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

/// What the child tells of its failure, through the pipe that a good exec closes.
struct Refusal {
  IdentityStep step = IdentityStep::done;  ///< done: the program could not be executed
  int error_number = 0;
};

[[noreturn]] void give_up(int error_fd, IdentityStep step) {
  const Refusal refusal{step, errno};
  [[maybe_unused]] const ssize_t written = write(error_fd, &refusal, sizeof refusal);
  _exit(127);
}

/// Runs in the child between fork and exec: only async-signal-safe calls.
[[noreturn]] void become(char* const* argv, const SpawnRequest& request, int error_fd,
                         pid_t parent) {
  setpgid(0, 0);
  const IdentityStep step = take_identity(request.identity);
  if (step != IdentityStep::done) give_up(error_fd, step);
  // The death of the parent is ours: asked for last, because a change of user forgets it. The parent
  // may have died before we asked, hence the second look.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);

  // Outside the terminal's foreground group, writing to it would stop us under `stty tostop`.
  signal(SIGTTOU, SIG_IGN);
  signal(SIGPIPE, SIG_DFL);
  // A reload may be asked for before the program is ready for one.
  signal(SIGHUP, SIG_IGN);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);

  for (const int fd : request.kept_fds) fcntl(fd, F_SETFD, 0);
  execv(argv[0], argv);
  give_up(error_fd, IdentityStep::done);
}

std::string sentence_of(const std::string& program, const Refusal& refusal) {
  const char* const reason = std::strerror(refusal.error_number);
  if (refusal.step == IdentityStep::done) {
    return fmt::format("cannot start {}: {}", program, reason);
  }
  return fmt::format("cannot start {}: {}: {}", program, describe(refusal.step), reason);
}

}  // namespace

SpawnResult spawn(const SpawnRequest& request) {
  const std::vector<std::string>& words = request.words;
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
  if (pid == 0) become(argv.data(), request, error_pipe[1], parent);
  const int fork_error = errno;
  close(error_pipe[1]);
  if (pid < 0) {
    close(error_pipe[0]);
    return {-1, fmt::format("cannot start {}: {}", words.front(), std::strerror(fork_error))};
  }
  Refusal refusal;
  ssize_t got = 0;
  do {
    got = read(error_pipe[0], &refusal, sizeof refusal);
  } while (got < 0 && errno == EINTR);
  close(error_pipe[0]);
  if (got == static_cast<ssize_t>(sizeof refusal)) {
    waitpid(pid, nullptr, 0);
    return {-1, sentence_of(words.front(), refusal)};
  }
  return {pid, {}};
}

}  // namespace shakedown::cli
