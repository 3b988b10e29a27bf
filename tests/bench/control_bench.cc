// SPDX-License-Identifier: Apache-2.0
//
// The steps of control, per record: order, definitions, totals, event. One core.
#include <benchmark/benchmark.h>

#include <vector>

#include "aggregate/totals.h"
#include "enrich/handshake.h"
#include "export/handshake_event.h"
#include "ingest/record_order.h"
#include "ingest/visibility.h"

namespace {

using namespace shakedown;

constexpr std::int64_t kStart = 1'700'000'000'000'000'000;

/// Handshakes of 4096 clients with 64 servers, one in twenty failing, all with the same offer.
std::vector<HandshakeRecord> records(std::size_t count) {
  std::vector<HandshakeRecord> all(count);
  for (std::size_t i = 0; i < count; ++i) {
    HandshakeRecord& record = all[i];
    record.family = IpFamily::ipv4;
    record.client_address.bytes = {10, 0, static_cast<std::uint8_t>(i >> 8 & 15),
                                   static_cast<std::uint8_t>(i & 255)};
    record.server_address.bytes = {198, 51, 100, static_cast<std::uint8_t>(i & 63)};
    record.client_port = static_cast<std::uint16_t>(1024 + i);
    record.server_port = 443;
    const auto time = kStart + static_cast<std::int64_t>(i * 7919 % count);
    record.order_time = record.end = UnixNanos{time + 1000};
    record.first_seen = record.client_hello = record.server_hello = UnixNanos{time};
    record.offer_definition = 1;
    record.flags = HandshakeRecord::server_seen | HandshakeRecord::client_seen;
    record.client_hello_facts.max_version = 0x0304;
    record.server_hello_facts.flags = ServerHelloFacts::seen;
    record.server_hello_facts.selected_version = 0x0304;
    record.server_hello_facts.cipher_suite = 0x1301;
    record.ja3.fill(0x5a);
    record.outcome = i % 20 == 0
                         ? Outcome{.kind = OutcomeKind::reset, .stage = Stage::client_hello}
                         : Outcome{.kind = OutcomeKind::established, .stage = Stage::established};
  }
  return all;
}

/// 17 suites, 16 extensions, two versions, four groups: a browser.
void add_offer(enrich::DefinitionStore& store) {
  std::vector<std::uint8_t> body = {3, 3};
  const auto vector = [&body](std::uint16_t first, std::size_t count) {
    body.push_back(0);
    body.push_back(static_cast<std::uint8_t>(count * 2));
    for (std::size_t i = 0; i < count; ++i) {
      body.push_back(static_cast<std::uint8_t>(first >> 8));
      body.push_back(static_cast<std::uint8_t>((first & 0xff) + i));
    }
  };
  vector(0xc023, 17);
  vector(0, 16);
  vector(0x0303, 2);
  vector(0x0017, 4);
  vector(0x001d, 1);
  vector(0x0804, 8);
  vector(0, 0);
  const DefinitionHeader header{.id = 1,
                                .body_size = static_cast<std::uint32_t>(body.size()),
                                .kind = DefinitionKind::client_offer,
                                .reserved = 0};
  store.add(header, body);
}

void order(benchmark::State& state) {
  const auto all = records(4096);
  ingest::RecordOrder order;
  for (auto _ : state) {
    HandshakeRecord* place = order.reserve(all.size());
    std::copy(all.begin(), all.end(), place);
    order.keep(all.size());
    order.release_before(kEndOfTime,
                         [](HandshakeRecord& record) { benchmark::DoNotOptimize(&record); });
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(all.size()));
}
BENCHMARK(order);

void judge_and_count(benchmark::State& state) {
  auto all = records(4096);
  enrich::DefinitionStore store;
  enrich::ChainJudge judge;
  add_offer(store);
  ingest::Visibility visibility;
  aggregate::Totals totals;
  for (auto _ : state) {
    for (auto& record : all) {
      visibility.judge(record);
      totals.add(enrich::resolve(record, store, judge));
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(all.size()));
}
BENCHMARK(judge_and_count);

void event(benchmark::State& state) {
  const auto all = records(4096);
  enrich::DefinitionStore store;
  enrich::ChainJudge judge;
  add_offer(store);
  const exporting::EventContext context{.sensor_name = "bench", .capture_names = {"bench.pcap"}};
  fmt::memory_buffer out;
  std::int64_t bytes = 0;
  for (auto _ : state) {
    for (const auto& record : all) {
      out.clear();
      exporting::append_handshake_event(out, enrich::resolve(record, store, judge), context);
      bytes += static_cast<std::int64_t>(out.size());
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(all.size()));
  state.SetBytesProcessed(bytes);
}
BENCHMARK(event);

}  // namespace

BENCHMARK_MAIN();
