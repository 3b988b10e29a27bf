// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The control process: from the rings of a data plane to events and a summary.
//            run_once() is the path.
// Units:     none
// Ownership: Owns everything from the attachment to the output.
// Threading: One thread; request_stop() may also be called from a signal handler.
// Limits:    Those of its parts; memory does not grow with the input.
// Failure:   Exit codes of options.h, with one sentence on standard error.
// RFC:       none
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aggregate/capture_health.h"
#include "aggregate/totals.h"
#include "enrich/definition_store.h"
#include "enrich/watchlist.h"
#include "export/handshake_event.h"
#include "export/output_file.h"
#include "ingest/attachment.h"
#include "ingest/drain.h"
#include "ingest/record_order.h"
#include "ingest/snapshot.h"
#include "ingest/visibility.h"
#include "options.h"
#include "report/progress.h"

namespace shakedown {

class Control {
 public:
  explicit Control(Options options);

  /// Until the data plane ends, is lost, or a stop is asked for. Returns the exit code.
  [[nodiscard]] int run();

  /// Asks run() to finish what is there and return.
  static void request_stop() noexcept;

 private:
  /// One turn: rings, order, and per record visibility, definitions, totals, event. Returns how
  /// many records came.
  std::size_t run_once();
  void handle(HandshakeRecord& record);
  [[nodiscard]] bool wants_event(OutcomeKind kind) const;
  /// One interval of the capture's health is over.
  void report_health(const aggregate::CaptureHealth::Interval& interval);
  /// Where its lines go: a file of their own, or among the events.
  [[nodiscard]] exporting::OutputFile& health_file() {
    return options_.health_path == options_.events_path ? events_ : health_;
  }
  [[nodiscard]] const std::string& output_error() const {
    return events_.error().empty() ? health_.error() : events_.error();
  }

  enum class Session { ended, lost, stopped, output_failed };
  /// Follows one data plane from attaching to its end.
  Session follow();
  /// Attaches, waiting as long as it takes. False: there is no data plane and none will come.
  [[nodiscard]] bool attach();
  [[nodiscard]] bool open_connection();
  void begin_session();
  void end_session(Session session);
  void finish_rings();

  /// A data plane that was lost is waited for only where another one can be found.
  [[nodiscard]] bool reconnects() const { return !options_.socket_path.empty(); }
  /// What runs for long is followed while it is written.
  void flush_outputs(bool idle);
  [[nodiscard]] bool told_to_stop(bool dataplane_active);
  void say_blind();
  void say_back();
  [[nodiscard]] bool load_configuration();
  [[nodiscard]] bool open_outputs();
  [[nodiscard]] int finish(Session last);
  [[nodiscard]] bool print_summary();

  Options options_;
  exporting::OutputFile events_;
  exporting::OutputFile health_;
  exporting::EventContext context_;
  fmt::memory_buffer line_;

  std::optional<ingest::Attachment> attachment_;
  std::optional<ingest::Drain> drain_;
  ingest::RecordOrder order_;
  ingest::Visibility visibility_;
  enrich::DefinitionStore definitions_;
  enrich::Watchlists watchlists_;
  aggregate::Totals totals_;
  aggregate::CaptureHealth capture_health_;
  aggregate::SensorLoss reported_loss_;  ///< of the data plane that is followed now
  report::Progress progress_;

  ingest::Snapshot counted_;  ///< of the data planes that have ended
  std::vector<std::string> warnings_;
  bool blind_ = false;
  bool live_ = false;  ///< of the data plane that is followed now
  std::chrono::steady_clock::time_point flush_due_;
  std::optional<std::chrono::steady_clock::time_point> stop_deadline_;
};

}  // namespace shakedown
