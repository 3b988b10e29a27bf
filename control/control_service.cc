// SPDX-License-Identifier: Apache-2.0
//
// What control does for those who ask it while it runs: the control socket, and a reload of its
// configuration. Nothing in here waits, because the rings do not.
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <string>
#include <utility>

#include "control.h"
#include "export/handshake_event.h"
#include "log.h"
#include "report/summary.h"
#include "serve/explain_answer.h"
#include "wall_clock.h"

namespace shakedown {

namespace {

volatile std::sig_atomic_t reload_requested = 0;

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "shakedown";
}

}  // namespace

void Control::request_reload() noexcept { reload_requested = 1; }

void Control::open_service() {
  started_ = wall_clock();
  log::set_level(log::level_of(options_.log_level).value_or(LogLevel::unset));
  if (options_.serve_fd < 0) return;
  service_.emplace(
      options_.serve_fd,
      serve::Service::Hooks{
          .segment = [this] { return drain_ ? &attachment_->segment() : nullptr; },
          .facts = [this] { return facts(); },
          .set_log_level =
              [this](LogLevel level) {
                set_log_level(level);
                log::info("the log level is " + std::string(log::level_name(level)) + " now");
              },
          .reload = [this] { return begin_reload(); },
          .write_record = [this](fmt::memory_buffer& out,
                                 const HandshakeRecord& record) { write_unfinished(out, record); },
          .supervisor = supervisor_,
          .recent_events = &recent_events_,
          .profile_of =
              [this](const HandshakeRecord& record) {
                const enrich::Handshake handshake =
                    enrich::resolve(record, definitions_, chain_judge_);
                return serve::profile_json(handshake, diagnoser_->profiles().view(handshake));
              }});
}

void Control::serve() {
  if (reload_requested != 0 && begin_reload()) reload_requested = 0;
  if (auto fresh = configuration_reader_.poll()) finish_reload(std::move(*fresh));
  if (drain_) {
    overload_times_.sample(attachment_->segment().overload, wall_clock());
  } else {
    overload_times_.pause();
  }
  const auto now = std::chrono::steady_clock::now();
  save_profiles(now);
  if (service_) service_->turn(now);
}

bool Control::begin_reload() {
  if (configuration_reader_.running()) return false;
  configuration_reader_.start(options_);
  return true;
}

void Control::finish_reload(FreshConfiguration fresh) {
  ReloadResult result;
  result.problems = std::move(fresh.problems);
  const Options before = options_;
  if (fresh.watchlists) {
    apply_changes(configuration_, fresh.configuration, options_, result);
    configuration_ = std::move(fresh.configuration);
    watchlists_ = std::move(*fresh.watchlists);
    take_diagnosis(fresh.diagnosis, std::move(fresh.trust));
    for (const std::string& name : watchlists_.names()) totals_.watchlists.try_emplace(name);
    if (options_.log_level != before.log_level) {
      set_log_level(log::level_of(options_.log_level).value_or(log::kDefaultLevel));
    }
    name_sensor();
  }
  // Files that were rotated away are not what the configuration is about.
  reopen_outputs(before, result);
  for (const std::string& problem : result.problems) log::error(problem);
  for (const std::string& sentence : result.failed) log::error(sentence);
  result.problems.empty() ? log::info(result.sentence()) : log::error(result.sentence());
  if (supervisor_ != nullptr) supervisor_->control_pulse.reload_count.fetch_add(1);
  if (service_) service_->reloaded(result);
}

void Control::reopen_outputs(const Options& before, ReloadResult& result) {
  const auto reopen = [&result](exporting::OutputFile& file, std::string& path,
                                const std::string& path_before) {
    if (path.empty()) {
      static_cast<void>(file.finish());
      return;
    }
    if (path == "-" && path_before == "-") return;
    if (std::string sentence = file.reopen(path); !sentence.empty()) {
      path = path_before;
      result.failed.push_back(sentence + "; what was written to before stays open");
    } else {
      result.reopened.push_back(path);
    }
  };
  reopen(events_, options_.events_path, before.events_path);
  if (options_.health_path != options_.events_path) {
    reopen(health_, options_.health_path, before.health_path);
  } else {
    static_cast<void>(health_.finish());
  }
}

void Control::write_unfinished(fmt::memory_buffer& out, HandshakeRecord record) {
  // A definition may be on its way still, which is no loss.
  for (std::uint64_t* id :
       {&record.offer_definition, &record.server_chain_definition, &record.client_chain_definition,
        &record.name_definition, &record.ocsp_definition}) {
    if (!definitions_.contains(*id)) *id = 0;
  }
  enrich::Handshake handshake = enrich::resolve(record, definitions_, chain_judge_);
  handshake.tags = watchlists_.match(handshake.server_name);
  exporting::append_handshake_event(out, handshake, context_);
}

void Control::set_log_level(LogLevel level) {
  log::set_level(level);
  asked_log_level_ = level;
  if (drain_) {
    attachment_->segment().control.log_level.store(level, std::memory_order_relaxed);
  }
}

void Control::name_sensor() {
  // Captures give the same output on every machine; a live sensor is known by its host.
  context_.sensor_name = !options_.sensor_name.empty() ? options_.sensor_name
                         : live_                       ? host_name()
                                                       : "shakedown";
}

serve::ControlFacts Control::facts() {
  serve::ControlFacts facts{.sensor_name = context_.sensor_name.empty() && options_.supervised
                                               ? host_name()
                                               : context_.sensor_name,
                            .started = started_,
                            .config_path = options_.config_path,
                            .handshakes = totals_.tls,
                            .records = totals_.records,
                            .blind = &blind_times_,
                            .overload = &overload_times_,
                            .outputs = {},
                            .health = latest_health_,
                            .health_since = latest_health_since_};
  if (events_.is_open()) facts.outputs.push_back({"events", options_.events_path});
  if (health_file().is_open()) facts.outputs.push_back({"health", options_.health_path});
  if (latest_health_since_.known() || !drain_) return facts;
  // Of the first minute there is no interval yet that is over.
  const ingest::Snapshot snapshot = ingest::take_snapshot(attachment_->segment());
  aggregate::SensorLoss loss = report::sensor_loss(snapshot).since(reported_loss_);
  loss.overload = overload_times_.total();
  loss.blind = blind_times_.total(wall_clock());
  facts.health = report::health_of(capture_health_.open().links, loss, snapshot.ports);
  facts.health_since = started_;
  return facts;
}

}  // namespace shakedown
