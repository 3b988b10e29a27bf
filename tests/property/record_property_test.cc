// SPDX-License-Identifier: Apache-2.0
//
// What holds for every stream: how it is cut never changes what is read from it.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "deterministic_random.h"
#include "hello_builder.h"
#include "message_builder.h"
#include "record_builder.h"
#include "record_listener.h"

namespace shakedown::tls {
namespace {

using test_support::Bytes;
using test_support::BytesView;
using test_support::ClientHelloBuilder;
using test_support::concatenate;
using test_support::DeterministicRandom;
using test_support::EventLines;
using test_support::OwnedRecordReader;
using test_support::RecordListener;

constexpr int kRandomStreamCount = 60;

/// Reads streams; a ChangeCipherSpec makes the direction opaque, as in TLS 1.2.
class StreamReading {
 public:
  EventLines read(BytesView stream, const std::vector<std::size_t>& cuts, bool server = false) {
    state_ = server ? RecordState::for_server() : RecordState{};
    RecordListener listener;
    listener.inside = [this](const std::string& line) {
      if (line == "change_cipher_spec") set_opaque(state_);
    };
    std::size_t begin = 0;
    for (std::size_t i = 0; i <= cuts.size(); ++i) {
      const std::size_t end = i < cuts.size() ? cuts[i] : stream.size();
      RecordReader::begin_segment(state_);
      EXPECT_TRUE(owner_->read(state_, stream.subspan(begin, end - begin), listener));
      begin = end;
    }
    owner_->release(state_);
    EXPECT_EQ(owner_.pool().held_count(), 0u);
    return listener.lines;
  }

 private:
  OwnedRecordReader owner_;
  RecordState state_;
};

std::vector<std::size_t> random_cuts(DeterministicRandom& random, std::size_t size) {
  std::vector<std::size_t> cuts(random.below(12));
  for (std::size_t& cut : cuts) cut = random.below(size + 1);
  std::ranges::sort(cuts);
  return cuts;
}

std::vector<std::size_t> every_byte(std::size_t size) {
  std::vector<std::size_t> cuts;
  for (std::size_t i = 1; i < size; ++i) cuts.push_back(i);
  return cuts;
}

Bytes random_message(DeterministicRandom& random) {
  switch (random.below(7)) {
    case 0:
      return ClientHelloBuilder::tls13("a.example").build();
    case 1:
      return test_support::ServerHelloBuilder::tls12().build();
    case 2:
      return test_support::handshake_message(HandshakeType::certificate,
                                             random.bytes(random.below(6000)));
    case 3:
      return test_support::server_key_exchange_dhe(random.below(400));
    case 4:
      return test_support::certificate_status(random.bytes(random.below(900)));
    case 5:
      return test_support::new_session_ticket(random.below(300));
    default:
      return test_support::server_hello_done();
  }
}

/// Messages cut into records of random sizes, with other records between.
Bytes random_stream(DeterministicRandom& random) {
  std::vector<Bytes> parts{test_support::handshake_record(random_message(random))};
  const std::size_t part_count = 1 + random.below(6);
  for (std::size_t i = 0; i < part_count; ++i) {
    std::vector<Bytes> messages;
    for (std::size_t j = random.below(4); j > 0; --j) messages.push_back(random_message(random));
    const Bytes flight = concatenate(messages);
    parts.push_back(test_support::split_over_records(flight, 1 + random.below(3000)));
    switch (random.below(8)) {
      case 0:
        parts.push_back(test_support::alert_record(1 + random.below(2), random.below(121)));
        break;
      case 1:
        parts.push_back(test_support::change_cipher_spec_record());
        break;
      case 2:
        parts.push_back(test_support::application_data_record(random.below(3000)));
        break;
      case 3:
        parts.push_back(random.bytes(random.below(9)));
        break;
      case 4:
        parts.push_back(test_support::encrypted_record(22, 1 + random.below(80), random.next()));
        break;
      default:
        break;
    }
  }
  return concatenate(parts);
}

TEST(RecordProperty, EverySingleCutGivesTheSameEvents) {
  StreamReading reading;
  DeterministicRandom random(11);
  for (int i = 0; i < 6; ++i) {
    const Bytes stream = random_stream(random);
    const EventLines expected = reading.read(stream, {});
    for (std::size_t cut = 0; cut <= std::min<std::size_t>(stream.size(), 3000); ++cut) {
      ASSERT_EQ(reading.read(stream, {cut}), expected) << cut;
    }
  }
}

TEST(RecordProperty, AnyCutsGiveTheSameEvents) {
  StreamReading reading;
  DeterministicRandom random(12);
  for (int i = 0; i < kRandomStreamCount; ++i) {
    const Bytes stream = random_stream(random);
    const EventLines expected = reading.read(stream, {});
    for (int j = 0; j < 10; ++j) {
      ASSERT_EQ(reading.read(stream, random_cuts(random, stream.size())), expected) << i;
    }
    ASSERT_EQ(reading.read(stream, every_byte(stream.size())), expected) << i;
  }
}

TEST(RecordProperty, AnyCutsOfDamagedStreamsGiveTheSameEvents) {
  StreamReading reading;
  DeterministicRandom random(13);
  for (int i = 0; i < kRandomStreamCount * 3; ++i) {
    Bytes stream = random_stream(random);
    stream.resize(std::min<std::size_t>(stream.size(), 2000));
    for (std::size_t j = 1 + random.below(3); j > 0; --j) {
      const std::size_t reach = random.chance(0.5) ? 16 : stream.size();
      stream[random.below(std::min(reach, stream.size()))] =
          static_cast<std::uint8_t>(random.next());
    }
    const bool server = random.chance(0.5);
    const EventLines expected = reading.read(stream, {}, server);
    ASSERT_EQ(reading.read(stream, random_cuts(random, stream.size()), server), expected) << i;
    ASSERT_EQ(reading.read(stream, every_byte(stream.size()), server), expected) << i;
  }
}

TEST(RecordProperty, AnyPackingIntoRecordsGivesTheSameMessages) {
  const auto messages_of = [](const Bytes& stream) {
    OwnedRecordReader owner;
    RecordListener listener;
    listener.with_records = listener.with_counts = false;
    RecordState state{};
    for (BytesView rest(stream); !rest.empty();) {
      const BytesView segment = rest.first(std::min<std::size_t>(rest.size(), 1448));
      EXPECT_TRUE(owner->read(state, segment, listener));
      rest = rest.subspan(segment.size());
    }
    EXPECT_EQ(owner.pool().held_count(), 0u);
    return listener.lines;
  };
  DeterministicRandom random(14);
  for (int i = 0; i < kRandomStreamCount; ++i) {
    std::vector<Bytes> messages;
    for (std::size_t j = 1 + random.below(5); j > 0; --j)
      messages.push_back(random_message(random));
    const Bytes flight = concatenate(messages);
    const EventLines expected = messages_of(test_support::separate_records(messages));
    ASSERT_EQ(expected.size(), messages.size());
    for (int j = 0; j < 10; ++j) {
      const std::size_t size = 1 + random.below(j < 5 ? 40 : 16384);
      ASSERT_EQ(messages_of(test_support::split_over_records(flight, size)), expected) << size;
    }
  }
}

TEST(RecordProperty, AProperPrefixNeverGivesTheLastEvent) {
  StreamReading reading;
  DeterministicRandom random(15);
  for (int i = 0; i < 8; ++i) {
    const Bytes stream = concatenate({random_stream(random), test_support::alert_record(1, 0)});
    const EventLines whole = reading.read(stream, {});
    if (whole.back() != "alert 1 0") continue;  // the direction ended or became opaque before
    for (std::size_t size = 0; size < std::min<std::size_t>(stream.size(), 2500); ++size) {
      const EventLines lines = reading.read(BytesView(stream).first(size), {});
      ASSERT_LT(lines.size(), whole.size());
      ASSERT_TRUE(std::equal(lines.begin(), lines.end(), whole.begin())) << size;
    }
    ASSERT_LT(reading.read(BytesView(stream).first(stream.size() - 1), {}).size(), whole.size());
  }
}

TEST(RecordProperty, AGapInsideOpaqueBytesChangesNothingButTheFlag) {
  DeterministicRandom random(16);
  const Bytes data = test_support::application_data_record(4000);
  const Bytes stream =
      concatenate({test_support::handshake_record(test_support::server_hello_done()), data,
                   test_support::alert_record(2, 40)});
  const std::size_t body = stream.size() - 7 - 4000;
  const EventLines expected = StreamReading().read(stream, {});
  OwnedRecordReader owner;
  for (int i = 0; i < 500; ++i) {
    const std::size_t begin = body + random.below(4000);
    const std::size_t end = begin + 1 + random.below(body + 4000 - begin);
    RecordState state{};
    RecordListener listener;
    const BytesView view(stream);
    ASSERT_TRUE(owner->read(state, view.first(begin), listener));
    ASSERT_TRUE(owner->gap(state, static_cast<std::uint32_t>(end - begin), listener));
    RecordReader::begin_segment(state);
    ASSERT_TRUE(owner->read(state, view.subspan(end), listener));
    EXPECT_EQ(listener.lines, expected);
    EXPECT_TRUE(state.had_gap());
    EXPECT_FALSE(state.resynced());
  }
}

TEST(RecordProperty, AnyGapsNeverInventAMessageNorLeakABuffer) {
  DeterministicRandom random(17);
  OwnedRecordReader owner;
  for (int i = 0; i < kRandomStreamCount * 5; ++i) {
    const Bytes stream = random_stream(random);
    EventLines whole = StreamReading().read(stream, {});
    RecordState state{};
    RecordListener listener;
    listener.inside = [&state](const std::string& line) {
      if (line == "change_cipher_spec") set_opaque(state);
    };
    for (BytesView rest(stream); !rest.empty();) {
      const std::size_t size = std::min<std::size_t>(1 + random.below(900), rest.size());
      if (random.chance(0.15)) {
        const auto known =
            random.chance(0.7) ? std::optional(static_cast<std::uint32_t>(size)) : std::nullopt;
        ASSERT_TRUE(owner->gap(state, known, listener));
      } else {
        RecordReader::begin_segment(state);
        ASSERT_TRUE(owner->read(state, rest.first(size), listener));
      }
      rest = rest.subspan(size);
    }
    owner->release(state);
    ASSERT_EQ(owner.pool().held_count(), 0u);
    // What was read whole before the first gap is the beginning of what there is.
    if (!state.had_gap()) {
      ASSERT_EQ(listener.lines, whole);
    }
    for (const Message& message : listener.messages) {
      ASSERT_TRUE(!message.complete_body || message.loss == BodyLoss::none);
    }
  }
}

}  // namespace
}  // namespace shakedown::tls
