// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What the user writes after --port: DRIVER:NAME[,key=value]...
// Units:     MTU in bytes.
// Ownership: Values.
// Threading: Main thread.
// Limits:    kQueueCountMax queues; a link's name fits PortDescription::group.
// Failure:   A sentence for each mistake, with what is possible instead.
// RFC:       none
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "port/port_name.h"
#include "shakedown/limits.h"

namespace shakedown::port {

/// Queues of one port: each takes a share of the packet buffers. More than workers help nobody.
inline constexpr unsigned kQueueCountMax = kWorkerCountMax;
/// RTE_PMD_TAP_MAX_QUEUES.
inline constexpr unsigned kTapQueueCountMax = 16;
/// The smallest that IPv4 allows; and the largest that a packet can have.
inline constexpr unsigned kMtuMin = 68;
inline constexpr unsigned kMtuMax = 65'535;

/// By what a card spreads packets over its queues.
enum class RssLevel : std::uint8_t {
  off,    ///< it does not, or nobody should rely on how
  outer,  ///< the outermost addresses and ports
  inner   ///< those inside of tunnels
};

/// What the filter does with packets whose connection it cannot tell by itself.
enum class Treatment : std::uint8_t {
  open,  ///< tunnels: looks inside, as the workers do
  pass,  ///< to the workers, all of them
  drop   ///< counted as dropped_unwatched
};
/// Decided connections that a filter may remember: 115 bytes of the kernel's memory each.
inline constexpr unsigned kFilterFlowsMin = 1024;
inline constexpr unsigned kFilterFlowsMax = 16 * 1024 * 1024;

struct PortSpec {
  PortName name;
  std::optional<unsigned> queues;  ///< none: as many as are useful
  bool filter = true;              ///< af_xdp: drop in the kernel what cannot matter
  std::optional<unsigned> filter_flows;  ///< decided connections that it remembers; none: its default
  Treatment filter_tunnels = Treatment::open;
  Treatment filter_fragments = Treatment::pass;  ///< never `open`
  std::string link;                ///< ports with the same name are one link
  std::optional<unsigned> mtu;     ///< none: what the port has, or can have for free
  RssLevel rss = RssLevel::outer;
  bool vlan_strip = false;
  std::vector<unsigned> cpus;  ///< of those that read the queues, in their order; empty: any
};

struct PortSpecResult {
  std::optional<PortSpec> spec;
  std::string sentence;  ///< when there is none
};

[[nodiscard]] PortSpecResult parse_port_spec(std::string_view text);

}  // namespace shakedown::port
