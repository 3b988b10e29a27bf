// SPDX-License-Identifier: Apache-2.0
#include "cli/control_listener.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace shakedown::cli {
namespace {

constexpr const char* kName = "control.sock";
/// Clients that wait while control is started anew.
constexpr int kBacklog = 16;

std::string failed(const std::string& what) {
  return fmt::format("{}: {}", what, std::strerror(errno));
}

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos || slash == 0 ? "" : path.substr(0, slash);
}

bool somebody_answers(const sockaddr_un& address) {
  const handoff::FileDescriptor probe(
      socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe.valid()) return false;
  const bool connected =
      connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  // A full line of clients is somebody, too.
  return connected || errno == EAGAIN;
}

}  // namespace

std::string control_socket_path(const std::string& asked) {
  if (asked == "off") return {};
  if (!asked.empty()) return asked;
  // systemd separates several folders by colons.
  if (const std::string given = environment("RUNTIME_DIRECTORY"); !given.empty()) {
    return fmt::format("{}/{}", given.substr(0, given.find(':')), kName);
  }
  if (geteuid() == 0) return fmt::format("/run/shakedown/{}", kName);
  const std::string own = environment("XDG_RUNTIME_DIR");
  return own.empty() ? std::string{} : fmt::format("{}/shakedown/{}", own, kName);
}

ControlListener::~ControlListener() {
  struct stat status {};
  // Somebody may have put another file there since.
  if (inode_ != 0 && lstat(path_.c_str(), &status) == 0 && status.st_ino == inode_) {
    unlink(path_.c_str());
  }
  // Only an empty folder goes.
  if (!made_folder_.empty()) rmdir(made_folder_.c_str());
}

std::string ControlListener::open(const std::string& path, std::optional<gid_t> group) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return fmt::format("the path of the control socket must have 1 to {} bytes",
                       sizeof address.sun_path - 1);
  }
  std::copy(path.begin(), path.end(), address.sun_path);
  const std::string folder = folder_of(path);
  if (!folder.empty() && mkdir(folder.c_str(), 0755) == 0) made_folder_ = folder;
  struct stat status {};
  if (lstat(path.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode)) return path + " is there already and is no socket";
    if (somebody_answers(address)) return "another sensor has the control socket " + path;
    unlink(path.c_str());
  }
  socket_ = handoff::FileDescriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const mode_t mask = umask(0177);
  const bool bound =
      socket_.valid() &&
      bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  umask(mask);
  if (!bound) return failed("cannot make the control socket " + path);
  path_ = path;
  if (lstat(path.c_str(), &status) == 0) inode_ = status.st_ino;
  // The group first: it must be the right one before its members may come in.
  const bool good = (!group || chown(path.c_str(), static_cast<uid_t>(-1), *group) == 0) &&
                    chmod(path.c_str(), 0660) == 0 && listen(socket_.get(), kBacklog) == 0;
  if (good) return {};
  std::string sentence = failed("cannot open the control socket " + path);
  socket_.reset();
  return sentence;
}

}  // namespace shakedown::cli
