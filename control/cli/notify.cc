// SPDX-License-Identifier: Apache-2.0
#include "cli/notify.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace shakedown::cli {
namespace {

/// Lines separate what is told.
std::string one_line(std::string text) {
  for (char& letter : text) {
    if (letter == '\n') letter = ' ';
  }
  return text;
}

/// Of the clock that the protocol wants.
std::uint64_t monotonic_micros() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec) / 1'000;
}

/// Invalid where there is no such socket of a kind that we know.
handoff::FileDescriptor connect_to(const char* path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = path != nullptr ? path : "";
  if (name.size() < 2 || name.size() >= sizeof address.sun_path) return {};
  name.copy(address.sun_path, name.size());
  // An abstract name is written with an @ for its leading zero.
  if (name[0] == '@') address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  handoff::FileDescriptor manager(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (connect(manager.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) return {};
  return manager;
}

}  // namespace

Notifier::Notifier() : manager_(connect_to(std::getenv("NOTIFY_SOCKET"))) {
  std::uint64_t allowed = 0;
  if (sd_watchdog_enabled(0, &allowed) > 0 && allowed > 1) {
    watchdog_period_ = std::chrono::microseconds{static_cast<std::int64_t>(allowed / 2)};
  }
}

bool Notifier::can_tell() const {
  if (!manager_.valid()) return true;
  pollfd room{.fd = manager_.get(), .events = POLLOUT, .revents = 0};
  return poll(&room, 1, 0) > 0;
}

void Notifier::tell(const std::string& state) const {
  if (can_tell()) static_cast<void>(sd_notify(0, state.c_str()));
}

void Notifier::ready(const std::string& status) {
  tell(fmt::format("READY=1\nSTATUS={}", one_line(status)));
}

void Notifier::status(const std::string& status) {
  tell(fmt::format("STATUS={}", one_line(status)));
}

void Notifier::alive() { tell("WATCHDOG=1"); }

void Notifier::reloading() {
  tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", monotonic_micros()));
}

void Notifier::stopping(const std::string& status) {
  tell(fmt::format("STOPPING=1\nSTATUS={}", one_line(status)));
}

}  // namespace shakedown::cli
