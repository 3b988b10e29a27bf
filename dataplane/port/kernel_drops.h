// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What the kernel dropped because a port's ring was full. DPDK's af_packet driver does
//            not ask for it, and af_xdp's asks for a part of it, so this asks the drivers' sockets.
// Units:     Packets.
// Ownership: Uses sockets that belong to the driver, between its start and its end.
// Threading: Main thread; nobody else asks these sockets, as af_packet's number is reset by asking.
// Limits:    none
// Failure:   A socket that cannot be asked counts nothing.
// RFC:       none
#pragma once

#include <cstdint>
#include <vector>

namespace shakedown::port {

/// Sockets of this process of one domain (AF_PACKET, AF_XDP), by descriptor.
[[nodiscard]] std::vector<int> sockets_of_domain(int domain);

class KernelDrops {
 public:
  /// Remembers which sockets there are; those that appear until end() are the driver's.
  void begin(int domain);
  void end();
  void forget() { sockets_.clear(); }

  /// Since the sockets were made.
  [[nodiscard]] std::uint64_t count() noexcept;
  [[nodiscard]] std::size_t socket_count() const { return sockets_.size(); }

 private:
  int domain_ = 0;
  std::vector<int> before_;
  std::vector<int> sockets_;
  std::uint64_t packet_drops_ = 0;  ///< sum of what af_packet's sockets told
};

}  // namespace shakedown::port
