// SPDX-License-Identifier: Apache-2.0
#include "config/port_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/problem.h"
#include "config/values.h"

namespace shakedown::config {
namespace {

/// IF_NAMESIZE less its NUL.
constexpr std::size_t kInterfaceNameSizeMax = 15;

const std::vector<std::string>& rss_names() {
  static const std::vector<std::string> names = {"outer", "inner", "off"};
  return names;
}

/// What the kernel and DPDK, which has no quoting, accept as the name of an interface.
bool could_be_interface(std::string_view name) {
  constexpr std::string_view kForbidden = "/:,=[]()\"'\\";
  return !name.empty() && name.size() <= kInterfaceNameSizeMax && name != "." && name != ".." &&
         std::ranges::all_of(name, [kForbidden](char byte) {
           const auto code = static_cast<unsigned char>(byte);
           return code > 0x20 && code != 0x7f && kForbidden.find(byte) == std::string_view::npos;
         });
}

bool is_hex(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string in_small_letters(std::string_view text) {
  std::string small(text);
  for (char& byte : small) {
    if (byte >= 'A' && byte <= 'Z') byte = static_cast<char>(byte + ('a' - 'A'));
  }
  return small;
}

/// "[DOMAIN:]BUS:DEVICE.FUNCTION" as lspci writes it. With its domain; empty when it is none.
std::string pci_address(std::string_view text) {
  constexpr std::size_t kShortSize = 7;  // 3b:00.0
  std::string address = in_small_letters(text);
  if (address.size() == kShortSize) address.insert(0, "0000:");
  const std::size_t domain_size = address.find(':');
  // Bridges of storage and of clouds make domains of more than 16 bits.
  const bool good =
      domain_size >= 4 && domain_size <= 8 && address.size() == domain_size + 1 + kShortSize;
  if (!good) return {};
  const std::string_view domain(address.data(), domain_size);
  const std::string_view rest = std::string_view(address).substr(domain_size + 1);
  const bool device_is_good = rest[3] == '0' || rest[3] == '1';  // five bits
  if (!is_hex(domain) || !is_hex(rest.substr(0, 2)) || rest[2] != ':' || !device_is_good ||
      !is_hex(rest.substr(4, 1)) || rest[5] != '.' || rest[6] < '0' || rest[6] > '7') {
    return {};
  }
  return address;
}

bool is_link_byte(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= '0' && byte <= '9') || byte == '-' || byte == '_' || byte == '.';
}

std::string set_link(PortSettings& port, std::string_view name) {
  if (name.empty() || name.size() > kPortLinkSizeMax || !std::ranges::all_of(name, is_link_byte)) {
    return fmt::format("must be 1 to {} of a-z, A-Z, 0-9, '-', '_' and '.', not {}",
                       kPortLinkSizeMax, in_quotes(name));
  }
  port.link = name;
  return {};
}

/// The card itself, without the kernel.
bool is_card(PortDriver driver) { return driver == PortDriver::nic || driver == PortDriver::pci; }

void append(std::string& text, const char* key, const std::optional<bool>& on) {
  if (on) text += fmt::format(",{}={}", key, *on ? "on" : "off");
}

template <class Value>
void append(std::string& text, const char* key, const std::optional<Value>& value) {
  if (value) text += fmt::format(",{}={}", key, *value);
}

}  // namespace

const std::vector<std::string>& driver_names() {
  static const std::vector<std::string> names = {"af_packet", "af_xdp", "nic", "pci", "tap"};
  return names;
}

const std::string& name_of(PortDriver driver) {
  return driver_names()[static_cast<std::size_t>(driver)];
}

const std::vector<std::string>& port_keys() {
  static const std::vector<std::string> keys = {
      "queues", "filter", "filter_flows", "filter_tunnels", "filter_fragments",
      "link",   "mtu",    "rss",          "vlan_strip",     "cpus"};
  return keys;
}

std::string PortSettings::text() const {
  std::string text = name_of(driver) + ':' + name;
  append(text, "queues", queues);
  append(text, "filter", filter);
  append(text, "filter_flows", filter_flows);
  append(text, "filter_tunnels", filter_tunnels);
  append(text, "filter_fragments", filter_fragments);
  append(text, "link", link);
  append(text, "mtu", mtu);
  append(text, "rss", rss);
  append(text, "vlan_strip", vlan_strip);
  // A comma would begin the next key.
  if (!cpus.empty()) text += ",cpus=" + processors_text(cpus, ';');
  return text;
}

std::string set_device(PortSettings& port, PortDriver driver, std::string_view name) {
  port.driver = driver;
  const std::string address = pci_address(name);
  if (driver == PortDriver::pci) {
    port.name = address;
    if (!address.empty()) return {};
    const std::string by_name = could_be_interface(name) && name.find('.') == std::string_view::npos
                                    ? "; by the name of its interface it is the driver nic"
                                    : "";
    return fmt::format("must be a PCI address like 0000:3b:00.0, not {}{}", in_quotes(name),
                       by_name);
  }
  if (could_be_interface(name)) {
    port.name = name;
    return {};
  }
  const char* by_address = !address.empty() ? "; by its PCI address it is the driver pci" : "";
  return fmt::format(
      "must be the name of an interface (1 to {} bytes, none of them a space or one of "
      "/:,=[]()\"'\\), not {}{}",
      kInterfaceNameSizeMax, in_quotes(name), by_address);
}

std::string set_key(PortSettings& port, std::string_view key, std::string_view value) {
  if (key == "queues") return parse_number(value, 1, kPortQueueCountMax, port.queues);
  if (key == "filter") return parse_switch(value, port.filter);
  if (key == "filter_flows") {
    return parse_number(value, kFilterFlowsMin, kFilterFlowsMax, port.filter_flows);
  }
  if (key == "filter_tunnels") return parse_word(value, {"open", "pass", "drop"}, port.filter_tunnels);
  if (key == "filter_fragments") return parse_word(value, {"pass", "drop"}, port.filter_fragments);
  if (key == "link") return set_link(port, value);
  if (key == "mtu") return parse_number(value, kPortMtuMin, kPortMtuMax, port.mtu);
  if (key == "rss") return parse_word(value, rss_names(), port.rss);
  if (key == "vlan_strip") return parse_switch(value, port.vlan_strip);
  if (key == "cpus") return parse_processors(value, ';', port.cpus);
  return fmt::format("is no key of a port; known are {}", listed(port_keys(), "and"));
}

bool needs_hugepages(const PortSettings& port) { return is_card(port.driver); }

std::vector<PortContradiction> find_contradictions(const PortSettings& port) {
  std::vector<PortContradiction> found;
  const std::string& driver = name_of(port.driver);
  const auto refuse = [&](const char* key, std::string sentence) {
    found.push_back({key, std::move(sentence)});
  };
  if (port.driver == PortDriver::af_packet && port.queues.value_or(1) > 1) {
    refuse("queues", "af_packet has one queue; af_xdp, nic, pci and tap can have several");
  }
  if (port.driver == PortDriver::tap && port.queues.value_or(1) > kTapQueueCountMax) {
    refuse("queues", fmt::format("a TAP interface can have {} queues", kTapQueueCountMax));
  }
  if (port.filter && port.driver != PortDriver::af_xdp) {
    refuse("filter", fmt::format("'filter' is for af_xdp; {} has none", driver));
  }
  const auto refuse_of_filter = [&](const char* key, bool is_set) {
    if (!is_set) return;
    if (port.driver != PortDriver::af_xdp) {
      refuse(key, fmt::format("'{}' is for af_xdp; {} has no filter", key, driver));
    } else if (port.filter == false) {
      refuse(key, fmt::format("'{}' says something of a filter that is off", key));
    }
  };
  refuse_of_filter("filter_flows", port.filter_flows.has_value());
  refuse_of_filter("filter_tunnels", port.filter_tunnels.has_value());
  refuse_of_filter("filter_fragments", port.filter_fragments.has_value());
  if (port.mtu && !is_card(port.driver) && port.driver != PortDriver::tap) {
    refuse("mtu", fmt::format("'mtu' is for nic, pci and tap; with {} the kernel has it: ip link "
                              "set {} mtu {}",
                              driver, port.name, *port.mtu));
  }
  if (port.rss && !is_card(port.driver)) {
    refuse("rss",
           fmt::format("'rss' is for nic and pci; with {} the kernel chooses the queue", driver));
  }
  if (port.vlan_strip == true && !is_card(port.driver)) {
    refuse("vlan_strip", fmt::format("'vlan_strip' is for nic and pci, not for {}", driver));
  }
  return found;
}

}  // namespace shakedown::config
