// SPDX-License-Identifier: Apache-2.0
// rte_eth_read_clock has stood unchanged, and "experimental", since DPDK 19.08.
#define ALLOW_EXPERIMENTAL_API
#include "port/device.h"

#include <rte_dev.h>
#include <rte_lcore.h>

#include <cassert>
#include <cerrno>

namespace shakedown::port {
namespace {

constexpr const char* kBus = "vdev";

}  // namespace

int Device::make(const std::string& name, const std::string& arguments) {
  assert(!is_open_);
  if (const int error = rte_eal_hotplug_add(kBus, name.c_str(), arguments.c_str()); error != 0) {
    return error;
  }
  name_ = name;
  is_open_ = true;
  return rte_eth_dev_get_port_by_name(name.c_str(), &id_);
}

int Device::find(const std::string& address, unsigned interface_index) {
  assert(!is_open_);
  for (std::uint16_t id = 0; id < RTE_MAX_ETHPORTS; ++id) {
    rte_eth_dev_info info{};
    if (rte_eth_dev_is_valid_port(id) == 0 || rte_eth_dev_info_get(id, &info) != 0 ||
        info.device == nullptr) {
      continue;
    }
    if (address != rte_dev_name(info.device)) continue;
    if (interface_index != 0 && info.if_index != 0 && info.if_index != interface_index) continue;
    id_ = id;
    is_open_ = true;
    return 0;
  }
  return -ENODEV;
}

int Device::describe(rte_eth_dev_info& out) const { return rte_eth_dev_info_get(id_, &out); }

int Device::set_up(const DevicePlan& plan, rte_mempool* pool) {
  const int node = rte_eth_dev_socket_id(id_);
  const unsigned socket = node < 0 ? rte_socket_id() : static_cast<unsigned>(node);
  int error = rte_eth_dev_configure(id_, plan.queue_count, plan.sending_count, &plan.configuration);
  for (std::uint16_t queue = 0; queue < plan.queue_count && error == 0; ++queue) {
    error = rte_eth_rx_queue_setup(id_, queue, plan.ring_size, socket,
                                   plan.is_card ? &plan.receiving : nullptr, pool);
    // Nothing is ever sent. af_xdp completes a pair when its receiving half is set up.
    if (error == 0 && queue < plan.sending_count) {
      error = rte_eth_tx_queue_setup(id_, queue, plan.sending_size, socket, nullptr);
    }
  }
  return error;
}

int Device::start() {
  const int error = rte_eth_dev_start(id_);
  is_started_ = error == 0;
  return error;
}

void Device::close() noexcept {
  if (!is_open_) return;
  is_open_ = false;
  if (is_started_) rte_eth_dev_stop(id_);
  is_started_ = false;
  if (name_.empty()) {
    rte_eth_dev_close(id_);
  } else {
    rte_eal_hotplug_remove(kBus, name_.c_str());
  }
}

rte_eth_stats Device::statistics() const noexcept {
  rte_eth_stats statistics{};
  if (!is_open_ || rte_eth_stats_get(id_, &statistics) != 0) return {};
  return statistics;
}

bool Device::read_clock(std::uint64_t& ticks) const noexcept {
  return rte_eth_read_clock(id_, &ticks) == 0;
}

}  // namespace shakedown::port
