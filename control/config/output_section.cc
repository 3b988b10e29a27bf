// SPDX-License-Identifier: Apache-2.0
#include "config/live_sections.h"
#include "config/settings.h"

namespace shakedown::config {

OutputSettings read_output(const Node& section, const Source& source) {
  OutputSettings output;
  Settings settings(section, "output", source);
  // A dash is standard output, as on the command line.
  settings.take_path("events", "-", output.events);
  settings.take_switch("all", output.all);
  settings.take_path("health", "-", output.health);
  settings.refuse_others();
  return output;
}

}  // namespace shakedown::config
