// SPDX-License-Identifier: Apache-2.0
#include "config/live_sections.h"
#include "config/settings.h"
#include "config/values.h"

namespace shakedown::config {

HandshakeSettings read_handshakes(const Node& section, const Source& source) {
  HandshakeSettings handshakes;
  Settings settings(section, "handshakes", source);
  settings.take_seconds("silence_timeout", handshakes.silence_timeout);
  settings.take_seconds("syn_timeout", handshakes.syn_timeout);
  settings.take_list("watch_ports", ',', [&handshakes](const std::string& text) {
    return parse_ports(text, handshakes.watch_ports);
  });
  settings.take_number("followed_max", 1, kFollowedCountMax, handshakes.followed_max);
  settings.refuse_others();
  return handshakes;
}

}  // namespace shakedown::config
