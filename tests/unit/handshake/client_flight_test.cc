// SPDX-License-Identifier: Apache-2.0
//
// What the lengths of encrypted TLS 1.3 records are taken for, at the limits of each.
#include "handshake/client_flight.h"

#include <gtest/gtest.h>

namespace shakedown::handshake {
namespace {

constexpr RecordLengths kSha256{19, 53};
constexpr RecordLengths kSha384{19, 69};
constexpr RecordLengths kCcm8{11, 45};

ClientFlight after(ClientFlight before, std::uint16_t length,
                   const RecordLengths& lengths = kSha256) {
  return next_client_flight(before, length, lengths, false);
}

TEST(ClientFlight, EmptyCertificateWithFinishedInOneRecordIsTheWholeFlight) {
  for (const RecordLengths& lengths : {kSha256, kSha384, kCcm8}) {
    const auto exact = static_cast<std::uint16_t>(lengths.finished + 8);
    for (const int padding : {0, 16}) {
      const auto length = static_cast<std::uint16_t>(exact + padding);
      EXPECT_TRUE(lengths.is_empty_flight(length));
      EXPECT_FALSE(lengths.is_empty_flight(static_cast<std::uint16_t>(length - 1)));
      EXPECT_FALSE(lengths.is_empty_flight(static_cast<std::uint16_t>(length + 1)));
      EXPECT_EQ(after(ClientFlight::none, length, lengths), ClientFlight::finished);
    }
  }
}

TEST(ClientFlight, EarlyDataOfThatLengthIsNoFlight) {
  EXPECT_EQ(next_client_flight(ClientFlight::none, 61, kSha256, true), ClientFlight::none);
}

TEST(ClientFlight, WhatIsLongerThanAFinishedIsACertificate) {
  EXPECT_EQ(after(ClientFlight::none, 53 + 16), ClientFlight::finished);
  EXPECT_EQ(after(ClientFlight::none, 53 + 16 + 1), ClientFlight::certificate);
  EXPECT_EQ(after(ClientFlight::none, 628), ClientFlight::certificate);
  EXPECT_EQ(after(ClientFlight::none, 25), ClientFlight::certificate);
}

TEST(ClientFlight, AFinishedEndsTheFlightAndFollowsNothing) {
  for (const auto before : {ClientFlight::certificate, ClientFlight::certificate_and_more}) {
    EXPECT_EQ(after(before, 53), ClientFlight::finished);
    EXPECT_EQ(after(before, 53 + 16), ClientFlight::finished);
    EXPECT_FALSE(follows_flight(before, 53, kSha256));
    EXPECT_FALSE(follows_flight(before, 53 + 16, kSha256));
  }
  EXPECT_FALSE(follows_flight(ClientFlight::none, 60, kSha256));
}

TEST(ClientFlight, AShortRecordAfterACertificateFollowsTheFlight) {
  for (const auto before : {ClientFlight::certificate, ClientFlight::certificate_and_more}) {
    for (const int each : {19, 35, 52, 54, 58, 68}) {
      const auto length = static_cast<std::uint16_t>(each);
      EXPECT_EQ(after(before, length), ClientFlight::finished) << length;
      EXPECT_TRUE(follows_flight(before, length, kSha256)) << length;
    }
  }
}

TEST(ClientFlight, ALongRecordAfterACertificateLeavesItOpen) {
  EXPECT_EQ(after(ClientFlight::certificate, 70), ClientFlight::certificate_and_more);
  EXPECT_EQ(after(ClientFlight::certificate_and_more, 300), ClientFlight::certificate_and_more);
}

TEST(ServerReply, ATicketHasAtLeastThirtyTwoBytes) {
  EXPECT_FALSE(kSha256.may_be_ticket(65));
  EXPECT_TRUE(kSha256.may_be_ticket(66));
  EXPECT_FALSE(kCcm8.may_be_ticket(57));
  EXPECT_TRUE(kCcm8.may_be_ticket(58));
}

TEST(ServerReply, OnlyTheFirstRecordMayRefuse) {
  EXPECT_EQ(next_server_reply(ServerReply::none, 19, kSha256), ServerReply::alert_sized);
  EXPECT_EQ(next_server_reply(ServerReply::alert_sized, 19, kSha256), ServerReply::alert_sized);
  EXPECT_EQ(next_server_reply(ServerReply::none, 35, kSha256), ServerReply::short_record);
  EXPECT_EQ(next_server_reply(ServerReply::none, 65, kSha256), ServerReply::short_record);
  EXPECT_EQ(next_server_reply(ServerReply::none, 66, kSha256), ServerReply::conversation);
  for (const auto before : {ServerReply::short_record, ServerReply::conversation}) {
    for (const int each : {19, 35, 300}) {
      const auto length = static_cast<std::uint16_t>(each);
      EXPECT_EQ(next_server_reply(before, length, kSha256), ServerReply::conversation);
    }
  }
  EXPECT_EQ(next_server_reply(ServerReply::alert_sized, 35, kSha256), ServerReply::conversation);
  EXPECT_EQ(next_server_reply(ServerReply::alert_sized, 300, kSha256), ServerReply::conversation);
}

}  // namespace
}  // namespace shakedown::handshake
