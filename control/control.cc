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
#include "report/summary.h"

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

UnixNanos wall_clock() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return UnixNanos{std::chrono::duration_cast<std::chrono::nanoseconds>(now).count()};
}

bool decide(When when, int fd) {
  return when == When::always || (when == When::automatic && isatty(fd) == 1);
}

void complain(const std::string& sentence) {
  std::fputs(fmt::format("shakedown-control: {}\n", sentence).c_str(), stderr);
}

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "shakedown";
}

bool at_end(DataplaneState state) {
  return state == DataplaneState::ended || state == DataplaneState::interrupted ||
         state == DataplaneState::failed;
}

}  // namespace

Control::Control(Options options)
    : options_(std::move(options)),
      progress_(!options_.quiet && decide(options_.progress, STDERR_FILENO)) {}

void Control::request_stop() noexcept { stop_requested = 1; }

std::size_t Control::run_once() {
  const ingest::Drain::Turn turn = drain_->take(order_);
  order_.release_before(turn.watermark, [this](HandshakeRecord& record) { handle(record); });
  if (turn.watermark != kEndOfTime) {
    capture_health_.advance(turn.watermark, [this](const auto& done) { report_health(done); });
  }
  attachment_->segment().control.heartbeat.store(wall_clock().value, std::memory_order_relaxed);
  progress_.update(attachment_->segment(), std::chrono::steady_clock::now());
  return turn.record_count;
}

void Control::handle(HandshakeRecord& record) {
  const ingest::Judgement judgement = visibility_.judge(record);
  capture_health_.advance(record.order_time, [this](const auto& done) { report_health(done); });
  capture_health_.add(record, judgement.sight);
  enrich::Handshake handshake = enrich::resolve(record, definitions_);
  handshake.tags = watchlists_.match(handshake.server_name);
  totals_.add(handshake);
  if (!wants_event(record.outcome.kind)) return;
  line_.clear();
  exporting::append_handshake_event(line_, handshake, context_);
  // A failed write is kept by the file and ends the session at the next turn.
  static_cast<void>(events_.write({line_.data(), line_.size()}));
}

void Control::report_health(const aggregate::CaptureHealth::Interval& interval) {
  const ingest::Snapshot snapshot = ingest::take_snapshot(attachment_->segment());
  const aggregate::SensorLoss now = report::sensor_loss(snapshot);
  const aggregate::SensorLoss loss = now.since(std::exchange(reported_loss_, now));
  progress_.remark(report::health_remark(interval.links, loss, snapshot.ports));
  if (!health_file().is_open()) return;
  line_.clear();
  exporting::append_health_events(line_, interval, loss, context_);
  // A failed write is kept by the file and ends the session at the next turn.
  static_cast<void>(health_file().write({line_.data(), line_.size()}));
}

bool Control::wants_event(OutcomeKind kind) const {
  return events_.is_open() && (options_.all || is_failure(kind));
}

int Control::run() {
  if (!load_configuration() || !open_outputs()) return kExitUsage;
  Session session = Session::lost;
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
    if (!reconnects() || over) break;
    say_blind();
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
  watchlists_ = std::move(*watchlists);
  // A list that nobody is on shows as well.
  for (const std::string& name : watchlists_.names()) totals_.watchlists.try_emplace(name);
  return true;
}

bool Control::open_outputs() {
  const bool events = options_.events_path.empty() || events_.open(options_.events_path);
  const bool health = options_.health_path.empty() || health_file().is_open() ||
                      health_file().open(options_.health_path);
  if (events && health) return true;
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
  while (stop_requested == 0) {
    if (!attachment_ && !open_connection()) {
      say_blind();
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
    say_blind();
    std::this_thread::sleep_for(kReconnectPause);
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
  context_.capture_names.clear();
  context_.interface_names.clear();
  auto& names = live_ ? context_.interface_names : context_.capture_names;
  for (const ingest::PortSnapshot& port : snapshot.ports) names.push_back(port.label);
  // Captures give the same output on every machine; a live sensor is known by its host.
  context_.sensor_name = !options_.sensor_name.empty() ? options_.sensor_name
                         : live_                       ? host_name()
                                                       : "shakedown";
  say_back();
}

Control::Session Control::follow() {
  SegmentHeader& segment = attachment_->segment();
  for (;;) {
    // Asked before the state is read: a data plane that ended well is gone as well soon after.
    const bool gone = attachment_->dataplane_gone();
    const bool ended = at_end(segment.state.load(std::memory_order_acquire));
    const bool stop = told_to_stop(!ended && !gone);
    const std::size_t taken = run_once();
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
  if (!idle && now < flush_due_) return;
  flush_due_ = now + kFlushPeriod;
  // A failed write is kept by the file and ends the session at the next turn.
  for (exporting::OutputFile* file : {&events_, &health_}) {
    if (file->is_open()) static_cast<void>(file->flush());
  }
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
}

void Control::end_session(Session session) {
  capture_health_.close([this](const auto& done) { report_health(done); });
  progress_.clear();
  ingest::Snapshot snapshot = ingest::take_snapshot(attachment_->segment());
  std::uint64_t taken = 0;
  for (unsigned i = 0; i < snapshot.worker_count; ++i) taken += drain_->taken_count(i);
  if (session == Session::ended && !attachment_->attached_before()) {
    for (const std::string& law : ingest::broken_laws(snapshot, taken)) {
      warnings_.push_back("the counters contradict themselves: " + law);
    }
  }
  if (session == Session::lost) {
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
}

void Control::say_blind() {
  if (std::exchange(blind_, true)) return;
  complain("sensor blind since " + exporting::time_text(wall_clock()));
}

void Control::say_back() {
  if (!std::exchange(blind_, false)) return;
  complain("sensor back at " + exporting::time_text(wall_clock()));
}

int Control::finish(Session last) {
  if (const bool events = events_.finish(); !health_.finish() || !events) {
    complain(output_error());
    return kExitUsage;
  }
  // The text summary shows the warnings itself, when there is one.
  const bool summary_wanted = !options_.quiet && counted_.worker_count != 0;
  if (!summary_wanted || options_.json) {
    for (const std::string& warning : warnings_) complain(warning);
  }
  if (summary_wanted && !print_summary()) return kExitUsage;
  return last == Session::lost ? kExitDataplaneLost : kExitOk;
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
                                .rows = options_.rows,
                                .color = !options_.json && decide(options_.color, fileno(out))};
  const std::string text =
      options_.json ? report::summary_json(summary) : report::summary_text(summary);
  if (std::fputs(text.c_str(), out) >= 0 && std::fflush(out) == 0) return true;
  complain(fmt::format("cannot write the summary: {}", std::strerror(errno)));
  return false;
}

}  // namespace shakedown
