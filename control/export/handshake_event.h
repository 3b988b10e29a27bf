// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   One Handshake as one line of NDJSON: the handshake event of design.md section 7, field
//            names of the Elastic Common Schema.
// Units:     Times with microseconds; event.duration in nanoseconds.
// Ownership: Appends to the caller's buffer.
// Threading: One thread.
// Limits:    none
// Failure:   A field that is not known is absent. Whatever bytes the peers chose, the line is valid
//            JSON in UTF-8.
// RFC:       RFC 8259
#pragma once

#include <fmt/format.h>

#include <span>
#include <string>
#include <vector>

#include "diagnose/diagnosis.h"
#include "enrich/handshake.h"

namespace shakedown::exporting {

/// What is the same for all events of a run. A record names its port by index, in one of the lists.
struct EventContext {
  std::string sensor_name;
  std::vector<std::string> capture_names = {};    ///< of captures; empty in a live run
  std::vector<std::string> interface_names = {};  ///< of a live run; empty for captures
};

/// What was concluded about a handshake. None of both: it was not asked for, or there is nothing to
/// say. An event has a diagnosis or warnings, never both.
struct Conclusion {
  const diagnose::Diagnosis* diagnosis = nullptr;    ///< of a failure
  std::span<const diagnose::Warning> warnings = {};  ///< of a success
};

/// Appends the event and a newline.
void append_handshake_event(fmt::memory_buffer& out, const enrich::Handshake& handshake,
                            const EventContext& context, const Conclusion& conclusion = {});

}  // namespace shakedown::exporting
