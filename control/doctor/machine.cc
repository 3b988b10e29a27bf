// SPDX-License-Identifier: Apache-2.0
#include "doctor/machine.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "doctor/ring_probe.h"

namespace shakedown::doctor {
namespace {

namespace fs = std::filesystem;

std::uint64_t effective_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
  if (syscall(SYS_capget, &header, data.data()) != 0) return 0;
  return data[0].effective | static_cast<std::uint64_t>(data[1].effective) << 32;
}

/// The hard limit, up to which the data plane raises its own.
std::uint64_t locked_bytes_max() {
  rlimit limit{};
  if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_max == RLIM_INFINITY) {
    return ~std::uint64_t{0};
  }
  return limit.rlim_max;
}

ClockState clock_state() {
  timex question{};  // modes 0: nothing is set
  const int state = adjtimex(&question);
  if (state < 0) return {};
  return {true, state != TIME_ERROR && (question.status & STA_UNSYNC) == 0, question.maxerror};
}

/// What the mode of a file or a folder says; lists of access rights (ACL) are not looked at.
bool may_write(const std::string& path, const std::string& user) {
  const passwd* const entry = user.empty() ? nullptr : getpwnam(user.c_str());
  if (entry == nullptr || entry->pw_uid == geteuid()) return access(path.c_str(), W_OK) == 0;
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return false;
  if (status.st_uid == entry->pw_uid) return (status.st_mode & S_IWUSR) != 0;
  std::array<gid_t, 256> groups{};
  int count = static_cast<int>(groups.size());
  if (getgrouplist(user.c_str(), entry->pw_gid, groups.data(), &count) < 0) count = 0;
  const auto end = groups.begin() + count;
  if (std::find(groups.begin(), end, status.st_gid) != end) return (status.st_mode & S_IWGRP) != 0;
  return (status.st_mode & S_IWOTH) != 0;
}

DiskState disk_state(const std::string& file, const std::string& user) {
  fs::path folder = fs::path(file).parent_path();
  if (folder.empty()) folder = ".";
  DiskState state;
  std::error_code error;
  state.folder_exists = fs::is_directory(folder, error);
  if (!state.folder_exists) return state;
  const std::string target = fs::exists(file, error) ? file : folder.string();
  state.writable = may_write(target, user);
  struct statvfs room {};
  if (statvfs(folder.c_str(), &room) == 0) state.free_bytes = room.f_bavail * room.f_frsize;
  return state;
}

/// r0 = XDP_PASS; exit. It goes with its descriptor, at once.
KernelAnswer load_xdp_program() {
  const std::array<bpf_insn, 2> instructions{
      {{BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, XDP_PASS}, {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}}};
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_XDP;
  attributes.insn_cnt = instructions.size();
  attributes.insns = reinterpret_cast<std::uintptr_t>(instructions.data());
  attributes.license = reinterpret_cast<std::uintptr_t>("Apache-2.0");
  const long program = syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes);
  if (program < 0) return errno;
  close(static_cast<int>(program));
  return 0;
}

KernelAnswer make_xdp_socket() {
  const int made = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (made < 0) return errno;
  close(made);
  return 0;
}

/// What comes out of `descriptor` until its end or until time is up. True: the end came.
bool read_to_end(int descriptor, std::string& output) {
  const auto deadline = std::chrono::steady_clock::now() + kProgramPatience;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd waiting{descriptor, POLLIN, 0};
    if (left.count() <= 0 || poll(&waiting, 1, static_cast<int>(left.count())) == 0) return false;
    std::array<char, 4096> block;
    const ssize_t size = read(descriptor, block.data(), block.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return size == 0;
    output.append(block.data(), static_cast<std::size_t>(size));
  }
}

ProgramAnswer run_program(const std::vector<std::string>& words) {
  std::vector<std::string> copies = words;
  std::vector<char*> arguments;
  for (std::string& word : copies) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::array<int, 2> pipe_ends{};
  if (pipe2(pipe_ends.data(), O_CLOEXEC) != 0) return {};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int error = posix_spawn(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(pipe_ends[1]);
  ProgramAnswer answer;
  if (error == 0) {
    if (!read_to_end(pipe_ends[0], answer.output)) kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFEXITED(status)) answer.exit_code = WEXITSTATUS(status);
  } else {
    answer.output = std::strerror(error);
  }
  close(pipe_ends[0]);
  return answer;
}

std::string kernel_release() {
  utsname name{};
  return uname(&name) == 0 ? name.release : "";
}

}  // namespace

Machine this_machine() {
  Machine machine;
  machine.probes = {effective_capabilities,
                    locked_bytes_max,
                    clock_state,
                    disk_state,
                    look_at_interface,
                    names_of_interfaces,
                    load_xdp_program,
                    make_xdp_socket,
                    attach_ring,
                    run_program,
                    [](const std::string& name) { return getpwnam(name.c_str()) != nullptr; },
                    [](const std::string& name) { return getgrnam(name.c_str()) != nullptr; },
                    kernel_release};
  return machine;
}

}  // namespace shakedown::doctor
