// SPDX-License-Identifier: Apache-2.0
#include "cli/live_port.h"

#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>

#include "config/suggestion.h"

namespace shakedown::cli {
namespace {

constexpr const char* kDefaultDriver = "af_packet";

const std::vector<std::string>& driver_names() {
  static const std::vector<std::string> names = {kDefaultDriver, "af_xdp"};
  return names;
}

/// What the kernel accepts as the name of an interface.
bool could_be_interface(std::string_view name) {
  constexpr std::string_view kForbidden = "/: \t\n\v\f\r";
  return !name.empty() && name.size() < IF_NAMESIZE && name != "." && name != ".." &&
         name.find_first_of(kForbidden) == std::string_view::npos;
}

std::string hint(const std::optional<std::string>& near) {
  return near ? fmt::format("; did you mean '{}'?", *near) : std::string{};
}

}  // namespace

LivePort parse_live_port(std::string_view text) {
  const std::size_t colon = text.find(':');
  const bool has_driver = colon != std::string_view::npos;
  const std::string driver(has_driver ? text.substr(0, colon) : kDefaultDriver);
  const std::string interface(has_driver ? text.substr(colon + 1) : text);
  const auto& drivers = driver_names();
  if (std::ranges::find(drivers, driver) == drivers.end()) {
    return {{},
            {},
            fmt::format("knows the drivers af_packet and af_xdp, not '{}'{}", driver,
                        hint(config::closest(driver, drivers)))};
  }
  if (!could_be_interface(interface)) {
    return {
        {}, {}, fmt::format("must be DRIVER:IFACE or the name of an interface, not '{}'", text)};
  }
  return {driver, interface};
}

std::string find_repeated(const std::vector<std::string>& ports) {
  std::set<std::string> seen;
  for (const std::string& port : ports) {
    const LivePort parsed = parse_live_port(port);
    if (!seen.insert(parsed.interface).second) {
      return fmt::format("the interface {} is given twice; each packet would count twice",
                         parsed.interface);
    }
  }
  return {};
}

std::string find_missing(const std::vector<std::string>& ports,
                         const std::vector<std::string>& interfaces) {
  for (const std::string& port : ports) {
    const std::string name = parse_live_port(port).interface;
    if (std::ranges::find(interfaces, name) != interfaces.end()) continue;
    return fmt::format("there is no interface '{}'{}", name,
                       hint(config::closest(name, interfaces)));
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
