// SPDX-License-Identifier: Apache-2.0
#include "experiment.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "judge.h"
#include "overload/client_choice.h"
#include "queue_source.h"
#include "sensor.h"

namespace shakedown::overload_test {

namespace {

/// The main thread's turns, as the process makes them.
constexpr std::int64_t kMainTurnNanos = 10 * kNanosPerMilli;
/// Longer than a worker waits for anything in a handshake.
constexpr std::int64_t kPatienceNanos = 16 * kNanosPerSecond;
constexpr std::int64_t kSharePeriodNanos = 100 * kNanosPerMilli;

double rate_at(const Load& load, std::int64_t now) {
  const double seconds = static_cast<double>(now) / 1e9;
  if (load.over_after > 0 && seconds >= load.over_after) return load.rate / 4;
  const double risen = load.ramp <= 0 ? 1 : seconds / load.ramp;
  return load.rate * std::clamp(risen, 0.01, 1.0);
}

/// About what the packets of each fate take of the machine that docs/overload.md speaks of.
class CostModel {
 public:
  explicit CostModel(const Sensor& sensor) : sensor_(sensor) {}

  /// Since it was asked last.
  [[nodiscard]] std::int64_t spent() {
    const auto of = [this](Counter counter) {
      return static_cast<std::int64_t>(sensor_.count(counter));
    };
    const std::int64_t sum =
        kTurnNanos * ++turns_ + kPacketNanos * of(Counter::packets_received) +
        kFollowedNanos * (of(Counter::fate_syn) + of(Counter::fate_embryo) +
                          of(Counter::fate_connection) + of(Counter::fate_untracked)) +
        kRecordNanos * of(Counter::records_pushed);
    return sum - std::exchange(spent_, sum);
  }

 private:
  static constexpr std::int64_t kTurnNanos = 300;
  static constexpr std::int64_t kPacketNanos = 45;
  static constexpr std::int64_t kFollowedNanos = 95;
  static constexpr std::int64_t kRecordNanos = 1'300;

  const Sensor& sensor_;
  std::int64_t turns_ = 0;
  std::int64_t spent_ = 0;
};

struct Unpaced {
  std::uint64_t connections = 0;
  std::uint64_t packets = 0;
  std::int64_t busy_nanos = 0;
};

/// As fast as the worker gets through it.
Unpaced run_unpaced(const Population& population, Sensor& sensor, const Load& load,
                    std::uint64_t connection_count, bool modelled) {
  Unpaced whole;
  Replay replay(population, load.rate, load.seed, [&whole](Offered) { ++whole.connections; });
  QueueSource source(replay, kBurstSize, 0);
  CostModel model(sensor);
  while (whole.connections < connection_count) {
    static_cast<void>(sensor.worker().run_once(source));
    source.turn_is_over(modelled ? model.spent() : source.turn_nanos());
    sensor.drain([](const HandshakeRecord&) {});
  }
  whole.packets = source.received_count();
  whole.busy_nanos = source.busy_nanos();
  return whole;
}

std::int64_t nanos_of(double seconds) { return static_cast<std::int64_t>(seconds * 1e9); }

}  // namespace

double Account::recorded_share() const {
  return offered == 0 ? 0 : static_cast<double>(recorded) / static_cast<double>(offered);
}

double Account::kept_right_share() const {
  return kept_offered == 0 ? 0
                           : static_cast<double>(kept_right) / static_cast<double>(kept_offered);
}

Result run(const Population& population, const Load& load) {
  Result result;
  Sensor sensor(load.sheds);
  Judge judge(population, sensor.seed(), nanos_of(load.settling));
  Replay replay(population, rate_at(load, 0), load.seed, [&](Offered offered) {
    offered.kept_share = sensor.status().kept_share.load(std::memory_order_relaxed);
    judge.add(offered);
  });
  QueueSource source(replay, load.queue_size, load.slowness);
  CostModel model(sensor);
  const auto use = [&judge](const HandshakeRecord& record) { judge.add(record); };
  const std::int64_t end = nanos_of(load.seconds);
  std::int64_t main_turn = 0;
  std::int64_t share_turn = 0;
  std::uint64_t missed_before = 0;
  bool begun_ends = false;

  // After the end no more connections begin, and those that are open go on to theirs: for the last of
  // them time decides.
  while (source.elapsed() < end + kPatienceNanos) {
    static_cast<void>(sensor.worker().run_once(source));
    source.turn_is_over(load.modelled ? model.spent() : source.turn_nanos());
    sensor.drain(use);
    if (result.broken.empty()) result.broken = sensor.broken_law();
    const std::int64_t now = source.elapsed();
    if (!begun_ends && now >= end) {
      begun_ends = true;
      result.busy =
          static_cast<double>(source.busy_nanos()) * load.slowness / static_cast<double>(now);
      replay.stop_beginning();
    }
    if (now < nanos_of(load.settling)) missed_before = source.missed_count();
    if (now >= share_turn && !begun_ends) {
      result.shares.push_back(sensor.status().kept_share.load());
      share_turn += kSharePeriodNanos;
    }
    if (now < main_turn) continue;
    main_turn = now + kMainTurnNanos;
    if (load.ports_tell_losses) {
      sensor.controller().note_losses(source.received_count(), source.missed_count());
    }
    sensor.controller().recover(source.clock());
    replay.set_rate(rate_at(load, now));
  }
  sensor.worker().finish();
  sensor.drain(use);
  if (result.broken.empty()) result.broken = sensor.broken_law();
  result.snapshots = sensor.snapshot_count();
  if (const std::string found = sensor.broken_law_in_passing(); result.broken.empty()) {
    result.broken = found;
  }
  result.packets = source.received_count() + source.missed_count();
  result.missed = source.missed_count();
  result.missed_late = source.missed_count() - missed_before;
  result.connections_shed = sensor.count(Counter::connections_shed);
  result.tails_shed = sensor.count(Counter::tails_shed);
  result.changes = sensor.status().change_count.load();
  result.account = judge.account();
  return result;
}

double sustainable_rate(const Population& population, double slowness, bool modelled) {
  double rate = 100'000;
  // The second time with as many connections at once as there will be then.
  for (const std::uint64_t connection_count : {20'000u, 100'000u}) {
    Sensor sensor(false);
    const Unpaced whole = run_unpaced(population, sensor, {.rate = rate, .seed = connection_count},
                                      connection_count, modelled);
    rate = static_cast<double>(whole.connections) * 1e9 / static_cast<double>(whole.busy_nanos);
    rate /= slowness;
  }
  return rate;
}

PacketCost measure_cost(const Population& population, std::uint64_t connection_count) {
  PacketCost cost;
  for (const bool sheds : {false, true}) {
    Sensor sensor(sheds);
    if (sheds) sensor.keep_nobody();
    const Unpaced whole =
        run_unpaced(population, sensor, {.rate = 100'000}, connection_count, false);
    const double nanos = static_cast<double>(whole.busy_nanos) / static_cast<double>(whole.packets);
    cost.packets = whole.packets;
    (sheds ? cost.shed_nanos : cost.followed_nanos) = nanos;
  }
  return cost;
}

}  // namespace shakedown::overload_test
