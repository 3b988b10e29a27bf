// SPDX-License-Identifier: Apache-2.0
#include "port/flow_rules.h"

#include <netinet/in.h>
#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_flow.h>
#include <rte_tcp.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace shakedown::port {
namespace {

constexpr std::uint8_t kOpeningOrClosing = RTE_TCP_SYN_FLAG | RTE_TCP_FIN_FLAG | RTE_TCP_RST_FLAG;

/// A rule and all that it points to: it is not copied.
class Rule {
 public:
  Rule(const ShuntRequest& flow, bool from_low) {
    const flow::FlowKey& key = flow.key;
    const IpAddress& source = from_low ? key.low_address : key.high_address;
    const IpAddress& destination = from_low ? key.high_address : key.low_address;
    const bool is_ipv6 = flow.family == IpFamily::ipv6;
    if (is_ipv6) {
      std::copy_n(source.bytes.begin(), sizeof ipv6_.hdr.src_addr, ipv6_.hdr.src_addr);
      std::copy_n(destination.bytes.begin(), sizeof ipv6_.hdr.dst_addr, ipv6_.hdr.dst_addr);
      std::fill_n(ipv6_mask_.hdr.src_addr, sizeof ipv6_mask_.hdr.src_addr, std::uint8_t{0xff});
      std::fill_n(ipv6_mask_.hdr.dst_addr, sizeof ipv6_mask_.hdr.dst_addr, std::uint8_t{0xff});
    } else {
      std::memcpy(&ipv4_.hdr.src_addr, source.bytes.data(), sizeof ipv4_.hdr.src_addr);
      std::memcpy(&ipv4_.hdr.dst_addr, destination.bytes.data(), sizeof ipv4_.hdr.dst_addr);
      ipv4_mask_.hdr.src_addr = ipv4_mask_.hdr.dst_addr = UINT32_MAX;
    }
    tcp_.hdr.src_port = rte_cpu_to_be_16(from_low ? key.low_port : key.high_port);
    tcp_.hdr.dst_port = rte_cpu_to_be_16(from_low ? key.high_port : key.low_port);
    tcp_mask_.hdr.src_port = tcp_mask_.hdr.dst_port = UINT16_MAX;
    tcp_mask_.hdr.tcp_flags = kOpeningOrClosing;

    pattern_[0].type = RTE_FLOW_ITEM_TYPE_ETH;
    pattern_[1].type = is_ipv6 ? RTE_FLOW_ITEM_TYPE_IPV6 : RTE_FLOW_ITEM_TYPE_IPV4;
    pattern_[1].spec = is_ipv6 ? static_cast<const void*>(&ipv6_) : &ipv4_;
    pattern_[1].mask = is_ipv6 ? static_cast<const void*>(&ipv6_mask_) : &ipv4_mask_;
    pattern_[2].type = RTE_FLOW_ITEM_TYPE_TCP;
    pattern_[2].spec = &tcp_;
    pattern_[2].mask = &tcp_mask_;
    pattern_[3].type = RTE_FLOW_ITEM_TYPE_END;
    actions_[0].type = RTE_FLOW_ACTION_TYPE_DROP;
    actions_[1].type = RTE_FLOW_ACTION_TYPE_END;
    attributes_.ingress = 1;
  }
  Rule(const Rule&) = delete;
  Rule& operator=(const Rule&) = delete;

  [[nodiscard]] bool is_possible(std::uint16_t device) const {
    rte_flow_error error{};
    return rte_flow_validate(device, &attributes_, pattern_.data(), actions_.data(), &error) == 0;
  }
  [[nodiscard]] rte_flow* make(std::uint16_t device) const {
    rte_flow_error error{};
    return rte_flow_create(device, &attributes_, pattern_.data(), actions_.data(), &error);
  }

 private:
  rte_flow_item_ipv4 ipv4_{};
  rte_flow_item_ipv4 ipv4_mask_{};
  rte_flow_item_ipv6 ipv6_{};
  rte_flow_item_ipv6 ipv6_mask_{};
  rte_flow_item_tcp tcp_{};
  rte_flow_item_tcp tcp_mask_{};
  rte_flow_attr attributes_{};
  std::array<rte_flow_item, 4> pattern_{};
  std::array<rte_flow_action, 2> actions_{};
};

/// Drops what fits both layers; a layer without a type fits all. Returns how many rules were made.
unsigned drop(std::uint16_t device, rte_flow_item frame, rte_flow_item packet) noexcept {
  if (frame.type == RTE_FLOW_ITEM_TYPE_END) frame.type = RTE_FLOW_ITEM_TYPE_ETH;
  const std::array<rte_flow_item, 3> pattern{frame, packet, rte_flow_item{}};
  std::array<rte_flow_action, 2> actions{};
  actions[0].type = RTE_FLOW_ACTION_TYPE_DROP;
  rte_flow_attr attributes{};
  attributes.ingress = 1;
  rte_flow_error error{};
  if (rte_flow_validate(device, &attributes, pattern.data(), actions.data(), &error) != 0) return 0;
  return rte_flow_create(device, &attributes, pattern.data(), actions.data(), &error) != nullptr;
}

}  // namespace

rte_flow* DeviceRules::make(const ShuntRequest& flow, bool from_low) noexcept {
  return Rule(flow, from_low).make(device_);
}

bool DeviceRules::is_possible(const ShuntRequest& flow) noexcept {
  return Rule(flow, true).is_possible(device_);
}

void DeviceRules::remove(rte_flow* rule) noexcept {
  rte_flow_error error{};
  rte_flow_destroy(device_, rule, &error);
}

unsigned drop_unwatched(std::uint16_t device) noexcept {
  unsigned count = 0;
  rte_flow_item_eth frame{};
  rte_flow_item_eth frame_mask{};
  frame.type = rte_cpu_to_be_16(RTE_ETHER_TYPE_ARP);
  frame_mask.type = UINT16_MAX;
  count += drop(
      device,
      {.type = RTE_FLOW_ITEM_TYPE_ETH, .spec = &frame, .last = nullptr, .mask = &frame_mask}, {});
  for (const std::uint8_t protocol : {IPPROTO_ESP, IPPROTO_SCTP}) {
    rte_flow_item_ipv4 ipv4{};
    rte_flow_item_ipv4 ipv4_mask{};
    ipv4.hdr.next_proto_id = protocol;
    ipv4_mask.hdr.next_proto_id = UINT8_MAX;
    count +=
        drop(device, {},
             {.type = RTE_FLOW_ITEM_TYPE_IPV4, .spec = &ipv4, .last = nullptr, .mask = &ipv4_mask});
    rte_flow_item_ipv6 ipv6{};
    rte_flow_item_ipv6 ipv6_mask{};
    ipv6.hdr.proto = protocol;
    ipv6_mask.hdr.proto = UINT8_MAX;
    count +=
        drop(device, {},
             {.type = RTE_FLOW_ITEM_TYPE_IPV6, .spec = &ipv6, .last = nullptr, .mask = &ipv6_mask});
  }
  return count;
}

void FlowRules::begin(RuleMaker& maker) noexcept {
  for (const IpFamily family : {IpFamily::ipv4, IpFamily::ipv6}) {
    ShuntRequest flow;
    flow.family = family;
    flow.key.low_port = 1;
    flow.key.high_port = 2;
    if (!maker.is_possible(flow)) return;
  }
  maker_ = &maker;
}

void FlowRules::end() noexcept {
  while (!pairs_.empty()) remove(pairs_.begin());
  maker_ = nullptr;
}

void FlowRules::shunt(std::span<const ShuntRequest> flows) noexcept {
  if (!is_usable()) return;
  std::size_t made = 0;
  for (const ShuntRequest& flow : flows) {
    // What was on its way when its rules were made comes once more.
    if (by_key_.contains(flow.key) || !lasts(flow.key)) continue;
    if (made < kFlowRulesPerCallMax && make_room_and_add(flow)) {
      ++made;
    } else {
      ++refused_count_;
    }
  }
}

void FlowRules::forget(std::span<const ShuntRequest> flows) noexcept {
  for (const ShuntRequest& flow : flows) {
    const auto found = by_key_.find(flow.key);
    if (found != by_key_.end()) remove(found->second);
  }
}

// Workers ask again after a second.
bool FlowRules::lasts(const flow::FlowKey& key) noexcept {
  const std::uint64_t hash = flow::hash_of(key, 1);
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  std::uint32_t& slot = asked_[hash % kAskedSlotCount];
  if (slot == tag) return true;
  slot = tag;
  return false;
}

bool FlowRules::make_room_and_add(const ShuntRequest& flow) noexcept {
  if (pairs_.size() >= capacity_) remove(pairs_.begin());
  if (add(flow)) return true;
  if (pairs_.empty()) return false;
  remove(pairs_.begin());
  if (!add(flow)) return false;
  // The card was full before we were.
  capacity_ = pairs_.size();
  return true;
}

bool FlowRules::add(const ShuntRequest& flow) noexcept {
  Pair pair{flow.key, maker_->make(flow, true), nullptr};
  if (pair.from_low == nullptr) return false;
  pair.from_high = maker_->make(flow, false);
  if (pair.from_high == nullptr) {
    maker_->remove(pair.from_low);
    return false;
  }
  by_key_[flow.key] = pairs_.insert(pairs_.end(), pair);
  return true;
}

void FlowRules::remove(Pairs::iterator pair) noexcept {
  maker_->remove(pair->from_low);
  maker_->remove(pair->from_high);
  by_key_.erase(pair->key);
  pairs_.erase(pair);
}

}  // namespace shakedown::port
