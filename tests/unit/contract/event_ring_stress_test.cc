// SPDX-License-Identifier: Apache-2.0
//
// Two threads on one pair of rings for about a second: all that is pushed arrives once and in
// order, and a definition is there before any record that names it. Meant to be run under a thread
// sanitizer as well. A ring of two places meets its limits at every turn.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "shakedown/event_ring.h"

namespace shakedown {
namespace {

constexpr std::chrono::milliseconds kRunTime{800};
/// A new definition every so many records.
constexpr std::uint64_t kRecordsPerDefinition = 3;

template <std::size_t capacity>
struct Rings {
  BasicRecordRing<capacity> records;
  DefinitionRing definitions;
  std::atomic<bool> writer_done{false};
  std::atomic<std::uint64_t> records_pushed{0};
  std::atomic<std::uint64_t> definitions_pushed{0};
};

/// Sizes around nothing, small and large, so that bodies lie across the end of the buffer in all
/// ways.
std::size_t size_of_body(std::uint64_t id) { return id * 7919 % 6007; }
std::uint8_t byte_of_body(std::uint64_t id) { return static_cast<std::uint8_t>(id * 31 + 1); }

template <class Rings>
void write(Rings& rings) {
  const auto end = std::chrono::steady_clock::now() + kRunTime;
  std::uint64_t sequence = 0;
  std::uint64_t definition = 0;
  std::vector<std::uint8_t> message;
  while (std::chrono::steady_clock::now() < end) {
    if (sequence % kRecordsPerDefinition == 0) {
      const std::uint64_t next = definition + 1;
      message.assign(sizeof(DefinitionHeader) + size_of_body(next), byte_of_body(next));
      DefinitionHeader header;
      header.id = next;
      header.body_size = static_cast<std::uint32_t>(size_of_body(next));
      std::memcpy(message.data(), &header, sizeof header);
      if (rings.definitions.try_push(message)) {
        definition = next;
        rings.definitions_pushed.store(next, std::memory_order_relaxed);
      }
    }
    HandshakeRecord record;
    record.sequence = sequence + 1;
    record.offer_definition = definition;
    record.server_name.fill(static_cast<char>(record.sequence % 100));
    if (!rings.records.try_push(record)) {
      std::this_thread::yield();
      continue;
    }
    ++sequence;
  }
  rings.records_pushed.store(sequence, std::memory_order_relaxed);
  rings.writer_done.store(true, std::memory_order_release);
}

template <class Rings>
class Reader {
 public:
  explicit Reader(Rings& rings) : rings_(rings) {}

  // Records are taken first and definitions before the records are looked at, as control does.
  void turn() {
    const std::size_t count = rings_.records.pop(batch_.data(), batch_.size());
    take_definitions();
    for (std::size_t i = 0; i < count; ++i) look_at(batch_[i]);
  }

  std::uint64_t records = 0;
  std::uint64_t definitions = 0;
  std::uint64_t errors = 0;

 private:
  void take_definitions() {
    rings_.definitions.take_all(messages_);
    const bool intact =
        for_each_definition(messages_, [this](const DefinitionHeader& header, Bytes body) {
          ++definitions;
          bool good = header.id == definitions && body.size() == size_of_body(header.id);
          for (const std::uint8_t byte : body) good = good && byte == byte_of_body(header.id);
          errors += good ? 0 : 1;
        });
    errors += intact ? 0 : 1;
  }
  void look_at(const HandshakeRecord& record) {
    ++records;
    bool good = record.sequence == records && record.offer_definition <= definitions;
    for (const char byte : record.server_name) {
      good = good && byte == static_cast<char>(record.sequence % 100);
    }
    errors += good ? 0 : 1;
  }

  Rings& rings_;
  std::vector<HandshakeRecord> batch_{64};
  std::vector<std::uint8_t> messages_;
};

/// `capacity` places for records, and a reader that pauses every `pause_period` turns; zero: never.
template <std::size_t capacity>
void expect_all_to_arrive(unsigned pause_period) {
  const auto rings = std::make_unique_for_overwrite<Rings<capacity>>();
  std::thread writer([&rings] { write(*rings); });
  Reader reader(*rings);
  for (unsigned turn = 0; !rings->writer_done.load(std::memory_order_acquire); ++turn) {
    reader.turn();
    if (pause_period != 0 && turn % pause_period == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  writer.join();
  while (rings->records.fill() != 0 || rings->definitions.fill() != 0) reader.turn();
  EXPECT_EQ(reader.errors, 0u);
  EXPECT_EQ(reader.records, rings->records_pushed.load());
  EXPECT_EQ(reader.definitions, rings->definitions_pushed.load());
  EXPECT_GT(reader.records, capacity / 8);
  EXPECT_GT(reader.definitions, capacity / 80);
}

TEST(EventRingStress, EverythingPushedArrivesOnceInOrderAndDefinitionsFirst) {
  expect_all_to_arrive<kRecordRingCapacity>(0);
}

// A reader that pauses makes both rings full again and again; what is refused is not half there.
TEST(EventRingStress, AReaderThatPausesLosesNothing) {
  expect_all_to_arrive<kRecordRingCapacity>(256);
}

TEST(EventRingStress, ARingThatIsFullAtEveryTurnLosesNothing) { expect_all_to_arrive<2>(0); }

}  // namespace
}  // namespace shakedown
