// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   How a device is to be set up, from what it says of itself and what the user wants:
//            queues, places in them, length of packets, offloads. Asks nothing of the device.
// Units:     Bytes, places.
// Ownership: Values. The configuration points to the plan's own key: a plan is not copied.
// Threading: Main thread.
// Limits:    The device's own.
// Failure:   `refusal` is the rest of a sentence about the port; empty when there is none.
//            `remarks` are such sentences about what will work less well.
// RFC:       none
#pragma once

#include <rte_ethdev.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "port/rss.h"

namespace shakedown::port {

/// Places of a card's receiving queue: 0.3 ms of a link with 14 million packets a second.
inline constexpr std::uint16_t kCardRingSize = 4096;
/// Sending queues are never used; some drivers insist on one.
inline constexpr std::uint16_t kUnusedRingSize = 512;
/// The longest frame is longer than the MTU by Ethernet's header, two tags and the checksum.
inline constexpr unsigned kFrameOverheadBytes = 14 + 2 * 4 + 4;

struct DeviceWishes {
  std::uint16_t queue_count = 1;
  std::uint16_t ring_size = kCardRingSize;
  std::optional<unsigned> mtu{};  ///< none: the longest that costs nothing
  RssLevel rss = RssLevel::outer;
  bool vlan_strip = false;
};

struct DevicePlan {
  DevicePlan() = default;
  DevicePlan(const DevicePlan&) = delete;
  DevicePlan& operator=(const DevicePlan&) = delete;

  std::string refusal;
  std::vector<std::string> remarks;
  rte_eth_conf configuration{};
  rte_eth_rxconf receiving{};
  std::uint16_t queue_count = 1;
  std::uint16_t sending_count = 1;
  std::uint16_t ring_size = 0;
  std::uint16_t sending_size = 0;
  RssLevel rss = RssLevel::off;  ///< what it comes to
  bool wants_timestamps = false;
  bool is_card = false;
  RssKey key{};
};

/// For a card. `buffer_bytes`: room in a packet buffer.
void plan_card(const rte_eth_dev_info& info, const DeviceWishes& wishes, unsigned buffer_bytes,
               DevicePlan& plan);

/// For a device whose driver takes what comes; it insists on as many queues for sending.
void plan_virtual(std::uint16_t queue_count, std::uint16_t ring_size, bool scatters,
                  DevicePlan& plan);

/// The longest MTU whose packets take one buffer.
[[nodiscard]] constexpr unsigned mtu_of_buffer(unsigned buffer_bytes) {
  return buffer_bytes - kFrameOverheadBytes;
}
/// Buffers that a packet can take.
[[nodiscard]] constexpr unsigned buffers_of_mtu(unsigned mtu, unsigned buffer_bytes) {
  return (mtu + kFrameOverheadBytes + buffer_bytes - 1) / buffer_bytes;
}

}  // namespace shakedown::port
