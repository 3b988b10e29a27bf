// SPDX-License-Identifier: Apache-2.0
#include "config/live_sections.h"
#include "config/settings.h"
#include "config/values.h"

namespace shakedown::config {

WorkerSettings read_workers(const Node& section, const Source& source) {
  WorkerSettings workers;
  Settings settings(section, "workers", source);
  settings.take_number("count", 1, kWorkerCountMax, workers.count);
  settings.take_processors("cpus", workers.cpus);
  settings.take_number("main_cpu", 0, kProcessorMax, workers.main_cpu);
  settings.take_word("distribution", distribution_names(), workers.distribution);
  settings.take_switch("busy_poll", workers.busy_poll);
  settings.refuse_others();
  return workers;
}

}  // namespace shakedown::config
