// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "doctor/checks.h"

namespace shakedown::doctor {
namespace {

const std::string kDevices = "/sys/bus/pci/devices/";

/// Those that DPDK can be handed a device through, the one that isolates first.
constexpr std::array<const char*, 3> kUserDrivers{"vfio-pci", "uio_pci_generic", "igb_uio"};
/// Those whose devices stay with the kernel while DPDK reads them.
constexpr std::array<const char*, 3> kBifurcated{"mlx5_core", "mlx4_core", "mana"};

template <std::size_t count>
bool is_one_of(const std::array<const char*, count>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

std::string bind_command(const std::string& address) {
  return fmt::format(
      "modprobe vfio-pci && dpdk-devbind.py --bind=vfio-pci {0} (lasting: driverctl "
      "set-override {0} vfio-pci)",
      address);
}

Finding judge_pci(const Files& files, const std::string& address) {
  const std::string name = "pci:" + address;
  if (!files.exists(kDevices + address)) {
    return {Grade::fail, name, "there is no such device", "dpdk-devbind.py --status-dev net"};
  }
  const std::string driver = files.link_name(kDevices + address + "/driver");
  if (is_one_of(kUserDrivers, driver)) {
    if (driver == kUserDrivers.front()) return {Grade::ok, name, "bound to " + driver};
    return {Grade::warn, name, "bound to " + driver + ", which does not isolate the device",
            bind_command(address)};
  }
  if (is_bifurcated(driver)) {
    return {Grade::ok, name, "bound to " + driver + ", which shares it with DPDK"};
  }
  return {Grade::fail, name,
          driver.empty() ? "bound to no driver" : "bound to " + driver + ", not to vfio-pci",
          bind_command(address)};
}

Finding judge_nic(const Machine& machine, const std::string& interface) {
  const std::string name = "nic:" + interface;
  const Files& files = machine.files;
  if (!machine.probes.interface(interface)) {
    return {Grade::fail, name, "there is no such interface",
            "ip link; a NIC that DPDK has already is named pci:ADDRESS"};
  }
  const std::string address = pci_address_of(files, interface);
  if (address.empty()) {
    return {Grade::fail, name, "is no PCI device", "use af_packet:" + interface};
  }
  const std::string driver = files.link_name("/sys/class/net/" + interface + "/device/driver");
  if (is_bifurcated(driver)) {
    return {Grade::ok, name, fmt::format("{}, driven by {} beside DPDK", address, driver)};
  }
  return {
      Grade::fail, name,
      fmt::format("{} is driven by {}, which does not share it", address, driver),
      fmt::format("use af_xdp:{0}, or take it from the kernel: ip link set {0} down && {1}, and "
                  "name it pci:{2}",
                  interface, bind_command(address), address)};
}

}  // namespace

bool is_bifurcated(const std::string& driver) { return is_one_of(kBifurcated, driver); }

std::string pci_address_of(const Files& files, const std::string& interface) {
  const std::string folder = "/sys/class/net/" + interface + "/device";
  if (files.link_name(folder + "/subsystem") != "pci") return {};
  return files.link_name(folder);
}

Findings check_vfio(const Machine& machine, const Input& input) {
  const bool needed = input.has(Driver::pci);
  const Files& files = machine.files;
  const std::size_t groups = files.list("/sys/kernel/iommu_groups").size();
  const bool loaded = files.exists("/sys/bus/pci/drivers/vfio-pci");
  const bool unsafe =
      files.read("/sys/module/vfio/parameters/enable_unsafe_noiommu_mode").value_or("N") == "Y";
  if (!needed) {
    return {{Grade::skip, "iommu",
             fmt::format("not needed: no pci port; {}",
                         groups == 0 ? "none is active" : fmt::format("{} groups", groups))}};
  }
  Findings findings;
  if (groups != 0) {
    findings.push_back({Grade::ok, "iommu", fmt::format("{} groups", groups)});
  } else if (unsafe) {
    findings.push_back({Grade::warn, "iommu",
                        "none is active; vfio works without: the NIC can write to all memory",
                        "on the kernel's command line: intel_iommu=on iommu=pt (AMD: iommu=pt)"});
  } else {
    findings.push_back(
        {Grade::fail, "iommu", "none is active, and vfio does not work without one",
         "on the kernel's command line: intel_iommu=on iommu=pt; without one, and without its "
         "protection: echo Y > /sys/module/vfio/parameters/enable_unsafe_noiommu_mode"});
  }
  if (loaded) {
    findings.push_back({Grade::ok, "vfio", "vfio-pci is loaded"});
  } else {
    findings.push_back({Grade::fail, "vfio", "vfio-pci is not loaded", "modprobe vfio-pci"});
  }
  return findings;
}

Findings check_binding(const Machine& machine, const Input& input) {
  Findings findings;
  for (const Port& port : input.ports) {
    if (port.driver == Driver::pci) findings.push_back(judge_pci(machine.files, port.name));
    if (port.driver == Driver::nic) findings.push_back(judge_nic(machine, port.name));
  }
  if (findings.empty()) {
    findings.push_back({Grade::skip, "binding", "not needed: no nic or pci port"});
  }
  return findings;
}

}  // namespace shakedown::doctor
