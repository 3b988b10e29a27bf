// SPDX-License-Identifier: Apache-2.0
#include "port/device_plan.h"

#include <algorithm>

namespace shakedown::port {
namespace {

/// The nearest number of places that the device allows.
std::uint16_t places(unsigned wanted, const rte_eth_desc_lim& limit) {
  const unsigned align = std::max<unsigned>(limit.nb_align, 1);
  const unsigned most = limit.nb_max == 0 ? UINT16_MAX : limit.nb_max;
  unsigned count = std::clamp<unsigned>(wanted, std::min<unsigned>(limit.nb_min, most), most);
  count -= count % align;
  if (count < limit.nb_min) count += align;
  return static_cast<std::uint16_t>(count);
}

void plan_queues(const rte_eth_dev_info& info, const DeviceWishes& wishes, DevicePlan& plan) {
  if (info.max_rx_queues < wishes.queue_count) {
    plan.refusal = "has " + std::to_string(info.max_rx_queues) + " queues, and " +
                   std::to_string(wishes.queue_count) +
                   " are asked for; set queues=" + std::to_string(info.max_rx_queues);
    return;
  }
  plan.queue_count = wishes.queue_count;
  plan.sending_count = std::min<std::uint16_t>(1, info.max_tx_queues);
  plan.ring_size = places(wishes.ring_size, info.rx_desc_lim);
  plan.sending_size = places(kUnusedRingSize, info.tx_desc_lim);
}

/// Packets longer than a buffer are received in several, where the device can do that.
void plan_length(const rte_eth_dev_info& info, const DeviceWishes& wishes, unsigned buffer_bytes,
                 DevicePlan& plan) {
  const unsigned most = info.max_mtu == 0 ? RTE_ETHER_MTU : info.max_mtu;
  if (wishes.mtu && (*wishes.mtu > most || *wishes.mtu < info.min_mtu)) {
    plan.refusal = "takes an MTU from " + std::to_string(info.min_mtu) + " to " +
                   std::to_string(most) + ", not " + std::to_string(*wishes.mtu);
    return;
  }
  const bool can_scatter = (info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER) != 0;
  // Tunnels make packets longer than hosts do; what fits into one buffer anyway costs nothing.
  const unsigned free_mtu = std::min(most, mtu_of_buffer(buffer_bytes));
  const unsigned mtu = wishes.mtu.value_or(free_mtu);
  plan.configuration.rxmode.mtu = mtu;
  if (mtu <= mtu_of_buffer(buffer_bytes)) return;
  if (can_scatter) {
    plan.configuration.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_SCATTER;
  } else {
    plan.refusal = "cannot put a packet into several buffers, so that its MTU is at most " +
                   std::to_string(free_mtu);
  }
}

void plan_offloads(const rte_eth_dev_info& info, const DeviceWishes& wishes, DevicePlan& plan) {
  std::uint64_t& offloads = plan.configuration.rxmode.offloads;
  if (wishes.vlan_strip) {
    if ((info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_VLAN_STRIP) != 0) {
      offloads |= RTE_ETH_RX_OFFLOAD_VLAN_STRIP;
    } else {
      plan.remarks.emplace_back("leaves VLAN tags where they are: it cannot strip them");
    }
  }
  if ((info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_TIMESTAMP) != 0) {
    offloads |= RTE_ETH_RX_OFFLOAD_TIMESTAMP;
    plan.wants_timestamps = true;
  }
}

void plan_rss(const rte_eth_dev_info& info, const DeviceWishes& wishes, DevicePlan& plan) {
  if (plan.queue_count == 1) return;
  plan.rss = wishes.rss;
  const std::uint64_t functions = rss_functions(info.flow_type_rss_offloads, plan.rss);
  if (plan.rss == RssLevel::off) {
    if (wishes.rss != RssLevel::off) {
      plan.remarks.emplace_back(rss_sentence(RssStatus::no_rss));
    }
    return;
  }
  if (plan.rss != wishes.rss) plan.remarks.emplace_back(rss_sentence(RssStatus::no_inner));
  plan.key = symmetric_rss_key();
  plan.configuration.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
  rte_eth_rss_conf& rss = plan.configuration.rx_adv_conf.rss_conf;
  rss.rss_hf = functions;
  // A key of another length would be refused, and the check then finds that the card's own is used.
  if (const std::size_t size = rss_key_size(info); size != 0) {
    rss.rss_key = plan.key.data();
    rss.rss_key_len = static_cast<std::uint8_t>(size);
  }
}

}  // namespace

void plan_card(const rte_eth_dev_info& info, const DeviceWishes& wishes, unsigned buffer_bytes,
               DevicePlan& plan) {
  plan_queues(info, wishes, plan);
  if (plan.refusal.empty()) plan_length(info, wishes, buffer_bytes, plan);
  if (!plan.refusal.empty()) return;
  plan.is_card = true;
  plan_offloads(info, wishes, plan);
  plan_rss(info, wishes, plan);
  plan.receiving = info.default_rxconf;
  plan.receiving.offloads = plan.configuration.rxmode.offloads;
  // A queue without room drops; it must not make the others of the card wait.
  plan.receiving.rx_drop_en = 1;
}

void plan_virtual(std::uint16_t queue_count, std::uint16_t ring_size, bool scatters,
                  DevicePlan& plan) {
  plan.queue_count = queue_count;
  plan.sending_count = queue_count;
  plan.ring_size = ring_size;
  plan.sending_size = ring_size;
  if (scatters) plan.configuration.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_SCATTER;
}

}  // namespace shakedown::port
