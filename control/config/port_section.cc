// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <string>

#include "config/live_sections.h"
#include "config/settings.h"
#include "config/values.h"
#include "shakedown/limits.h"

namespace shakedown::config {
namespace {

class PortReader {
 public:
  PortReader(const Node& node, const Source& source)
      : node_(node), source_(source), settings_(node, "ports", source) {}

  PortSettings read() {
    for (std::size_t i = 0; i < driver_names().size(); ++i) take_device(static_cast<PortDriver>(i));
    for (const std::string& key : port_keys()) take_key(key);
    settings_.refuse_others();
    // A driver that is misspelt was named already.
    if (device_count_ == 0 && settings_.all_known()) {
      source_.refuse(node_.position, fmt::format("a port needs its device: one of the keys {}",
                                                 listed(driver_names(), "and")));
    }
    return std::move(port_);
  }

 private:
  void take_device(PortDriver driver) {
    const std::string& key = name_of(driver);
    settings_.take(key, [&](const std::string& name) {
      if (++device_count_ == 1) return set_device(port_, driver, name);
      return fmt::format("cannot be here: the port has {} already, and a port is one device",
                         name_of(port_.driver));
    });
  }

  void take_key(const std::string& key) {
    if (key == "cpus") {
      settings_.take_processors(key, port_.cpus);
      return;
    }
    settings_.take(key, [&](const std::string& value) { return set_key(port_, key, value); });
  }

  const Node& node_;
  const Source& source_;
  Settings settings_;
  PortSettings port_;
  unsigned device_count_ = 0;
};

}  // namespace

std::vector<PortSettings> read_ports(const Node& section, const Source& source) {
  std::vector<PortSettings> ports;
  // Everything in it commented out.
  if (section.kind == Node::Kind::nothing) return ports;
  if (!expect(Node::Kind::list, section, source, "'ports' must be a list of ports")) return ports;
  if (section.items.empty()) source.refuse(section.position, "'ports' has no port");
  for (const Node* item : section.items) {
    if (ports.size() == kPortCountMax) {
      source.refuse(item->position, fmt::format("more than {} ports", kPortCountMax));
      break;
    }
    const bool is_port = expect(Node::Kind::mapping, *item, source,
                                "a port must be keys with values, like 'af_packet: eth1'");
    ports.push_back(is_port ? PortReader(*item, source).read() : PortSettings{});
  }
  return ports;
}

}  // namespace shakedown::config
