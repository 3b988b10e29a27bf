// SPDX-License-Identifier: Apache-2.0
#include "tls/record_probe.h"

#include <gtest/gtest.h>

#include <array>

#include "deterministic_random.h"
#include "hello_builder.h"
#include "message_builder.h"
#include "record_builder.h"
#include "shakedown/limits.h"

namespace shakedown::tls {
namespace {

using test_support::bytes_of;
using test_support::ClientHelloBuilder;
using test_support::concatenate;
using test_support::DeterministicRandom;
using test_support::encrypted_record;
using test_support::handshake_record;
using test_support::record;
using OwnedBytes = test_support::Bytes;

const OwnedBytes kHello = handshake_record(ClientHelloBuilder::tls13("a.example").build(), 0x0301);
const OwnedBytes kSslv2Hello = test_support::sslv2_client_hello(0x0301, {0x010080, 0x00002f});

OwnedBytes first_of(const OwnedBytes& bytes, std::size_t size) {
  return OwnedBytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
}

TEST(PlausibleClientHello, AcceptsEveryBeginningOfAHelloFromSixBytesOn) {
  for (std::size_t size = 0; size <= kHello.size(); ++size) {
    EXPECT_EQ(plausible_client_hello(first_of(kHello, size)), size >= 6) << size;
  }
}

TEST(PlausibleClientHello, AcceptsAHelloCutOverRecords) {
  const OwnedBytes message = ClientHelloBuilder::tls13("a.example").build();
  for (const std::size_t cut : {4u, 5u, 6u, 39u, 100u}) {
    EXPECT_TRUE(plausible_client_hello(test_support::split_over_records_at(message, {cut}))) << cut;
  }
  EXPECT_FALSE(plausible_client_hello(test_support::split_over_records_at(message, {3})));
}

TEST(PlausibleClientHello, AcceptsTheSslv2Format) {
  EXPECT_TRUE(plausible_client_hello(kSslv2Hello));
  EXPECT_TRUE(plausible_client_hello(first_of(kSslv2Hello, 11)));
  EXPECT_FALSE(plausible_client_hello(first_of(kSslv2Hello, 10)));
}

TEST(PlausibleClientHello, RefusesContradictions) {
  const auto refuses = [](std::size_t offset, std::uint8_t value) {
    OwnedBytes bytes = kHello;
    bytes[offset] = value;
    return !plausible_client_hello(bytes);
  };
  EXPECT_TRUE(refuses(0, 23));    // content type
  EXPECT_TRUE(refuses(1, 2));     // major version
  EXPECT_TRUE(refuses(2, 5));     // minor version
  EXPECT_TRUE(refuses(3, 0x49));  // record over the limit
  EXPECT_TRUE(refuses(5, 2));     // ServerHello
  EXPECT_TRUE(refuses(6, 3));     // message of 192 KB
  EXPECT_TRUE(refuses(7, 0));     // message shorter than the record
  EXPECT_TRUE(refuses(9, 5));     // version of the hello
  EXPECT_TRUE(refuses(43, 33));   // session id
  EXPECT_FALSE(refuses(43, 32));
}

TEST(PlausibleClientHello, RefusesAnSslv2HelloWithWrongSums) {
  for (const std::size_t offset : {1u, 2u, 3u, 6u, 8u, 10u}) {
    OwnedBytes bytes = kSslv2Hello;
    ++bytes[offset];
    EXPECT_FALSE(plausible_client_hello(bytes)) << offset;
  }
}

TEST(PlausibleClientHello, RefusesOtherProtocolsAndNoise) {
  for (const char* text : {"GET / HTTP/1.1\r\n", "SSH-2.0-OpenSSH", "EHLO a.example\r\n", ""}) {
    EXPECT_FALSE(plausible_client_hello(bytes_of(text)));
    EXPECT_FALSE(plausible_record_start(bytes_of(text)));
  }
  DeterministicRandom random(1);
  for (int i = 0; i < 200'000; ++i) {
    const OwnedBytes noise = random.bytes(64);
    EXPECT_FALSE(plausible_client_hello(noise));
    EXPECT_FALSE(plausible_record_start(noise));
  }
}

TEST(PlausibleRecordStart, AcceptsEachTypeWithItsLengths) {
  EXPECT_TRUE(plausible_record_start(kHello));
  EXPECT_TRUE(plausible_record_start(test_support::change_cipher_spec_record()));
  EXPECT_TRUE(plausible_record_start(test_support::alert_record(2, 40)));
  EXPECT_TRUE(plausible_record_start(encrypted_record(21, 26)));
  EXPECT_TRUE(plausible_record_start(encrypted_record(22, 40)));
  EXPECT_TRUE(plausible_record_start(encrypted_record(23, kRecordBytesMax)));
  EXPECT_TRUE(plausible_record_start(record(23, {})));
  EXPECT_TRUE(plausible_record_start(handshake_record(test_support::server_hello_done())));
}

TEST(PlausibleRecordStart, RefusesImpossibleLengths) {
  EXPECT_FALSE(plausible_record_start(encrypted_record(20, 2)));
  EXPECT_FALSE(plausible_record_start(encrypted_record(21, 3)));
  EXPECT_FALSE(plausible_record_start(test_support::alert_record(3, 40)));
  EXPECT_FALSE(plausible_record_start(record(22, {})));
  EXPECT_FALSE(plausible_record_start(record(22, OwnedBytes(5, 9))));
  EXPECT_FALSE(plausible_record_start(encrypted_record(23, 15)));
  EXPECT_FALSE(plausible_record_start(encrypted_record(23, kRecordBytesMax + 1)));
  EXPECT_FALSE(plausible_record_start(first_of(kHello, 4)));
}

TEST(PlausibleRecordStart, FollowsTheLengthsToTheNextHeader) {
  const OwnedBytes alert = test_support::alert_record(2, 40);
  EXPECT_TRUE(plausible_record_start(concatenate({kHello, alert})));
  EXPECT_TRUE(plausible_record_start(concatenate({kHello, first_of(alert, 3)})));
  EXPECT_FALSE(plausible_record_start(concatenate({kHello, OwnedBytes(5, 0)})));
}

TEST(PlausibleMessageHeader, JudgesByTheBytesAtHand) {
  const std::array<std::uint8_t, 4> certificate{11, 2, 0, 0};
  EXPECT_TRUE(plausible_message_header(Bytes(certificate).first(1), 100));
  EXPECT_TRUE(plausible_message_header(certificate, 100));
  const std::array<std::uint8_t, 4> too_long{11, 2, 0, 1};
  EXPECT_TRUE(plausible_message_header(Bytes(too_long).first(3), 100));
  EXPECT_FALSE(plausible_message_header(too_long, 100));
  const std::array<std::uint8_t, 4> request{0, 0, 0, 0};
  EXPECT_TRUE(plausible_message_header(request, 4));
  EXPECT_FALSE(plausible_message_header(request, 8));
  EXPECT_FALSE(plausible_message_header({}, 4));
}

}  // namespace
}  // namespace shakedown::tls
