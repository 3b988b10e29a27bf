// SPDX-License-Identifier: Apache-2.0
//
// What genuine hosts do, which must never be called the path's doing.
#include <gtest/gtest.h>

#include <bit>
#include <cstddef>
#include <utility>
#include <vector>

#include "resets.h"

namespace shakedown::path {
namespace {

TEST(GenuineReset, OfAnAbort) {
  Wire wire;
  wire.open_and_hello().at(70).send(Wire::server_ack()).after(0.1).send(active_reset());
  expect_genuine(wire);
  EXPECT_EQ(wire.record.path.evidence, 0u);
}

TEST(GenuineReset, OfAnAbortThatAlsoAcknowledges) {
  Wire wire;
  wire.open_and_hello().at(70.1).send(active_reset());
  expect_genuine(wire);
}

TEST(GenuineReset, OfAClosedSocket) {
  Wire wire;
  wire.open_and_hello().at(70).send(reset_of_closed_socket());
  expect_genuine(wire);
}

// The third segment of the TCP handshake is answered, while the hello is still under way.
TEST(GenuineReset, OfAFullBacklogBeforeTheHelloArrived) {
  Wire wire;
  wire.open().at(58).send(Wire::hello()).at(60.1).send(reset_of_closed_socket());
  expect_genuine(wire);
}

TEST(GenuineReset, ForEachSegmentOfAClient) {
  Wire wire;
  wire.open_and_hello().send({.flags = kPush, .seq = kHello, .length = 90});
  wire.at(70).send(reset_of_closed_socket()).after(0.01).send(reset_of_closed_socket());
  wire.after(5).send(reset_of_closed_socket());
  expect_genuine(wire);
}

// Killed in mid-flight: it aborts, then answers the acknowledgments that were under way.
TEST(GenuineReset, RepeatedAsTheClientAcknowledgesMore) {
  Wire wire;
  wire.open_and_hello().at(70).send(Wire::server_ack());
  wire.send({.from = Party::server, .ack = kHello, .length = 1448});
  wire.send({.from = Party::server, .seq = 1448, .ack = kHello, .length = 1448});
  wire.send({.from = Party::server, .flags = kRstAck, .seq = 2896, .ack = kHello});
  wire.after(0.5).send({.seq = kHello, .ack = 1448}).send({.seq = kHello, .ack = 2896});
  wire.after(30).send(reset_of_closed_socket(1448)).send(reset_of_closed_socket(2896));
  expect_genuine(wire);
}

TEST(GenuineReset, AfterItsOwnFin) {
  Wire wire;
  wire.open_and_hello().server_flight().after(10);
  wire.send({.from = Party::server, .flags = kFinAck, .seq = 2148, .ack = kHello});
  wire.after(1).send({.flags = kPush, .seq = kHello, .ack = 2149, .length = 100});
  wire.after(30).send(reset_of_closed_socket(2149));
  const PathFacts facts = wire.conclude_as(OutcomeKind::closed, Party::server);
  EXPECT_EQ(facts.evidence, 0u);
  EXPECT_EQ(wire.record.outcome.by, Party::server);
}

TEST(GenuineReset, OfAClientAfterItsOwnFin) {
  Wire wire;
  wire.open_and_hello().server_flight();
  wire.send({.flags = kFinAck, .seq = kHello, .ack = 2148});
  wire.after(30).send(
      {.from = Party::server, .flags = kPush, .seq = 2148, .ack = kHello + 1, .length = 50});
  wire.after(0.1).send({.flags = kRst, .seq = kHello + 1, .ip_id = 0, .window = 0, .options = 0});
  EXPECT_EQ(wire.conclude_as(OutcomeKind::closed, Party::client).evidence, 0u);
  EXPECT_EQ(wire.record.outcome.by, Party::client);
}

// --- the same under an imperfect mirror

struct Timed {
  double millis = 0;
  Segment segment;
};
using Story = std::vector<Timed>;

/// What hosts do to each other, with the ends that are theirs.
std::vector<Story> stories() {
  const auto server = [](Segment segment) {
    segment.from = Party::server;
    return segment;
  };
  const Segment abort = server({.flags = kRstAck, .seq = 2148, .ack = kHello});
  const Timed hello{40, Wire::hello()};
  const Timed acknowledged{70, Wire::server_ack()};
  const Timed flight{71, server({.ack = kHello, .length = 1448})};
  const Timed flight_end{71.01,
                         server({.flags = kPush, .seq = 1448, .ack = kHello, .length = 700})};
  const Timed half{71.4, {.seq = kHello, .ack = 1448}};
  const Timed whole{71.5, {.seq = kHello, .ack = 2148}};
  const Timed answer{74, {.flags = kPush, .seq = kHello, .ack = 2148, .length = 80}};
  const Timed closing{71.02, server({.flags = kFinAck, .seq = 2148, .ack = kHello})};
  const Timed asked{101, reset_of_closed_socket(2148)};
  return {
      {hello, acknowledged, {70.2, server({.flags = kRstAck, .ack = kHello})}},
      {hello, {70, server({.flags = kRstAck, .ack = kHello})}},
      {hello, {70, reset_of_closed_socket()}},
      {hello, {240, Wire::hello()}, {270, reset_of_closed_socket()}},
      // Aborted after the flight; then the client's acknowledgments are answered.
      {hello,
       acknowledged,
       flight,
       flight_end,
       {71.02, abort},
       half,
       whole,
       {101.4, reset_of_closed_socket(1448)},
       {101.5, asked.segment}},
      // Aborted long after.
      {hello, acknowledged, flight, flight_end, half, whole, {500, abort}},
      // The client answered, and the process was killed meanwhile.
      {hello, acknowledged, flight, flight_end, half, whole, answer, {104, asked.segment}},
      {hello,
       acknowledged,
       flight,
       flight_end,
       half,
       whole,
       answer,
       {104, server({.flags = kRstAck, .seq = 2148, .ack = kHello + 80})}},
      // Closed, but the client goes on.
      {hello,
       acknowledged,
       flight,
       flight_end,
       closing,
       half,
       whole,
       answer,
       {104, reset_of_closed_socket(2148)},
       {104.1, reset_of_closed_socket(2149)}},
  };
}

PathFacts verdict_on(const Story& story, HandshakeRecord& record) {
  Wire wire;
  wire.open();
  for (const Timed& timed : story) wire.at(timed.millis).send(timed.segment);
  wire.reset_by_server();
  const bool taken = wire.record.outcome.by == Party::path;
  wire.conclude_as(OutcomeKind::closed, Party::server);
  record = wire.record;
  if (taken) record.outcome.by = Party::path;
  return record.path;
}
bool taken_for_the_path(const Story& story) {
  HandshakeRecord record;
  verdict_on(story, record);
  return record.outcome.by == Party::path;
}

TEST(GenuineReset, OfAnyStory) {
  for (const Story& story : stories()) EXPECT_FALSE(taken_for_the_path(story));
}

TEST(GenuineReset, WithAnyTwoPacketsMissing) {
  std::size_t number = 0;
  for (const Story& story : stories()) {
    for (unsigned missing = 0; missing < 1u << story.size(); ++missing) {
      if (std::popcount(missing) > 2) continue;
      Story seen;
      for (std::size_t i = 0; i < story.size(); ++i) {
        if ((missing >> i & 1) == 0) seen.push_back(story[i]);
      }
      EXPECT_FALSE(taken_for_the_path(seen)) << "story " << number << ", missing " << missing;
    }
    ++number;
  }
}

TEST(GenuineReset, WithAnyPacketUpToEightPlacesLateOrEarly) {
  std::size_t number = 0;
  for (const Story& story : stories()) {
    for (std::size_t from = 0; from < story.size(); ++from) {
      for (std::size_t to = 0; to < story.size(); ++to) {
        Story seen = story;
        const Timed moved = seen[from];
        seen.erase(seen.begin() + static_cast<std::ptrdiff_t>(from));
        seen.insert(seen.begin() + static_cast<std::ptrdiff_t>(to), moved);
        EXPECT_FALSE(taken_for_the_path(seen))
            << "story " << number << ": " << from << " to " << to;
      }
    }
    ++number;
  }
}

// Where all that a mirror gives is the order, stamps are those of the moment of capture.
TEST(GenuineReset, StampedAsTheyCome) {
  for (const Story& story : stories()) {
    for (std::size_t from = 0; from + 1 < story.size(); ++from) {
      Story seen = story;
      std::swap(seen[from].segment, seen[from + 1].segment);
      EXPECT_FALSE(taken_for_the_path(seen)) << from;
    }
  }
}

TEST(GenuineReset, WithEveryPacketShownTwiceByTwoRouters) {
  for (const Story& story : stories()) {
    Wire wire;
    wire.open();
    for (const Timed& timed : story) {
      packet::PacketView view = wire.at(timed.millis).view(timed.segment);
      if (!shown_before(wire.trace, view, timed.segment.from)) {
        observe(wire.trace, view, timed.segment.from);
      }
      view.ttl = static_cast<std::uint8_t>(view.ttl - 1);
      view.time = Wire::time(timed.millis + 0.004);
      if (!shown_before(wire.trace, view, timed.segment.from)) {
        observe(wire.trace, view, timed.segment.from);
      }
    }
    wire.reset_by_server();
    EXPECT_EQ(wire.record.outcome.by, Party::server);
  }
}

}  // namespace
}  // namespace shakedown::path
