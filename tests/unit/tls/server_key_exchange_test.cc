// SPDX-License-Identifier: Apache-2.0
#include "tls/server_key_exchange.h"

#include <gtest/gtest.h>

#include "message_builder.h"
#include "tls/cipher_suite.h"

namespace shakedown::tls {
namespace {

using test_support::ByteWriter;
using Wire = test_support::Bytes;

constexpr std::uint16_t kEcdheRsa = 0xc02f;
constexpr std::uint16_t kDheRsa = 0x009e;
constexpr std::uint16_t kDhAnon = 0x0034;
constexpr std::uint16_t kEcdhAnon = 0xc018;
constexpr std::uint16_t kPsk = 0x008c;
constexpr std::uint16_t kDhePsk = 0x0090;
constexpr std::uint16_t kEcdhePsk = 0xc035;
constexpr std::uint16_t kRsaExport = 0x0003;

/// ServerDHParams whose prime has these bytes.
Wire dh_parameters(const Wire& prime) {
  ByteWriter writer;
  writer.u16_bytes(prime).u16_bytes(Wire{2}).u16_bytes(Wire(prime.size(), 9));
  return writer.take();
}

Wire prime_of(std::size_t size, std::uint8_t first) {
  Wire prime(size, 0xff);
  if (size > 0) prime[0] = first;
  return prime;
}

TEST(ServerKeyExchangeTest, ReadsTheNamedGroup) {
  for (const std::uint16_t suite : {kEcdheRsa, kEcdhAnon}) {
    const ServerKeyExchange exchange = parse_server_key_exchange(Wire{3, 0, 0x1d, 32}, suite);
    EXPECT_EQ(exchange.status, ParseStatus::ok);
    EXPECT_EQ(exchange.named_group, 0x001d);
    EXPECT_EQ(exchange.dh_prime_bits, 0);
    EXPECT_FALSE(exchange.explicit_curve);
  }
}

TEST(ServerKeyExchangeTest, ReadsWholeMessages) {
  const Wire ecdhe = test_support::server_key_exchange_ecdhe(0x0018);
  EXPECT_EQ(parse_server_key_exchange(Bytes(ecdhe).subspan(4), kEcdheRsa).named_group, 0x0018);
  const Wire dhe = test_support::server_key_exchange_dhe(256);
  const auto bits = parse_server_key_exchange(Bytes(dhe).subspan(4), kDheRsa).dh_prime_bits;
  EXPECT_GT(bits, 2040);
  EXPECT_LE(bits, 2048);
}

TEST(ServerKeyExchangeTest, NotesExplicitCurves) {
  for (const std::uint8_t type : {std::uint8_t{1}, std::uint8_t{2}}) {
    const ServerKeyExchange exchange = parse_server_key_exchange(Wire{type, 9, 9}, kEcdheRsa);
    EXPECT_EQ(exchange.status, ParseStatus::ok);
    EXPECT_TRUE(exchange.explicit_curve);
    EXPECT_EQ(exchange.named_group, 0);
  }
}

TEST(ServerKeyExchangeTest, RejectsUnknownCurveTypes) {
  EXPECT_EQ(parse_server_key_exchange(Wire{0, 0, 29}, kEcdheRsa).status, ParseStatus::malformed);
  EXPECT_EQ(parse_server_key_exchange(Wire{4, 0, 29}, kEcdheRsa).status, ParseStatus::malformed);
}

TEST(ServerKeyExchangeTest, CountsTheBitsOfThePrime) {
  const auto bits = [](const Wire& prime) {
    return parse_server_key_exchange(dh_parameters(prime), kDheRsa).dh_prime_bits;
  };
  EXPECT_EQ(bits(prime_of(128, 0xff)), 1024);
  EXPECT_EQ(bits(prime_of(128, 0x7f)), 1023);
  EXPECT_EQ(bits(prime_of(128, 0x01)), 1017);
  EXPECT_EQ(bits(prime_of(129, 0x00)), 1024);
  EXPECT_EQ(bits(Wire{1}), 1);
  EXPECT_EQ(parse_server_key_exchange(dh_parameters(prime_of(64, 0x80)), kDhAnon).dh_prime_bits,
            512);
}

TEST(ServerKeyExchangeTest, NeedsOnlyTheFirstBytesOfThePrime) {
  const ServerKeyExchange exchange = parse_server_key_exchange(Wire{1, 0, 0x80}, kDheRsa);
  EXPECT_EQ(exchange.status, ParseStatus::ok);
  EXPECT_EQ(exchange.dh_prime_bits, 2048);
}

TEST(ServerKeyExchangeTest, SaturatesThePrime) {
  const ServerKeyExchange exchange = parse_server_key_exchange(Wire{0xff, 0xff, 0x80}, kDheRsa);
  EXPECT_EQ(exchange.dh_prime_bits, 65535);
}

TEST(ServerKeyExchangeTest, RejectsAnEmptyOrZeroPrime) {
  EXPECT_EQ(parse_server_key_exchange(Wire{0, 0}, kDheRsa).status, ParseStatus::malformed);
  EXPECT_EQ(parse_server_key_exchange(Wire{0, 2, 0, 0}, kDheRsa).status, ParseStatus::malformed);
}

TEST(ServerKeyExchangeTest, AnswersNeedMoreBeforeTheAnswerIsThere) {
  for (const Wire& body : {Wire{}, Wire{3}, Wire{3, 0}}) {
    EXPECT_EQ(parse_server_key_exchange(body, kEcdheRsa).status, ParseStatus::need_more);
  }
  for (const Wire& body : {Wire{}, Wire{0}, Wire{0, 2}, Wire{0, 2, 0}}) {
    EXPECT_EQ(parse_server_key_exchange(body, kDheRsa).status, ParseStatus::need_more);
  }
  for (const Wire& body : {Wire{}, Wire{0}, Wire{0, 3, 'a', 'b'}}) {
    EXPECT_EQ(parse_server_key_exchange(body, kEcdhePsk).status, ParseStatus::need_more);
  }
}

TEST(ServerKeyExchangeTest, StepsOverTheIdentityHint) {
  EXPECT_EQ(parse_server_key_exchange(Wire{0, 1, 'h', 3, 0, 23}, kEcdhePsk).named_group, 23);
  EXPECT_EQ(parse_server_key_exchange(Wire{0, 0, 0, 64, 0x80}, kDhePsk).dh_prime_bits, 512);
}

TEST(ServerKeyExchangeTest, KnowsNothingOfOtherKeyExchanges) {
  for (const std::uint16_t suite :
       {kPsk, kRsaExport, std::uint16_t{0x1301}, std::uint16_t{0xeeee}}) {
    const ServerKeyExchange exchange = parse_server_key_exchange(Wire{3, 0, 29}, suite);
    EXPECT_EQ(exchange.status, ParseStatus::ok);
    EXPECT_EQ(exchange.named_group, 0);
    EXPECT_EQ(exchange.dh_prime_bits, 0);
  }
}

TEST(ServerKeyExchangeTest, RecognizesEcdhParametersOfUnknownSuites) {
  constexpr std::uint16_t kUnknown = 0x8c62;
  ByteWriter writer;
  writer.u8(3).u16(0x001d).u8(32).fill(32, 9);
  const Wire body = writer.take();
  EXPECT_EQ(parse_server_key_exchange(body, kUnknown).named_group, 0x001d);
  EXPECT_EQ(parse_server_key_exchange(Bytes(body).first(35), kUnknown).named_group, 0);
  Wire other_size = body;
  other_size[3] = 31;
  EXPECT_EQ(parse_server_key_exchange(other_size, kUnknown).named_group, 0);
  EXPECT_EQ(parse_server_key_exchange(other_size, kUnknown).status, ParseStatus::ok);
}

TEST(CipherSuiteTest, KnowsTheKeyExchangeOfEachKind) {
  EXPECT_EQ(key_exchange_of(0x0000), KeyExchange::none);
  EXPECT_EQ(key_exchange_of(0x002f), KeyExchange::rsa);
  EXPECT_EQ(key_exchange_of(0x0030), KeyExchange::dh);
  EXPECT_EQ(key_exchange_of(0x0033), KeyExchange::dhe);
  EXPECT_EQ(key_exchange_of(0x0018), KeyExchange::dh_anon);
  EXPECT_EQ(key_exchange_of(0x008a), KeyExchange::psk);
  EXPECT_EQ(key_exchange_of(0x008e), KeyExchange::dhe_psk);
  EXPECT_EQ(key_exchange_of(0x0092), KeyExchange::rsa_psk);
  EXPECT_EQ(key_exchange_of(0x00ff), KeyExchange::none);
  EXPECT_EQ(key_exchange_of(0x5600), KeyExchange::none);
  EXPECT_EQ(key_exchange_of(0x1301), KeyExchange::tls13);
  EXPECT_EQ(key_exchange_of(0xc004), KeyExchange::ecdh);
  EXPECT_EQ(key_exchange_of(0xc013), KeyExchange::ecdhe);
  EXPECT_EQ(key_exchange_of(0xc016), KeyExchange::ecdh_anon);
  EXPECT_EQ(key_exchange_of(0xc01a), KeyExchange::srp);
  EXPECT_EQ(key_exchange_of(0xc035), KeyExchange::ecdhe_psk);
  EXPECT_EQ(key_exchange_of(0xc0ff), KeyExchange::other);
  EXPECT_EQ(key_exchange_of(0xcca8), KeyExchange::ecdhe);
  EXPECT_EQ(key_exchange_of(0xccaa), KeyExchange::dhe);
  EXPECT_EQ(key_exchange_of(0x001e), KeyExchange::krb5);
}

TEST(CipherSuiteTest, DoesNotKnowNumbersBetweenTheRanges) {
  for (const unsigned suite :
       {0x0047u, 0x0100u, 0x1300u, 0x1306u, 0xc000u, 0xc0b6u, 0xffffu, 0x0a0au}) {
    EXPECT_EQ(key_exchange_of(static_cast<std::uint16_t>(suite)), KeyExchange::unknown) << suite;
  }
}

TEST(CipherSuiteTest, KnowsTheRecordLengthsOfTls13) {
  EXPECT_EQ(finished_record_length(0x1301), 53);
  EXPECT_EQ(finished_record_length(0x1302), 69);
  EXPECT_EQ(finished_record_length(0x1303), 53);
  EXPECT_EQ(finished_record_length(0x1304), 53);
  EXPECT_EQ(finished_record_length(0x1305), 45);
  EXPECT_EQ(alert_record_length(0x1301), 19);
  EXPECT_EQ(alert_record_length(0x1302), 19);
  EXPECT_EQ(alert_record_length(0x1305), 11);
}

}  // namespace
}  // namespace shakedown::tls
