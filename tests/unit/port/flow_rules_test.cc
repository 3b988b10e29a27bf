// SPDX-License-Identifier: Apache-2.0
#include "port/flow_rules.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace shakedown::port {
namespace {

/// A card with room for so many rules, each for one direction of a connection.
class FakeCard final : public RuleMaker {
 public:
  explicit FakeCard(std::size_t room) : room_(room) {}

  rte_flow* make(const ShuntRequest& flow, bool from_low) noexcept override {
    if (rules.size() >= room_) return nullptr;
    ++made_;
    auto* const rule = reinterpret_cast<rte_flow*>(made_);
    rules.insert(rule);
    if (from_low) ports.push_back(flow.key.low_port);
    return rule;
  }
  bool is_possible(const ShuntRequest&) noexcept override { return possible; }
  void remove(rte_flow* rule) noexcept override { EXPECT_EQ(rules.erase(rule), 1u); }

  bool possible = true;
  std::set<rte_flow*> rules;
  std::vector<std::uint16_t> ports;

 private:
  std::size_t room_;
  std::uintptr_t made_ = 0;
};

ShuntRequest flow_of(std::uint16_t port) {
  ShuntRequest flow;
  flow.family = IpFamily::ipv4;
  flow.key.low_port = port;
  flow.key.high_port = 443;
  return flow;
}

void shunt(FlowRules& rules, unsigned first, unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    const ShuntRequest flow = flow_of(static_cast<std::uint16_t>(first + i));
    // As workers do of connections that last.
    rules.shunt({&flow, 1});
    rules.shunt({&flow, 1});
  }
}

TEST(FlowRules, AreForConnectionsThatLast) {
  FakeCard card(100);
  FlowRules rules;
  rules.begin(card);
  const ShuntRequest flow = flow_of(1);
  rules.shunt({&flow, 1});
  EXPECT_EQ(rules.count(), 0u);
  EXPECT_EQ(rules.refused_count(), 0u);
  rules.shunt({&flow, 1});
  EXPECT_EQ(rules.count(), 1u);
  rules.shunt({&flow, 1});
  EXPECT_EQ(rules.count(), 1u) << "once is enough";
  EXPECT_EQ(card.rules.size(), 2u);
  rules.end();
}

TEST(FlowRules, GoWhenTheEndpointsBeginSomethingNew) {
  FakeCard card(100);
  FlowRules rules;
  rules.begin(card);
  shunt(rules, 1, 3);
  const ShuntRequest flow = flow_of(2);
  rules.forget({&flow, 1});
  rules.forget({&flow, 1});
  EXPECT_EQ(rules.count(), 2u);
  EXPECT_EQ(card.rules.size(), 4u);
  rules.end();
}

TEST(FlowRules, TakeNoLongerThanACallMay) {
  FakeCard card(1000);
  FlowRules rules;
  rules.begin(card);
  std::vector<ShuntRequest> flows;
  for (std::uint16_t i = 0; i < kFlowRulesPerCallMax + 5; ++i) flows.push_back(flow_of(i));
  rules.shunt(flows);
  rules.shunt(flows);
  EXPECT_EQ(rules.count(), kFlowRulesPerCallMax);
  EXPECT_EQ(rules.refused_count(), 5u);
  rules.shunt(flows);
  EXPECT_EQ(rules.count(), flows.size());
  rules.end();
}

TEST(FlowRules, MakeTwoForEachConnection) {
  FakeCard card(100);
  FlowRules rules;
  rules.begin(card);
  EXPECT_TRUE(rules.is_usable());
  shunt(rules, 1, 3);
  EXPECT_EQ(rules.count(), 3u);
  EXPECT_EQ(card.rules.size(), 6u);
  rules.end();
  EXPECT_TRUE(card.rules.empty());
  EXPECT_FALSE(rules.is_usable());
}

TEST(FlowRules, AreNotAskedForWhereTheyAreNotPossible) {
  FakeCard card(100);
  card.possible = false;
  FlowRules rules;
  rules.begin(card);
  EXPECT_FALSE(rules.is_usable());
  shunt(rules, 1, 3);
  EXPECT_TRUE(card.rules.empty());
  EXPECT_EQ(rules.refused_count(), 0u);
}

TEST(FlowRules, ReplaceTheOldestAtTheirLimit) {
  FakeCard card(100);
  FlowRules rules(2);
  rules.begin(card);
  shunt(rules, 1, 5);
  EXPECT_EQ(rules.count(), 2u);
  EXPECT_EQ(card.rules.size(), 4u);
  EXPECT_EQ(card.ports, (std::vector<std::uint16_t>{1, 2, 3, 4, 5}));
  EXPECT_EQ(rules.refused_count(), 0u);
  rules.end();
}

TEST(FlowRules, LearnTheLimitOfTheCard) {
  FakeCard card(7);  // three connections and a half
  FlowRules rules;
  rules.begin(card);
  shunt(rules, 1, 10);
  EXPECT_EQ(rules.count(), 3u);
  EXPECT_EQ(card.rules.size(), 6u);
  EXPECT_EQ(card.ports.back(), 10);
  EXPECT_EQ(rules.refused_count(), 0u);
  rules.end();
}

TEST(FlowRules, CountWhatACardWithoutAnyRoomRefuses) {
  for (const std::size_t room : {0u, 1u}) {
    FakeCard card(room);
    FlowRules rules;
    rules.begin(card);
    shunt(rules, 1, 4);
    EXPECT_EQ(rules.count(), 0u);
    EXPECT_EQ(rules.refused_count(), 4u);
    EXPECT_TRUE(card.rules.empty());
  }
}

}  // namespace
}  // namespace shakedown::port
