// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The readers of the sections but `watchlists`; each has a file of its own. What
//            sections contradict each other in is found when all of them are read
//            (contradictions.h).
// Units:     As in live_settings.h.
// Ownership: Values.
// Threading: One thread.
// Limits:    Those of live_settings.h and of limits.h.
// Failure:   Problems. A section with problems is read to its end.
// RFC:       none
#pragma once

#include <vector>

#include "config/document.h"
#include "config/live_settings.h"
#include "config/port_settings.h"
#include "config/problem.h"

namespace shakedown::config {

[[nodiscard]] SensorSettings read_sensor(const Node& section, const Source& source);
/// As many ports as the list has items, up to kPortCountMax: those with problems as well, so that an
/// index means the same in both.
[[nodiscard]] std::vector<PortSettings> read_ports(const Node& section, const Source& source);
[[nodiscard]] WorkerSettings read_workers(const Node& section, const Source& source);
[[nodiscard]] HandshakeSettings read_handshakes(const Node& section, const Source& source);
[[nodiscard]] OverloadSettings read_overload(const Node& section, const Source& source);
[[nodiscard]] MemorySettings read_memory(const Node& section, const Source& source);
[[nodiscard]] OutputSettings read_output(const Node& section, const Source& source);
[[nodiscard]] ControlSettings read_control(const Node& section, const Source& source);
[[nodiscard]] DiagnosisSettings read_diagnosis(const Node& section, const Source& source);

}  // namespace shakedown::config
