// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Capture health for programs: one line of NDJSON for each interval and link of the
//            mirror, `event.dataset` = `shakedown.capture_health`, and one for each time in which
//            there was no data plane to see anything, `shakedown.blind`.
// Units:     Connections and packets of the interval; shares as fractions.
// Ownership: Appends to the caller's buffer.
// Threading: One thread.
// Limits:    none
// Failure:   none
// RFC:       RFC 8259; design.md section 4.
#pragma once

#include <fmt/format.h>

#include <string>

#include "aggregate/capture_health.h"
#include "export/handshake_event.h"
#include "export/json_writer.h"

namespace shakedown::exporting {

/// `healthy`, `impaired`, `blind`.
[[nodiscard]] std::string_view health_verdict_name(aggregate::HealthVerdict verdict);

/// Verdict, reasons and counts, as members of the object that is open.
void write_health(JsonWriter& json, const aggregate::LinkCounts& counts,
                  const aggregate::LinkHealth& health);

/// Appends one event and a newline for each link of the interval; for one without links, an event
/// of what the sensor itself lost, if it did.
void append_health_events(fmt::memory_buffer& out,
                          const aggregate::CaptureHealth::Interval& interval,
                          const aggregate::SensorLoss& loss, const EventContext& context);

/// A time without anybody who read packets.
struct BlindInterval {
  UnixNanos begin;
  UnixNanos end;
  std::string reason;  ///< a part of a sentence; empty: not known
  bool over = true;    ///< false: the run ended before the sensor was back
};
/// Appends one event and a newline.
void append_blind_event(fmt::memory_buffer& out, const BlindInterval& interval,
                        const EventContext& context);

}  // namespace shakedown::exporting
