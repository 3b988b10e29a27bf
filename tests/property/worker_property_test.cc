// SPDX-License-Identifier: Apache-2.0
//
// What must hold for every conversation: cuts, duplicates and reordering change nothing; loss never
// invents a failure; every packet and every handshake has a counted fate.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "deterministic_random.h"
#include "handshake_scripts.h"
#include "worker_harness.h"

namespace shakedown {
namespace {

using namespace test_support;
using test_harness::outcome_text;
using test_harness::WorkerHarness;

/// What users see of a handshake, without times and TCP counts.
std::string essence(const HandshakeRecord& record) {
  std::string text = outcome_text(record) + " by " + test_harness::party_text(record.outcome.by) +
                     " history " + test_harness::history_text(record) + " name " +
                     test_harness::server_name_text(record);
  for (const std::uint16_t number :
       {record.server_hello_facts.selected_version, record.server_hello_facts.cipher_suite,
        record.server_hello_facts.named_group, record.client_hello_facts.max_version,
        std::uint16_t{record.alert_count}, std::uint16_t{record.server_certificate_count},
        static_cast<std::uint16_t>(record.client_certificate)}) {
    text.append(1, ' ').append(std::to_string(number));
  }
  for (const std::uint8_t byte : record.ja3) text += std::to_string(byte);
  for (const std::uint8_t byte : record.ja3s) text += std::to_string(byte);
  for (const std::uint8_t byte : record.ja4.extension_hash) text += std::to_string(byte);
  return text;
}

std::vector<std::string> essences(const Frames& frames, std::size_t burst_size = 32) {
  WorkerHarness harness;
  harness.feed(frames, burst_size);
  harness.finish();
  EXPECT_EQ(harness.conservation_error(), "");
  std::vector<std::string> list;
  for (const HandshakeRecord& record : harness.records()) list.push_back(essence(record));
  return list;
}

TcpConversationOptions with_mss(std::uint16_t mss) {
  auto options = TcpConversationOptions::ipv4();
  options.client.mss = mss;
  options.server.mss = mss;
  return options;
}

TEST(WorkerProperty, AnySegmentSizeGivesTheSameRecord) {
  for (const NamedDialogue& each : dialogues_with_hello()) {
    SCOPED_TRACE(each.name);
    const auto whole = essences(play(each.dialogue));
    ASSERT_EQ(whole.size(), 1u);
    constexpr std::array<std::uint16_t, 10> kSizes{1, 2, 3, 5, 6, 7, 17, 100, 517, 1300};
    for (const std::uint16_t mss : kSizes) {
      EXPECT_EQ(essences(play(each.dialogue, with_mss(mss))), whole) << "mss " << mss;
    }
  }
}

TEST(WorkerProperty, BurstSizeChangesNothing) {
  for (const NamedDialogue& each : dialogues_with_hello()) {
    SCOPED_TRACE(each.name);
    const Frames frames = play(each.dialogue, with_mss(400));
    const auto whole = essences(frames);
    for (const std::size_t burst :
         {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{64}}) {
      EXPECT_EQ(essences(frames, burst), whole);
    }
  }
}

TEST(WorkerProperty, SequenceNumbersMayWrapAnywhere) {
  for (const NamedDialogue& each : dialogues_with_hello()) {
    SCOPED_TRACE(each.name);
    const auto whole = essences(play(each.dialogue));
    for (std::uint32_t before = 0; before < 1200; before += 97) {
      auto options = TcpConversationOptions::ipv4();
      options.client.initial_sequence = 0u - before;
      options.server.initial_sequence = 0u - 3 * before;
      EXPECT_EQ(essences(play(each.dialogue, options)), whole) << before;
    }
  }
}

TEST(WorkerProperty, DuplicatesChangeNothing) {
  for (const NamedDialogue& each : dialogues_with_hello()) {
    SCOPED_TRACE(each.name);
    const Frames frames = play(each.dialogue, with_mss(600));
    const auto whole = essences(frames);
    Frames doubled;
    for (const TimedFrame& frame : frames) {
      doubled.push_back(frame);
      doubled.push_back(frame);
    }
    EXPECT_EQ(essences(doubled), whole);
  }
}

TEST(WorkerProperty, ReorderingByAFewPacketsChangesNothing) {
  for (const NamedDialogue& each : dialogues_with_hello()) {
    SCOPED_TRACE(each.name);
    const Frames frames = play(each.dialogue, with_mss(300));
    const auto whole = essences(frames);
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      DeterministicRandom random(seed);
      Frames shuffled = frames;
      // The opening stays: which side is the client is told by it.
      for (std::size_t i = 3; i + 1 < shuffled.size(); ++i) {
        const bool same_side = shuffled[i].from == shuffled[i + 1].from;
        if (same_side && random.below(3) == 0) {
          std::swap(shuffled[i].bytes, shuffled[i + 1].bytes);
          ++i;
        }
      }
      EXPECT_EQ(essences(shuffled), whole) << seed;
    }
  }
}

TEST(WorkerProperty, LossNeverInventsAFailure) {
  for (const NamedDialogue& each : dialogues_with_hello()) {
    SCOPED_TRACE(each.name);
    const Frames frames = play(each.dialogue, with_mss(500));
    const auto whole = test_harness::records_of(frames);
    ASSERT_EQ(whole.size(), 1u);
    const auto judge = [&](const Frames& lossy, const std::string& what) {
      WorkerHarness harness;
      harness.feed(lossy);
      harness.finish();
      EXPECT_EQ(harness.conservation_error(), "");
      for (const HandshakeRecord& record : harness.records()) {
        if (!is_failure(record.outcome.kind)) continue;
        EXPECT_TRUE(is_failure(whole[0].outcome.kind))
            << what << ": " << outcome_text(record) << " instead of " << outcome_text(whole[0]);
      }
    };
    for (std::size_t lost = 0; lost < frames.size(); ++lost) {
      Frames lossy = frames;
      lossy.erase(lossy.begin() + static_cast<std::ptrdiff_t>(lost));
      judge(lossy, "without frame " + std::to_string(lost));
    }
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
      DeterministicRandom random(seed);
      Frames lossy;
      for (const TimedFrame& frame : frames) {
        if (random.below(20) != 0) lossy.push_back(frame);
      }
      judge(lossy, "seed " + std::to_string(seed));
    }
  }
}

TEST(WorkerProperty, OneDirectionAloneInventsNoFailure) {
  for (const NamedDialogue& each : dialogues_with_hello()) {
    SCOPED_TRACE(each.name);
    const Frames frames = play(each.dialogue);
    const auto whole = test_harness::records_of(frames);
    for (const Side side : {Side::client, Side::server}) {
      for (const HandshakeRecord& record : test_harness::records_of(only_from(frames, side))) {
        if (!is_failure(record.outcome.kind)) continue;
        // Silence of a server that was never seen is judged by control, which knows who else was
        // seen.
        const bool undecided = (record.outcome.kind == OutcomeKind::silence ||
                                record.outcome.kind == OutcomeKind::unanswered) &&
                               (record.flags & HandshakeRecord::server_seen) == 0;
        EXPECT_TRUE(undecided || is_failure(whole[0].outcome.kind)) << outcome_text(record);
      }
    }
  }
}

TEST(WorkerProperty, GarbageIsCountedAndHarmless) {
  DeterministicRandom random(7);
  const Frames frames = play(tls12_full(), with_mss(300));
  for (unsigned round = 0; round < 400; ++round) {
    Frames spoiled = frames;
    for (unsigned i = 0; i < 6; ++i) {
      TimedFrame& frame = spoiled[random.below(spoiled.size())];
      if (frame.bytes.empty()) continue;
      if (random.below(4) == 0) {
        frame.bytes.resize(random.below(frame.bytes.size() + 1));
      } else {
        frame.bytes[random.below(frame.bytes.size())] =
            static_cast<std::uint8_t>(random.below(256));
      }
    }
    WorkerHarness harness;
    harness.feed(spoiled);
    harness.finish();
    ASSERT_EQ(harness.conservation_error(), "") << round;
  }
}

}  // namespace
}  // namespace shakedown
