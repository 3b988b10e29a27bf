// SPDX-License-Identifier: Apache-2.0
//
// What control concludes: every handshake is learnt from as it comes; one that failed waits for what
// its client and others do next, and then has its cause and its event.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control.h"
#include "diagnosis_plan.h"
#include "export/handshake_event.h"
#include "export/text.h"
#include "log.h"

namespace shakedown {

namespace {

constexpr std::chrono::seconds kProfileSavePeriod{30};

/// Gets its event later than others: what happens in the next seconds explains it.
bool is_to_wait(const enrich::Handshake& handshake) {
  return diagnose::diagnosable(handshake) || handshake.has(HandshakeRecord::late_rejection);
}

/// As the data plane prints its own.
void print_budget(const std::vector<diagnose::MemoryLine>& lines) {
  std::size_t sum = 0;
  for (const diagnose::MemoryLine& line : lines) {
    fmt::print(stderr, "memory for {:<20} at most {:>9} entries {:>6} MiB\n", line.part,
               exporting::grouped(line.count_max), line.bytes_max >> 20);
    sum += line.bytes_max;
  }
  fmt::print(stderr, "memory for diagnosis, at most: {} MiB, taken as it is needed\n", sum >> 20);
}

}  // namespace

bool Control::open_diagnosis() {
  DiagnosisPlan plan = diagnosis_plan(options_, configuration_.diagnosis);
  enrich::TrustStore::Loaded loaded;
  enrich::TrustStore trust = enrich::TrustStore::load(plan.trust, loaded);
  for (const std::string& sentence : loaded.warnings) log::warning(sentence);
  for (const std::string& sentence : loaded.errors) log::error(sentence);
  if (!loaded.errors.empty()) return false;
  log::debug(
      fmt::format("{} trust anchors, {} revocation lists", trust.root_count(), trust.crl_count()));
  chain_judge_ = enrich::ChainJudge(std::move(trust), plan.judge);
  diagnoser_.emplace(chain_judge_, plan.diagnoser);
  if (options_.verbose) print_budget(diagnose::memory_table(plan.diagnoser, plan.judge));
  hold_.emplace(supervisor_ != nullptr ? &supervisor_->held : nullptr, plan.wait_nanos);
  // Those that a control before this one had taken are ours to tell of.
  hold_->look([this](const HandshakeRecord& record) {
    const enrich::Handshake handshake = enrich::resolve(record, definitions_, chain_judge_);
    totals_.add(handshake);
    diagnoser_->learn(handshake);
  });
  return plan.profiles.empty() || open_profiles(plan.profiles);
}

bool Control::open_profiles(const std::string& path) {
  std::string sentence = profile_file_.open(path);
  if (sentence.empty()) sentence = profile_file_.load(diagnoser_->profiles(), chain_judge_);
  if (!sentence.empty()) {
    log::error(sentence);
    return false;
  }
  log::info(fmt::format("profiles of {} servers are in {}",
                        exporting::grouped(diagnoser_->profiles().endpoint_count()), path));
  return true;
}

void Control::save_profiles(std::chrono::steady_clock::time_point now) {
  if (!profile_file_.is_open() || now < profile_save_due_) return;
  profile_save_due_ = now + kProfileSavePeriod;
  profile_file_.save(diagnoser_->profiles());
  if (const std::string sentence = profile_file_.error(); !sentence.empty()) log::error(sentence);
}

bool Control::finish_profiles() {
  if (!profile_file_.is_open()) return true;
  const std::string sentence = profile_file_.finish(diagnoser_->profiles());
  if (!sentence.empty()) log::error(sentence);
  return sentence.empty();
}

void Control::learn_and_conclude(const HandshakeRecord& record) {
  // Of a capture only the times of records count, or its events would depend on how fast it is read.
  // A live run does it after its turn: the rings are emptied before anything is written.
  if (!live_) release_held(record.order_time);
  enrich::Handshake handshake = enrich::resolve(record, definitions_, chain_judge_);
  handshake.tags = watchlists_.match(handshake.server_name);
  totals_.add(handshake);
  diagnoser_->learn(handshake);
  if (!is_to_wait(handshake)) return conclude(handshake);
  const auto early = [this](const HandshakeRecord& oldest) { conclude_held(oldest); };
  if (hold_->push(record, early) == hold::RecordHold::Push::held) return;
  commit(Rings::leave);
  static_cast<void>(hold_->push(record, early));
}

void Control::release_held(UnixNanos now) {
  hold_->release_before(now, [this](const HandshakeRecord& record) { conclude_held(record); });
  // Of a capture nobody takes over what was not written.
  if (!live_) hold_->commit();
}

void Control::conclude_held(const HandshakeRecord& record) {
  // A flush of the file's own accord would write what is still in the hold, and a control that was
  // killed before it was committed would leave it to be written twice.
  if (live_ && events_.filling()) commit(Rings::leave);
  enrich::Handshake handshake = enrich::resolve(record, definitions_, chain_judge_);
  handshake.tags = watchlists_.match(handshake.server_name);
  conclude(handshake);
}

void Control::conclude(const enrich::Handshake& handshake) {
  std::optional<diagnose::Diagnosis> diagnosis;
  std::vector<diagnose::Warning> warnings;
  if (diagnose::diagnosable(handshake)) {
    diagnosis = diagnoser_->diagnose(handshake);
    totals_.add_cause(handshake, *diagnosis);
  } else {
    warnings = diagnoser_->warnings(handshake);
    totals_.add_warnings(warnings);
  }
  // A rejection that looks like a success is told like a failure.
  const bool rejected = std::any_of(warnings.begin(), warnings.end(), [](const auto& warning) {
    return warning.diagnosis != nullptr;
  });
  const bool wanted = wants_event(handshake) || (rejected && events_.is_open());
  const bool kept = service_ && (diagnosis || rejected);
  if (!wanted && !kept) return;
  line_.clear();
  exporting::append_handshake_event(
      line_, handshake, context_,
      {.diagnosis = diagnosis ? &*diagnosis : nullptr, .warnings = warnings});
  if (kept) recent_events_.add(handshake, {line_.data(), line_.size()});
  // A failed write is kept by the file and ends the session at the next turn.
  if (wanted) static_cast<void>(events_.write({line_.data(), line_.size()}));
}

void Control::take_diagnosis(const DiagnosisPlan& plan, enrich::TrustStore trust) {
  hold_->set_wait(plan.wait_nanos);
  chain_judge_.set_expires_soon(plan.judge.expires_soon_nanos);
  // What was judged is judged anew at its next use.
  chain_judge_.set_trust(std::move(trust));
}

}  // namespace shakedown
