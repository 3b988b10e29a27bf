// SPDX-License-Identifier: Apache-2.0
#include "shakedown/counters.h"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

namespace shakedown {
namespace {

TEST(Counters, HaveDistinctNamesUnitsAndSentences) {
  std::set<std::string_view> names;
  std::set<std::string_view> sentences;
  for (const CounterDescription& description : kCounterDescriptions) {
    EXPECT_TRUE(names.insert(description.name).second) << description.name;
    EXPECT_TRUE(sentences.insert(description.sentence).second) << description.name;
    EXPECT_FALSE(description.unit.empty()) << description.name;
    EXPECT_FALSE(description.sentence.empty()) << description.name;
  }
}

TEST(Counters, AreDescribedInTheOrderOfTheEnum) {
  const auto name_of = [](Counter counter) {
    return kCounterDescriptions[static_cast<std::size_t>(counter)].name;
  };
  EXPECT_EQ(name_of(Counter::fate_link_malformed), "fate_link_malformed");
  EXPECT_EQ(name_of(Counter::fate_tcp_malformed), "fate_tcp_malformed");
  EXPECT_EQ(name_of(Counter::packets_received), "packets_received");
  EXPECT_EQ(name_of(Counter::records_refused), "records_refused");
}

TEST(Counters, NameEveryFateAsOne) {
  for (const CounterDescription& description : kCounterDescriptions) {
    EXPECT_EQ(description.packet_fate, description.name.starts_with("fate_")) << description.name;
    if (description.packet_fate) {
      EXPECT_EQ(description.unit, "packets");
    }
  }
}

TEST(Counters, CountWhatIsLostAsLoss) {
  for (const CounterDescription& description : kCounterDescriptions) {
    if (description.name.ends_with("_refused") || description.name.ends_with("_pool_empty")) {
      EXPECT_EQ(description.severity, CounterSeverity::loss) << description.name;
    }
  }
}

TEST(CounterBlock, BeginsWithZeros) {
  const CounterBlock block;
  for (std::size_t i = 0; i < kCounterCount; ++i) {
    EXPECT_EQ(block.get(static_cast<Counter>(i)), 0u);
  }
  EXPECT_EQ(sum_of_fates(block), 0u);
}

TEST(CounterBlock, AddsSubtractsAndSetsOneCounterOnly) {
  CounterBlock block;
  block.add(Counter::embryos_open);
  block.add(Counter::embryos_open, 4);
  block.subtract(Counter::embryos_open, 2);
  block.set(Counter::port_missed, 99);
  EXPECT_EQ(block.get(Counter::embryos_open), 3u);
  EXPECT_EQ(block.get(Counter::port_missed), 99u);
  EXPECT_EQ(block.get(Counter::embryos_begun), 0u);
}

TEST(CounterBlock, SumsAllFatesAndNothingElse) {
  CounterBlock block;
  std::uint64_t expected = 0;
  for (std::size_t i = 0; i < kCounterCount; ++i) {
    block.add(static_cast<Counter>(i), i + 1);
    if (kCounterDescriptions[i].packet_fate) expected += i + 1;
  }
  EXPECT_EQ(sum_of_fates(block), expected);
}

}  // namespace
}  // namespace shakedown
