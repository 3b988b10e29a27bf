// SPDX-License-Identifier: Apache-2.0
//
// Beginnings, endings and holes of a stream: what is no TLS, what stops being TLS, what is missing.
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
using test_support::concatenate;
using test_support::encrypted_record;
using test_support::EventLines;
using test_support::handshake_message;
using test_support::handshake_record;
using test_support::OwnedRecordReader;
using test_support::record;
using test_support::RecordListener;
using OwnedBytes = test_support::Bytes;

class RecordStreamTest : public ::testing::Test {
 protected:
  RecordStreamTest() {
    listener_.with_records = listener_.with_counts = listener_.with_bodies = false;
  }
  ~RecordStreamTest() override {
    reader_->release(state_);
    EXPECT_EQ(reader_.pool().held_count(), 0u);
  }

  bool read(const OwnedBytes& bytes) {
    RecordReader::begin_segment(state_);
    return reader_->read(state_, Bytes(bytes), listener_);
  }
  bool gap(std::optional<std::uint32_t> size) { return reader_->gap(state_, size, listener_); }
  EventLines take_lines() { return std::exchange(listener_.lines, {}); }

  OwnedRecordReader reader_;
  RecordState state_{};
  RecordListener listener_;
};

const OwnedBytes kHello = ClientHelloBuilder::tls12("a.example").build();
const std::string kHelloLine = "message 1 " + std::to_string(kHello.size() - 4) + " complete";

OwnedBytes slice(const OwnedBytes& bytes, std::size_t from, std::size_t to) {
  return OwnedBytes(bytes.begin() + static_cast<std::ptrdiff_t>(from),
                    bytes.begin() + static_cast<std::ptrdiff_t>(to));
}

TEST_F(RecordStreamTest, SaysThatTextIsNotTls) {
  for (const char* text : {"HTTP/1.1 400 Bad Request\r\n", "SSH-2.0-OpenSSH_9.2\r\n",
                           "220 mail.example ESMTP\r\n", "\r\n", "GET / HTTP/1.1\r\n"}) {
    for (const bool server : {false, true}) {
      RecordState state = server ? RecordState::for_server() : RecordState{};
      RecordListener listener;
      const OwnedBytes stream = bytes_of(text);
      ASSERT_TRUE(reader_->read(state, stream, listener));
      ASSERT_TRUE(reader_->read(state, stream, listener));
      EXPECT_EQ(listener.lines, EventLines{"not_tls"}) << text;
      EXPECT_EQ(listener.first_bytes, stream);
      EXPECT_TRUE(state.not_tls() && state.ended());
    }
  }
}

TEST_F(RecordStreamTest, GivesTheFirstBytesAlsoWhenTheyCameOneByOne) {
  ASSERT_TRUE(read({0x16}));
  EXPECT_TRUE(state_.at_start());
  ASSERT_TRUE(read({0x03}));
  ASSERT_TRUE(read({0x01, 0xff, 0xff, 0x01}));
  EXPECT_EQ(take_lines(), EventLines{"not_tls"});
  EXPECT_EQ(listener_.first_bytes, (OwnedBytes{0x16, 0x03, 0x01, 0xff, 0xff}));
}

TEST_F(RecordStreamTest, ReadsAnAlertAsFirstServerBytesOfAnyVersion) {
  for (const int version : {0x0300, 0x0301, 0x0303, 0x0304, 0x03ff}) {
    RecordState state = RecordState::for_server();
    RecordListener listener;
    listener.with_records = false;
    const OwnedBytes stream = alert_record(2, 70, version);
    ASSERT_TRUE(reader_->read(state, stream, listener));
    EXPECT_EQ(listener.lines, EventLines{"alert 2 70"});
  }
}

TEST_F(RecordStreamTest, RefusesAnotherMajorVersion) {
  ASSERT_TRUE(read(handshake_record(kHello, 0x0203)));
  EXPECT_EQ(take_lines(), EventLines{"not_tls"});
}

TEST_F(RecordStreamTest, AcceptsTheLongestRecordAndNotOneByteMore) {
  ASSERT_TRUE(read(encrypted_record(ContentType::application_data, kRecordBytesMax)));
  ASSERT_TRUE(read(encrypted_record(ContentType::application_data, kRecordBytesMax + 1)));
  const std::string size = std::to_string(kRecordBytesMax);
  EXPECT_EQ(take_lines(), (EventLines{"opaque_begin 23 " + size, "opaque 23 " + size, "desync 2"}));
  EXPECT_TRUE(state_.lost_sync() && state_.ended());
}

TEST_F(RecordStreamTest, LosesSyncOnWhatIsNoRecord) {
  struct Case {
    OwnedBytes bytes;
    DesyncReason reason;
  };
  const std::array<Case, 6> cases{{{{0x19, 3, 3, 0, 1}, DesyncReason::bad_type},
                                   {{0x13, 3, 3, 0, 1}, DesyncReason::bad_type},
                                   {{0x16, 2, 3, 0, 1}, DesyncReason::bad_version},
                                   {{0x16, 3, 3, 0, 0}, DesyncReason::empty_record},
                                   {{0x15, 3, 3, 0, 0}, DesyncReason::empty_record},
                                   {{0x14, 3, 3, 0, 1, 2}, DesyncReason::bad_change_cipher_spec}}};
  for (const Case& c : cases) {
    RecordState state{};
    RecordListener listener;
    listener.with_records = listener.with_counts = listener.with_bodies = false;
    ASSERT_TRUE(reader_->read(state, handshake_record(kHello), listener));
    ASSERT_TRUE(reader_->read(state, c.bytes, listener));
    ASSERT_TRUE(reader_->read(state, handshake_record(kHello), listener));
    EXPECT_EQ(
        listener.lines,
        (EventLines{kHelloLine, "desync " + std::to_string(static_cast<unsigned>(c.reason))}));
  }
}

TEST_F(RecordStreamTest, GivesUpOnTooManyRecordsInOneSegment) {
  OwnedBytes stream = handshake_record(kHello);
  for (unsigned i = 1; i < kRecordsPerSegmentMax; ++i) {
    const OwnedBytes empty = record(ContentType::application_data, {});
    stream.insert(stream.end(), empty.begin(), empty.end());
  }
  ASSERT_TRUE(read(stream));
  EXPECT_FALSE(state_.lost_sync());
  EXPECT_EQ(take_lines().size(), 1 + 2 * (kRecordsPerSegmentMax - 1));
  const OwnedBytes more(stream.begin() + static_cast<std::ptrdiff_t>(kHello.size()) + 5,
                        stream.end());
  ASSERT_TRUE(read(concatenate({more, alert_record(1, 0), alert_record(1, 0)})));
  EXPECT_EQ(take_lines().back(), "desync 5");
}

TEST_F(RecordStreamTest, ResumesAfterADesyncOnlyWhenAllowed) {
  ASSERT_TRUE(read(handshake_record(kHello)));
  ASSERT_TRUE(read({0, 1, 2}));
  take_lines();
  ASSERT_TRUE(read(alert_record(2, 40)));
  EXPECT_TRUE(take_lines().empty());
  reader_->allow_resync(state_);
  EXPECT_TRUE(state_.waits_for_resync());
  ASSERT_TRUE(read(alert_record(2, 40)));
  EXPECT_EQ(take_lines(), EventLines{"alert 2 40"});
  EXPECT_TRUE(state_.resynced());
  EXPECT_FALSE(state_.had_gap());
}

// --- SSLv2
// -----------------------------------------------------------------------------------------

OwnedBytes sslv2_record(const OwnedBytes& body, bool three_bytes = false) {
  test_support::ByteWriter writer;
  const std::size_t size = body.size();
  if (three_bytes) {
    writer.u16(size).u8(0);
  } else {
    writer.u16(0x8000 | size);
  }
  return writer.bytes(body).take();
}

OwnedBytes sslv2_client_hello_body(int version, std::size_t challenge_size = 16) {
  return test_support::ByteWriter()
      .u8(1)
      .u16(version)
      .u16(9)
      .u16(0)
      .u16(challenge_size)
      .fill(9, 7)
      .fill(challenge_size, 0xcc)
      .take();
}

OwnedBytes sslv2_server_hello_body() {
  return test_support::ByteWriter()
      .u8(4)
      .u8(0)
      .u8(1)
      .u16(2)
      .u16(500)
      .u16(6)
      .u16(16)
      .fill(500 + 6 + 16, 0x30)
      .take();
}

TEST_F(RecordStreamTest, ReadsAnSslv2ClientHelloInBothForms) {
  for (const int version : {0x0002, 0x0300, 0x0303}) {
    for (const bool three_bytes : {false, true}) {
      const OwnedBytes body = sslv2_client_hello_body(version);
      const OwnedBytes stream = concatenate(
          {sslv2_record(body, three_bytes), handshake_record(test_support::client_key_exchange())});
      RecordListener whole;
      RecordState state{};
      ASSERT_TRUE(reader_->read(state, stream, whole));
      ASSERT_EQ(whole.lines.size(), 3u);
      EXPECT_EQ(whole.lines[0], "sslv2 client " + test_support::describe_bytes(body));
      RecordListener bytewise;
      state = {};
      for (const std::uint8_t& byte : stream) {
        ASSERT_TRUE(reader_->read(state, Bytes(&byte, 1), bytewise));
      }
      EXPECT_EQ(bytewise.lines, whole.lines);
    }
  }
}

TEST_F(RecordStreamTest, ReadsAnSslv2ServerHelloOnlyFromTheServer) {
  const OwnedBytes body = sslv2_server_hello_body();
  ASSERT_TRUE(read(sslv2_record(body)));
  EXPECT_EQ(take_lines(), EventLines{"not_tls"});
  state_ = RecordState::for_server();
  ASSERT_TRUE(read(sslv2_record(body)));
  ASSERT_TRUE(read(alert_record(2, 40)));
  EXPECT_EQ(take_lines(), EventLines{"sslv2 server " + test_support::describe_bytes(body)});
  EXPECT_TRUE(state_.ended());
  EXPECT_FALSE(state_.not_tls());
}

TEST_F(RecordStreamTest, RefusesAnSslv2ClientHelloFromTheServer) {
  state_ = RecordState::for_server();
  ASSERT_TRUE(read(sslv2_record(sslv2_client_hello_body(2))));
  EXPECT_EQ(take_lines(), EventLines{"not_tls"});
}

TEST_F(RecordStreamTest, RefusesAnSslv2HelloWhoseLengthsDisagree) {
  OwnedBytes body = sslv2_client_hello_body(2);
  ++body[8];
  ASSERT_TRUE(read(sslv2_record(body)));
  EXPECT_EQ(take_lines(), EventLines{"not_tls"});
}

TEST_F(RecordStreamTest, SaysThatNoBufferWasLeftForAnSslv2Hello) {
  OwnedRecordReader poor({0, 0, 0});
  const OwnedBytes stream = sslv2_record(sslv2_client_hello_body(2));
  RecordState state{};
  RecordListener listener;
  for (const std::uint8_t& byte : stream) {
    ASSERT_TRUE(poor->read(state, Bytes(&byte, 1), listener));
  }
  EXPECT_EQ(listener.lines, EventLines{"sslv2 client " + test_support::describe_bytes({})});
  EXPECT_EQ(poor.pool().refused_count(), 1u);
}

// --- gaps
// ------------------------------------------------------------------------------------------

class RecordGapTest : public RecordStreamTest {};

TEST_F(RecordGapTest, PassesAGapInsideAnOpaqueBody) {
  const OwnedBytes data = encrypted_record(ContentType::application_data, 1000);
  ASSERT_TRUE(read(slice(data, 0, 100)));
  ASSERT_TRUE(gap(500));
  ASSERT_TRUE(read(concatenate({slice(data, 600, data.size()), alert_record(2, 40)})));
  EXPECT_EQ(take_lines(), (EventLines{"opaque_begin 23 1000", "opaque 23 1000", "alert 2 40"}));
  EXPECT_TRUE(state_.had_gap());
  EXPECT_FALSE(state_.resynced());
}

TEST_F(RecordGapTest, EndsTheOpaqueRecordThatTheGapEnds) {
  const OwnedBytes data = encrypted_record(ContentType::application_data, 1000);
  ASSERT_TRUE(read(slice(data, 0, 100)));
  ASSERT_TRUE(gap(905));
  EXPECT_EQ(take_lines().back(), "opaque 23 1000");
  EXPECT_TRUE(state_.at_record_boundary());
}

TEST_F(RecordGapTest, WaitsWhenTheGapReachesBeyondTheRecord) {
  const OwnedBytes data = encrypted_record(ContentType::application_data, 1000);
  ASSERT_TRUE(read(slice(data, 0, 100)));
  ASSERT_TRUE(gap(906));
  EXPECT_TRUE(state_.waits_for_resync());
}

TEST_F(RecordGapTest, WaitsWhenTheSizeIsNotKnown) {
  const OwnedBytes data = encrypted_record(ContentType::application_data, 1000);
  ASSERT_TRUE(read(slice(data, 0, 100)));
  ASSERT_TRUE(gap(std::nullopt));
  EXPECT_TRUE(state_.waits_for_resync());
}

TEST_F(RecordGapTest, WaitsAtEveryBoundary) {
  for (const std::size_t passed : {0u, 1u, 4u, 6u, 8u}) {
    RecordState state{};
    const OwnedBytes stream = slice(handshake_record(kHello), 0, passed);
    ASSERT_TRUE(reader_->read(state, stream, listener_));
    ASSERT_TRUE(reader_->gap(state, 1u, listener_));
    EXPECT_TRUE(state.waits_for_resync()) << passed;
  }
  EXPECT_TRUE(take_lines().empty());
}

TEST_F(RecordGapTest, SaysThatBytesOfAMessageAreMissing) {
  const OwnedBytes certificate =
      handshake_message(HandshakeType::certificate, test_support::opaque_bytes(3000));
  const OwnedBytes stream = concatenate(
      {handshake_record(certificate), handshake_record(test_support::server_hello_done())});
  ASSERT_TRUE(read(slice(stream, 0, 1000)));
  ASSERT_TRUE(gap(1000));
  EXPECT_EQ(reader_.pool().held_count(), 0u);
  ASSERT_TRUE(read(slice(stream, 2000, stream.size())));
  EXPECT_EQ(take_lines(), (EventLines{"message 11 3000 gap", "message 14 0 complete"}));
}

TEST_F(RecordGapTest, KeepsAPrefixThatWasSeen) {
  const OwnedBytes exchange =
      handshake_message(HandshakeType::server_key_exchange, test_support::opaque_bytes(700));
  const OwnedBytes stream = handshake_record(exchange);
  ASSERT_TRUE(read(slice(stream, 0, 9 + 300)));
  ASSERT_TRUE(gap(400));
  EXPECT_EQ(take_lines(), EventLines{"message 12 700"});
  ASSERT_EQ(listener_.bodies[0].size(), 300u);
  EXPECT_TRUE(state_.at_record_boundary());
}

TEST_F(RecordGapTest, DoesNotKeepAPrefixThatMissesAByte) {
  const OwnedBytes exchange =
      handshake_message(HandshakeType::server_key_exchange, test_support::opaque_bytes(700));
  const OwnedBytes stream = handshake_record(exchange);
  ASSERT_TRUE(read(slice(stream, 0, 9 + 299)));
  ASSERT_TRUE(gap(1));
  ASSERT_TRUE(read(slice(stream, 9 + 300, stream.size())));
  EXPECT_EQ(take_lines(), EventLines{"message 12 700 gap"});
}

TEST_F(RecordGapTest, ResumesWhereASegmentBeginsWithARecord) {
  ASSERT_TRUE(read(slice(handshake_record(kHello), 0, 50)));
  ASSERT_TRUE(gap(std::nullopt));
  ASSERT_TRUE(read(test_support::opaque_bytes(100)));
  ASSERT_TRUE(read(bytes_of("HTTP/1.1 200 OK\r\n")));
  EXPECT_TRUE(state_.waits_for_resync());
  ASSERT_TRUE(read(concatenate({alert_record(2, 42), encrypted_record(22, 40)})));
  EXPECT_EQ(take_lines()[0], "alert 2 42");
  EXPECT_TRUE(state_.resynced());
  EXPECT_TRUE(state_.had_gap());
}

TEST_F(RecordGapTest, DoesNotResumeInsideASegment) {
  ASSERT_TRUE(read(slice(handshake_record(kHello), 0, 50)));
  ASSERT_TRUE(gap(std::nullopt));
  const OwnedBytes alert = alert_record(2, 42);
  ASSERT_TRUE(reader_->read(state_, alert, listener_));
  EXPECT_TRUE(take_lines().empty());
}

TEST_F(RecordGapTest, IgnoresAGapOfNothing) {
  ASSERT_TRUE(read(handshake_record(kHello)));
  ASSERT_TRUE(gap(0));
  EXPECT_FALSE(state_.had_gap());
}

TEST_F(RecordGapTest, StaysEndedAfterAGap) {
  ASSERT_TRUE(read(bytes_of("HTTP/1.1 200 OK\r\n")));
  ASSERT_TRUE(gap(10));
  EXPECT_TRUE(state_.ended());
}

}  // namespace
}  // namespace shakedown::tls
