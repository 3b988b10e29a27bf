// SPDX-License-Identifier: Apache-2.0
//
// The cache says what the fingerprints themselves say, whatever came before.
#include "tls/fingerprint_cache.h"

#include <gtest/gtest.h>

#include <array>

#include "deterministic_random.h"
#include "hello_builder.h"
#include "test_arena.h"
#include "tls/client_offer.h"
#include "tls/ja4.h"

namespace shakedown::tls {
namespace {

using test_support::ClientHelloBuilder;
using test_support::ServerHelloBuilder;

class FingerprintCacheTest : public testing::Test {
 protected:
  void expect_right(const test_support::Bytes& body) {
    ClientHello hello;
    ASSERT_EQ(parse_client_hello(body, hello), ParseStatus::ok);
    std::array<std::uint8_t, kClientOfferBytesMax> offer;
    const std::size_t size = encode_client_offer(hello, offer);
    const Fingerprints cached = cache_.of(hello, shakedown::Bytes(offer).first(size));
    EXPECT_EQ(cached.ja3, ja3(hello));
    const Ja4 fresh = ja4(hello);
    EXPECT_EQ(cached.ja4.cipher_hash, fresh.cipher_hash);
    EXPECT_EQ(cached.ja4.extension_hash, fresh.extension_hash);
    EXPECT_EQ(cached.ja4.extension_count, fresh.extension_count);
    EXPECT_EQ(cached.ja4.server_name, fresh.server_name);
    EXPECT_EQ(cached.ja4.alpn, fresh.alpn);
  }

  test_support::TestArena memory_{FingerprintCache::budget_bytes()};
  FingerprintCache cache_{memory_.arena(), 42};
};

TEST_F(FingerprintCacheTest, AgreesForOffersThatDifferInOneThing) {
  for (unsigned round = 0; round < 2; ++round) {
    expect_right(ClientHelloBuilder::tls13("a.example").body());
    expect_right(ClientHelloBuilder::tls13("b.example").body());
    expect_right(ClientHelloBuilder::tls13("a.example").alpn({"h2"}).body());
    expect_right(ClientHelloBuilder::tls12("a.example").body());
    expect_right(ClientHelloBuilder::tls12("a.example").cipher_suites({0xc02f}).body());
  }
}

TEST_F(FingerprintCacheTest, AgreesWhenOnlyTheOrderOfExtensionsDiffers) {
  const auto with = [](std::uint16_t first, std::uint16_t second) {
    return ClientHelloBuilder::tls12("a.example").extension(first, {}).extension(second, {}).body();
  };
  for (unsigned round = 0; round < 3; ++round) {
    expect_right(with(0x7701, 0x7702));
    expect_right(with(0x7702, 0x7701));
  }
}

TEST_F(FingerprintCacheTest, AgreesForServers) {
  for (unsigned round = 0; round < 2; ++round) {
    constexpr std::array<std::uint16_t, 3> kSuites{0xc02f, 0xc030, 0x009c};
    for (const std::uint16_t suite : kSuites) {
      ServerHello hello;
      const auto body = ServerHelloBuilder::tls12().cipher_suite(suite).body();
      ASSERT_EQ(parse_server_hello(body, HandshakeType::server_hello, hello), ParseStatus::ok);
      EXPECT_EQ(cache_.of(hello), ja3s(hello));
    }
  }
}

TEST_F(FingerprintCacheTest, ComputesWithoutAnOffer) {
  ClientHello hello;
  const auto body = ClientHelloBuilder::tls12("a.example").body();
  ASSERT_EQ(parse_client_hello(body, hello), ParseStatus::ok);
  EXPECT_EQ(cache_.of(hello, {}).ja3, ja3(hello));
}

}  // namespace
}  // namespace shakedown::tls
