// SPDX-License-Identifier: Apache-2.0
#include "port/port_spec.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "port/processors.h"
#include "shakedown/shm_layout.h"

namespace shakedown::port {
namespace {

/// Sets one key. Empty, or the end of the sentence "PORT: ...".
using Setter = std::string (*)(std::string_view value, PortSpec& spec);

struct Key {
  std::string_view name;
  Setter set;
};

std::optional<unsigned> number_within(std::string_view text, unsigned least, unsigned most) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number < least || number > most ? std::nullopt : std::optional(number);
}

std::optional<bool> on_or_off(std::string_view text) {
  if (text == "on") return true;
  if (text == "off") return false;
  return std::nullopt;
}

std::string set_queues(std::string_view value, PortSpec& spec) {
  const unsigned most = spec.name.driver == PortDriver::tap ? kTapQueueCountMax : kQueueCountMax;
  const auto count = number_within(value, 1, most);
  if (!count) return "queues is a number from 1 to " + std::to_string(most);
  if (spec.name.driver == PortDriver::af_packet && *count != 1) {
    return "af_packet has one queue; af_xdp, nic, pci and tap can have several";
  }
  spec.queues = count;
  return {};
}

std::string set_filter(std::string_view value, PortSpec& spec) {
  const auto on = on_or_off(value);
  if (!on) return "filter is on or off";
  if (spec.name.driver != PortDriver::af_xdp) return "filter is for af_xdp ports";
  spec.filter = *on;
  return {};
}

/// For the keys of the filter.
std::string refuse_without_filter(std::string_view key, const PortSpec& spec) {
  if (spec.name.driver == PortDriver::af_xdp) return {};
  return std::string(key) + " is for af_xdp ports";
}

std::string set_filter_flows(std::string_view value, PortSpec& spec) {
  const auto count = number_within(value, kFilterFlowsMin, kFilterFlowsMax);
  if (!count) {
    return "filter_flows is a number from " + std::to_string(kFilterFlowsMin) + " to " +
           std::to_string(kFilterFlowsMax);
  }
  spec.filter_flows = count;
  return refuse_without_filter("filter_flows", spec);
}

std::string set_filter_tunnels(std::string_view value, PortSpec& spec) {
  if (value != "open" && value != "pass" && value != "drop") {
    return "filter_tunnels is open, pass or drop";
  }
  spec.filter_tunnels = value == "open"   ? Treatment::open
                        : value == "pass" ? Treatment::pass
                                          : Treatment::drop;
  return refuse_without_filter("filter_tunnels", spec);
}

std::string set_filter_fragments(std::string_view value, PortSpec& spec) {
  if (value != "pass" && value != "drop") return "filter_fragments is pass or drop";
  spec.filter_fragments = value == "pass" ? Treatment::pass : Treatment::drop;
  return refuse_without_filter("filter_fragments", spec);
}

std::string set_link(std::string_view value, PortSpec& spec) {
  constexpr std::size_t kMost = sizeof(PortDescription::group) - 1;
  const bool fits = !value.empty() && value.size() <= kMost &&
                    std::all_of(value.begin(), value.end(),
                                [](char letter) { return letter > 0x20 && letter < 0x7f; });
  if (!fits) return "link is a name of 1 to " + std::to_string(kMost) + " letters without spaces";
  spec.link = value;
  return {};
}

std::string set_mtu(std::string_view value, PortSpec& spec) {
  const auto mtu = number_within(value, kMtuMin, kMtuMax);
  if (!mtu) {
    return "mtu is a number from " + std::to_string(kMtuMin) + " to " + std::to_string(kMtuMax);
  }
  if (!is_card(spec.name.driver) && spec.name.driver != PortDriver::tap) {
    return "mtu is for nic, pci and tap ports; the kernel sets that of its interfaces: ip link "
           "set " +
           spec.name.interface + " mtu " + std::to_string(*mtu);
  }
  spec.mtu = mtu;
  return {};
}

std::string set_rss(std::string_view value, PortSpec& spec) {
  if (value == "outer") {
    spec.rss = RssLevel::outer;
  } else if (value == "inner") {
    if (!is_card(spec.name.driver)) return "rss=inner is for nic and pci ports";
    spec.rss = RssLevel::inner;
  } else if (value == "off") {
    spec.rss = RssLevel::off;
  } else {
    return "rss is outer, inner or off";
  }
  return {};
}

std::string set_vlan_strip(std::string_view value, PortSpec& spec) {
  const auto on = on_or_off(value);
  if (!on) return "vlan_strip is on or off";
  if (*on && !is_card(spec.name.driver)) return "vlan_strip is for nic and pci ports";
  spec.vlan_strip = *on;
  return {};
}

std::string set_cpus(std::string_view value, PortSpec& spec) {
  auto list = parse_processors(value, ';');
  if (!list) return "cpus is a list of processors without doubles, as 2-5 or 2;3;8";
  spec.cpus = std::move(*list);
  return {};
}

constexpr Key kKeys[] = {{"queues", set_queues},
                         {"filter", set_filter},
                         {"filter_flows", set_filter_flows},
                         {"filter_tunnels", set_filter_tunnels},
                         {"filter_fragments", set_filter_fragments},
                         {"link", set_link},
                         {"mtu", set_mtu},
                         {"rss", set_rss},
                         {"vlan_strip", set_vlan_strip},
                         {"cpus", set_cpus}};

std::string list_of_keys() {
  std::string list;
  for (const Key& key : kKeys) {
    if (!list.empty()) list += &key == std::prev(std::end(kKeys)) ? " and " : ", ";
    list += key.name;
  }
  return list;
}

/// The one that `text` begins, or that begins it.
const Key* similar_key(std::string_view text) {
  if (text.empty()) return nullptr;
  const auto* const found = std::find_if(std::begin(kKeys), std::end(kKeys), [&](const Key& key) {
    return key.name.starts_with(text) || text.starts_with(key.name.substr(0, 4));
  });
  return found == std::end(kKeys) ? nullptr : found;
}

std::string refuse_key(std::string_view name) {
  std::string sentence = "unknown key " + printable(name) + "; ";
  if (const Key* const similar = similar_key(name); similar != nullptr) {
    return sentence.append("did you mean ").append(similar->name).append("?");
  }
  return sentence + "there are " + list_of_keys();
}

/// Empty, or the end of the sentence "PORT: ...".
std::string take_setting(std::string_view setting, std::vector<std::string_view>& seen,
                         PortSpec& spec) {
  const std::size_t equals = setting.find('=');
  if (equals == std::string_view::npos) {
    return "after the name come settings as key=value, and " + printable(setting) + " is none";
  }
  const std::string_view name = setting.substr(0, equals);
  const auto* const key = std::find_if(std::begin(kKeys), std::end(kKeys),
                                       [&](const Key& known) { return known.name == name; });
  if (key == std::end(kKeys)) return refuse_key(name);
  if (std::find(seen.begin(), seen.end(), name) != seen.end()) {
    return std::string(name) + " is set twice";
  }
  seen.push_back(name);
  const std::string_view value = setting.substr(equals + 1);
  std::string mistake = key->set(value, spec);
  if (!mistake.empty() && !value.empty()) mistake += " (not " + printable(value) + ")";
  return mistake;
}

}  // namespace

PortSpecResult parse_port_spec(std::string_view text) {
  std::size_t comma = std::min(text.find(','), text.size());
  PortNameResult named = parse_port_name(text.substr(0, comma));
  if (named.status != PortNameStatus::ok) return {std::nullopt, std::move(named.sentence)};
  PortSpec spec;
  spec.name = std::move(named.name);
  std::vector<std::string_view> seen;
  while (comma != text.size()) {
    text.remove_prefix(comma + 1);
    comma = std::min(text.find(','), text.size());
    const std::string mistake = take_setting(text.substr(0, comma), seen, spec);
    if (!mistake.empty()) return {std::nullopt, spec.name.text() + ": " + mistake};
  }
  return {std::move(spec), {}};
}

}  // namespace shakedown::port
