// SPDX-License-Identifier: Apache-2.0
//
// Encapsulations in any order, up to the depth that is opened and one beyond.
#include <gtest/gtest.h>

#include "decode_support.h"
#include "encapsulations.h"
#include "shakedown/limits.h"

namespace shakedown::packet {
namespace {

constexpr unsigned kStackCount = 20'000;

ts::Content innermost(ts::Random& random) {
  return {false, ts::one_in(random, 2) ? inner_ipv4() : inner_ipv6()};
}

Decoded decoded_in_ethernet(ts::Random& random, const ts::Content& content) {
  return decoded(ts::in_ethernet(random, content).bytes);
}

void expect_innermost(const Decoded& packet, const ts::Stack& stack, bool is_ipv6) {
  ASSERT_EQ(packet.status, DecodeStatus::tcp) << stack.names;
  EXPECT_EQ(packet.view.tunnel_kind, stack.kind) << stack.names;
  EXPECT_EQ(packet.view.tunnel_id, stack.id) << stack.names;
  EXPECT_EQ(packet.view.family, is_ipv6 ? IpFamily::ipv6 : IpFamily::ipv4) << stack.names;
  EXPECT_EQ(packet.view.source_port, is_ipv6 ? 50001 : 50000) << stack.names;
  EXPECT_EQ(packet.view.destination_port, is_ipv6 ? 8443 : 443) << stack.names;
  EXPECT_EQ(packet.view.seq.value, 7u) << stack.names;
  EXPECT_EQ(packet.view.payload_missing, 0u) << stack.names;
  EXPECT_EQ(packet.payload(), kText) << stack.names;
}

class Stack : public testing::TestWithParam<unsigned> {};

TEST_P(Stack, IsOpenedInAnyOrder) {
  ts::Random random(GetParam());
  for (unsigned i = 0; i < kStackCount && !HasFailure(); ++i) {
    const ts::Content inner = innermost(random);
    const ts::Stack stack = ts::wrapped(random, inner, GetParam());
    expect_innermost(decoded_in_ethernet(random, stack.content), stack, inner.is_ipv6());
  }
}

INSTANTIATE_TEST_SUITE_P(Depth, Stack, testing::Range(0u, kTunnelDepthMax + 1));

TEST(TooDeepStack, IsCountedAndNotGuessed) {
  ts::Random random(99);
  for (unsigned i = 0; i < kStackCount && !testing::Test::HasFailure(); ++i) {
    const ts::Stack stack = ts::wrapped(random, innermost(random), kTunnelDepthMax + 1);
    EXPECT_EQ(decoded_in_ethernet(random, stack.content).status, DecodeStatus::tunnel_too_deep)
        << stack.names;
  }
}

TEST(CutStack, NeverBecomesAnotherConnection) {
  ts::Random random(7);
  for (unsigned i = 0; i < kStackCount && !testing::Test::HasFailure(); ++i) {
    const ts::Content inner = innermost(random);
    const ts::Stack stack = ts::wrapped(random, inner, 1 + random() % kTunnelDepthMax);
    const ts::Bytes frame = ts::in_ethernet(random, stack.content).bytes;
    const std::size_t size = random() % frame.size();
    const Decoded packet = decoded(cut(frame, size));
    if (packet.status != DecodeStatus::tcp) continue;
    EXPECT_EQ(packet.view.source_port, inner.is_ipv6() ? 50001 : 50000) << stack.names << size;
    EXPECT_EQ(packet.view.tunnel_kind, stack.kind) << stack.names << size;
    EXPECT_EQ(packet.view.payload_length(), 10u) << stack.names << size;
  }
}

TEST(EveryEncapsulation, IsOpenedWithEveryChoiceOfOptions) {
  ts::Random random(5);
  for (const ts::Encapsulation& encapsulation : ts::encapsulations()) {
    for (unsigned i = 0; i < 500; ++i) {
      const ts::Content inner = innermost(random);
      const std::uint32_t id = random() & encapsulation.id_mask;
      const ts::Content content = encapsulation.wrap(
          random, encapsulation.takes_ethernet ? ts::in_ethernet(random, inner) : inner, id);
      expect_innermost(
          decoded_in_ethernet(random, content),
          {.content = {}, .kind = encapsulation.kind, .id = id, .names = encapsulation.name},
          inner.is_ipv6());
    }
  }
}

}  // namespace
}  // namespace shakedown::packet
