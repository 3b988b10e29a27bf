// SPDX-License-Identifier: Apache-2.0
#include "altered_copy.h"

#include <array>
#include <cstddef>

namespace shakedown::accidents {

namespace {

using packet::LinkType;

constexpr std::size_t kMacBytes = 6;
constexpr std::size_t kTypeOffset = 2 * kMacBytes;
constexpr std::size_t kTagBytes = 4;
constexpr std::uint16_t kOtherVlan = 3901;

std::vector<std::uint8_t> copy_of(Bytes packet) { return {packet.begin(), packet.end()}; }

bool is_tagged(Bytes frame) {
  return frame.size() >= kTypeOffset + kTagBytes && frame[kTypeOffset] == 0x81 &&
         frame[kTypeOffset + 1] == 0x00;
}

/// Where the outermost IP header begins, or the size of the packet when there is none here.
std::size_t ip_offset(Bytes packet, LinkType link_type) {
  std::size_t offset = packet.size();
  if (link_type == LinkType::ethernet) {
    offset = kTypeOffset + 2 + (is_tagged(packet) ? kTagBytes : 0);
  } else if (link_type == LinkType::raw_ip) {
    offset = 0;
  } else if (link_type == LinkType::linux_sll) {
    offset = 16;
  } else if (link_type == LinkType::linux_sll2) {
    offset = 20;
  } else if (link_type == LinkType::null_loopback) {
    offset = 4;
  }
  return offset < packet.size() ? offset : packet.size();
}

}  // namespace

std::vector<std::uint8_t> one_hop_further(Bytes packet, LinkType link_type) {
  std::vector<std::uint8_t> copy = copy_of(packet);
  const std::size_t ip = ip_offset(packet, link_type);
  if (ip == packet.size()) return copy;
  const std::size_t version = packet[ip] >> 4;
  if (version != 4 && version != 6) return copy;
  const std::size_t hops = ip + (version == 4 ? 8 : 7);
  if (hops < copy.size() && copy[hops] > 1) --copy[hops];
  return copy;
}

std::vector<std::uint8_t> in_other_vlan(Bytes packet, LinkType link_type) {
  std::vector<std::uint8_t> copy = copy_of(packet);
  if (link_type != LinkType::ethernet || packet.size() < kTypeOffset) return copy;
  const auto type = copy.begin() + static_cast<std::ptrdiff_t>(kTypeOffset);
  if (is_tagged(packet)) {
    copy.erase(type, type + static_cast<std::ptrdiff_t>(kTagBytes));
  } else {
    constexpr std::array<std::uint8_t, kTagBytes> tag{0x81, 0x00, kOtherVlan >> 8,
                                                      kOtherVlan & 0xff};
    copy.insert(type, tag.begin(), tag.end());
  }
  return copy;
}

std::vector<std::uint8_t> with_other_mac(Bytes packet, LinkType link_type) {
  std::vector<std::uint8_t> copy = copy_of(packet);
  if (link_type != LinkType::ethernet || packet.size() < kTypeOffset) return copy;
  copy[kMacBytes - 1] ^= 0x55;
  copy[kTypeOffset - 1] ^= 0x55;
  return copy;
}

std::vector<std::uint8_t> routed(Bytes packet, LinkType link_type) {
  const auto hop = one_hop_further(packet, link_type);
  const auto mac = with_other_mac(hop, link_type);
  return in_other_vlan(mac, link_type);
}

}  // namespace shakedown::accidents
