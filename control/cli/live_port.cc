// SPDX-License-Identifier: Apache-2.0
#include "cli/live_port.h"

#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "config/problem.h"
#include "config/suggestion.h"
#include "config/values.h"

namespace shakedown::cli {
namespace {

using config::PortDriver;
using config::PortSettings;

LivePort refuse(std::string error) { return {{}, std::move(error)}; }

LivePort refuse_driver(std::string_view driver, std::string_view device) {
  const auto& drivers = config::driver_names();
  PortSettings card;
  const bool is_address = config::set_device(card, PortDriver::pci, device).empty();
  const std::string hint = is_address ? fmt::format("; did you mean 'pci:{}'?", card.name)
                                      : config::hint(driver, drivers);
  return refuse(fmt::format("knows the drivers {}, not {}{}", config::listed(drivers, "and"),
                            config::in_quotes(driver), hint));
}

/// The part before the first comma.
LivePort parse_device(std::string_view device) {
  LivePort port;
  const std::size_t colon = device.find(':');
  if (colon == std::string_view::npos) {
    port.error = config::set_device(port.settings, PortDriver::af_packet, device);
    return port;
  }
  const std::string_view driver = device.substr(0, colon);
  const auto& drivers = config::driver_names();
  const auto known = std::ranges::find(drivers, driver);
  if (known == drivers.end()) return refuse_driver(driver, device);
  const auto index = static_cast<std::size_t>(known - drivers.begin());
  const std::string error =
      config::set_device(port.settings, static_cast<PortDriver>(index), device.substr(colon + 1));
  if (!error.empty()) port.error = fmt::format("'{}' {}", driver, error);
  return port;
}

/// Sets what one `key=value` says; what is wrong with it, or nothing.
std::string take_setting(std::string_view setting, std::vector<std::string_view>& seen,
                         PortSettings& port) {
  const std::size_t equals = setting.find('=');
  if (equals == std::string_view::npos) {
    return fmt::format("takes settings as key=value after the name, not {}",
                       config::in_quotes(setting));
  }
  const std::string_view key = setting.substr(0, equals);
  const auto& keys = config::port_keys();
  if (std::ranges::find(keys, key) == keys.end()) {
    const auto near = config::closest(key, keys);
    return fmt::format("knows no key {}; {}", config::in_quotes(key),
                       near ? fmt::format("did you mean '{}'?", *near)
                            : fmt::format("there are {}", config::listed(keys, "and")));
  }
  if (std::ranges::find(seen, key) != seen.end()) return fmt::format("has '{}' twice", key);
  seen.push_back(key);
  const std::string error = config::set_key(port, key, setting.substr(equals + 1));
  return error.empty() ? error : fmt::format("'{}' {}", key, error);
}

bool is_interface(const PortSettings& port) {
  return port.driver != PortDriver::tap && port.driver != PortDriver::pci;
}

}  // namespace

LivePort parse_live_port(std::string_view text) {
  std::size_t comma = std::min(text.find(','), text.size());
  LivePort port = parse_device(text.substr(0, comma));
  if (!port.error.empty()) return refuse(std::move(port.error));
  std::vector<std::string_view> seen;
  while (comma != text.size()) {
    text.remove_prefix(comma + 1);
    comma = std::min(text.find(','), text.size());
    std::string error = take_setting(text.substr(0, comma), seen, port.settings);
    if (!error.empty()) return refuse(std::move(error));
  }
  return port;
}

std::string find_missing(const std::vector<std::string>& ports,
                         const std::vector<std::string>& interfaces) {
  for (const std::string& text : ports) {
    const PortSettings port = parse_live_port(text).settings;
    if (!is_interface(port)) continue;
    if (std::ranges::find(interfaces, port.name) != interfaces.end()) continue;
    return fmt::format("there is no interface '{}'{}", port.name,
                       config::hint(port.name, interfaces));
  }
  return {};
}

std::vector<std::string> interface_names() {
  const std::unique_ptr<struct if_nameindex, decltype(&if_freenameindex)> list(if_nameindex(),
                                                                               if_freenameindex);
  std::vector<std::string> names;
  if (!list) return names;
  for (const struct if_nameindex* entry = list.get(); entry->if_index != 0; ++entry) {
    names.emplace_back(entry->if_name);
  }
  return names;
}

}  // namespace shakedown::cli
