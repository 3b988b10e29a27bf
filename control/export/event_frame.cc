// SPDX-License-Identifier: Apache-2.0
#include "export/event_frame.h"

namespace shakedown::exporting {

void begin_event(JsonWriter& json, std::string_view kind, std::string_view type,
                 std::string_view dataset) {
  json.begin_object("event");
  json.member("kind", kind);
  json.begin_array("category");
  json.value("network");
  json.end_array();
  json.begin_array("type");
  json.value(type);
  json.end_array();
  json.member("dataset", dataset);
}

void write_observer(JsonWriter& json, const EventContext& context, std::optional<unsigned> port) {
  json.begin_object("observer");
  json.member("type", "sensor");
  json.member("vendor", "Shakedown");
  json.member("name", context.sensor_name);
  if (port && *port < context.interface_names.size()) {
    json.begin_object("ingress");
    json.begin_object("interface");
    json.member("name", context.interface_names[*port]);
    json.end_object();
    json.end_object();
  }
  json.end_object();
}

}  // namespace shakedown::exporting
