// SPDX-License-Identifier: Apache-2.0
#include "tls/ja4.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "parsed_hello.h"
#include "shakedown/ja4_text.h"

namespace shakedown::tls {
namespace {

using test_support::ClientHelloBuilder;
using test_support::Code16;
using test_support::grease_value;

std::string text_of(const ClientHelloBuilder& builder, Transport transport = Transport::tcp) {
  const Ja4Text text = render_ja4(ja4(ParsedClientHello(builder).hello), transport);
  return {text.data(), text.size()};
}

/// Characters 8 and 9, the ALPN of the text form.
std::string alpn_of(const std::string& protocol) {
  return text_of(ClientHelloBuilder().alpn({protocol, "zz"})).substr(8, 2);
}

std::vector<Code16> numbers(unsigned count) {
  std::vector<Code16> codes;
  for (unsigned i = 0; i < count; ++i) codes.emplace_back(0x8001 + i);
  return codes;
}

TEST(Ja4Test, MatchesThePublishedVector) {
  // The example of the JA4 text: Chrome with 15 suites and 16 extensions.
  ClientHelloBuilder chrome;
  chrome.cipher_suites({grease_value(3), 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030,
                        0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035});
  chrome.grease_extension(grease_value(1))
      .server_name("www.example.com")
      .extension(0x0017, {})
      .extension(0xff01, {0})
      .supported_groups({29})
      .ec_point_formats({0})
      .extension(0x0023, {})
      .alpn({"h2", "http/1.1"})
      .status_request()
      .signature_algorithms({0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601})
      .extension(0x0012, {})
      .key_share({29})
      .psk_key_exchange_modes()
      .supported_versions({grease_value(5), 0x0304, 0x0303})
      .compress_certificate()
      .extension(0x4469, {0, 3, 2, 'h', '2'})
      .grease_extension(grease_value(2), {0})
      .padding(100);
  EXPECT_EQ(text_of(chrome), "t13d1516h2_8daaf6152771_e5627efa2ab1");
  EXPECT_EQ(text_of(chrome, Transport::udp), "q13d1516h2_8daaf6152771_e5627efa2ab1");
}

TEST(Ja4Test, IsTheSameForEveryOrderOfSuitesAndExtensions) {
  EXPECT_EQ(text_of(ClientHelloBuilder().cipher_suites({1, 2}).extension(9, {}).extension(7, {})),
            text_of(ClientHelloBuilder().cipher_suites({2, 1}).extension(7, {}).extension(9, {})));
}

TEST(Ja4Test, KeepsTheOrderOfSignatureAlgorithms) {
  EXPECT_NE(text_of(ClientHelloBuilder().signature_algorithms({0x0403, 0x0401})),
            text_of(ClientHelloBuilder().signature_algorithms({0x0401, 0x0403})));
  EXPECT_EQ(text_of(ClientHelloBuilder().signature_algorithms({0x0403, grease_value(2), 0x0401})),
            text_of(ClientHelloBuilder().signature_algorithms({0x0403, 0x0401})));
  EXPECT_TRUE(text_of(ClientHelloBuilder().signature_algorithms({0x0403, 0x0401}))
                  .ends_with("_0dd9b50c13a4"));
}

TEST(Ja4Test, HashesNothingToZeros) {
  EXPECT_EQ(text_of(ClientHelloBuilder().legacy_version(0x0301).cipher_suites({grease_value(0)})),
            "t10i000000_000000000000_000000000000");
  EXPECT_TRUE(text_of(ClientHelloBuilder().server_name("a.example").alpn({"h2"}))
                  .ends_with("_000000000000"));
}

TEST(Ja4Test, HashesExtensionsAloneWithoutUnderscore) {
  EXPECT_EQ(text_of(ClientHelloBuilder().cipher_suites({0x002f}).extended_master_secret()),
            "t12i010100_ba72b8082249_1ca028f07214");
}

TEST(Ja4Test, CapsCountsAt99) {
  ClientHelloBuilder builder;
  for (unsigned i = 0; i < 99; ++i) builder.extension(0x9000 + i, {});
  EXPECT_EQ(text_of(builder.cipher_suites(numbers(99))).substr(4, 4), "9999");
  builder.extension(0xa000, {});
  EXPECT_EQ(text_of(builder.cipher_suites(numbers(100))).substr(4, 4), "9999");
  EXPECT_EQ(text_of(ClientHelloBuilder().cipher_suites(numbers(98))).substr(4, 4), "9800");
}

TEST(Ja4Test, TellsWhetherTheServerNameExtensionIsThere) {
  EXPECT_EQ(text_of(ClientHelloBuilder().server_name("a.example"))[3], 'd');
  EXPECT_EQ(text_of(ClientHelloBuilder().extension(0, {}))[3], 'd');
  EXPECT_EQ(text_of(ClientHelloBuilder())[3], 'i');
}

TEST(Ja4Test, TakesFirstAndLastCharacterOfTheFirstProtocol) {
  EXPECT_EQ(alpn_of("h2"), "h2");
  EXPECT_EQ(alpn_of("http/1.1"), "h1");
  EXPECT_EQ(alpn_of("x"), "xx");
  EXPECT_EQ(text_of(ClientHelloBuilder()).substr(8, 2), "00");
}

TEST(Ja4Test, TakesHexDigitsWhenTheProtocolIsNotAlphanumeric) {
  EXPECT_EQ(alpn_of("\xab"), "ab");
  EXPECT_EQ(alpn_of("\xab\xcd"), "ad");
  EXPECT_EQ(alpn_of("\x30\xab"), "3b");
  EXPECT_EQ(alpn_of("\x30\x31\xab\xcd"), "3d");
  EXPECT_EQ(alpn_of("\x30\xab\xcd\x31"), "01");
}

TEST(Ja4Test, WritesTheHighestOfferedVersion) {
  const auto version_of = [](const std::vector<Code16>& versions) {
    return text_of(ClientHelloBuilder().supported_versions(versions)).substr(1, 2);
  };
  EXPECT_EQ(version_of({0x0303, 0x0304}), "13");
  EXPECT_EQ(version_of({grease_value(4), 0x0302}), "11");
  EXPECT_EQ(version_of({0x7f1c, 0x0303}), "00");
  EXPECT_EQ(text_of(ClientHelloBuilder().legacy_version(0x0300)).substr(1, 2), "s3");
}

TEST(Ja4Test, MarksItselfPresent) {
  EXPECT_EQ(ja4(ParsedClientHello(ClientHelloBuilder()).hello).present, 1);
  EXPECT_EQ(Ja4{}.present, 0);
}

}  // namespace
}  // namespace shakedown::tls
