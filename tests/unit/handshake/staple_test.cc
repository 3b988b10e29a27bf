// SPDX-License-Identifier: Apache-2.0
//
// Stapled OCSP responses through a whole worker: which become definitions, and that no outcome
// rests on them. And the clock that some clients show in their hello.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "deterministic_random.h"
#include "handshake_scripts.h"
#include "record_builder.h"
#include "worker_harness.h"

namespace shakedown {
namespace {

using namespace test_support;
using test_harness::outcome_text;
using test_harness::WorkerHarness;

using Content = test_support::Bytes;

constexpr std::size_t kRecordFragmentBytes = 16384;

TcpConversationOptions from_port(std::uint16_t port) {
  auto options = TcpConversationOptions::ipv4();
  options.client.endpoint.port = port;
  options.start_ns += (port - 50000u) * kSecond;
  return options;
}

/// The server's flight of TLS 1.2 with `status` among its messages, one after the other in records
/// of `fragment_size`; and the rest of a good handshake.
Dialogue with_status_message(const Content& status,
                             std::size_t fragment_size = kRecordFragmentBytes) {
  const auto parameters = HandshakeParameters::tls12();
  const Content flight =
      concatenate({ServerHelloBuilder::tls12().build(), certificate(parameters.chain), status,
                   server_key_exchange_ecdhe(0x001d), server_hello_done()});
  return HandshakeScript(parameters)
      .client_hello()
      .data(Side::server, split_over_records(flight, fragment_size))
      .client_flight()
      .server_finish()
      .application_data()
      .finish()
      .take();
}

class Staple : public testing::Test {
 protected:
  HandshakeRecord record_of(const Dialogue& dialogue, std::uint16_t port = 50000) {
    return record_of(play(dialogue, from_port(port)));
  }
  HandshakeRecord record_of(const Frames& frames) {
    const std::size_t before = harness_.records().size();
    harness_.feed(frames);
    // What comes a minute later, of another client, lets the handshake be decided.
    harness_.feed(play(no_hello(), later_than(frames)));
    EXPECT_EQ(harness_.conservation_error(), "");
    EXPECT_GT(harness_.records().size(), before);
    return harness_.records().size() > before ? harness_.records()[before] : HandshakeRecord{};
  }
  [[nodiscard]] Content definition(std::uint64_t id) const {
    const auto found = harness_.definitions().find(id);
    return found == harness_.definitions().end() ? Content{} : found->second;
  }
  [[nodiscard]] std::uint64_t count(Counter counter) const { return harness_.counter(counter); }

  static void expect_unharmed(const HandshakeRecord& record) {
    EXPECT_EQ(outcome_text(record), "established");
    EXPECT_TRUE(record.server_hello_facts.flags & ServerHelloFacts::ocsp_staple_seen);
    EXPECT_NE(record.server_chain_definition, 0u);
    EXPECT_FALSE(record.flags & HandshakeRecord::definitions_refused);
  }

  WorkerHarness harness_;

 private:
  TcpConversationOptions later_than(const Frames& frames) {
    auto options = TcpConversationOptions::ipv4();
    options.client.endpoint.port = static_cast<std::uint16_t>(40000 + ++filler_count_);
    options.start_ns = frames.back().time_ns + 60 * kSecond;
    return options;
  }

  unsigned filler_count_ = 0;
};

TEST_F(Staple, BecomesADefinition) {
  auto parameters = HandshakeParameters::tls12();
  parameters.ocsp_response = opaque_bytes(471, 9);
  const HandshakeRecord record = record_of(tls12_full(parameters));
  expect_unharmed(record);
  EXPECT_NE(record.ocsp_definition, 0u);
  EXPECT_EQ(definition(record.ocsp_definition), parameters.ocsp_response);
  EXPECT_EQ(count(Counter::definitions_oversized), 0u);
}

TEST_F(Staple, IsAbsentWhereNoneWasSent) {
  const HandshakeRecord record = record_of(tls12_full());
  EXPECT_EQ(record.ocsp_definition, 0u);
  EXPECT_FALSE(record.server_hello_facts.flags & ServerHelloFacts::ocsp_staple_seen);
}

TEST_F(Staple, MayLieInAnyCutOfRecords) {
  const Content response = opaque_bytes(2000, 9);
  std::uint16_t port = 50000;
  for (const std::size_t fragment_size :
       {std::size_t{1}, std::size_t{100}, std::size_t{1999}, kRecordFragmentBytes}) {
    const HandshakeRecord record =
        record_of(with_status_message(certificate_status(response), fragment_size), port);
    expect_unharmed(record);
    EXPECT_EQ(definition(record.ocsp_definition), response) << fragment_size;
    port = static_cast<std::uint16_t>(port + 100);
  }
}

TEST_F(Staple, OfTheLargestSizeIsKept) {
  const Content response = opaque_bytes(kOcspResponseBytesMax, 9);
  const HandshakeRecord record = record_of(with_status_message(certificate_status(response)));
  expect_unharmed(record);
  EXPECT_EQ(definition(record.ocsp_definition), response);
}

TEST_F(Staple, OneByteTooLongIsLeftOutAndCounted) {
  const HandshakeRecord record =
      record_of(with_status_message(certificate_status(opaque_bytes(kOcspResponseBytesMax + 1))));
  expect_unharmed(record);
  EXPECT_EQ(record.ocsp_definition, 0u);
  EXPECT_EQ(count(Counter::definitions_oversized), 1u);
  EXPECT_EQ(count(Counter::tls_over_limit), 0u);
  EXPECT_EQ(count(Counter::tls_malformed), 0u);
}

TEST_F(Staple, ThatIsMalformedIsCountedAndNotDefined) {
  const Content empty = handshake_message(HandshakeType::certificate_status, Content{1, 0, 0, 0});
  const Content cut = handshake_message(HandshakeType::certificate_status, Content{1, 0, 0, 9, 1});
  const Content none = handshake_message(HandshakeType::certificate_status, Content{});
  std::uint16_t port = 50000;
  std::uint64_t malformed = 0;
  for (const Content& status : {empty, cut, none}) {
    const HandshakeRecord record = record_of(with_status_message(status), port);
    expect_unharmed(record);
    EXPECT_EQ(record.ocsp_definition, 0u);
    EXPECT_EQ(count(Counter::tls_malformed), ++malformed);
    port = static_cast<std::uint16_t>(port + 100);
  }
}

TEST_F(Staple, OfAnotherTypeIsSeenAndNotRead) {
  const Content multi = handshake_message(HandshakeType::certificate_status,
                                          Content{2, 0, 0, 5, 0, 0, 2, 0x30, 0x00});
  const HandshakeRecord record = record_of(with_status_message(multi));
  expect_unharmed(record);
  EXPECT_EQ(record.ocsp_definition, 0u);
  EXPECT_EQ(count(Counter::tls_malformed), 0u);
}

TEST_F(Staple, IsSentOnceAndAgainToANewReader) {
  auto parameters = HandshakeParameters::tls12();
  parameters.ocsp_response = opaque_bytes(471, 9);
  const std::uint64_t id = record_of(tls12_full(parameters), 50000).ocsp_definition;
  const std::uint64_t sent = count(Counter::definitions_pushed);
  EXPECT_EQ(record_of(tls12_full(parameters), 50100).ocsp_definition, id);
  EXPECT_EQ(count(Counter::definitions_pushed), sent);
  harness_.control().generation = 1;
  EXPECT_EQ(record_of(tls12_full(parameters), 50200).ocsp_definition, id);
  // Offer, chain and staple.
  EXPECT_EQ(sent, 3u);
  EXPECT_EQ(count(Counter::definitions_pushed), 2 * sent);
}

TEST_F(Staple, OnlyTheFirstOfAServerCounts) {
  const Content first = opaque_bytes(300, 1);
  const Content both =
      concatenate({certificate_status(first), certificate_status(opaque_bytes(300, 2))});
  const HandshakeRecord record = record_of(with_status_message(both));
  EXPECT_EQ(definition(record.ocsp_definition), first);
  EXPECT_EQ(count(Counter::definitions_pushed), 3u);
}

TEST(StapleWithoutBuffers, LeavesTheOutcomeKnown) {
  WorkerConfig config = test_harness::small_config();
  config.message_buffers = {0, 0, 0};
  WorkerHarness harness(config);
  const auto parameters = HandshakeParameters::tls12();
  // The staple lies in two segments, everything else in one.
  const Content status = certificate_status(opaque_bytes(900));
  const Content before = handshake_record(
      concatenate({ServerHelloBuilder::tls12().build(), certificate(CertificateChain{opaque_bytes(400)})}));
  const Content staple = handshake_record(status);
  const Content after =
      handshake_record(concatenate({server_key_exchange_ecdhe(0x001d), server_hello_done()}));
  const auto middle = staple.begin() + 500;
  HandshakeScript script(parameters);
  script.client_hello()
      .data(Side::server, before)
      .data(Side::server, Content(staple.begin(), middle))
      .data(Side::server, Content(middle, staple.end()))
      .data(Side::server, after)
      .client_flight()
      .server_finish()
      .application_data()
      .finish();
  harness.feed(play(script.take()));
  harness.finish();
  ASSERT_EQ(harness.records().size(), 1u);
  EXPECT_EQ(outcome_text(harness.records()[0]), "established");
  EXPECT_EQ(harness.records()[0].ocsp_definition, 0u);
  EXPECT_EQ(harness.counter(Counter::message_pool_empty), 1u);
}

HandshakeRecord only_record(const Dialogue& dialogue) {
  const auto records = test_harness::records_of(play(dialogue));
  EXPECT_EQ(records.size(), 1u);
  return records.empty() ? HandshakeRecord{} : records[0];
}

TEST(HelloRandomTime, IsTheFirstFourBytesOfTheRandom) {
  auto parameters = HandshakeParameters::tls12();
  Random32 random = make_random(3);
  random[0] = 0x65;
  random[1] = 0x43;
  random[2] = 0x21;
  random[3] = 0x0f;
  parameters.client_hello.random(random);
  EXPECT_EQ(only_record(tls12_full(parameters)).hello_random_time, 0x6543210fu);
  EXPECT_EQ(only_record(alert_after_client_hello(parameters, 40)).hello_random_time, 0x6543210fu);
}

TEST(HelloRandomTime, IsOfTheFirstHello) {
  auto parameters = HandshakeParameters::tls13();
  Random32 random{};
  random[3] = 7;
  parameters.client_hello.random(random);
  EXPECT_EQ(only_record(tls13_hello_retry(parameters)).hello_random_time, 7u);
}

TEST(HelloRandomTime, IsZeroWithoutAHello) {
  EXPECT_EQ(only_record(no_hello()).hello_random_time, 0u);
}

TEST(HelloRandomTime, IsZeroInTheSslv2Format) {
  const Content hello = sslv2_client_hello(0x0301, {0x2f, 0x35, 0x0a});
  const Dialogue dialogue = HandshakeScript(HandshakeParameters::tls12())
                                .data(Side::client, hello)
                                .alert(Side::server, 40)
                                .fin(Side::server)
                                .take();
  const HandshakeRecord record = only_record(dialogue);
  EXPECT_TRUE(record.client_hello_facts.flags & ClientHelloFacts::sslv2_format);
  EXPECT_EQ(record.hello_random_time, 0u);
}

TEST(HelloRandomTime, IsZeroWhereTheHelloEndsBeforeItsRandom) {
  const Content whole = ClientHelloBuilder::tls12("a.example").build();
  const Content body(whole.begin() + 4, whole.begin() + 4 + 2 + 31);
  const Dialogue dialogue =
      HandshakeScript(HandshakeParameters::tls12())
          .data(Side::client,
                handshake_record(handshake_message(HandshakeType::client_hello, body)))
          .alert(Side::server, 50)
          .fin(Side::server)
          .take();
  EXPECT_EQ(only_record(dialogue).hello_random_time, 0u);
}

}  // namespace
}  // namespace shakedown
