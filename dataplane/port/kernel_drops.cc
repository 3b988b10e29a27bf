// SPDX-License-Identifier: Apache-2.0
#include "port/kernel_drops.h"

#include <linux/if_packet.h>
#include <linux/if_xdp.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <iterator>
#include <string>

namespace shakedown::port {

std::vector<int> sockets_of_domain(int domain) {
  std::vector<int> sockets;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error)) {
    const std::string name = entry.path().filename();
    int descriptor = -1;
    std::from_chars(name.data(), name.data() + name.size(), descriptor);
    int found = 0;
    socklen_t size = sizeof found;
    if (getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &found, &size) == 0 && found == domain) {
      sockets.push_back(descriptor);
    }
  }
  std::sort(sockets.begin(), sockets.end());
  return sockets;
}

void KernelDrops::begin(int domain) {
  domain_ = domain;
  before_ = sockets_of_domain(domain);
}

void KernelDrops::end() {
  const std::vector<int> after = sockets_of_domain(domain_);
  sockets_.clear();
  std::set_difference(after.begin(), after.end(), before_.begin(), before_.end(),
                      std::back_inserter(sockets_));
}

std::uint64_t KernelDrops::count() noexcept {
  std::uint64_t xdp_drops = 0;
  for (const int socket : sockets_) {
    if (domain_ == AF_PACKET) {
      tpacket_stats statistics{};
      socklen_t size = sizeof statistics;
      if (getsockopt(socket, SOL_PACKET, PACKET_STATISTICS, &statistics, &size) == 0) {
        packet_drops_ += statistics.tp_drops;
      }
    } else {
      xdp_statistics statistics{};
      socklen_t size = sizeof statistics;
      if (getsockopt(socket, SOL_XDP, XDP_STATISTICS, &statistics, &size) == 0) {
        xdp_drops += statistics.rx_dropped + statistics.rx_ring_full;
      }
    }
  }
  return packet_drops_ + xdp_drops;
}

}  // namespace shakedown::port
