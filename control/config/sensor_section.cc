// SPDX-License-Identifier: Apache-2.0
#include "config/live_sections.h"
#include "config/settings.h"
#include "config/values.h"

namespace shakedown::config {

SensorSettings read_sensor(const Node& section, const Source& source) {
  SensorSettings sensor;
  Settings settings(section, "sensor", source);
  settings.take("name", [&sensor](const std::string& text) {
    std::string error = sensor_name_error(text);
    if (error.empty()) sensor.name = text;
    return error;
  });
  settings.refuse_others();
  return sensor;
}

}  // namespace shakedown::config
