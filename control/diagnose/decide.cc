// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "diagnose/diagnosis.h"
#include "export/tls_names.h"

namespace shakedown::diagnose {

namespace {

constexpr std::size_t kEvidenceCountMax = 8;

struct Candidate {
  const Rule* rule = nullptr;
  Finding finding;
};

/// The order of diagnosis.h; std::stable_sort keeps that of the rules.
bool surer(const Candidate& a, const Candidate& b) {
  if (a.finding.confidence != b.finding.confidence) {
    return a.finding.confidence > b.finding.confidence;
  }
  return a.finding.standing < b.finding.standing;
}

bool calls_alike(const Candidate& candidate, Cause cause) {
  const std::vector<Cause>& alike = candidate.finding.alike;
  return std::find(alike.begin(), alike.end(), cause) != alike.end();
}

/// Says something else, as surely, and not for want of anything better.
bool contradicts(const Candidate& other, const Candidate& winner) {
  return other.rule->cause != winner.rule->cause &&
         other.finding.confidence == winner.finding.confidence &&
         other.finding.standing != Standing::fallback && !calls_alike(winner, other.rule->cause) &&
         !calls_alike(other, winner.rule->cause);
}

void add_missing(std::vector<std::string>& sentences, std::vector<std::string>& more) {
  for (std::string& sentence : more) {
    if (sentences.size() >= kEvidenceCountMax) return;
    if (std::find(sentences.begin(), sentences.end(), sentence) == sentences.end()) {
      sentences.push_back(std::move(sentence));
    }
  }
}

void add_alternative(Diagnosis& diagnosis, Cause cause, Confidence confidence) {
  if (cause == diagnosis.cause || diagnosis.alternatives.size() >= kAlternativeCountMax) return;
  for (const Alternative& known : diagnosis.alternatives) {
    if (known.cause == cause) return;
  }
  diagnosis.alternatives.push_back({cause, confidence});
}

/// What was seen, for whom no rule knows more.
Diagnosis not_known(const Facts& facts) {
  Diagnosis diagnosis;
  const Outcome& outcome = facts.record.outcome;
  diagnosis.evidence.push_back(
      fmt::format("the outcome is {}", exporting::outcome_name(outcome.kind, outcome.stage)));
  for (const Party party : {Party::client, Party::server}) {
    if (const auto alert = facts.alert_from(party)) {
      diagnosis.evidence.push_back(
          fmt::format("the {} sent the alert {} ({})", exporting::party_name(party),
                      exporting::alert_name(*alert), static_cast<unsigned>(*alert)));
    }
  }
  diagnosis.remedy = describe(Cause::unknown).remedy;
  return diagnosis;
}

}  // namespace

Diagnosis decide(const Facts& facts, std::span<const Rule> rules) {
  std::vector<Candidate> candidates;
  for (const Rule& rule : rules) {
    if (auto finding = rule.apply(facts)) candidates.push_back({&rule, std::move(*finding)});
  }
  if (candidates.empty()) return not_known(facts);
  std::stable_sort(candidates.begin(), candidates.end(), surer);

  Candidate& winner = candidates.front();
  Diagnosis diagnosis{
      .cause = winner.rule->cause,
      .confidence = winner.finding.confidence,
      .rule = winner.rule,
      .evidence = std::move(winner.finding.evidence),
      .against = std::move(winner.finding.against),
      .remedy = std::move(winner.finding.remedy),
      .audience = winner.finding.audience.value_or(describe(winner.rule->cause).audience)};
  if (diagnosis.remedy.empty()) diagnosis.remedy = describe(diagnosis.cause).remedy;

  const auto others = std::span(candidates).subspan(1);
  if (winner.finding.standing != Standing::told &&
      std::any_of(others.begin(), others.end(),
                  [&](const Candidate& other) { return contradicts(other, winner); })) {
    diagnosis.confidence = lowered(diagnosis.confidence);
  }
  for (Candidate& other : others) {
    if (other.rule->cause == diagnosis.cause) {
      // Another way to the same conclusion.
      add_missing(diagnosis.evidence, other.finding.evidence);
      add_missing(diagnosis.against, other.finding.against);
    } else {
      add_alternative(diagnosis, other.rule->cause,
                      std::min(other.finding.confidence, diagnosis.confidence));
    }
  }
  for (const Candidate& candidate : candidates) {
    for (const Cause cause : candidate.finding.alike) {
      add_alternative(diagnosis, cause, Confidence::possible);
    }
  }
  return diagnosis;
}

}  // namespace shakedown::diagnose
