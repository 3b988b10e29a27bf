// SPDX-License-Identifier: Apache-2.0
#include "port/kernel_link.h"

#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <string_view>

namespace shakedown::port {
namespace {

ifreq request_for(const std::string& interface) {
  ifreq request{};
  std::copy_n(interface.begin(), std::min<std::size_t>(interface.size(), IFNAMSIZ - 1),
              request.ifr_name);
  return request;
}

}  // namespace

void KernelLink::open(const std::string& interface) {
  interface_ = interface;
  socket_ = FileDescriptor(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  statistics_ = FileDescriptor(::open("/proc/self/net/dev", O_RDONLY | O_CLOEXEC));
}

void KernelLink::close() noexcept {
  socket_ = FileDescriptor();
  statistics_ = FileDescriptor();
}

LinkState KernelLink::state() const noexcept {
  ifreq request = request_for(interface_);
  if (ioctl(socket_.get(), SIOCGIFFLAGS, &request) != 0) return LinkState::unknown;
  constexpr unsigned kBoth = IFF_UP | IFF_RUNNING;
  const auto flags = static_cast<unsigned short>(request.ifr_flags);
  return (flags & kBoth) == kBoth ? LinkState::up : LinkState::down;
}

std::uint64_t KernelLink::speed_mbps() const noexcept {
  ifreq request = request_for(interface_);
  ethtool_cmd settings{};
  settings.cmd = ETHTOOL_GSET;
  request.ifr_data = reinterpret_cast<char*>(&settings);
  if (ioctl(socket_.get(), SIOCETHTOOL, &request) != 0) return 0;
  const std::uint32_t speed = ethtool_cmd_speed(&settings);
  return speed == static_cast<std::uint32_t>(SPEED_UNKNOWN) || speed == 0xffff ? 0 : speed;
}

std::uint64_t KernelLink::sent_dropped() const noexcept {
  // Read in pieces, of which each holds whole lines of some dozens of interfaces at most.
  std::array<char, 32 * 1024> text;
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got =
        pread(statistics_.get(), text.data() + size, text.size() - size, static_cast<off_t>(size));
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  return sent_dropped_in({text.data(), size}, interface_);
}

bool KernelLink::set_mtu(unsigned mtu) const noexcept {
  ifreq request = request_for(interface_);
  request.ifr_mtu = static_cast<int>(mtu);
  return ioctl(socket_.get(), SIOCSIFMTU, &request) == 0;
}

bool KernelLink::set_queue_length(unsigned count) const noexcept {
  ifreq request = request_for(interface_);
  request.ifr_qlen = static_cast<int>(count);
  return ioctl(socket_.get(), SIOCSIFTXQLEN, &request) == 0;
}

std::uint64_t sent_dropped_in(std::string_view text, std::string_view name) {
  // "  eth0: bytes packets errs drop fifo frame compressed multicast bytes packets errs drop ..."
  constexpr unsigned kField = 11;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (!line.starts_with(name) || line.size() == name.size() || line[name.size()] != ':') continue;
    line.remove_prefix(name.size() + 1);
    for (unsigned field = 0;; ++field) {
      line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
      if (field == kField) break;
      line.remove_prefix(std::min(line.find(' '), line.size()));
    }
    std::uint64_t count = 0;
    std::from_chars(line.data(), line.data() + line.size(), count);
    return count;
  }
  return 0;
}

}  // namespace shakedown::port
