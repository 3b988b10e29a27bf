// SPDX-License-Identifier: Apache-2.0
#include "tls/record_reader.h"

#include <gtest/gtest.h>

#include <array>

#include "deterministic_random.h"
#include "hello_builder.h"
#include "message_builder.h"
#include "record_builder.h"
#include "record_listener.h"

namespace shakedown::tls {
namespace {

using test_support::alert_record;
using test_support::bytes_of;
using test_support::change_cipher_spec_record;
using test_support::ClientHelloBuilder;
using test_support::coalesced_record;
using test_support::concatenate;
using test_support::encrypted_record;
using test_support::handshake_message;
using test_support::handshake_record;
using test_support::OwnedRecordReader;
using test_support::record;
using test_support::RecordListener;
using test_support::ServerHelloBuilder;
using test_support::split_over_records;
using test_support::split_over_records_at;
using OwnedBytes = test_support::Bytes;
using test_support::EventLines;

/// One direction with a listener; `read` is one segment.
class RecordReaderTest : public ::testing::Test {
 protected:
  RecordReaderTest() {
    listener_.with_bodies = false;
    listener_.with_counts = false;
    listener_.with_records = false;
  }
  ~RecordReaderTest() override {
    reader_->release(state_);
    EXPECT_EQ(reader_.pool().held_count(), 0u);
  }

  bool read(const OwnedBytes& bytes) {
    RecordReader::begin_segment(state_);
    return reader_->read(state_, Bytes(bytes), listener_);
  }
  bool gap(std::optional<std::uint32_t> size) { return reader_->gap(state_, size, listener_); }
  void read_in_pieces(const OwnedBytes& bytes, std::size_t size) {
    for (std::size_t i = 0; i < bytes.size(); i += size) {
      const std::size_t end = std::min(i + size, bytes.size());
      EXPECT_TRUE(read(OwnedBytes(bytes.begin() + static_cast<std::ptrdiff_t>(i),
                                  bytes.begin() + static_cast<std::ptrdiff_t>(end))));
    }
  }

  OwnedRecordReader reader_;
  RecordState state_{};
  RecordListener listener_;
};

const OwnedBytes kHello = ClientHelloBuilder::tls12("a.example").build();
const OwnedBytes kServerHello = ServerHelloBuilder::tls12().build();

OwnedBytes body_of(const OwnedBytes& message) {
  return OwnedBytes(message.begin() + 4, message.end());
}

OwnedBytes certificate_of_size(std::uint32_t size) {
  return handshake_message(HandshakeType::certificate, test_support::opaque_bytes(size));
}

std::string message_line(HandshakeType type, std::size_t size, const char* tail = " complete") {
  return "message " + std::to_string(static_cast<unsigned>(type)) + " " + std::to_string(size) +
         tail;
}

TEST_F(RecordReaderTest, ReadsAClientHelloInPlace) {
  const OwnedBytes stream = handshake_record(kHello, 0x0301);
  struct Sink : RecordListener {
    const std::uint8_t* at = nullptr;
    Continue on_message(const Message& message) {
      at = message.body.data();
      return RecordListener::on_message(message);
    }
  } sink;
  ASSERT_TRUE(reader_->read(state_, stream, sink));
  ASSERT_EQ(sink.messages.size(), 1u);
  EXPECT_EQ(sink.at, stream.data() + 9);
  EXPECT_EQ(sink.bodies[0], body_of(kHello));
  EXPECT_TRUE(sink.messages[0].complete_body);
  EXPECT_EQ(sink.messages[0].record_version, 0x0301);
  EXPECT_EQ(sink.messages[0].record_count, 1);
  EXPECT_EQ(reader_.pool().held_count(), 0u);
  EXPECT_TRUE(state_.at_record_boundary());
}

TEST_F(RecordReaderTest, ReportsRecordHeaders) {
  listener_.with_records = true;
  ASSERT_TRUE(read(handshake_record(kHello, 0x0301)));
  EXPECT_EQ(listener_.lines[0], "record 22 v769 " + std::to_string(kHello.size()));
}

TEST_F(RecordReaderTest, CountsSegmentsOfAMessage) {
  const OwnedBytes stream = handshake_record(kHello);
  read_in_pieces(stream, 60);
  ASSERT_EQ(listener_.messages.size(), 1u);
  EXPECT_EQ(listener_.messages[0].segment_count, (stream.size() + 59) / 60);
  EXPECT_EQ(listener_.messages[0].record_count, 1);
  EXPECT_EQ(listener_.bodies[0], body_of(kHello));
}

TEST_F(RecordReaderTest, CountsRecordsOfAMessage) {
  ASSERT_TRUE(read(split_over_records(kHello, 50)));
  ASSERT_EQ(listener_.messages.size(), 1u);
  EXPECT_EQ(listener_.messages[0].record_count, (kHello.size() + 49) / 50);
  EXPECT_EQ(listener_.messages[0].segment_count, 1);
}

TEST_F(RecordReaderTest, SaturatesTheCountsOfAMessage) {
  const OwnedBytes message = certificate_of_size(600);
  read_in_pieces(split_over_records(message, 1), 6);
  ASSERT_EQ(listener_.messages.size(), 1u);
  EXPECT_EQ(listener_.messages[0].record_count, 255);
  EXPECT_EQ(listener_.messages[0].segment_count, 255);
}

TEST_F(RecordReaderTest, CountsTheSegmentAgainForTheNextMessage) {
  ASSERT_TRUE(read(coalesced_record({kServerHello, certificate_of_size(10)})));
  ASSERT_EQ(listener_.messages.size(), 2u);
  EXPECT_EQ(listener_.messages[1].segment_count, 1);
  EXPECT_EQ(listener_.messages[1].record_count, 1);
}

TEST_F(RecordReaderTest, TakesTheVersionOfTheFirstRecord) {
  OwnedBytes stream = split_over_records_at(kHello, {3}, 0x0301);
  stream[5 + 3 + 2] = 3;
  ASSERT_TRUE(read(stream));
  ASSERT_EQ(listener_.messages.size(), 1u);
  EXPECT_EQ(listener_.messages[0].record_version, 0x0301);
  EXPECT_EQ(listener_.messages[0].record_count, 2);
}

TEST_F(RecordReaderTest, ReadsAMessageHeaderCutByRecords) {
  ASSERT_TRUE(read(split_over_records_at(kHello, {1, 2, 3, 4})));
  ASSERT_EQ(listener_.messages.size(), 1u);
  EXPECT_EQ(listener_.bodies[0], body_of(kHello));
}

TEST_F(RecordReaderTest, GivesOnlyTheWantedPrefix) {
  ASSERT_TRUE(read(handshake_record(
      handshake_message(HandshakeType::server_key_exchange, test_support::opaque_bytes(301)))));
  ASSERT_TRUE(read(handshake_record(
      handshake_message(HandshakeType::server_key_exchange, test_support::opaque_bytes(300)))));
  ASSERT_TRUE(read(handshake_record(
      handshake_message(HandshakeType::certificate_verify, test_support::opaque_bytes(9)))));
  ASSERT_EQ(listener_.messages.size(), 3u);
  EXPECT_EQ(listener_.bodies[0].size(), 300u);
  EXPECT_FALSE(listener_.messages[0].complete_body);
  EXPECT_EQ(listener_.bodies[1].size(), 300u);
  EXPECT_TRUE(listener_.messages[1].complete_body);
  EXPECT_TRUE(listener_.bodies[2].empty());
  EXPECT_EQ(listener_.messages[2].length, 9u);
  EXPECT_FALSE(listener_.messages[2].complete_body);
}

TEST_F(RecordReaderTest, HoldsNoBufferForUnwantedMessages) {
  const OwnedBytes stream = handshake_record(
      handshake_message(HandshakeType::certificate_verify, test_support::opaque_bytes(900)));
  ASSERT_TRUE(read(OwnedBytes(stream.begin(), stream.end() - 1)));
  EXPECT_EQ(reader_.pool().held_count(), 0u);
  ASSERT_TRUE(read({stream.back()}));
  EXPECT_EQ(listener_.messages.size(), 1u);
}

TEST_F(RecordReaderTest, KeepsAStapleOfTheLargestSize) {
  const OwnedBytes message =
      test_support::certificate_status(test_support::opaque_bytes(kOcspResponseBytesMax));
  read_in_pieces(split_over_records(message, 16384), 1400);
  ASSERT_EQ(listener_.messages.size(), 1u);
  EXPECT_TRUE(listener_.messages[0].complete_body);
  EXPECT_EQ(listener_.bodies[0], body_of(message));
}

TEST_F(RecordReaderTest, HoldsNoBufferForAStapleAboveTheLimitAndReportsItWithoutBody) {
  const OwnedBytes stream = split_over_records(
      test_support::certificate_status(test_support::opaque_bytes(kOcspResponseBytesMax + 1)),
      16384);
  read_in_pieces(OwnedBytes(stream.begin(), stream.end() - 1), 1400);
  EXPECT_EQ(reader_.pool().held_count(), 0u);
  ASSERT_TRUE(read({stream.back()}));
  ASSERT_EQ(listener_.messages.size(), 1u);
  EXPECT_FALSE(listener_.messages[0].complete_body);
  EXPECT_TRUE(listener_.bodies[0].empty());
  EXPECT_EQ(listener_.messages[0].loss, BodyLoss::none);
}

TEST_F(RecordReaderTest, KeepsACertificateOfTheLargestSize) {
  const OwnedBytes message = certificate_of_size(kCertificateBytesMax);
  read_in_pieces(split_over_records(message, 16384), 1400);
  ASSERT_EQ(listener_.messages.size(), 1u);
  EXPECT_EQ(listener_.bodies[0], body_of(message));
}

TEST_F(RecordReaderTest, ReportsACertificateAboveTheLimitAndGoesOn) {
  read_in_pieces(split_over_records(certificate_of_size(kCertificateBytesMax + 1), 16384), 1400);
  ASSERT_TRUE(read(handshake_record(test_support::server_hello_done())));
  EXPECT_EQ(listener_.lines,
            (EventLines{"over_limit 11 " + std::to_string(kCertificateBytesMax + 1),
                        message_line(HandshakeType::server_hello_done, 0)}));
}

TEST_F(RecordReaderTest, ReportsAHelloAboveTheLimit) {
  const OwnedBytes fits =
      handshake_message(HandshakeType::client_hello, OwnedBytes(kHelloBytesMax, 0));
  const OwnedBytes long_one =
      handshake_message(HandshakeType::client_hello, OwnedBytes(kHelloBytesMax + 1, 0));
  ASSERT_TRUE(read(split_over_records(fits, 16384)));
  ASSERT_TRUE(read(split_over_records(long_one, 16384)));
  EXPECT_EQ(listener_.lines, (EventLines{message_line(HandshakeType::client_hello, kHelloBytesMax),
                                         "over_limit 1 " + std::to_string(kHelloBytesMax + 1)}));
}

TEST_F(RecordReaderTest, ReadsAlertsInEveryPacking) {
  ASSERT_TRUE(read(alert_record(1, 112, 0x0300)));
  ASSERT_TRUE(read(record(ContentType::alert, std::array<std::uint8_t, 4>{1, 90, 2, 40})));
  ASSERT_TRUE(read(record(ContentType::alert, std::array<std::uint8_t, 1>{2})));
  ASSERT_TRUE(read(record(ContentType::alert, std::array<std::uint8_t, 1>{48})));
  EXPECT_EQ(listener_.lines, (EventLines{"alert 1 112", "alert 1 90", "alert 2 40", "alert 2 48"}));
}

TEST_F(RecordReaderTest, ReadsAnAlertBetweenFragmentsOfAMessage) {
  const OwnedBytes fragments = split_over_records_at(kHello, {40});
  const auto cut = fragments.begin() + 45;
  ASSERT_TRUE(read(concatenate({OwnedBytes(fragments.begin(), cut), alert_record(1, 90),
                                change_cipher_spec_record(), OwnedBytes(cut, fragments.end())})));
  EXPECT_EQ(listener_.lines,
            (EventLines{"alert 1 90", "change_cipher_spec",
                        message_line(HandshakeType::client_hello, kHello.size() - 4)}));
}

TEST_F(RecordReaderTest, ReadsNothingOfApplicationData) {
  ASSERT_TRUE(read(handshake_record(kHello)));
  listener_.lines.clear();
  ASSERT_TRUE(read(test_support::application_data_record(600)));
  ASSERT_TRUE(read(record(ContentType::application_data, {})));
  EXPECT_EQ(listener_.lines, (EventLines{"opaque_begin 23 600", "opaque 23 600",
                                         "opaque_begin 23 0", "opaque 23 0"}));
}

TEST_F(RecordReaderTest, TakesHandshakeRecordsForOpaqueAfterSetOpaque) {
  ASSERT_TRUE(read(handshake_record(kHello)));
  listener_.lines.clear();
  listener_.inside = [this](const std::string& line) {
    if (line == "change_cipher_spec") set_opaque(state_);
  };
  ASSERT_TRUE(
      read(concatenate({change_cipher_spec_record(), encrypted_record(ContentType::handshake, 40),
                        encrypted_record(ContentType::alert, 26)})));
  EXPECT_EQ(listener_.lines, (EventLines{"change_cipher_spec", "opaque_begin 22 40", "opaque 22 40",
                                         "opaque_begin 21 26", "opaque 21 26"}));
}

TEST_F(RecordReaderTest, ReadsTheRestOfTheRecordInWhichItBecameOpaque) {
  listener_.inside = [this](const std::string&) { set_opaque(state_); };
  ASSERT_TRUE(read(concatenate({coalesced_record({kServerHello, test_support::server_hello_done()}),
                                handshake_record(test_support::server_hello_done())})));
  EXPECT_EQ(listener_.lines,
            (EventLines{message_line(HandshakeType::server_hello, kServerHello.size() - 4),
                        message_line(HandshakeType::server_hello_done, 0), "opaque_begin 22 4",
                        "opaque 22 4"}));
}

TEST_F(RecordReaderTest, DropsAPartialMessageWhenItBecomesOpaque) {
  const OwnedBytes fragments = split_over_records_at(kHello, {40});
  ASSERT_TRUE(read(OwnedBytes(fragments.begin(), fragments.begin() + 45)));
  EXPECT_EQ(reader_.pool().held_count(), 1u);
  EXPECT_EQ(state_.partial_message(), HandshakeType::client_hello);
  set_opaque(state_);
  ASSERT_TRUE(read(OwnedBytes(fragments.begin() + 45, fragments.end())));
  EXPECT_EQ(reader_.pool().held_count(), 0u);
  EXPECT_FALSE(state_.partial_message().has_value());
  EXPECT_TRUE(listener_.messages.empty());
}

TEST_F(RecordReaderTest, ReadsAClearAlertOfAnEncryptedDirection) {
  set_opaque(state_);
  ASSERT_TRUE(read(alert_record(2, 48)));
  ASSERT_TRUE(read(alert_record(1, 0)));
  ASSERT_TRUE(read(alert_record(3, 48)));
  ASSERT_TRUE(read(encrypted_record(ContentType::alert, 3)));
  EXPECT_EQ(listener_.lines, (EventLines{"alert 2 48", "alert 1 0", "opaque_begin 21 2",
                                         "opaque 21 2", "opaque_begin 21 3", "opaque 21 3"}));
}

TEST_F(RecordReaderTest, ReadsTheCompatibilityChangeCipherSpecOfAnEncryptedDirection) {
  set_opaque(state_);
  ASSERT_TRUE(read(change_cipher_spec_record()));
  ASSERT_TRUE(read(encrypted_record(ContentType::change_cipher_spec, 17)));
  EXPECT_EQ(listener_.lines,
            (EventLines{"change_cipher_spec", "opaque_begin 20 17", "opaque 20 17"}));
}

TEST_F(RecordReaderTest, SkipsAReadableHeartbeat) {
  ASSERT_TRUE(read(record(ContentType::heartbeat, test_support::opaque_bytes(20))));
  EXPECT_TRUE(listener_.lines.empty());
  EXPECT_TRUE(state_.at_record_boundary());
}

TEST_F(RecordReaderTest, StopsWhenAsked) {
  listener_.stop_after = 1;
  EXPECT_FALSE(read(coalesced_record({kServerHello, certificate_of_size(10)})));
  EXPECT_TRUE(state_.ended());
  EXPECT_TRUE(read(handshake_record(kServerHello)));
  EXPECT_EQ(listener_.lines.size(), 1u);
}

TEST_F(RecordReaderTest, GivesTheBufferBackWhenStopped) {
  listener_.stop_after = 1;
  const OwnedBytes fragments = split_over_records_at(kHello, {40});
  EXPECT_FALSE(read(
      concatenate({OwnedBytes(fragments.begin(), fragments.begin() + 45), alert_record(2, 40)})));
  EXPECT_EQ(reader_.pool().held_count(), 0u);
}

TEST_F(RecordReaderTest, SaysThatNoBufferWasLeft) {
  OwnedRecordReader poor({0, 0, 0});
  RecordListener listener;
  const OwnedBytes stream = split_over_records(kHello, 50);
  ASSERT_TRUE(poor->read(state_, stream, listener));
  ASSERT_EQ(listener.messages.size(), 1u);
  EXPECT_EQ(listener.messages[0].loss, BodyLoss::pool_empty);
  EXPECT_FALSE(listener.messages[0].complete_body);
  EXPECT_TRUE(listener.bodies[0].empty());
  EXPECT_EQ(poor.pool().refused_count(), 1u);
}

TEST_F(RecordReaderTest, SaysThatNoLargerBufferWasLeft) {
  OwnedRecordReader poor({1, 0, 0});
  RecordListener listener;
  const OwnedBytes stream = split_over_records(certificate_of_size(kSmallBufferBytes + 1), 1000);
  ASSERT_TRUE(poor->read(state_, stream, listener));
  ASSERT_EQ(listener.messages.size(), 1u);
  EXPECT_EQ(listener.messages[0].loss, BodyLoss::pool_empty);
  EXPECT_EQ(poor.pool().held_count(), 0u);
}

TEST_F(RecordReaderTest, TakesAnEncryptedFinishedForOpaqueWhenTheChangeWasMissed) {
  // The explicit nonce of a first record, as stacks that count from zero send it.
  OwnedBytes finished(40, 0);
  ASSERT_TRUE(read(handshake_record(kHello)));
  listener_.lines.clear();
  ASSERT_TRUE(read(handshake_record(finished)));
  EXPECT_EQ(listener_.lines, (EventLines{"opaque_begin 22 40", "opaque 22 40"}));
  EXPECT_TRUE(state_.opaque());
}

TEST_F(RecordReaderTest, TakesUnknownTypesAndAbsurdLengthsForOpaque) {
  const std::array<std::array<std::uint8_t, 5>, 4> beginnings{
      {{7, 0, 0, 1, 0}, {254, 0, 0, 1, 0}, {11, 2, 0, 1, 0}, {14, 0, 0, 1, 0}}};
  for (const auto& beginning : beginnings) {
    RecordState state{};
    RecordListener listener;
    listener.with_records = false;
    const OwnedBytes stream = record(ContentType::handshake, beginning);
    ASSERT_TRUE(reader_->read(state, stream, listener));
    EXPECT_EQ(listener.lines, (EventLines{"opaque_begin 22 5", "opaque 22 5"}));
  }
}

TEST_F(RecordReaderTest, ReadsAHelloRequestAlone) {
  ASSERT_TRUE(read(handshake_record(test_support::hello_request())));
  EXPECT_EQ(listener_.lines, (EventLines{message_line(HandshakeType::hello_request, 0)}));
}

TEST_F(RecordReaderTest, TakesALongAlertRecordForOpaque) {
  ASSERT_TRUE(read(record(ContentType::alert, OwnedBytes(kAlertRecordBytesMax, 1))));
  EXPECT_FALSE(state_.opaque());
  EXPECT_EQ(listener_.lines.size(), kAlertRecordBytesMax / 2u);
  ASSERT_TRUE(read(record(ContentType::alert, OwnedBytes(kAlertRecordBytesMax + 1, 1))));
  EXPECT_TRUE(state_.opaque());
}

}  // namespace
}  // namespace shakedown::tls
