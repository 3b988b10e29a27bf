// SPDX-License-Identifier: Apache-2.0
#include "cli/remote_connection.h"

#include <fmt/format.h>
#include <grp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "cli/arguments.h"

namespace shakedown::cli {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kMachineSocket = "/run/shakedown/control.sock";

class Socket {
 public:
  Socket() : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

RemoteAnswer failed(std::string sentence, int exit_code) {
  return {.line = {}, .error = std::move(sentence), .exit_code = exit_code};
}

bool exists(const std::string& path) {
  struct stat status {};
  // Where even looking is not allowed, something may be: connecting then says so.
  return stat(path.c_str(), &status) == 0 || errno == EACCES;
}

std::string group_name(gid_t group) {
  const struct group* entry = getgrgid(group);
  return entry != nullptr ? entry->gr_name : fmt::format("number {}", group);
}

/// Whose the socket is, or the folder that keeps others out.
std::string no_rights(const std::string& path) {
  struct stat status {};
  std::string what = path;
  while (stat(what.c_str(), &status) != 0) {
    const std::size_t slash = what.find_last_of('/');
    if (slash == 0 || slash == std::string::npos) {
      return fmt::format("no rights to use {}", path);
    }
    what.resize(slash);
  }
  return fmt::format(
      "no rights to use {}: {} is for root and the group {}; ask as root, or become a member of "
      "that group",
      path, what == path ? "it" : what, group_name(status.st_gid));
}

std::string no_sensor(const std::vector<std::string>& tried) {
  std::string places;
  for (const std::string& path : tried) places += (places.empty() ? "" : " and ") + path;
  return fmt::format(
      "no sensor runs here: there is nothing at {}; start one with 'shakedown run', or name its "
      "socket with --socket PATH",
      places);
}

std::string cannot_connect(const std::string& path, int error) {
  if (error == EACCES || error == EPERM) return no_rights(path);
  if (error == ENOENT) return no_sensor({path});
  if (error == ECONNREFUSED) {
    return fmt::format(
        "no sensor runs here: nobody answers at {}, which one that was killed may have left; start "
        "one with 'shakedown run'",
        path);
  }
  return fmt::format("cannot connect to {}: {}", path, std::strerror(error));
}

/// Waits until the socket is ready. False: not within the time.
bool ready(int fd, short events, Clock::time_point deadline) {
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd poll_fd{.fd = fd, .events = events, .revents = 0};
    const int found = poll(&poll_fd, 1, static_cast<int>(left));
    if (found > 0) return true;
    if (found == 0 || errno != EINTR) return false;
  }
}

RemoteAnswer silent(const std::string& path, std::chrono::seconds patience) {
  return failed(
      fmt::format("the sensor at {} has not answered within {} s: its control process may "
                  "be hanging, or starting anew",
                  path, patience.count()),
      kExitBroken);
}

RemoteAnswer broken_off(const std::string& path) {
  return failed(
      fmt::format("the sensor at {} ended the connection before it had answered; ask again", path),
      kExitBroken);
}

RemoteAnswer converse(int fd, const std::string& path, std::string_view request,
                      std::chrono::seconds patience) {
  const auto deadline = Clock::now() + patience;
  std::string rest = std::string(request) + '\n';
  while (!rest.empty()) {
    if (!ready(fd, POLLOUT, deadline)) return silent(path, patience);
    const ssize_t sent = send(fd, rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      rest.erase(0, static_cast<std::size_t>(sent));
    } else if (errno != EINTR && errno != EAGAIN) {
      break;  // it may have said why before it went
    }
  }
  RemoteAnswer answer;
  while (answer.line.size() < kAnswerBytesMax) {
    if (!ready(fd, POLLIN, deadline)) return silent(path, patience);
    char chunk[16 * 1024];
    const ssize_t size = recv(fd, chunk, sizeof chunk, MSG_DONTWAIT);
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (size <= 0) return broken_off(path);
    const std::string_view received(chunk, static_cast<std::size_t>(size));
    const std::size_t newline = received.find('\n');
    answer.line += received.substr(0, newline);
    if (newline != std::string_view::npos) return answer;
  }
  return failed(fmt::format("the answer of {} is longer than this program accepts", path),
                kExitBroken);
}

}  // namespace

std::vector<std::string> usual_sockets(bool root, const char* runtime_folder) {
  std::vector<std::string> paths;
  if (!root && runtime_folder != nullptr && *runtime_folder != '\0') {
    paths.push_back(std::string(runtime_folder) + "/shakedown/control.sock");
  }
  paths.emplace_back(kMachineSocket);
  return paths;
}

RemoteAnswer ask_sensor(const std::optional<std::string>& socket, std::string_view request,
                        std::chrono::seconds patience) {
  const std::vector<std::string> paths =
      socket ? std::vector<std::string>{*socket}
             : usual_sockets(geteuid() == 0, std::getenv("XDG_RUNTIME_DIR"));
  const auto found = std::ranges::find_if(paths, exists);
  if (found == paths.end()) return failed(no_sensor(paths), kExitBadUse);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (found->size() >= sizeof address.sun_path) {
    return failed(fmt::format("{} is too long for the path of a socket", *found), kExitBadUse);
  }
  std::ranges::copy(*found, address.sun_path);
  const Socket end;
  if (end.fd() < 0) {
    return failed(fmt::format("cannot make a socket: {}", std::strerror(errno)), kExitBroken);
  }
  // With everybody's place taken, connecting waits as well.
  const timeval limit{.tv_sec = patience.count(), .tv_usec = 0};
  static_cast<void>(setsockopt(end.fd(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit));
  if (connect(end.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    if (error == EAGAIN) return silent(*found, patience);
    return failed(cannot_connect(*found, error), kExitBadUse);
  }
  return converse(end.fd(), *found, request, patience);
}

}  // namespace shakedown::cli
