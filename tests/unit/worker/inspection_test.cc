// SPDX-License-Identifier: Apache-2.0
//
// What a worker answers when control asks about one connection.
#include "shakedown/inspection.h"

#include <gtest/gtest.h>

#include "handshake_scripts.h"
#include "packet/decode.h"
#include "worker_harness.h"

namespace shakedown {
namespace {

using namespace test_support;
using test_harness::server_name_text;
using test_harness::WorkerHarness;

/// Asks about the connection of this packet, from whichever side it is.
void ask(WorkerHarness& harness, const TimedFrame& frame) {
  packet::PacketView view;
  ASSERT_EQ(packet::decode(packet::LinkType::ethernet, frame.bytes, view),
            packet::DecodeStatus::tcp);
  InspectionQuestion& question = harness.control().question;
  question.family = view.family;
  question.first_address = view.source;
  question.first_port = view.source_port;
  question.second_address = view.destination;
  question.second_port = view.destination_port;
  question.sequence.fetch_add(1, std::memory_order_release);
}

[[nodiscard]] bool answered(WorkerHarness& harness) {
  return harness.answer().sequence.load(std::memory_order_acquire) ==
         harness.control().question.sequence.load(std::memory_order_relaxed);
}

/// The first packets of a handshake, so many of them.
Frames beginning(const Frames& frames, std::size_t count) {
  return {frames.begin(), frames.begin() + static_cast<std::ptrdiff_t>(count)};
}

class Inspection : public testing::Test {
 protected:
  void feed_and_ask(std::size_t count) {
    harness_.feed(beginning(frames_, count - 1));
    ask(harness_, frames_.back());
    harness_.feed({frames_[count - 1]});
    ASSERT_TRUE(answered(harness_));
  }

  Frames frames_ = play(tls12_full());
  WorkerHarness harness_;
};

TEST_F(Inspection, KnowsNothingOfStrangers) {
  ask(harness_, frames_.front());
  harness_.feed(beginning(play(tls12_full()), 0));
  harness_.feed_packet(test_support::Bytes(20), frames_.front().time_ns);
  ASSERT_TRUE(answered(harness_));
  EXPECT_EQ(harness_.answer().followed, Followed::unknown);
}

TEST_F(Inspection, ShowsAnOpening) {
  feed_and_ask(2);
  EXPECT_EQ(harness_.answer().followed, Followed::embryo);
  EXPECT_EQ(harness_.answer().record.client_port, 50000);
  EXPECT_TRUE(harness_.answer().record.syn.known());
  EXPECT_GT(harness_.answer().deadline, 0);
}

TEST_F(Inspection, ShowsAHandshakeAsFarAsItIs) {
  feed_and_ask(4);
  EXPECT_EQ(harness_.answer().followed, Followed::connection);
  EXPECT_EQ(server_name_text(harness_.answer().record), "www.example.com");
  EXPECT_FALSE(harness_.answer().record.server_hello.known());
}

TEST_F(Inspection, SaysThatAConnectionIsDecided) {
  feed_and_ask(frames_.size());
  EXPECT_EQ(harness_.answer().followed, Followed::decided);
}

TEST_F(Inspection, IsAnsweredOnceEach) {
  feed_and_ask(4);
  harness_.feed({frames_.begin() + 4, frames_.end()});
  EXPECT_EQ(harness_.answer().followed, Followed::connection) << "as it was when it was asked";
  ask(harness_, frames_.front());
  harness_.feed_packet(test_support::Bytes(20), frames_.back().time_ns + kSecond);
  EXPECT_EQ(harness_.answer().followed, Followed::decided);
}

}  // namespace
}  // namespace shakedown
