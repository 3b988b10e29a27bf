// SPDX-License-Identifier: Apache-2.0
//
// Twice as much as a worker can bear: in modelled time, which is the same in every run, and once in
// its processor's, where only what must hold on any machine is asked for.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "experiment.h"

namespace shakedown::overload_test {
namespace {

constexpr std::uint32_t kClientCount = 500'000;
/// Simulated: a worker for some 24,000 connections a second.
constexpr double kSlowness = 10;

const Population& population() {
  static const Population instance(kClientCount);
  return instance;
}

Load twice_the_sustainable(bool modelled) {
  static const double rates[]{sustainable_rate(population(), kSlowness, false),
                              sustainable_rate(population(), kSlowness, true)};
  return {.rate = 2 * rates[modelled ? 1 : 0],
          .seconds = 5,
          .slowness = kSlowness,
          .modelled = modelled};
}

/// What holds whatever is lost, and however fast the machine is.
void expect_honest(const Result& result) {
  const Account& account = result.account;
  EXPECT_EQ(result.broken, "");
  EXPECT_GT(result.snapshots, 0u);
  EXPECT_NE(result.connections_shed, 0u);
  EXPECT_NEAR(account.recorded_share() / account.reported_share, 1, 0.02);
  for (const double deviation : account.class_deviations) EXPECT_LT(std::fabs(deviation), 5);
}

void expect_accurate(const Result& result) {
  const Account& account = result.account;
  EXPECT_GE(account.kept_right_share(), 0.99);
  EXPECT_GE(static_cast<double>(account.right), 0.99 * static_cast<double>(account.recorded));
  EXPECT_NEAR(account.estimated / static_cast<double>(account.offered), 1, 0.02);
  EXPECT_NEAR(account.estimated_failures, account.offered_failures, 0.005);
  EXPECT_NEAR(account.client_bias, 0, 0.002);
  EXPECT_GE(account.clients_exact, 0.98);
}

TEST(Overload, KeepsWholeClientsAtTwiceTheSustainableRate) {
  Load load = twice_the_sustainable(true);
  load.ramp = 1;
  const Result result = run(population(), load);
  expect_honest(result);
  expect_accurate(result);
}

TEST(Overload, ComesToRestAfterASuddenRise) {
  Load load = twice_the_sustainable(true);
  load.settling = 3;
  const Result result = run(population(), load);
  expect_honest(result);
  expect_accurate(result);
  EXPECT_EQ(result.missed_late, 0u);
  // In the last two seconds nothing is cut any more: no swinging about what the worker can bear.
  EXPECT_TRUE(std::is_sorted(result.shares.end() - 20, result.shares.end()));
}

TEST(Overload, FindsItsPlaceWithoutBeingToldOfLosses) {
  Load load = twice_the_sustainable(true);
  load.settling = 3;
  load.ports_tell_losses = false;
  const Result result = run(population(), load);
  expect_honest(result);
  expect_accurate(result);
}

TEST(Overload, LeavesNothingOutBelowTheSustainableRate) {
  Load load = twice_the_sustainable(true);
  load.rate *= 0.4;
  const Result result = run(population(), load);
  EXPECT_EQ(result.broken, "");
  EXPECT_EQ(result.changes, 0u);
  EXPECT_EQ(result.missed, 0u);
  EXPECT_EQ(result.account.right, result.account.offered);
}

TEST(Overload, RecoversWhenItIsOver) {
  Load load = twice_the_sustainable(true);
  load.over_after = 1.5;
  load.seconds = 8;
  const Result result = run(population(), load);
  expect_honest(result);
  EXPECT_LT(*std::ranges::min_element(result.shares), 128u);
  EXPECT_EQ(result.shares.back(), 256u);
}

// Without shedding the same load spoils nearly everything: so the tests above do test something.
TEST(Overload, CouldNotBeBorneWithoutShedding) {
  Load load = twice_the_sustainable(true);
  load.seconds = 3;
  load.sheds = false;
  const Result result = run(population(), load);
  EXPECT_EQ(result.broken, "");
  EXPECT_EQ(result.connections_shed, 0u);
  EXPECT_LT(result.account.kept_right_share(), 0.5);
}

TEST(Overload, IsHonestOnTheProcessorAtHand) {
  Load load = twice_the_sustainable(false);
  load.ramp = 1;
  const Result result = run(population(), load);
  expect_honest(result);
  // Where others took the processor away packets are lost, and that is told; where none were, what
  // is said of clients is true.
  if (result.missed == 0) expect_accurate(result);
}

}  // namespace
}  // namespace shakedown::overload_test
