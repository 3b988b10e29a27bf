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
#include "aggregate/lost_times.h"
#include "aggregate/totals.h"
#include "cli/supervisor_status.h"
#include "diagnose/diagnoser.h"
#include "diagnose/profile/profile_file.h"
#include "diagnosis_plan.h"
#include "enrich/chain_judge.h"
#include "enrich/definition_store.h"
#include "enrich/watchlist.h"
#include "export/handshake_event.h"
#include "export/output_file.h"
#include "hold/record_hold.h"
#include "ingest/attachment.h"
#include "ingest/drain.h"
#include "ingest/record_order.h"
#include "ingest/segment_feed.h"
#include "ingest/snapshot.h"
#include "ingest/visibility.h"
#include "options.h"
#include "reload.h"
#include "report/progress.h"
#include "serve/recent_events.h"
#include "serve/service.h"

namespace shakedown {

class Control {
 public:
  explicit Control(Options options);
  ~Control();
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  /// Until the data plane ends, is lost, or a stop is asked for. Returns the exit code.
  [[nodiscard]] int run();

  /// Asks run() to finish what is there and return.
  static void request_stop() noexcept;
  /// Asks run() to read its configuration again, and to open its files anew.
  static void request_reload() noexcept;

 private:
  /// One turn: rings, order, and per record visibility, definitions, what is learnt from it, totals
  /// and, now or some seconds later, cause and event. Returns how many records came.
  std::size_t run_once();
  void handle(HandshakeRecord& record);
  [[nodiscard]] bool wants_event(const enrich::Handshake& handshake) const;
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
  /// The same where `shakedown run` hands over one segment after the other.
  [[nodiscard]] bool attach_supervised();
  [[nodiscard]] bool inherit();
  [[nodiscard]] bool dataplane_gone();
  void begin_session();
  void end_session(Session session);
  void finish_rings();

  /// A data plane that was lost is waited for only where another one can be found.
  [[nodiscard]] bool reconnects() const { return !options_.socket_path.empty(); }
  [[nodiscard]] bool awaits_another() const { return reconnects() || options_.supervised; }
  /// What runs for long is followed while it is written.
  void flush_outputs(bool idle);
  enum class Rings { give_back, leave };
  /// Writes what there is. What is written need not stay in the hold, nor in the rings; while
  /// records are being handed on, the rings know nothing of those that are on their way.
  void commit(Rings rings = Rings::give_back);
  /// Tells the supervisor that we are alive.
  void beat();
  [[nodiscard]] bool told_to_stop(bool dataplane_active);
  void say_blind(UnixNanos since, const std::string& reason = {});
  void say_back(UnixNanos at);
  void report_blind(UnixNanos end, bool over);
  /// Of the whole run, as far as somebody knows of it who was there.
  [[nodiscard]] aggregate::BlindSpan blind_total() const;
  [[nodiscard]] bool load_configuration();
  [[nodiscard]] bool open_outputs();
  [[nodiscard]] int finish(Session last);
  [[nodiscard]] bool print_summary();

  // control_diagnosis.cc: why it failed.
  [[nodiscard]] bool open_diagnosis();
  [[nodiscard]] bool open_profiles(const std::string& path);
  void save_profiles(std::chrono::steady_clock::time_point now);
  [[nodiscard]] bool finish_profiles();
  void learn_and_conclude(const HandshakeRecord& record);
  /// Those that have waited long enough at that time.
  void release_held(UnixNanos now);
  void conclude_held(const HandshakeRecord& record);
  void conclude(const enrich::Handshake& handshake);
  /// Of a reload.
  void take_diagnosis(const DiagnosisPlan& plan, enrich::TrustStore trust);

  // control_service.cc: requests of others while control goes on with its work.
  void open_service();
  /// Between two turns over the rings, and while there are none; never waits.
  void serve();
  [[nodiscard]] bool begin_reload();
  void finish_reload(FreshConfiguration fresh);
  void reopen_outputs(const Options& before, ReloadResult& result);
  void set_log_level(LogLevel level);
  /// The event of a handshake that is being followed still.
  void write_unfinished(fmt::memory_buffer& out, HandshakeRecord record);
  void name_sensor();
  [[nodiscard]] serve::ControlFacts facts();

  Options options_;
  config::Configuration configuration_;  ///< that is in force; empty without a file
  exporting::OutputFile events_;
  exporting::OutputFile health_;
  exporting::EventContext context_;
  fmt::memory_buffer line_;

  std::optional<ingest::Attachment> attachment_;
  std::optional<ingest::Drain> drain_;
  ingest::RecordOrder order_;
  ingest::Visibility visibility_;
  enrich::DefinitionStore definitions_;
  enrich::ChainJudge chain_judge_;
  std::optional<diagnose::Diagnoser> diagnoser_;
  std::optional<hold::RecordHold>
      hold_;  ///< failures, for the seconds after which they are diagnosed
  diagnose::ProfileFile profile_file_;
  std::chrono::steady_clock::time_point profile_save_due_;
  serve::RecentEvents recent_events_;
  enrich::Watchlists watchlists_;
  aggregate::Totals totals_;
  aggregate::CaptureHealth capture_health_;
  aggregate::SensorLoss reported_loss_;  ///< of the data plane that is followed now
  aggregate::LinkHealth latest_health_;  ///< of the last interval that is over
  UnixNanos latest_health_since_;        ///< not known: none is over yet
  aggregate::OverloadTimes overload_times_;
  report::Progress progress_;

  ingest::Snapshot counted_;  ///< of the data planes that have ended
  std::vector<std::string> warnings_;
  std::optional<ingest::SegmentFeed> feed_;  ///< of a supervised control
  SupervisorStatus* supervisor_ = nullptr;   ///< mapped; null without a supervisor
  aggregate::BlindTimes blind_times_;
  std::string blind_reason_;
  bool dataplane_ended_ = false;  ///< of the feed's last segment
  bool live_ = false;             ///< of the data plane that is followed now
  std::chrono::steady_clock::time_point flush_due_;
  std::optional<std::chrono::steady_clock::time_point> stop_deadline_;
  UnixNanos started_;
  LogLevel asked_log_level_ = LogLevel::unset;  ///< while it runs; for each data plane to come
  ConfigurationReader configuration_reader_;
  std::optional<serve::Service> service_;
};

}  // namespace shakedown
