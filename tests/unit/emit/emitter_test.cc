// SPDX-License-Identifier: Apache-2.0
//
// What leaves a worker: numbered records, each definition once per reader, and what a full ring
// means in either mode.
#include "emit/emitter.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "shakedown/shm_layout.h"
#include "test_arena.h"

namespace shakedown::emit {
namespace {

using Body = std::vector<std::uint8_t>;

struct Definition {
  DefinitionHeader header;
  Body body;
};

class EmitterTest : public testing::Test {
 protected:
  [[nodiscard]] Emitter& emitter(RunMode mode, std::uint64_t digest_seed = 7) {
    return emitter_.emplace(Emitter::Config{mode, 3, digest_seed}, *area_, control_, stop_,
                            memory_.arena());
  }
  [[nodiscard]] std::uint64_t count(Counter counter) const { return area_->counters.get(counter); }

  [[nodiscard]] std::vector<HandshakeRecord> drain_records() {
    std::vector<HandshakeRecord> list(area_->records.fill());
    list.resize(area_->records.pop(list.data(), list.size()));
    return list;
  }
  [[nodiscard]] std::vector<Definition> drain_definitions() {
    std::vector<std::uint8_t> messages;
    area_->definitions.take_all(messages);
    std::vector<Definition> list;
    EXPECT_TRUE(for_each_definition(messages, [&list](const DefinitionHeader& header, Bytes body) {
      list.push_back({header, Body(body.begin(), body.end())});
    }));
    return list;
  }
  void fill_records(Emitter& emitter) {
    HandshakeRecord record;
    while (area_->records.fill() < kRecordRingCapacity) emitter.push(record, UnixNanos{1});
  }
  /// To the last byte; what is in there is no definition.
  void fill_definitions() { EXPECT_TRUE(area_->definitions.try_push(Body(kDefinitionRingBytes))); }

  std::unique_ptr<WorkerArea> area_ = std::make_unique_for_overwrite<WorkerArea>();
  ControlStatus control_;
  std::atomic<bool> stop_{false};
  test_support::TestArena memory_{Emitter::budget_bytes()};
  std::optional<Emitter> emitter_;
};

TEST_F(EmitterTest, RecordsAreNumberedFromOneAndStamped) {
  Emitter& emitter = this->emitter(RunMode::capture);
  HandshakeRecord record;
  record.client_port = 50000;
  emitter.push(record, UnixNanos{100});
  emitter.push(record, UnixNanos{90});
  const auto records = drain_records();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].sequence, 1u);
  EXPECT_EQ(records[1].sequence, 2u);
  EXPECT_EQ(records[0].order_time, UnixNanos{100});
  EXPECT_EQ(records[1].order_time, UnixNanos{90});
  EXPECT_EQ(records[0].worker_index, 3);
  EXPECT_EQ(records[0].client_port, 50000);
  EXPECT_EQ(count(Counter::records_pushed), 2u);
  EXPECT_EQ(count(Counter::records_refused), 0u);
}

TEST_F(EmitterTest, ADefinitionIsSentOnce) {
  Emitter& emitter = this->emitter(RunMode::capture);
  const Body body{1, 2, 3};
  const std::uint64_t id = emitter.define(DefinitionKind::client_offer, body);
  EXPECT_NE(id, 0u);
  EXPECT_EQ(emitter.define(DefinitionKind::client_offer, body), id);
  const auto sent = drain_definitions();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].header.id, id);
  EXPECT_EQ(sent[0].header.kind, DefinitionKind::client_offer);
  EXPECT_EQ(sent[0].body, body);
  EXPECT_EQ(count(Counter::definitions_pushed), 1u);
}

TEST_F(EmitterTest, TheKindIsPartOfTheIdentity) {
  Emitter& emitter = this->emitter(RunMode::capture);
  const Body body{1, 2, 3};
  EXPECT_NE(emitter.define(DefinitionKind::client_offer, body),
            emitter.define(DefinitionKind::server_name, body));
  EXPECT_EQ(drain_definitions().size(), 2u);
}

TEST_F(EmitterTest, IdsOfDifferentRunsDiffer) {
  const Body body{1, 2, 3};
  const std::uint64_t first =
      emitter(RunMode::capture, 7).define(DefinitionKind::server_name, body);
  test_support::TestArena other_memory(Emitter::budget_bytes());
  Emitter other({RunMode::capture, 0, 8}, *area_, control_, stop_, other_memory.arena());
  EXPECT_NE(other.define(DefinitionKind::server_name, body), first);
}

TEST_F(EmitterTest, ANewReaderGetsTheDefinitionsAnew) {
  Emitter& emitter = this->emitter(RunMode::capture);
  const Body body{9};
  const std::uint64_t id = emitter.define(DefinitionKind::server_name, body);
  EXPECT_EQ(drain_definitions().size(), 1u);
  control_.generation = 1;
  EXPECT_EQ(emitter.define(DefinitionKind::server_name, body), id);
  EXPECT_EQ(emitter.define(DefinitionKind::server_name, body), id);
  EXPECT_EQ(drain_definitions().size(), 1u);
}

TEST_F(EmitterTest, TheLongestBodyIsSent) {
  Emitter& emitter = this->emitter(RunMode::live);
  EXPECT_NE(emitter.define(DefinitionKind::certificate_chain, Body(kDefinitionBodyMax)), 0u);
  const auto sent = drain_definitions();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].body.size(), kDefinitionBodyMax);
}

TEST_F(EmitterTest, ABodyOneByteTooLongIsCountedAndNotSent) {
  Emitter& emitter = this->emitter(RunMode::live);
  EXPECT_EQ(emitter.define(DefinitionKind::certificate_chain, Body(kDefinitionBodyMax + 1)), 0u);
  EXPECT_EQ(drain_definitions().size(), 0u);
  EXPECT_EQ(count(Counter::definitions_oversized), 1u);
  EXPECT_EQ(count(Counter::definitions_refused), 0u);
}

TEST_F(EmitterTest, LiveAFullRecordRingRefusesAndIsCounted) {
  Emitter& emitter = this->emitter(RunMode::live);
  fill_records(emitter);
  HandshakeRecord record;
  emitter.push(record, UnixNanos{2});
  EXPECT_EQ(count(Counter::records_pushed), kRecordRingCapacity);
  EXPECT_EQ(count(Counter::records_refused), 1u);
  EXPECT_EQ(count(Counter::back_pressure_waits), 0u);
  // The number of the refused record is missing in the ring: the reader can tell that there is a
  // hole.
  EXPECT_EQ(drain_records().back().sequence, kRecordRingCapacity);
  emitter.push(record, UnixNanos{3});
  EXPECT_EQ(drain_records().front().sequence, kRecordRingCapacity + 2);
}

TEST_F(EmitterTest, LiveAFullDefinitionRingRefusesAndTheNextAttemptIsANewOne) {
  Emitter& emitter = this->emitter(RunMode::live);
  fill_definitions();
  const Body body{1, 2, 3};
  EXPECT_EQ(emitter.define(DefinitionKind::server_name, body), 0u);
  EXPECT_EQ(count(Counter::definitions_refused), 1u);
  Body garbage;
  area_->definitions.take_all(garbage);
  EXPECT_NE(emitter.define(DefinitionKind::server_name, body), 0u);
  EXPECT_EQ(drain_definitions().size(), 1u);
}

TEST_F(EmitterTest, InACaptureAFullRingIsWaitedFor) {
  Emitter& emitter = this->emitter(RunMode::capture);
  fill_records(emitter);
  std::thread worker([&emitter] {
    HandshakeRecord record;
    emitter.push(record, UnixNanos{2});
  });
  while (count(Counter::back_pressure_waits) == 0) std::this_thread::yield();
  EXPECT_EQ(count(Counter::records_refused), 0u);
  HandshakeRecord first;
  EXPECT_EQ(area_->records.pop(&first, 1), 1u);
  worker.join();
  EXPECT_EQ(first.sequence, 1u);
  EXPECT_EQ(count(Counter::records_pushed), kRecordRingCapacity + 1);
  EXPECT_EQ(drain_records().back().sequence, kRecordRingCapacity + 1);
}

TEST_F(EmitterTest, InACaptureStopEndsTheWaiting) {
  Emitter& emitter = this->emitter(RunMode::capture);
  fill_records(emitter);
  std::thread worker([&emitter] {
    HandshakeRecord record;
    emitter.push(record, UnixNanos{2});
  });
  while (count(Counter::back_pressure_waits) == 0) std::this_thread::yield();
  stop_ = true;
  worker.join();
  EXPECT_EQ(count(Counter::records_refused), 1u);
  EXPECT_EQ(count(Counter::records_pushed), kRecordRingCapacity);
}

TEST_F(EmitterTest, AfterStopWhatStillFitsIsPushed) {
  Emitter& emitter = this->emitter(RunMode::capture);
  stop_ = true;
  HandshakeRecord record;
  emitter.push(record, UnixNanos{2});
  EXPECT_EQ(count(Counter::records_pushed), 1u);
  EXPECT_NE(emitter.define(DefinitionKind::server_name, Body{1}), 0u);
}

TEST_F(EmitterTest, TheWatermarkIsWhatWasPublishedLast) {
  Emitter& emitter = this->emitter(RunMode::live);
  EXPECT_EQ(area_->watermark.load(), 0);
  emitter.publish_watermark(UnixNanos{5});
  emitter.publish_watermark(kEndOfTime);
  EXPECT_EQ(area_->watermark.load(), kEndOfTime.value);
}

}  // namespace
}  // namespace shakedown::emit
