// SPDX-License-Identifier: Apache-2.0
//
// What a worker says need not come any more, and when.
#include "shunt.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>

#include "handshake_scripts.h"
#include "packet/decode.h"
#include "record_builder.h"
#include "worker_harness.h"

namespace shakedown {
namespace {

using namespace test_support;
using test_harness::plain_tools;
using test_harness::small_config;
using test_harness::WorkerHarness;

/// A handshake, a request, and an answer in so many segments, one each `pause`.
Frames download(unsigned segment_count, std::uint64_t pause = kMillisecond) {
  HandshakeScript script(HandshakeParameters::tls12());
  script.client_hello().server_flight().client_flight().server_finish().application_data();
  for (unsigned i = 0; i < segment_count; ++i) {
    script.wait(pause).data(Side::server, application_data_record(1200, i + 1));
  }
  return play(script.take());
}

/// The same endpoints begin another connection.
Frames syn_after(const Frames& frames) {
  TcpConversationOptions options = TcpConversationOptions::ipv4();
  options.client.initial_sequence += 1'000'000;
  options.start_ns = frames.back().time_ns + 10 * kMillisecond;
  return TcpConversation(options).syn().take_frames();
}

class Shunt : public testing::Test {
 protected:
  Shunt() {
    Worker::Tools tools = plain_tools();
    tools.shunts = ring_.get();
    harness_ = std::make_unique<WorkerHarness>(small_config(), tools);
  }

  [[nodiscard]] std::size_t take() { return ring_->take(requests_); }

  std::unique_ptr<ShuntRing> ring_ = std::make_unique<ShuntRing>();
  std::unique_ptr<WorkerHarness> harness_;
  std::array<ShuntRequest, 64> requests_;
};

TEST_F(Shunt, AsksOnceForADownload) {
  const Frames frames = download(20);
  ASSERT_LT(frames.back().time_ns - frames.front().time_ns, kSecond);
  harness_->feed(frames);
  EXPECT_EQ(take(), 1u);
  EXPECT_EQ(harness_->counter(Counter::shunts_asked), 1u);
  EXPECT_GT(harness_->counter(Counter::fate_decided), 15u);
  harness_->finish();
  EXPECT_EQ(harness_->conservation_error(), "");
}

TEST_F(Shunt, NamesTheFlowAsTheFilterKnowsIt) {
  const Frames frames = download(10);
  harness_->feed(frames);
  ASSERT_EQ(take(), 1u);
  packet::PacketView view;
  ASSERT_EQ(packet::decode(packet::LinkType::ethernet, frames.front().bytes, view),
            packet::DecodeStatus::tcp);
  EXPECT_EQ(requests_[0].key, flow::key_of(view).key);
  EXPECT_EQ(requests_[0].family, IpFamily::ipv4);
}

TEST_F(Shunt, AsksAgainWhenPacketsGoOnComing) {
  harness_->feed(download(40, 100 * kMillisecond));
  const std::size_t asked = take();
  EXPECT_GE(asked, 3u);
  EXPECT_LE(asked, 5u) << "four seconds, once a second";
}

TEST_F(Shunt, DoesNotAskForWhatEndsWithItsHandshake) {
  harness_->feed(play(alert_after_client_hello(HandshakeParameters::tls12(), 40)));
  harness_->finish();
  EXPECT_EQ(take(), 0u);
}

TEST_F(Shunt, AsksForBulkThatBeganBeforeTheCapture) {
  Frames frames = download(20);
  frames.erase(frames.begin(), frames.end() - 15);
  harness_->feed(frames);
  EXPECT_EQ(take(), 1u);
  EXPECT_GT(harness_->counter(Counter::fate_untracked), 8u);
}

TEST_F(Shunt, TakesItsWordBackWhenTheEndpointsAreUsedAnew) {
  const Frames frames = download(10);
  harness_->feed(frames);
  ASSERT_EQ(take(), 1u);
  harness_->feed(syn_after(frames));
  ASSERT_EQ(take(), 1u);
  EXPECT_TRUE(requests_[0].is_over);
}

TEST_F(Shunt, SaysNothingOfEndpointsThatItNeverAskedAbout) {
  const Frames frames = play(alert_after_client_hello(HandshakeParameters::tls12(), 40));
  harness_->feed(frames);
  harness_->feed(syn_after(frames));
  EXPECT_EQ(take(), 0u);
}

TEST_F(Shunt, CountsWhatAFullRingRefuses) {
  const ShuntRequest request{};
  while (ring_->try_push(request)) {
  }
  harness_->feed(download(10));
  EXPECT_EQ(harness_->counter(Counter::shunts_asked), 0u);
  EXPECT_EQ(harness_->counter(Counter::shunts_skipped), 1u);
}

}  // namespace
}  // namespace shakedown
