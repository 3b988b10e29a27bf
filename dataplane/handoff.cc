// SPDX-License-Identifier: Apache-2.0
#include "handoff.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace shakedown {
namespace {

std::string failed(const std::string& what) { return what + ": " + std::strerror(errno); }

bool is_socket(int descriptor) {
  struct stat status {};
  return fstat(descriptor, &status) == 0 && S_ISSOCK(status.st_mode);
}

/// Whether a program listens at the address.
bool somebody_listens(const sockaddr_un& address) {
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0) return false;
  const bool connected =
      connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  // A full queue of connections is somebody, too.
  const bool listens = connected || errno == EAGAIN;
  close(probe);
  return listens;
}

}  // namespace

HandoffServer::~HandoffServer() {
  for (const int peer : peers_) close(peer);
  if (listener_ >= 0) close(listener_);
  if (epoll_ >= 0) close(epoll_);
  struct stat status {};
  // Somebody may have put another file there since.
  if (path_inode_ != 0 && lstat(path_.c_str(), &status) == 0 && status.st_ino == path_inode_) {
    unlink(path_.c_str());
  }
}

std::string HandoffServer::use_inherited(int descriptor) {
  if (!is_socket(descriptor)) {
    return "descriptor " + std::to_string(descriptor) + " for the hand-off is not an open socket";
  }
  fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  peers_.push_back(descriptor);
  if (!watch(descriptor)) return failed("the hand-off socket cannot be watched");
  if (!hand_over(descriptor)) hang_up(descriptor);
  return {};
}

std::string HandoffServer::listen_at(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return "the name of the socket must have 1 to " + std::to_string(sizeof address.sun_path - 1) +
           " bytes";
  }
  std::copy(path.begin(), path.end(), address.sun_path);
  struct stat status {};
  if (lstat(path.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode)) return path + " is there already and is not a socket";
    if (somebody_listens(address)) return "another data plane listens at " + path;
    unlink(path.c_str());
  }
  listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener_ < 0) return failed("no socket can be made");
  const mode_t mask = umask(0177);
  const int bound = bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  umask(mask);
  if (bound != 0) return failed("cannot make the socket " + path);
  path_ = path;
  if (lstat(path.c_str(), &status) == 0) path_inode_ = status.st_ino;
  if (listen(listener_, static_cast<int>(kPeerCountMax)) != 0 || !watch(listener_)) {
    return failed("cannot listen at " + path);
  }
  return {};
}

void HandoffServer::turn() {
  std::array<epoll_event, kPeerCountMax + 1> events;
  const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count; ++i) {
    const int ready = events[static_cast<std::size_t>(i)].data.fd;
    if (ready == listener_) {
      accept_peers();
    } else {
      serve(ready);
    }
  }
}

bool HandoffServer::watch(int descriptor) {
  if (epoll_ < 0) epoll_ = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP;
  event.data.fd = descriptor;
  return epoll_ >= 0 && epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void HandoffServer::accept_peers() {
  for (;;) {
    const int peer = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (peer < 0) return;
    if (peers_.size() == kPeerCountMax) {
      close(peer);
      continue;
    }
    peers_.push_back(peer);
    if (!watch(peer) || !hand_over(peer)) hang_up(peer);
  }
}

void HandoffServer::serve(int peer) {
  std::array<char, 64> asked;
  const ssize_t size = recv(peer, asked.data(), asked.size(), MSG_DONTWAIT);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size <= 0 || !hand_over(peer)) hang_up(peer);
}

bool HandoffServer::hand_over(int peer) const {
  char letter = 'S';
  iovec data{.iov_base = &letter, .iov_len = 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* const part = CMSG_FIRSTHDR(&message);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(part), &segment_descriptor_, sizeof segment_descriptor_);
  ssize_t sent = 0;
  do {
    sent = sendmsg(peer, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent == 1;
}

void HandoffServer::hang_up(int peer) {
  std::erase(peers_, peer);
  close(peer);
}

}  // namespace shakedown
