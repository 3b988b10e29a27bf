// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   One device of DPDK from its making to its end: a virtual one that is made here, or a
//            card that EAL has found.
// Units:     Packets.
// Ownership: Owns the device as long as it is open; a virtual one ends with it.
// Threading: Main thread. The queues of a started device may be read by other threads.
// Limits:    Those of its driver.
// Failure:   Numbers of errno, zero for success; Eal::last_words() may know more.
// RFC:       none
#pragma once

#include <rte_ethdev.h>

#include <cstdint>
#include <string>

#include "port/device_plan.h"

namespace shakedown::port {

class Device {
 public:
  Device() = default;
  ~Device() { close(); }
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  /// Makes a virtual device: "net_tap0" with the driver's arguments.
  [[nodiscard]] int make(const std::string& name, const std::string& arguments);
  /// Takes a card that EAL knows by its address, and of its ports the one that the kernel knows by
  /// that interface, if it knows any.
  [[nodiscard]] int find(const std::string& address, unsigned interface_index);

  [[nodiscard]] int describe(rte_eth_dev_info& out) const;
  [[nodiscard]] int set_up(const DevicePlan& plan, rte_mempool* pool);
  [[nodiscard]] int start();
  void close() noexcept;

  [[nodiscard]] bool is_open() const { return is_open_; }
  [[nodiscard]] std::uint16_t id() const { return id_; }
  /// All zero when the driver does not count.
  [[nodiscard]] rte_eth_stats statistics() const noexcept;
  /// What the card's clock shows in its own ticks. False: it has none that can be read.
  [[nodiscard]] bool read_clock(std::uint64_t& ticks) const noexcept;

 private:
  std::string name_;  ///< of a virtual device
  std::uint16_t id_ = 0;
  bool is_open_ = false;
  bool is_started_ = false;
};

}  // namespace shakedown::port
