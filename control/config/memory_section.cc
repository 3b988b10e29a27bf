// SPDX-License-Identifier: Apache-2.0
#include "config/live_sections.h"
#include "config/settings.h"
#include "config/values.h"

namespace shakedown::config {

MemorySettings read_memory(const Node& section, const Source& source) {
  MemorySettings memory;
  Settings settings(section, "memory", source);
  settings.take_word("hugepages", hugepages_names(), memory.hugepages);
  settings.refuse_others();
  return memory;
}

}  // namespace shakedown::config
