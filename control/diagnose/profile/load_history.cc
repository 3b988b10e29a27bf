// SPDX-License-Identifier: Apache-2.0
#include "diagnose/profile/load_history.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

namespace shakedown::diagnose {

namespace {

constexpr std::int64_t kWindowSeconds = kLoadWindowNanos / kNanosPerSecond;

std::uint32_t whole(float count) {
  return static_cast<std::uint32_t>(std::lround(std::min(count, 4e9f)));
}

/// Linear counting: how many fell on 64 places when so many of them are taken.
std::uint32_t distinct(std::uint64_t taken) {
  const double free = std::max(64 - std::popcount(taken), 1);
  const auto count = static_cast<std::uint32_t>(std::lround(64.0 * std::log(64.0 / free)));
  return std::min(count, kDistinctMax);
}

std::int64_t mean_latency(float sum, float weight) {
  if (!(weight > 0)) return 0;
  return std::llround(std::min(sum / weight, static_cast<float>(kLoadLatencyNanosMax)));
}

void add_to(LoadSecond& cell, const LoadHistory::Event& event) {
  const float weight = event.weight;
  if (event.attempt) cell.attempts += weight;
  if (event.success) cell.successes += weight;
  if (event.failure) {
    cell.failures += weight;
    cell.clients |= event.client_bit;
  }
  if (event.unanswered) cell.unanswered += weight;
  if (event.refused) cell.refused += weight;
  if (event.without_hello) cell.without_hello += weight;
  if (event.latency_nanos >= 0) {
    cell.latency_sum += weight * static_cast<float>(event.latency_nanos);
    cell.latency_weight += weight;
  }
}

/// The later of two times that both lie before `moment`.
UnixNanos or_older(UnixNanos found, UnixNanos older, UnixNanos moment) {
  return found.known() || older >= moment ? found : older;
}

}  // namespace

void LoadHistory::fold(Totals& totals, const LoadSecond& second, const ProfileClock& clock) {
  const double age = std::max(clock.watched_seconds() - totals.stamp, 0.0);
  const auto decay = static_cast<float>(std::exp2(-age / clock.half_life_seconds()));
  totals.stamp = clock.watched_seconds();
  totals.attempts = totals.attempts * decay + second.attempts;
  totals.failures = totals.failures * decay + second.failures;
  totals.latency_sum = totals.latency_sum * decay + second.latency_sum;
  totals.latency_weight = totals.latency_weight * decay + second.latency_weight;
  const auto keep = [&second](UnixNanos& time, const Marks& marks) {
    if (marks.any()) time = std::max(time, time_of(second.second, marks.last));
  };
  keep(totals.success_end, second.success_end);
  keep(totals.refused_syn, second.refused_syn);
  keep(totals.answered_syn, second.answered_syn);
}

template <class Change>
void LoadHistory::change(UnixNanos time, const ProfileClock& clock, Change&& change) {
  LoadSecond* cell = seconds_.at(
      second_of(time), kLoadSecondsMax,
      [this, &clock](const LoadSecond& old) { fold(totals_, old, clock); },
      [this] { totals_.success_end = totals_.refused_syn = totals_.answered_syn = {}; });
  if (cell != nullptr) {
    change(*cell);
    return;
  }
  LoadSecond late;
  late.second = second_of(time);
  change(late);
  fold(totals_, late, clock);
}

void LoadHistory::add(const Event& event, const ProfileClock& clock) {
  change(event.moment, clock, [&event](LoadSecond& cell) { add_to(cell, event); });
}

void LoadHistory::note_success(UnixNanos begin, UnixNanos end, const ProfileClock& clock) {
  change(begin, clock, [begin](LoadSecond& cell) { cell.success_begin.note(offset_of(begin)); });
  change(end, clock, [end](LoadSecond& cell) { cell.success_end.note(offset_of(end)); });
}

void LoadHistory::note_refused(UnixNanos syn, const ProfileClock& clock) {
  change(syn, clock, [syn](LoadSecond& cell) { cell.refused_syn.note(offset_of(syn)); });
}

void LoadHistory::note_answered(UnixNanos syn, const ProfileClock& clock) {
  change(syn, clock, [syn](LoadSecond& cell) { cell.answered_syn.note(offset_of(syn)); });
}

void LoadHistory::show(UnixNanos moment, UnixNanos own_syn, const Event* own,
                       const ProfileClock& clock, ServerView& view) const {
  view.success_before =
      or_older(seconds_.last_before(&LoadSecond::success_end, moment), totals_.success_end, moment);
  view.success_after = seconds_.first_after(&LoadSecond::success_begin, moment);
  view.refused_before = or_older(seconds_.last_before(&LoadSecond::refused_syn, moment, own_syn),
                                 totals_.refused_syn, moment);
  view.refused_after = seconds_.first_after(&LoadSecond::refused_syn, moment);
  view.answered_before = or_older(seconds_.last_before(&LoadSecond::answered_syn, moment, own_syn),
                                  totals_.answered_syn, moment);
  view.answered_after = seconds_.first_after(&LoadSecond::answered_syn, moment);

  const std::int64_t middle = second_of(moment);
  const std::int64_t first = middle - kWindowSeconds;
  const std::int64_t last = middle + kWindowSeconds;
  LoadSecond sum;
  for (const LoadSecond& cell : seconds_.cells) {
    if (cell.second < first || cell.second > last) continue;
    sum.attempts += cell.attempts;
    sum.successes += cell.successes;
    sum.failures += cell.failures;
    sum.unanswered += cell.unanswered;
    sum.refused += cell.refused;
    sum.without_hello += cell.without_hello;
    sum.latency_sum += cell.latency_sum;
    sum.latency_weight += cell.latency_weight;
    sum.clients |= cell.clients;
  }
  if (own != nullptr) add_to(sum, *own);
  const std::int64_t known = std::clamp(second_of(clock.last()), middle, last);
  view.now = {.attempts = whole(sum.attempts),
              .successes = whole(sum.successes),
              .failures = whole(sum.failures),
              .unanswered_connections = whole(sum.unanswered),
              .refused_connections = whole(sum.refused),
              .without_hello = whole(sum.without_hello),
              .client_count = distinct(sum.clients),
              .latency_nanos = mean_latency(sum.latency_sum, sum.latency_weight),
              .nanos = (known + 1 - first) * kNanosPerSecond};
  show_usual(first, moment, clock, view);
}

void LoadHistory::show_usual(std::int64_t window_first, UnixNanos moment, const ProfileClock& clock,
                             ServerView& view) const {
  Totals before = totals_;
  for (const LoadSecond& cell : seconds_.cells) {
    if (cell.second < window_first) fold(before, cell, clock);
  }
  // A mean over all the time that was watched, in which what is old weighs less: its sum divided by
  // the sum of the weights of the seconds.
  const double since_window =
      static_cast<double>(std::max<std::int64_t>(second_of(clock.last()) - second_of(moment), 0)) +
      static_cast<double>(kWindowSeconds);
  const double age = clock.watched_seconds() - before.first_watched - since_window;
  if (age < kUsualSecondsMin) return;
  const double half_life = clock.half_life_seconds();
  const double seconds = half_life / std::numbers::ln2 * (1.0 - std::exp2(-age / half_life));
  const double stale = std::exp2(-(clock.watched_seconds() - before.stamp) / half_life);
  view.usual_attempts_per_second = before.attempts * static_cast<float>(stale / seconds);
  if (before.attempts > 0) view.usual_failure_share = before.failures / before.attempts;
  view.usual_latency_nanos = mean_latency(before.latency_sum, before.latency_weight);
}

void LoadHistory::restore(std::span<const LoadSecond> seconds, const Totals& totals) {
  seconds_.cells.clear();
  for (const LoadSecond& second : seconds) seconds_.cells.push_back(second, kLoadSecondsMax);
  totals_ = totals;
}

}  // namespace shakedown::diagnose
