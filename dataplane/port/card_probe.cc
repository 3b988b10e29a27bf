// SPDX-License-Identifier: Apache-2.0
#include "port/card_probe.h"

#include <net/if.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string_view>

namespace shakedown::port {
namespace {

namespace fs = std::filesystem;

/// Drivers of the kernel beside which DPDK uses the same card.
constexpr std::string_view kSharingDrivers[] = {"mlx4_core", "mlx5_core", "mana"};
/// Drivers of the kernel that do nothing but hand the card out.
constexpr std::string_view kLendingDrivers[] = {"vfio-pci", "uio_pci_generic", "igb_uio"};

template <std::size_t size>
bool is_one_of(const std::string_view (&list)[size], std::string_view name) {
  return std::find(std::begin(list), std::end(list), name) != std::end(list);
}

/// The last part of what a link in /sys points to; empty when there is none.
std::string target_of(const fs::path& link) {
  std::error_code error;
  const fs::path target = fs::read_symlink(link, error);
  return error ? std::string() : target.filename().string();
}

InterfaceResult refuse(InterfaceStatus status, std::string sentence) {
  return {status, {}, std::move(sentence)};
}

std::string how_to_lend(const std::string& address) {
  return "lend it to DPDK: dpdk-devbind.py --bind=vfio-pci " + address;
}

/// The card is there. `shown`: what the user calls it.
InterfaceResult take_card(const PortSpec& spec, const std::string& address, unsigned worker_count) {
  const std::string folder = "/sys/bus/pci/devices/" + address;
  const std::string driver = target_of(folder + "/driver");
  const std::string shown = spec.name.text();
  if (driver.empty()) {
    return refuse(InterfaceStatus::wrong_driver, shown + " has no driver; " + how_to_lend(address));
  }
  if (!is_one_of(kSharingDrivers, driver) && !is_one_of(kLendingDrivers, driver)) {
    const bool is_named = spec.name.driver == PortDriver::nic;
    return refuse(
        InterfaceStatus::wrong_driver,
        shown + " belongs to the kernel (" + driver + "); " + how_to_lend(address) +
            (is_named ? ", and name it pci:" + address + "; or read it with af_xdp:" + spec.name.interface : "; or read its interface with af_xdp"));
  }
  InterfaceResult result;
  result.interface.spec = spec;
  result.interface.card = address;
  result.interface.memory_node = node_of_device(folder);
  result.interface.queue_count = spec.queues.value_or(std::min(worker_count, kQueueCountMax));
  return result;
}

}  // namespace

int node_of_device(const std::string& folder) {
  int node = -1;
  std::ifstream file(folder + "/numa_node");
  return file >> node ? node : -1;
}

InterfaceResult probe_card(const PortSpec& spec, unsigned worker_count) {
  const std::string& name = spec.name.interface;
  std::error_code error;
  if (spec.name.driver == PortDriver::pci) {
    if (!fs::exists("/sys/bus/pci/devices/" + name, error)) {
      return refuse(InterfaceStatus::missing,
                    "there is no card at " + name + "; `lspci -D` lists those that are there");
    }
    return take_card(spec, name, worker_count);
  }
  const unsigned index = if_nametoindex(name.c_str());
  if (index == 0) {
    return refuse(InterfaceStatus::missing,
                  "there is no interface " + name +
                      "; a card that is lent to DPDK already is named by its address: pci:...");
  }
  const std::string folder = "/sys/class/net/" + name + "/device";
  const std::string address = target_of(folder);
  if (target_of(folder + "/subsystem") != "pci") {
    return refuse(InterfaceStatus::wrong_driver, "interface " + name +
                                                     " is no card on the PCI bus; read it with "
                                                     "af_xdp:" +
                                                     name + " or af_packet:" + name);
  }
  InterfaceResult result = take_card(spec, address, worker_count);
  result.interface.index = index;
  return result;
}

}  // namespace shakedown::port
