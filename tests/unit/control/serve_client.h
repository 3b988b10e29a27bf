// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   A control socket without a file, and clients for it, all in the test's own thread.
// Units:     none
// Ownership: Own their descriptors; the server takes the listening one.
// Threading: One thread: what is waited for is asked of the server meanwhile.
// Limits:    kWaitMax.
// Failure:   A system call that fails ends the test program.
// RFC:       none
#pragma once

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace shakedown::test {

inline constexpr std::chrono::seconds kWaitMax{10};

inline void require(bool condition) {
  if (!condition) std::abort();
}

/// In the abstract namespace of unix sockets, so that nothing is left behind.
class ListeningSocket {
 public:
  ListeningSocket() {
    address_.sun_family = AF_UNIX;
    const std::string name =
        "shakedown-test-" + std::to_string(getpid()) + "-" + std::to_string(++count());
    name.copy(address_.sun_path + 1, name.size());
    size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    fd_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(fd_ >= 0 && bind(fd_, address(), size_) == 0 && listen(fd_, 64) == 0);
  }
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] const sockaddr* address() const {
    return reinterpret_cast<const sockaddr*>(&address_);
  }
  [[nodiscard]] socklen_t size() const { return size_; }

 private:
  static int& count() {
    static int value = 0;
    return value;
  }
  sockaddr_un address_{};
  socklen_t size_ = 0;
  int fd_ = -1;
};

class SocketClient {
 public:
  explicit SocketClient(const ListeningSocket& listening)
      : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    require(fd_ >= 0 && connect(fd_, listening.address(), listening.size()) == 0);
    require(fcntl(fd_, F_SETFL, O_NONBLOCK) == 0);
  }
  SocketClient(const SocketClient&) = delete;
  SocketClient& operator=(const SocketClient&) = delete;
  ~SocketClient() { leave(); }

  void leave() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  void say_no_more() const { require(shutdown(fd_, SHUT_WR) == 0); }

  /// How much of it was taken.
  std::size_t say(std::string_view text) const {
    const ssize_t sent = send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
  }

  /// A line without its newline; nothing when the server has ended the connection. `serve` is
  /// called until then.
  std::optional<std::string> hear(const std::function<void()>& serve) {
    const auto deadline = std::chrono::steady_clock::now() + kWaitMax;
    for (;;) {
      if (const std::size_t end = heard_.find('\n'); end != std::string::npos) {
        std::string line = heard_.substr(0, end);
        heard_.erase(0, end + 1);
        return line;
      }
      serve();
      char chunk[65'536];
      const ssize_t size = recv(fd_, chunk, sizeof chunk, 0);
      if (size == 0) return std::nullopt;
      if (size < 0 && errno != EAGAIN) return std::nullopt;
      if (size > 0) heard_.append(chunk, static_cast<std::size_t>(size));
      require(std::chrono::steady_clock::now() < deadline);
      if (size < 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  }

 private:
  int fd_ = -1;
  std::string heard_;
};

}  // namespace shakedown::test
