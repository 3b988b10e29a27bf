// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The answers to requests: what the segment says, and what only control knows, as one
//            line of JSON each. docs/control_socket.md lists the fields.
// Units:     In the names of the fields; shares as fractions.
// Ownership: Values; the segment is only read.
// Threading: One thread; the numbers of a running data plane are of slightly different moments.
// Limits:    Those of the segment: an answer has at most a few hundred kilobytes.
// Failure:   A field that is not known is absent.
// RFC:       RFC 8259
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "aggregate/capture_health.h"
#include "aggregate/lost_times.h"
#include "aggregate/totals.h"
#include "cli/supervisor_status.h"
#include "export/json_writer.h"
#include "reload.h"
#include "serve/inspection.h"
#include "serve/rates.h"
#include "shakedown/shm_layout.h"

namespace shakedown::serve {

/// What the segment does not say.
struct ControlFacts {
  std::string sensor_name;
  UnixNanos started;  ///< control itself
  std::string config_path;
  aggregate::Tally handshakes;  ///< since then
  std::uint64_t records = 0;
  const aggregate::BlindTimes* blind = nullptr;
  const aggregate::OverloadTimes* overload = nullptr;
  struct Output {
    std::string name;  ///< `events`, `health`
    std::string path;
  };
  std::vector<Output> outputs;
  aggregate::LinkHealth health;  ///< the worst of all links, and all reasons
  UnixNanos health_since;        ///< of what it is about
};

/// `segment` is null while there is no data plane, `supervisor` where nobody looks after both.
[[nodiscard]] std::string status_answer(const ControlFacts& facts, SegmentHeader* segment,
                                        const Rates::Now& rates, const SupervisorStatus* supervisor,
                                        UnixNanos now);
[[nodiscard]] std::string counters_answer(SegmentHeader& segment);
[[nodiscard]] std::string ports_answer(SegmentHeader& segment);
[[nodiscard]] std::string queues_answer(SegmentHeader& segment);

/// Appends the record as a handshake event, with its newline.
using RecordWriter = std::function<void(fmt::memory_buffer&, const HandshakeRecord&)>;
[[nodiscard]] std::string connection_answer(const Findings& findings, SegmentHeader& segment,
                                            const RecordWriter& write_record);
[[nodiscard]] std::string log_level_answer(LogLevel level);
[[nodiscard]] std::string reload_answer(const ReloadResult& result);

/// `up`, `queues`, `clients`, ...
[[nodiscard]] std::string_view name_of(LinkState state);
[[nodiscard]] std::string_view name_of(Distribution distribution);
[[nodiscard]] std::string_view name_of(OverloadLevel level);
[[nodiscard]] std::string_view name_of(Followed followed);
[[nodiscard]] std::string_view name_of(ProcessState state);

}  // namespace shakedown::serve
