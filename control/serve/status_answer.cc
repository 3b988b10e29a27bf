// SPDX-License-Identifier: Apache-2.0
//
// One function per object of the answer.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "export/health_event.h"
#include "export/text.h"
#include "ingest/snapshot.h"
#include "log.h"
#include "report/progress.h"
#include "serve/answers.h"

namespace shakedown::serve {

namespace {

using exporting::JsonWriter;
using exporting::time_text;

double seconds_since(UnixNanos then, UnixNanos now) {
  const double nanos = static_cast<double>(now.value) - static_cast<double>(then.value);
  return std::max(0.0, nanos / static_cast<double>(kNanosPerSecond));
}

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

void write_control(JsonWriter& json, const ControlFacts& facts, UnixNanos now) {
  json.begin_object("control");
  json.member("pid", static_cast<unsigned>(getpid()));
  json.member("started", time_text(facts.started));
  json.member("uptime_seconds", seconds_since(facts.started, now), 3);
  json.member("log_level", log::level_name(log::level()));
  if (!facts.config_path.empty()) json.member("configuration", facts.config_path);
  json.member("records", facts.records);
  json.member("handshakes", facts.handshakes.handshakes);
  json.member("failures", facts.handshakes.failures);
  json.begin_array("outputs");
  for (const ControlFacts::Output& output : facts.outputs) {
    json.begin_object();
    json.member("name", output.name);
    json.member("path", output.path);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

void write_dataplane(JsonWriter& json, SegmentHeader* segment, UnixNanos now) {
  json.begin_object("data_plane");
  json.member("attached", segment != nullptr);
  if (segment != nullptr) {
    const UnixNanos started{segment->start_time};
    const UnixNanos heartbeat{segment->heartbeat.load(std::memory_order_relaxed)};
    json.member("state", ingest::name_of(segment->state.load(std::memory_order_acquire)));
    json.member("mode", segment->mode == RunMode::live ? "live" : "capture");
    json.member("pid", segment->dataplane_pid);
    json.member("started", time_text(started));
    json.member("uptime_seconds", seconds_since(started, now), 3);
    if (heartbeat.known()) {
      json.member("heartbeat_age_seconds", seconds_since(heartbeat, now), 3);
    }
    json.member("workers", segment->worker_count);
    json.member("ports", segment->port_count);
    json.member("distribution", name_of(segment->distribution));
    json.member("memory_budget_bytes", segment->memory_budget_bytes);
  }
  json.end_object();
}

void write_process(JsonWriter& json, std::string_view name, const ProcessStatus& process) {
  json.begin_object(name);
  json.member("state", name_of(process.state.load(std::memory_order_relaxed)));
  if (const auto pid = process.pid.load(std::memory_order_relaxed); pid != 0) {
    json.member("pid", pid);
  }
  json.member("restarts", process.restart_count.load(std::memory_order_relaxed));
  const UnixNanos end{process.end_time.load(std::memory_order_relaxed)};
  if (end.known()) {
    json.begin_object("last_end");
    json.member("time", time_text(end));
    json.member("signal", process.end_signal.load(std::memory_order_relaxed));
    json.member("exit_code", process.end_exit_code.load(std::memory_order_relaxed));
    json.end_object();
  }
  json.end_object();
}

void write_supervisor(JsonWriter& json, const SupervisorStatus* supervisor, UnixNanos now) {
  if (supervisor == nullptr) return;
  json.begin_object("supervisor");
  json.member("pid", supervisor->supervisor_pid);
  json.member("uptime_seconds", seconds_since(UnixNanos{supervisor->start_time}, now), 3);
  write_process(json, "data_plane", supervisor->dataplane);
  write_process(json, "control", supervisor->control);
  json.end_object();
}

void write_rates(JsonWriter& json, SegmentHeader& segment, const Rates::Now& rates) {
  const report::ProgressSample sample = report::sample_progress(segment);
  json.begin_object("traffic");
  json.member("packets", sample.packets);
  json.member("handshakes", sample.handshakes);
  json.member("rate_seconds", rates.seconds, 1);
  json.member("packets_per_second", rates.packets, 1);
  json.member("handshakes_per_second", rates.handshakes, 1);
  json.end_object();
}

struct RingTotals {
  std::uint64_t fill = 0;
  std::uint64_t fill_max = 0;  ///< of one worker
  std::uint64_t refused = 0;
};

void write_ring(JsonWriter& json, std::string_view name, const RingTotals& ring,
                std::uint64_t capacity) {
  json.begin_object(name);
  json.member("fill", ring.fill);
  json.member("capacity_per_worker", capacity);
  json.member("fullest_share", share(ring.fill_max, capacity), 6);
  json.member("refused", ring.refused);
  json.end_object();
}

void write_rings(JsonWriter& json, SegmentHeader& segment) {
  RingTotals records;
  RingTotals definitions;
  for (unsigned i = 0; i < segment.worker_count; ++i) {
    const WorkerArea& area = *worker_area(&segment, i);
    const auto add = [](RingTotals& ring, std::uint64_t fill, std::uint64_t refused) {
      ring.fill += fill;
      ring.fill_max = std::max(ring.fill_max, fill);
      ring.refused += refused;
    };
    add(records, area.records.fill(), area.counters.get(Counter::records_refused));
    add(definitions, area.definitions.fill(), area.counters.get(Counter::definitions_refused));
  }
  json.begin_object("rings");
  write_ring(json, "records", records, kRecordRingCapacity);
  write_ring(json, "definitions", definitions, kDefinitionRingBytes);
  json.end_object();
}

void write_overload(JsonWriter& json, const SegmentHeader& segment, const ControlFacts& facts) {
  const OverloadStatus& status = segment.overload;
  const std::uint32_t kept =
      std::min(status.kept_share.load(std::memory_order_relaxed), kAllClients);
  json.begin_object("overload");
  json.member("level", name_of(status.level.load(std::memory_order_relaxed)));
  json.member("kept_share", share(kept, kAllClients), 6);
  json.member("changes", status.change_count.load(std::memory_order_relaxed));
  const UnixNanos changed{status.changed_at.load(std::memory_order_relaxed)};
  if (changed.known()) json.member("changed", time_text(changed));
  if (facts.overload != nullptr) {
    const aggregate::OverloadSpan& total = facts.overload->total();
    json.member("tails_seconds", total.tails_seconds, 3);
    json.member("clients_seconds", total.clients_seconds, 3);
    json.member("mean_kept_share", total.kept_share(), 6);
  }
  json.end_object();
}

/// The supervisor also knows of times before this control began.
aggregate::BlindSpan blind_span(const SupervisorStatus& supervisor, UnixNanos now) {
  const UnixNanos since{supervisor.blind_since.load(std::memory_order_relaxed)};
  const auto nanos = static_cast<double>(supervisor.blind_nanos.load(std::memory_order_relaxed));
  return {.count = supervisor.blind_count.load(std::memory_order_relaxed),
          .seconds = nanos / static_cast<double>(kNanosPerSecond) +
                     (since.known() ? seconds_since(since, now) : 0.0)};
}

void write_blind(JsonWriter& json, const ControlFacts& facts, const SupervisorStatus* supervisor,
                 UnixNanos now) {
  if (facts.blind == nullptr) return;
  const aggregate::BlindTimes& blind = *facts.blind;
  const aggregate::BlindSpan total =
      supervisor != nullptr ? blind_span(*supervisor, now) : blind.total(now);
  json.begin_object("blind");
  json.member("now", blind.blind());
  if (blind.blind()) json.member("since", time_text(blind.since()));
  json.member("count", total.count);
  json.member("seconds", total.seconds, 3);
  json.begin_array("latest");
  for (const auto& interval : blind.latest()) {
    json.begin_object();
    json.member("begin", time_text(interval.begin));
    json.member("end", time_text(interval.end));
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

void write_health(JsonWriter& json, const ControlFacts& facts) {
  json.begin_object("capture_health");
  json.member("verdict", exporting::health_verdict_name(facts.health.verdict));
  if (facts.health_since.known()) json.member("since", time_text(facts.health_since));
  json.begin_array("reasons");
  for (const std::string& reason : facts.health.reasons) json.value(reason);
  json.end_array();
  json.end_object();
}

}  // namespace

std::string status_answer(const ControlFacts& facts, SegmentHeader* segment,
                          const Rates::Now& rates, const SupervisorStatus* supervisor,
                          UnixNanos now) {
  fmt::memory_buffer out;
  JsonWriter json(out);
  json.begin_object();
  json.member("ok", true);
  json.member("command", "status");
  json.member("version", SHAKEDOWN_VERSION);
  json.member("sensor", facts.sensor_name);
  json.member("time", time_text(now));
  write_dataplane(json, segment, now);
  write_control(json, facts, now);
  write_supervisor(json, supervisor, now);
  if (segment != nullptr) {
    write_rates(json, *segment, rates);
    write_rings(json, *segment);
    write_overload(json, *segment, facts);
  }
  write_blind(json, facts, supervisor, now);
  write_health(json, facts);
  json.end_object();
  return fmt::to_string(out);
}

}  // namespace shakedown::serve
