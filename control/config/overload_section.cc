// SPDX-License-Identifier: Apache-2.0
#include "config/live_sections.h"
#include "config/settings.h"

namespace shakedown::config {

OverloadSettings read_overload(const Node& section, const Source& source) {
  OverloadSettings overload;
  Settings settings(section, "overload", source);
  settings.take_switch("shed", overload.shed);
  settings.refuse_others();
  return overload;
}

}  // namespace shakedown::config
