// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>

#include "doctor/checks.h"

namespace shakedown::doctor {
namespace {

/// Programs that a killed sensor leaves at an interface, and the next one replaces: ours, and that of
/// libxdp.
constexpr std::array<const char*, 2> kReplacedPrograms{"shakedown_xdp", "xsk_def_prog"};

/// What fits a packet buffer of a page with AF_XDP's headroom.
constexpr unsigned kXdpMtuMax = 3498;

/// Things that the run works without, but not as well.
Findings judge_comfort(const Port& port, const InterfaceFacts& facts) {
  const std::string& name = port.name;
  Findings findings;
  if (!facts.running) {
    findings.push_back({Grade::warn, name, "has no carrier",
                        "look at the cable and at the port of the switch: ethtool " + name});
  }
  if (facts.gro || facts.lro) {
    findings.push_back({Grade::warn, name,
                        fmt::format("joins packets ({}): sizes and times are not those of the wire",
                                    facts.lro ? "LRO" : "GRO"),
                        fmt::format("ethtool -K {} gro off lro off", name)});
  }
  if (facts.ring != 0 && facts.ring < facts.ring_max) {
    findings.push_back(
        {Grade::warn, name,
         fmt::format("its ring has {} places of {} possible", facts.ring, facts.ring_max),
         fmt::format("ethtool -G {} rx {}", name, facts.ring_max)});
  }
  if (port.driver == Driver::af_xdp && facts.mtu > kXdpMtuMax) {
    findings.push_back(
        {Grade::warn, name,
         fmt::format("has an MTU of {}; most drivers take XDP programs up to {} only", facts.mtu,
                     kXdpMtuMax),
         fmt::format("ip link set {} mtu 1500, or use af_packet:{}", name, name)});
  }
  return findings;
}

/// A port of af_xdp has its interface alone.
Findings judge_xdp(const Files& files, const Port& port, const InterfaceFacts& facts) {
  const std::string& name = port.name;
  // The name that a data plane holds, as long as it lives, for an interface that it reads this way.
  const std::string holder = fmt::format("@shakedown-af_xdp-{}\n", facts.index);
  if ((files.read("/proc/net/unix").value_or("") + '\n').find(holder) != std::string::npos) {
    return {{Grade::fail, name, "another sensor reads it through af_xdp",
             "shakedown status; stop the other one, or use af_packet:" + name}};
  }
  if (facts.xdp_program.empty()) return {};
  for (const char* const replaced : kReplacedPrograms) {
    if (facts.xdp_program != replaced) continue;
    return {{Grade::ok, name,
             "has the XDP program of a sensor that was killed; the next one replaces it"}};
  }
  return {{Grade::fail, name, fmt::format("has an XDP program of its own ({})", facts.xdp_program),
           fmt::format("use af_packet:{0}, or remove it: ip link set {0} xdp off", name)}};
}

Findings judge_interface(const Machine& machine, const Port& port) {
  const std::string& name = port.name;
  const std::optional<InterfaceFacts> facts = machine.probes.interface(name);
  if (!facts) {
    const std::string others = machine.probes.interface_names();
    return {{Grade::fail, name,
             "there is no such interface" + (others.empty() ? "" : " (there are " + others + ")"),
             "ip link"}};
  }
  if (!facts->ethernet) {
    return {{Grade::fail, name, "does not carry Ethernet, which is all that can be read live",
             "watch the Ethernet interface below it"}};
  }
  if (!facts->up) {
    return {{Grade::fail, name, "is down", fmt::format("ip link set {} up", name)}};
  }
  Findings findings = {
      {Grade::ok, name,
       fmt::format("up, {}MTU {}, {} receive queue{}{}", facts->running ? "" : "no carrier, ",
                   facts->mtu, facts->queues, facts->queues == 1 ? "" : "s",
                   facts->driver.empty() ? "" : ", driver " + facts->driver)}};
  append(findings, judge_comfort(port, *facts));
  if (port.driver == Driver::af_xdp) append(findings, judge_xdp(machine.files, port, *facts));
  return findings;
}

Findings judge_tap(const Machine& machine, const Port& port) {
  if (machine.probes.interface(port.name)) {
    return {{Grade::fail, port.name, "is there already; a tap port makes its own interface",
             fmt::format("ip link del {}", port.name)}};
  }
  if (!machine.files.exists("/dev/net/tun")) {
    return {{Grade::fail, port.name, "there is no /dev/net/tun", "modprobe tun"}};
  }
  return {{Grade::ok, port.name, "will be made"}};
}

}  // namespace

Findings check_interfaces(const Machine& machine, const Input& input) {
  Findings findings;
  for (const Port& port : input.ports) {
    switch (port.driver) {
      case Driver::af_packet:
      case Driver::af_xdp:
        append(findings, judge_interface(machine, port));
        break;
      case Driver::tap:
        append(findings, judge_tap(machine, port));
        break;
      case Driver::nic:
      case Driver::pci:
        // Their devices are looked at by check_binding(); DPDK sets them up itself.
        break;
    }
  }
  if (findings.empty() && input.ports.empty()) {
    const std::string names = machine.probes.interface_names();
    findings.push_back({Grade::skip, "ports",
                        "none was given" + (names.empty() ? "" : "; there are " + names),
                        "shakedown doctor --port IFACE, or -c FILE"});
  }
  return findings;
}

}  // namespace shakedown::doctor
