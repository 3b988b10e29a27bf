// SPDX-License-Identifier: Apache-2.0
#include "ingest/record_order.h"

#include <gtest/gtest.h>

#include <array>

#include "fake_dataplane.h"
#include "handshake_records.h"
#include "ingest/drain.h"

namespace shakedown::ingest {
namespace {

using test::FakeDataplane;

HandshakeRecord record_at(std::int64_t order_time, std::uint16_t client_port) {
  HandshakeRecord record = test::a_handshake();
  record.order_time = UnixNanos{order_time};
  record.client_port = client_port;
  return record;
}

void keep(RecordOrder& order, const HandshakeRecord& record) {
  *order.reserve(1) = record;
  order.keep(1);
}

std::vector<std::uint16_t> release(RecordOrder& order, UnixNanos watermark) {
  std::vector<std::uint16_t> ports;
  order.release_before(watermark,
                       [&ports](HandshakeRecord& record) { ports.push_back(record.client_port); });
  return ports;
}

TEST(RecordOrder, ReleasesOnlyWhatLiesBeforeTheWatermark) {
  RecordOrder order;
  for (std::uint16_t time = 10; time <= 12; ++time) keep(order, record_at(time, time));
  EXPECT_EQ(release(order, UnixNanos{10}), std::vector<std::uint16_t>{});
  EXPECT_EQ(release(order, UnixNanos{11}), std::vector<std::uint16_t>{10});
  EXPECT_EQ(release(order, kEndOfTime), (std::vector<std::uint16_t>{11, 12}));
  EXPECT_EQ(order.pending_count(), 0u);
}

TEST(RecordOrder, KeepsTheRestWhenItIsEnough) {
  RecordOrder order;
  constexpr std::array<std::uint16_t, 4> kTimes{12, 10, 11, 20};
  for (const std::uint16_t time : kTimes) keep(order, record_at(time, time));
  std::vector<std::uint16_t> ports;
  const auto sink = [&ports](HandshakeRecord& record) { ports.push_back(record.client_port); };
  EXPECT_FALSE(order.release_before(UnixNanos{13}, sink, [&ports] { return ports.size() == 2; }));
  EXPECT_EQ(ports, (std::vector<std::uint16_t>{10, 11}));
  EXPECT_EQ(order.pending_count(), 2u);
  EXPECT_TRUE(order.release_before(UnixNanos{13}, sink, [] { return true; }));
  EXPECT_EQ(ports, (std::vector<std::uint16_t>{10, 11, 12})) << "enough, but none is left";
  EXPECT_TRUE(order.release_before(kEndOfTime, sink));
  EXPECT_EQ(ports, (std::vector<std::uint16_t>{10, 11, 12, 20}));
}

TEST(RecordOrder, ReleasesTheEndOfTimeItselfAtTheEnd) {
  RecordOrder order;
  keep(order, record_at(kEndOfTime.value, 1));
  EXPECT_EQ(release(order, UnixNanos{kEndOfTime.value - 1}).size(), 0u);
  EXPECT_EQ(release(order, kEndOfTime).size(), 1u);
}

TEST(RecordOrder, BreaksTiesByTheConnectionAndNeverByTheWorker) {
  HandshakeRecord a = record_at(5, 1);
  HandshakeRecord b = record_at(5, 2);
  a.worker_index = 3;
  b.worker_index = 0;
  a.sequence = 900;
  EXPECT_TRUE(comes_before(a, b));
  EXPECT_FALSE(comes_before(b, a));
  HandshakeRecord again = a;
  again.instance = 1;
  EXPECT_TRUE(comes_before(a, again));
  again.instance = a.instance;
  again.worker_index = 1;
  EXPECT_FALSE(comes_before(a, again));
  EXPECT_FALSE(comes_before(again, a));
}

TEST(RecordOrder, StaysWithinItsBoundAndSaysThatItDid) {
  RecordOrder order(100);
  for (std::uint16_t i = 0; i < 100; ++i) keep(order, record_at(1000 + i, i));
  EXPECT_EQ(release(order, UnixNanos{1}).size(), 0u);
  EXPECT_EQ(order.released_early_count(), 0u);
  keep(order, record_at(2000, 100));
  EXPECT_EQ(release(order, UnixNanos{1}).size(), 51u);
  EXPECT_EQ(order.pending_count(), 50u);
  EXPECT_EQ(order.released_early_count(), 51u);
}

/// Pushes the same thousand records over `worker_count` workers, with watermarks on the way.
std::vector<std::uint16_t> order_with_workers(unsigned worker_count) {
  FakeDataplane dataplane(worker_count);
  RecordOrder order;
  Drain drain(dataplane.segment(), [](const DefinitionHeader&, Bytes) {});
  std::vector<std::uint16_t> ports;
  const auto turn = [&] {
    const Drain::Turn taken = drain.take(order);
    order.release_before(taken.watermark,
                         [&ports](HandshakeRecord& r) { ports.push_back(r.client_port); });
  };
  for (std::uint16_t i = 0; i < 1000; ++i) {
    const unsigned worker = (i * 7u) % worker_count;
    const std::int64_t time = 1 + i / 3;  // three of each time
    dataplane.push(worker, record_at(time, i));
    dataplane.watermark(worker, time);
    if (i % 50 == 0) turn();
  }
  dataplane.end();
  turn();
  EXPECT_TRUE(drain.all_empty());
  EXPECT_EQ(order.pending_count(), 0u);
  return ports;
}

TEST(RecordOrder, IsTheSameForAnyNumberOfWorkers) {
  const auto one = order_with_workers(1);
  EXPECT_EQ(one.size(), 1000u);
  EXPECT_EQ(one, order_with_workers(2));
  EXPECT_EQ(one, order_with_workers(4));
}

TEST(Drain, GivesTheDefinitionsOfARecordBeforeTheRecord) {
  FakeDataplane dataplane(1);
  std::size_t definition_count = 0;
  Drain drain(dataplane.segment(), [&](const DefinitionHeader& header, Bytes body) {
    EXPECT_EQ(header.id, 9u);
    EXPECT_EQ(body.size(), 3u);
    ++definition_count;
  });
  const std::uint8_t body[] = {1, 2, 3};
  dataplane.define(0, DefinitionKind::server_name, 9, body);
  dataplane.push(0, record_at(1, 1));
  RecordOrder order;
  EXPECT_EQ(drain.take(order).record_count, 1u);
  EXPECT_EQ(definition_count, 1u);
  EXPECT_EQ(drain.taken_count(0), 1u);
}

TEST(Drain, TakesAllDefinitionsBeforeItsRecordsAreHandled) {
  FakeDataplane dataplane(1);
  std::vector<std::uint64_t> ids;
  Drain drain(dataplane.segment(),
              [&](const DefinitionHeader& header, Bytes) { ids.push_back(header.id); });
  dataplane.define(0, DefinitionKind::server_name, 1, {});
  dataplane.define(0, DefinitionKind::server_name, 2, {});
  RecordOrder order;
  EXPECT_EQ(drain.take(order).record_count, 0u);
  EXPECT_EQ(ids, (std::vector<std::uint64_t>{1, 2}));
}

}  // namespace
}  // namespace shakedown::ingest
