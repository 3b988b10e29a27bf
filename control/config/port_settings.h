// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   A live port as a user describes it: on the command line in one word, in the
//            configuration as keys with values. Both are made of the same keys and checks.
// Units:     mtu in bytes.
// Ownership: Values.
// Threading: Pure: what is there on this machine is not asked.
// Limits:    The kernel's for names of interfaces (15 bytes), kPortQueueCountMax, kPortLinkSizeMax.
// Failure:   Sentences; see each function.
// RFC:       none
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shakedown/limits.h"

namespace shakedown::config {

/// More queues than workers help nobody.
inline constexpr unsigned kPortQueueCountMax = kWorkerCountMax;
/// What DPDK's driver of TAP interfaces has.
inline constexpr unsigned kTapQueueCountMax = 16;
/// PortDescription::group less its NUL.
inline constexpr std::size_t kPortLinkSizeMax = 31;
/// RFC 791 §3.2: what every host must be able to forward.
inline constexpr unsigned kPortMtuMin = 68;
inline constexpr unsigned kPortMtuMax = 65'535;
/// Decided connections that the XDP filter remembers.
inline constexpr unsigned kFilterFlowsMin = 1024;
inline constexpr unsigned kFilterFlowsMax = 16 * 1024 * 1024;

enum class PortDriver { af_packet, af_xdp, nic, pci, tap };

/// `af_packet`, ...: in the order of PortDriver.
[[nodiscard]] const std::vector<std::string>& driver_names();
[[nodiscard]] const std::string& name_of(PortDriver driver);

/// `queues`, `filter`, ...: what a port can have besides its driver.
[[nodiscard]] const std::vector<std::string>& port_keys();

struct PortSettings {
  PortDriver driver = PortDriver::af_packet;
  /// Of an interface; of `pci` the address with its domain, in small letters.
  std::string name;
  std::optional<unsigned> queues;
  std::optional<bool> filter;
  std::optional<unsigned> filter_flows;
  std::optional<std::string> filter_tunnels;    ///< open, pass, drop
  std::optional<std::string> filter_fragments;  ///< pass, drop
  std::optional<std::string> link;
  std::optional<unsigned> mtu;
  std::optional<std::string> rss;  ///< outer, inner, off
  std::optional<bool> vlan_strip;
  std::vector<unsigned> cpus;

  bool operator==(const PortSettings&) const = default;
  /// As the data plane wants it: DRIVER:NAME[,key=value]...
  [[nodiscard]] std::string text() const;
};

/// Sets the driver, and the name that follows it when it is good. What is wrong: the rest of a
/// sentence that begins with the driver; empty when it is good.
[[nodiscard]] std::string set_device(PortSettings& port, PortDriver driver, std::string_view name);

/// Sets one of port_keys(). What is wrong: the rest of a sentence that begins with the key; empty
/// when it is good.
[[nodiscard]] std::string set_key(PortSettings& port, std::string_view key, std::string_view value);

/// The driver of the card has no other memory.
[[nodiscard]] bool needs_hugepages(const PortSettings& port);

struct PortContradiction {
  std::string key;
  std::string sentence;
};

/// Keys that the driver has no use for.
[[nodiscard]] std::vector<PortContradiction> find_contradictions(const PortSettings& port);

}  // namespace shakedown::config
