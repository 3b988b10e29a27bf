// SPDX-License-Identifier: Apache-2.0
#include "survey.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

namespace shakedown::accidents {

namespace {

constexpr std::array kReasonNames{"none",        "one_way", "gap",        "truncated",
                                  "capture_end", "evicted", "over_limit", "undecodable"};
static_assert(kReasonNames.size() == kUnseenReasonCount);

class OneCapture {
 public:
  OneCapture(const Capture& capture, const Verdicts& whole, Survey& survey)
      : capture_(capture), whole_(whole), survey_(survey) {}

  void run(const Accident& accident, std::uint64_t seed) {
    Random random(seed_of(capture_.name, accident.name, seed));
    const Replay replay = accident.happen(capture_, random);
    const Verdicts harmed = follow(replay, capture_.link_type);
    const std::string how =
        fmt::format("{} --accident '{}' --seed {}", capture_.name, accident.name, seed);
    if (!harmed.conservation_error.empty()) {
      survey_.broken_sums.push_back(how + ": " + harmed.conservation_error);
    }
    Sum& sum = survey_.sums[accident.group];
    ++sum.runs;
    const Untraceable lost = untraceable(capture_, replay);
    for (const Finding& finding : compare(whole_.records, harmed.records, lost)) {
      const bool known = finding.whole != "no record" && !finding.whole.starts_with("unseen");
      sum.add(finding, known);
      note(accident, finding, how);
    }
  }

 private:
  void note(const Accident& accident, const Finding& finding, const std::string& how) {
    const bool detail = finding.change == Change::kept && finding.detail_differs &&
                        accident.promise == Promise::nothing_changes;
    const bool promised = accident.promise != Promise::no_invention;
    if (finding.change == Change::kept ? !detail
                                       : finding.change < Change::other_stage && !promised) {
      return;
    }
    Difference& difference =
        survey_.differences[fmt::format("{}: {} -> {}{}", accident.group, finding.whole,
                                        finding.harmed, detail ? " (details)" : "")];
    difference.change = finding.change;
    ++difference.count;
    if (difference.examples.size() < kExampleCountMax) {
      difference.examples.push_back(how + "  " + finding.connection);
    }
  }

  const Capture& capture_;
  const Verdicts& whole_;
  Survey& survey_;
};

void survey_one(const std::filesystem::path& path, const SurveyOptions& options, Survey& survey) {
  std::optional<Capture> capture = Capture::load(path);
  if (!capture) {
    survey.unreadable.push_back(path.filename().string());
    return;
  }
  if (options.packet_count_max != 0 && capture->packets.size() > options.packet_count_max) return;
  const Verdicts whole = follow(unharmed(*capture), capture->link_type);
  if (!whole.conservation_error.empty()) {
    survey.broken_sums.push_back(capture->name + ": " + whole.conservation_error);
  }
  // Accidents may make records where there are none, but QUIC and the like have nothing to follow.
  if (whole.records.empty()) return;
  capture->name_senders(whole.records);
  ++survey.capture_count;
  survey.connection_count += whole.records.size();
  OneCapture one(*capture, whole, survey);
  for (const Accident& accident : all_accidents()) {
    if (accident.name.find(options.accident_filter) == std::string::npos) continue;
    const std::uint64_t count = accident.random ? options.seed_count : 1;
    for (std::uint64_t i = 0; i < count; ++i) one.run(accident, options.first_seed + i);
  }
}

std::string reasons_of(const Sum& sum) {
  std::string text;
  for (std::size_t i = 0; i < kReasonNames.size(); ++i) {
    if (sum.reasons[i] == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", kReasonNames[i], sum.reasons[i]);
  }
  return text.empty() ? "-" : text;
}

}  // namespace

void Sum::add(const Finding& finding, bool known_in_whole) {
  ++changes[static_cast<std::size_t>(finding.change)];
  if (finding.change == Change::withheld) ++reasons[static_cast<std::size_t>(finding.reason)];
  if (known_in_whole) ++known;
  if (finding.change != Change::kept) return;
  if (known_in_whole) ++known_kept;
  if (finding.detail_differs) ++details;
}

void Sum::add(const Sum& other) {
  runs += other.runs;
  for (std::size_t i = 0; i < changes.size(); ++i) changes[i] += other.changes[i];
  for (std::size_t i = 0; i < reasons.size(); ++i) reasons[i] += other.reasons[i];
  known += other.known;
  known_kept += other.known_kept;
  details += other.details;
}

void Survey::add(const Survey& other) {
  capture_count += other.capture_count;
  connection_count += other.connection_count;
  for (const auto& [group, sum] : other.sums) sums[group].add(sum);
  for (const auto& [what, difference] : other.differences) {
    Difference& mine = differences[what];
    mine.change = difference.change;
    mine.count += difference.count;
    for (const std::string& example : difference.examples) {
      if (mine.examples.size() < kExampleCountMax) mine.examples.push_back(example);
    }
  }
  broken_sums.insert(broken_sums.end(), other.broken_sums.begin(), other.broken_sums.end());
  unreadable.insert(unreadable.end(), other.unreadable.begin(), other.unreadable.end());
}

std::uint64_t Survey::count_of(Change change) const {
  std::uint64_t count = 0;
  for (const auto& [group, sum] : sums) count += sum.changes[static_cast<std::size_t>(change)];
  return count;
}

std::uint64_t seed_of(const std::string& capture, const std::string& accident, std::uint64_t seed) {
  std::uint64_t hash = 0xcbf2'9ce4'8422'2325;
  for (const std::string& part : {capture, accident, std::to_string(seed)}) {
    for (const char letter : part) {
      hash = (hash ^ static_cast<std::uint8_t>(letter)) * 0x100'0000'01b3;
    }
    hash = (hash ^ 0xff) * 0x100'0000'01b3;
  }
  return hash;
}

Survey survey(const std::vector<std::filesystem::path>& captures, const SurveyOptions& options) {
  // One result per capture, so that the sum does not depend on the threads.
  std::vector<Survey> results(captures.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < captures.size(); i = next++) {
      survey_one(captures[i], options, results[i]);
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < options.thread_count; ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  Survey sum;
  for (const Survey& result : results) sum.add(result);
  return sum;
}

std::string table_of(const Survey& survey) {
  std::string text =
      "| accident | runs | outcomes | kept | weaker | withheld: why | no record | other stage | "
      "other failure | without a trace | path blamed | invented |\n"
      "|---|---|---|---|---|---|---|---|---|---|---|---|\n";
  std::set<std::string> written;
  for (const Accident& accident : all_accidents()) {
    const auto found = survey.sums.find(accident.group);
    if (found == survey.sums.end() || !written.insert(accident.group).second) continue;
    const Sum& sum = found->second;
    const auto of = [&sum](Change change) { return sum.changes[static_cast<std::size_t>(change)]; };
    std::uint64_t defects = 0;
    for (std::size_t i = 0; i < kChangeCount; ++i) {
      const auto change = static_cast<Change>(i);
      if (is_defect(change) && change != Change::blamed) defects += sum.changes[i];
    }
    // Cut off, not rounded: 100 % means all.
    const std::uint64_t kept = sum.known == 0 ? 10'000 : 10'000 * sum.known_kept / sum.known;
    text +=
        fmt::format("| {} | {} | {} | {}.{:02} % | {} | {} | {} | {} | {} | {} | {} | {} |\n",
                    accident.group, sum.runs, sum.known, kept / 100, kept % 100, of(Change::weaker),
                    reasons_of(sum), of(Change::gone), of(Change::other_stage), of(Change::changed),
                    of(Change::untraceable), of(Change::blamed), defects);
  }
  return text;
}

}  // namespace shakedown::accidents
