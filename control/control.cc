// SPDX-License-Identifier: Apache-2.0
#include "control.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <thread>
#include <utility>

#include "config/configuration.h"
#include "enrich/handshake.h"
#include "export/health_event.h"
#include "export/text.h"
#include "log.h"
#include "report/summary.h"
#include "wall_clock.h"

namespace shakedown {

namespace {

volatile std::sig_atomic_t stop_requested = 0;

/// Between two turns that found nothing: short against the 80 ms that a ring holds, long against a
/// system call.
constexpr std::chrono::microseconds kIdlePause{500};
constexpr std::chrono::milliseconds kAttachPatience{100};
constexpr std::chrono::milliseconds kReconnectPause{200};
/// Of a live run, while records keep coming: soon enough for `tail -f`, seldom enough for the disk.
constexpr std::chrono::milliseconds kFlushPeriod{250};
/// A service manager stops all processes of a live run at once. The data plane then hands on its
/// last records, which are waited for this long.
constexpr std::chrono::milliseconds kStopPatience{1000};
/// Of a run that goes on for years, only the first are worth a line in the summary.
constexpr std::size_t kWarningCountMax = 20;

bool decide(When when, int fd) {
  return when == When::always || (when == When::automatic && isatty(fd) == 1);
}

void complain(const std::string& sentence) { log::error(sentence); }

bool at_end(DataplaneState state) {
  return state == DataplaneState::ended || state == DataplaneState::interrupted ||
         state == DataplaneState::failed;
}

}  // namespace

Control::Control(Options options)
    : options_(std::move(options)),
      progress_(!options_.quiet && decide(options_.progress, STDERR_FILENO)) {}

Control::~Control() { unmap_supervisor_status(supervisor_); }

void Control::request_stop() noexcept { stop_requested = 1; }

std::size_t Control::run_once() {
  const ingest::Drain::Turn turn = drain_->take(order_);
  // Live, what is written is given back to the rings before more is written: a control that is
  // killed leaves little to be written twice.
  const ingest::RecordOrder::Enough enough = [this] { return events_.filling(); };
  const bool all_released = order_.release_before(
      turn.watermark, [this](HandshakeRecord& record) { handle(record); },
      live_ ? enough : ingest::RecordOrder::Enough{});
  if (live_ && all_released) release_held(turn.watermark);
  if (all_released && turn.watermark != kEndOfTime) {
    capture_health_.advance(turn.watermark, [this](const auto& done) { report_health(done); });
  }
  beat();
  progress_.update(attachment_->segment(), std::chrono::steady_clock::now());
  return turn.record_count + (all_released ? 0 : 1);
}

void Control::handle(HandshakeRecord& record) {
  const ingest::Judgement judgement = visibility_.judge(record);
  capture_health_.advance(record.order_time, [this](const auto& done) { report_health(done); });
  capture_health_.add(record, judgement.sight);
  // A control before this one had taken it, and left it in the hold as well as in the ring.
  if (hold_->was_inherited(record)) return;
  learn_and_conclude(record);
}

void Control::report_health(const aggregate::CaptureHealth::Interval& interval) {
  const ingest::Snapshot snapshot = ingest::take_snapshot(attachment_->segment());
  const aggregate::SensorLoss now = report::sensor_loss(snapshot);
  aggregate::SensorLoss loss = now.since(std::exchange(reported_loss_, now));
  loss.overload = overload_times_.take();
  loss.blind = blind_times_.take(wall_clock());
  latest_health_ = report::health_of(interval.links, loss, snapshot.ports);
  latest_health_since_ = interval.begin;
  progress_.remark(report::health_remark(interval.links, loss, snapshot.ports));
  if (!health_file().is_open()) return;
  line_.clear();
  exporting::append_health_events(line_, interval, loss, context_);
  // A failed write is kept by the file and ends the session at the next turn.
  static_cast<void>(health_file().write({line_.data(), line_.size()}));
}

bool Control::wants_event(const enrich::Handshake& handshake) const {
  return events_.is_open() && (options_.all || is_failure(handshake.record.outcome.kind));
}

int Control::run() {
  if (!inherit() || !load_configuration() || !open_diagnosis() || !open_outputs()) {
    return kExitUsage;
  }
  open_service();
  Session session = options_.supervised ? Session::ended : Session::lost;
  for (;;) {
    if (!attach()) {
      if (stop_requested != 0) session = Session::stopped;
      break;
    }
    session = follow();
    // A capture that was read to its end is all there was; a live data plane that ended will be
    // back.
    const bool all_read =
        session == Session::ended && attachment_->segment().mode == RunMode::capture;
    end_session(session);
    const bool over = all_read || session == Session::stopped || session == Session::output_failed;
    if (!awaits_another() || over) break;
    if (!options_.supervised) say_blind(wall_clock());
  }
  return finish(session);
}

bool Control::load_configuration() {
  if (options_.config_path.empty()) return true;
  config::Reading reading = config::read_configuration(options_.config_path);
  auto watchlists = config::compile_watchlists(reading);
  if (!watchlists) {
    // As `shakedown` says them, which has read the file before.
    for (const std::string& line : reading.problems.lines()) fmt::print(stderr, "{}\n", line);
    return false;
  }
  configuration_ = std::move(reading.configuration);
  watchlists_ = std::move(*watchlists);
  // A list that nobody is on shows as well.
  for (const std::string& name : watchlists_.names()) totals_.watchlists.try_emplace(name);
  return true;
}

bool Control::open_outputs() {
  using Begin = exporting::OutputFile::Begin;
  const Begin begin = options_.append ? Begin::at_end : Begin::empty;
  const bool events = options_.events_path.empty() || events_.open(options_.events_path, begin);
  const bool health = options_.health_path.empty() || health_file().is_open() ||
                      health_file().open(options_.health_path, begin);
  if (events && health) {
    if (supervisor_ != nullptr) supervisor_->control_pulse.outputs_opened.store(1);
    return true;
  }
  complain(output_error());
  return false;
}

bool Control::open_connection() {
  if (!reconnects()) {
    attachment_.emplace(ingest::FileDescriptor(options_.handoff_fd));
    return true;
  }
  auto connected = ingest::Attachment::connect_to(options_.socket_path);
  if (connected) attachment_.emplace(std::move(*connected));
  return connected.has_value();
}

bool Control::attach() {
  attachment_.reset();
  if (options_.supervised) return attach_supervised();
  while (stop_requested == 0) {
    serve();
    if (!attachment_ && !open_connection()) {
      say_blind(wall_clock());
      std::this_thread::sleep_for(kReconnectPause);
      continue;
    }
    std::string sentence;
    switch (attachment_->attach(kAttachPatience, sentence)) {
      case ingest::AttachStatus::attached:
        begin_session();
        return true;
      case ingest::AttachStatus::not_yet:
        continue;
      case ingest::AttachStatus::refused:
        complain(sentence);
        if (!reconnects()) return false;
        break;
      case ingest::AttachStatus::peer_gone:
        if (reconnects()) break;
        warnings_.emplace_back("the data plane ended before it handed anything over");
        return false;
    }
    attachment_.reset();
    say_blind(wall_clock());
    std::this_thread::sleep_for(kReconnectPause);
  }
  return false;
}

bool Control::attach_supervised() {
  using News = ingest::SegmentFeed::News;
  while (stop_requested == 0) {
    beat();
    serve();
    switch (feed_->next(kAttachPatience)) {
      case News::none:
        continue;
      case News::ended:
        say_blind(feed_->ended_at(), feed_->reason());
        continue;
      case News::over:
        if (!feed_->error().empty()) complain(feed_->error());
        return false;
      case News::began:
        break;
    }
    std::string sentence;
    attachment_.emplace(ingest::Attachment::to_segment(feed_->take_segment()));
    if (attachment_->attach(kAttachPatience, sentence) == ingest::AttachStatus::attached) {
      begin_session();
      return true;
    }
    complain(sentence);
    attachment_.reset();
  }
  return false;
}

void Control::begin_session() {
  SegmentHeader& segment = attachment_->segment();
  definitions_.clear();
  drain_.emplace(segment, [this](const DefinitionHeader& header, Bytes body) {
    definitions_.add(header, body);
  });
  const ingest::Snapshot snapshot = ingest::take_snapshot(segment);
  // What was lost before our time is not of our intervals.
  reported_loss_ =
      attachment_->attached_before() ? report::sensor_loss(snapshot) : aggregate::SensorLoss{};
  live_ = segment.mode == RunMode::live;
  if (live_) capture_health_.keep_time();
  context_.capture_names.clear();
  context_.interface_names.clear();
  auto& names = live_ ? context_.interface_names : context_.capture_names;
  for (const ingest::PortSnapshot& port : snapshot.ports) names.push_back(port.label);
  name_sensor();
  if (asked_log_level_ != LogLevel::unset) segment.control.log_level.store(asked_log_level_);
  if (options_.supervised && attachment_->attached_before() &&
      warnings_.size() < kWarningCountMax) {
    warnings_.push_back("the control plane was started anew; what it had counted before " +
                        exporting::time_text(wall_clock()) + " is missing from these numbers");
  }
  say_back(feed_ ? feed_->began_at() : wall_clock());
}

Control::Session Control::follow() {
  SegmentHeader& segment = attachment_->segment();
  for (;;) {
    // Asked before the state is read: a data plane that ended well is gone as well soon after.
    const bool gone = dataplane_gone();
    const bool ended = at_end(segment.state.load(std::memory_order_acquire));
    const bool stop = told_to_stop(!ended && !gone);
    const std::size_t taken = run_once();
    serve();
    if (!output_error().empty()) return Session::output_failed;
    if (ended || gone || stop) {
      finish_rings();
      if (!output_error().empty()) return Session::output_failed;
      const bool failed = segment.state.load(std::memory_order_acquire) == DataplaneState::failed;
      if (ended && !failed) return Session::ended;
      return gone || failed ? Session::lost : Session::stopped;
    }
    flush_outputs(taken == 0);
    if (taken == 0) std::this_thread::sleep_for(kIdlePause);
  }
}

void Control::flush_outputs(bool idle) {
  const bool followed = live_ || reconnects();
  if (!followed) return;
  const auto now = std::chrono::steady_clock::now();
  // A flush of the file's own accord would write what is still in the rings, and a control that was
  // killed before giving it back would leave it to be written twice.
  if (!idle && now < flush_due_ && !drain_->crowded() && !events_.filling()) return;
  flush_due_ = now + kFlushPeriod;
  commit();
}

void Control::commit(Rings rings) {
  // A failed write is kept by the file and ends the session at the next turn.
  for (exporting::OutputFile* file : {&events_, &health_}) {
    if (file->is_open()) static_cast<void>(file->flush());
  }
  if (!output_error().empty()) return;
  hold_->commit();
  // Last, so that each record is in the hold or written before it leaves its ring.
  if (rings == Rings::give_back) drain_->give_back(order_);
}

bool Control::told_to_stop(bool dataplane_active) {
  if (stop_requested == 0) return false;
  // One that is connected to goes on without us; one that we were started with ends as we do.
  if (!live_ || reconnects() || !dataplane_active) return true;
  const auto now = std::chrono::steady_clock::now();
  if (!stop_deadline_) stop_deadline_ = now + kStopPatience;
  return now >= *stop_deadline_;
}

void Control::finish_rings() {
  // Nobody pushes any more, or what is pushed from now on is not waited for: one ring's worth of
  // turns is enough.
  for (std::size_t turn = 0; turn <= kRecordRingCapacity && !drain_->all_empty(); ++turn)
    run_once();
  order_.release_before(kEndOfTime, [this](HandshakeRecord& record) { handle(record); });
  // Nothing that could explain them is still to come.
  release_held(kEndOfTime);
  if (live_) commit();
}

void Control::end_session(Session session) {
  capture_health_.close([this](const auto& done) { report_health(done); });
  progress_.clear();
  ingest::Snapshot snapshot = ingest::take_snapshot(attachment_->segment());
  std::uint64_t taken = 0;
  for (unsigned i = 0; i < snapshot.worker_count; ++i) taken += drain_->taken_count(i);
  if (session == Session::ended && !attachment_->attached_before()) {
    for (const std::string& law : ingest::broken_laws(snapshot, taken)) {
      if (warnings_.size() == kWarningCountMax) break;
      warnings_.push_back("the counters contradict themselves: " + law);
    }
  }
  // The supervisor tells of each end, and blind times show them.
  if (session == Session::lost && !options_.supervised) {
    warnings_.push_back(snapshot.state == DataplaneState::failed
                            ? "the data plane gave up: " + snapshot.error
                            : "the data plane ended unexpectedly; this is what it had seen");
  }
  // A live run ends in no other way.
  if (snapshot.state == DataplaneState::interrupted && !live_) {
    warnings_.emplace_back("reading was interrupted; this is what had been seen");
  }
  for (const ingest::PortSnapshot& port : snapshot.ports) {
    if (port.cut) warnings_.push_back(fmt::format("{} ends in the middle of a packet", port.name));
  }
  snapshot.continue_from(counted_);
  counted_ = std::move(snapshot);
  drain_.reset();
  attachment_.reset();
  if (feed_ && dataplane_ended_) say_blind(feed_->ended_at(), feed_->reason());
  dataplane_ended_ = false;
}

int Control::finish(Session last) {
  if (blind_times_.blind()) report_blind(wall_clock(), false);
  if (const bool events = events_.finish(); !health_.finish() || !events) {
    complain(output_error());
    return kExitUsage;
  }
  const bool profiles_saved = finish_profiles();
  // The text summary shows the warnings itself, when there is one.
  const bool summary_wanted = !options_.quiet && counted_.worker_count != 0;
  if (!summary_wanted || options_.json) {
    for (const std::string& warning : warnings_) log::warning(warning);
  }
  if ((summary_wanted && !print_summary()) || !profiles_saved) return kExitUsage;
  return last == Session::lost && !options_.supervised ? kExitDataplaneLost : kExitOk;
}

bool Control::print_summary() {
  // Standard output belongs to the events when they go there.
  const bool to_stderr = options_.events_path == "-" || options_.health_path == "-";
  std::FILE* out = to_stderr ? stderr : stdout;
  const report::Summary summary{.totals = totals_,
                                .health = capture_health_,
                                .snapshot = counted_,
                                .warnings = warnings_,
                                .released_early = order_.released_early_count(),
                                .definitions_missing = definitions_.missing_count(),
                                .overload = overload_times_.total(),
                                .blind = blind_total(),
                                .rows = options_.rows,
                                .color = !options_.json && decide(options_.color, fileno(out))};
  const std::string text =
      options_.json ? report::summary_json(summary) : report::summary_text(summary);
  if (std::fputs(text.c_str(), out) >= 0 && std::fflush(out) == 0) return true;
  complain(fmt::format("cannot write the summary: {}", std::strerror(errno)));
  return false;
}

}  // namespace shakedown
