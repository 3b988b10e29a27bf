// SPDX-License-Identifier: Apache-2.0
#include "flow/flow_key.h"

#include <gtest/gtest.h>

#include <utility>

namespace shakedown::flow {
namespace {

packet::PacketView view_of(std::uint8_t source, std::uint16_t source_port, std::uint8_t destination,
                           std::uint16_t destination_port) {
  packet::PacketView view;
  view.source.bytes[3] = source;
  view.destination.bytes[3] = destination;
  view.source_port = source_port;
  view.destination_port = destination_port;
  return view;
}

TEST(FlowKeyTest, BothDirectionsHaveOneKeyAndOneHash) {
  const KeyedPacket there = key_of(view_of(1, 50'000, 2, 443));
  const KeyedPacket back = key_of(view_of(2, 443, 1, 50'000));
  EXPECT_EQ(there.key, back.key);
  EXPECT_TRUE(there.source_is_low);
  EXPECT_FALSE(back.source_is_low);
  EXPECT_EQ(hash_of(there.key, 1), hash_of(back.key, 1));
}

TEST(FlowKeyTest, PortsDecideBetweenEqualAddresses) {
  EXPECT_EQ(key_of(view_of(1, 50'000, 1, 443)).key, key_of(view_of(1, 443, 1, 50'000)).key);
  EXPECT_FALSE(key_of(view_of(1, 50'000, 1, 443)).source_is_low);
  EXPECT_TRUE(key_of(view_of(1, 443, 1, 50'000)).source_is_low);
}

TEST(FlowKeyTest, SwappingOnlyThePortsIsAnotherConnection) {
  EXPECT_NE(key_of(view_of(1, 443, 2, 50'000)).key, key_of(view_of(1, 50'000, 2, 443)).key);
}

TEST(FlowKeyTest, AnotherSeedIsAnotherHash) {
  const FlowKey key = key_of(view_of(1, 50'000, 2, 443)).key;
  EXPECT_NE(hash_of(key, 1), hash_of(key, 2));
}

}  // namespace
}  // namespace shakedown::flow
