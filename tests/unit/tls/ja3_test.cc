// SPDX-License-Identifier: Apache-2.0
#include "tls/ja3.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "parsed_hello.h"

namespace shakedown::tls {
namespace {

using test_support::ClientHelloBuilder;
using test_support::Code16;
using test_support::grease_value;
using test_support::ServerHelloBuilder;

std::string hex_of(const Ja3Digest& digest) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string text_of(const ClientHelloBuilder& builder) {
  const ParsedClientHello parsed(builder);
  std::array<char, kJa3TextMax> text;
  return {text.data(), write_ja3_text(parsed.hello, text)};
}

std::string text_of(const ServerHelloBuilder& builder) {
  const ParsedServerHello parsed(builder);
  std::array<char, kJa3TextMax> text;
  return {text.data(), write_ja3s_text(parsed.hello, text)};
}

TEST(Ja3Test, WritesTheListsInTheOrderSent) {
  EXPECT_EQ(text_of(ClientHelloBuilder()
                        .cipher_suites({0xc02f, 0x0005, 0x1301})
                        .server_name("a.example")
                        .extension(0xffff, {})
                        .supported_groups({29, 10})
                        .ec_point_formats({0, 1, 255})),
            "771,49199-5-4865,0-65535-10-11,29-10,0-1-255");
}

TEST(Ja3Test, LeavesListsEmptyThatAreNotThere) {
  EXPECT_EQ(text_of(ClientHelloBuilder().legacy_version(0x0301).cipher_suites({4, 5})),
            "769,4-5,,,");
}

TEST(Ja3Test, LeavesGreaseOut) {
  EXPECT_EQ(text_of(ClientHelloBuilder()
                        .cipher_suites({grease_value(0), 0x1301, grease_value(15)})
                        .grease_extension(grease_value(1))
                        .supported_groups({grease_value(2), 29})),
            "771,4865,10,29,");
}

TEST(Ja3Test, MatchesPublishedVectors) {
  // The two examples of the JA3 README.
  const ParsedClientHello with_extensions(
      ClientHelloBuilder()
          .legacy_version(769)
          .cipher_suites({47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4})
          .server_name("a.example")
          .supported_groups({23, 24, 25})
          .ec_point_formats({0}));
  EXPECT_EQ(hex_of(ja3(with_extensions.hello)), "ada70206e40642a3e4461f35503241d5");
  const ParsedClientHello without(ClientHelloBuilder().legacy_version(769).cipher_suites(
      {4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99}));
  EXPECT_EQ(hex_of(ja3(without.hello)), "de350869b8c85de67a350c8d186f11e6");
}

TEST(Ja3Test, HasRoomForTheLongestText) {
  std::vector<Code16> suites;
  for (unsigned i = 0; i < kCipherSuiteCountMax; ++i) suites.emplace_back(0xf000 + i);
  std::vector<Code16> groups(kNamedGroupCountMax, 0xffff);
  ClientHelloBuilder builder;
  builder.legacy_version(0xffff).cipher_suites(suites).supported_groups(groups).ec_point_formats(
      Wire(255, 255));
  for (unsigned i = 2; i < kExtensionCountMax; ++i) builder.extension(0xf000 + i, {});
  const std::string text = text_of(builder);
  EXPECT_LE(text.size(), kJa3TextMax);
  EXPECT_TRUE(text.ends_with("255-255"));
}

TEST(Ja3Test, WritesTheServerHello) {
  EXPECT_EQ(text_of(ServerHelloBuilder()
                        .cipher_suite(0x1302)
                        .extension(51, {0, 29, 0, 1, 9})
                        .extension(43, {3, 4})),
            "771,4866,51-43");
  EXPECT_EQ(text_of(ServerHelloBuilder().legacy_version(0x0300).cipher_suite(0x0035)), "768,53,");
}

TEST(Ja3Test, MatchesAKnownServer) {
  // OpenSSL 3 with TLS 1.3: 771,4866,43-51.
  const ParsedServerHello parsed(ServerHelloBuilder()
                                     .cipher_suite(0x1302)
                                     .extension(43, {3, 4})
                                     .extension(51, {0, 29, 0, 1, 9}));
  EXPECT_EQ(hex_of(ja3s(parsed.hello)), "15af977ce25de452b96affa2addb1036");
}

}  // namespace
}  // namespace shakedown::tls
