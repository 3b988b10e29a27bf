// SPDX-License-Identifier: Apache-2.0
#include "tls/sslv2_hello.h"

#include <gtest/gtest.h>

#include "hello_builder.h"
#include "shakedown/limits.h"

namespace shakedown::tls {
namespace {

using test_support::ByteWriter;
using Wire = test_support::Bytes;

constexpr std::size_t kRecordHeaderBytes = 2;

/// A CLIENT-HELLO with lengths that need not be allowed, without the record header.
Wire client_hello(std::size_t specs_size, std::size_t session_id_size, std::size_t challenge_size) {
  ByteWriter writer;
  writer.u8(1).u16(0x0301).u16(specs_size).u16(session_id_size).u16(challenge_size);
  writer.fill(specs_size, 0).fill(session_id_size, 1).fill(challenge_size, 2);
  return writer.take();
}

Wire server_hello(std::size_t certificate_size, std::size_t specs_size) {
  ByteWriter writer;
  writer.u8(4).u8(0).u8(1).u16(0x0002).u16(certificate_size).u16(specs_size).u16(16);
  writer.fill(certificate_size, 0x30).fill(specs_size, 1).fill(16, 2);
  return writer.take();
}

ParseStatus client_status(const Wire& message) {
  Sslv2ClientHello hello;
  return parse_sslv2_client_hello(message, hello);
}

TEST(Sslv2HelloTest, ReadsAClientHelloThatOffersTls) {
  const Wire record = test_support::sslv2_client_hello(0x0303, {0x010080, 0x00002f, 0x0000ff});
  const Wire message(record.begin() + kRecordHeaderBytes, record.end());
  Sslv2ClientHello hello;
  ASSERT_EQ(parse_sslv2_client_hello(message, hello), ParseStatus::ok);
  EXPECT_EQ(hello.version, 0x0303);
  EXPECT_EQ(hello.cipher_count(), 3u);
  EXPECT_EQ(hello.tls_suite_count, 2);
  EXPECT_EQ(hello.challenge.size(), 32u);
  EXPECT_TRUE(hello.session_id.empty());

  ClientHelloFacts facts;
  fill_facts(hello, facts);
  EXPECT_EQ(facts.flags, ClientHelloFacts::sslv2_format | ClientHelloFacts::renegotiation_info);
  EXPECT_EQ(facts.legacy_version, 0x0303);
  EXPECT_EQ(facts.max_version, 0x0303);
  EXPECT_EQ(facts.cipher_count, 3);
  EXPECT_EQ(facts.length, message.size());
}

TEST(Sslv2HelloTest, HoldsTheLengthsToTheirBounds) {
  EXPECT_EQ(client_status(client_hello(3, 0, 16)), ParseStatus::ok);
  EXPECT_EQ(client_status(client_hello(3, 0, 15)), ParseStatus::malformed);
  EXPECT_EQ(client_status(client_hello(3, 0, 32)), ParseStatus::ok);
  EXPECT_EQ(client_status(client_hello(3, 0, 33)), ParseStatus::malformed);
  EXPECT_EQ(client_status(client_hello(3, 16, 16)), ParseStatus::ok);
  EXPECT_EQ(client_status(client_hello(3, 32, 16)), ParseStatus::ok);
  EXPECT_EQ(client_status(client_hello(3, 33, 16)), ParseStatus::malformed);
  EXPECT_EQ(client_status(client_hello(0, 0, 16)), ParseStatus::malformed);
  EXPECT_EQ(client_status(client_hello(2, 0, 16)), ParseStatus::malformed);
  EXPECT_EQ(client_status(client_hello(4, 0, 16)), ParseStatus::malformed);
}

TEST(Sslv2HelloTest, CutsCipherSpecsAboveTheLimit) {
  EXPECT_EQ(client_status(client_hello(3 * kCipherSuiteCountMax, 0, 16)), ParseStatus::ok);
  const Wire above = client_hello(3 * (kCipherSuiteCountMax + 1), 0, 16);
  Sslv2ClientHello hello;
  EXPECT_EQ(parse_sslv2_client_hello(above, hello), ParseStatus::over_limit);
  EXPECT_EQ(hello.cipher_count(), kCipherSuiteCountMax);
  EXPECT_EQ(parse_sslv2_client_hello(Bytes(above).first(above.size() - 1), hello),
            ParseStatus::need_more);
  EXPECT_EQ(hello.cipher_count(), kCipherSuiteCountMax);
}

TEST(Sslv2HelloTest, RejectsOtherMessagesAndBytesLeftOver) {
  Wire message = client_hello(3, 0, 16);
  message.push_back(0);
  EXPECT_EQ(client_status(message), ParseStatus::malformed);
  message.pop_back();
  message[0] = 2;
  EXPECT_EQ(client_status(message), ParseStatus::malformed);
}

TEST(Sslv2HelloTest, AnswersNeedMoreWhereverAClientHelloIsCut) {
  const Wire whole = client_hello(9, 16, 16);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Sslv2ClientHello hello;
    EXPECT_EQ(parse_sslv2_client_hello(Bytes(whole).first(size), hello), ParseStatus::need_more);
    EXPECT_TRUE(hello.truncated);
  }
}

TEST(Sslv2HelloTest, ReadsAServerHello) {
  const Wire message = server_hello(100, 9);
  Sslv2ServerHello hello;
  ASSERT_EQ(parse_sslv2_server_hello(message, hello), ParseStatus::ok);
  EXPECT_EQ(hello.version, 0x0002);
  EXPECT_EQ(hello.certificate.size(), 100u);
  EXPECT_EQ(hello.cipher_specs.size(), 9u);
  EXPECT_EQ(hello.connection_id.size(), 16u);
  EXPECT_FALSE(hello.session_id_hit);

  ServerHelloFacts facts;
  fill_facts(hello, facts);
  EXPECT_EQ(facts.flags, ServerHelloFacts::seen | ServerHelloFacts::sslv2_format);
  EXPECT_EQ(facts.selected_version, 0x0002);
}

TEST(Sslv2HelloTest, TakesASessionIdHitForAResumption) {
  Wire message = server_hello(0, 0);
  message[1] = 1;
  Sslv2ServerHello hello;
  ASSERT_EQ(parse_sslv2_server_hello(message, hello), ParseStatus::ok);
  ServerHelloFacts facts;
  fill_facts(hello, facts);
  EXPECT_TRUE(facts.flags & ServerHelloFacts::resumed);
}

TEST(Sslv2HelloTest, RejectsBrokenServerHellos) {
  const auto status = [](const Wire& message) {
    Sslv2ServerHello hello;
    return parse_sslv2_server_hello(message, hello);
  };
  EXPECT_EQ(status(server_hello(10, 4)), ParseStatus::malformed);
  Wire message = server_hello(10, 3);
  message.push_back(0);
  EXPECT_EQ(status(message), ParseStatus::malformed);
  message.pop_back();
  message[0] = 1;
  EXPECT_EQ(status(message), ParseStatus::malformed);
  message[0] = 4;
  for (std::size_t size = 0; size < message.size(); ++size) {
    EXPECT_EQ(status(Wire(message.begin(), message.begin() + static_cast<std::ptrdiff_t>(size))),
              ParseStatus::need_more);
  }
}

}  // namespace
}  // namespace shakedown::tls
