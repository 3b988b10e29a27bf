// SPDX-License-Identifier: Apache-2.0
#include "overload/client_choice.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstddef>

namespace shakedown::overload {
namespace {

constexpr std::uint64_t kSeed = 42;

IpAddress client(std::uint32_t number) {
  IpAddress address;
  address.bytes[0] = 10;
  address.bytes[1] = static_cast<std::uint8_t>(number >> 16);
  address.bytes[2] = static_cast<std::uint8_t>(number >> 8);
  address.bytes[3] = static_cast<std::uint8_t>(number);
  return address;
}

TEST(ClientChoice, KeepsEveryoneAtTheWholeShare) {
  for (std::uint32_t i = 0; i < 10'000; ++i) EXPECT_TRUE(is_kept(client(i), kAllClients, kSeed));
}

TEST(ClientChoice, KeepsNoOneAtNoShareAndFewAtTheSmallest) {
  unsigned kept = 0;
  for (std::uint32_t i = 0; i < 65'536; ++i) {
    EXPECT_FALSE(is_kept(client(i), 0, kSeed));
    kept += is_kept(client(i), 1, kSeed) ? 1u : 0u;
  }
  EXPECT_NEAR(kept, 256, 5 * 16);
}

TEST(ClientChoice, KeepsAtALargerShareWhoWasKeptAtASmallerOne) {
  for (std::uint32_t i = 0; i < 1'000; ++i) {
    bool kept = false;
    for (std::uint32_t share = 0; share <= kAllClients; ++share) {
      const bool now = is_kept(client(i), share, kSeed);
      EXPECT_TRUE(now || !kept) << i << " at " << share;
      kept = now;
    }
  }
}

// Neighbours in a network are as likely to differ as strangers are.
TEST(ClientChoice, TreatsAllPlacesAlike) {
  std::array<unsigned, kAllClients> counts{};
  constexpr std::uint32_t kCount = 256 * 1024;
  for (std::uint32_t i = 0; i < kCount; ++i) ++counts[place_of(client(i), kSeed)];
  constexpr double kMean = double{kCount} / kAllClients;
  double chi_square = 0;
  for (const unsigned count : counts) chi_square += std::pow(count - kMean, 2) / kMean;
  // 255 degrees of freedom: mean 255, standard deviation 22.6.
  EXPECT_NEAR(chi_square, 255, 5 * 22.6);
}

TEST(ClientChoice, DependsOnTheSeed) {
  unsigned same = 0;
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    same += is_kept(client(i), 128, kSeed) == is_kept(client(i), 128, kSeed + 1) ? 1u : 0u;
  }
  EXPECT_NEAR(same, 5'000, 5 * 50);
}

}  // namespace
}  // namespace shakedown::overload
