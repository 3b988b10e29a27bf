// SPDX-License-Identifier: Apache-2.0
//
// Time per direction and bytes per second of the record reader, on what connections really carry.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <vector>

#include "certificates.h"
#include "hello_builder.h"
#include "message_builder.h"
#include "record_builder.h"
#include "record_listener.h"

namespace shakedown::tls {
namespace {

constexpr std::size_t kSegmentBytes = 1448;

struct CountingSink {
  std::size_t events = 0;

  Continue count() {
    ++events;
    return Continue::go_on;
  }
  Continue on_record(const RecordHeader&) { return count(); }
  Continue on_message(const Message&) { return count(); }
  Continue on_alert(AlertLevel, AlertDescription) { return count(); }
  Continue on_opaque_begin(ContentType, std::uint16_t) { return count(); }
  Continue on_opaque_record(ContentType, std::uint16_t) { return count(); }
  Continue on_change_cipher_spec() { return count(); }
  Continue on_not_tls(Bytes) { return count(); }
  Continue on_desync(DesyncReason) { return count(); }
  Continue on_over_limit(HandshakeType, std::uint32_t) { return count(); }
  Continue on_sslv2_hello(Bytes, bool) { return count(); }
};

void read_stream(benchmark::State& bench, const test_support::Bytes& stream,
                 std::size_t segment_bytes) {
  test_support::OwnedRecordReader owner;
  CountingSink sink;
  for (auto _ : bench) {
    RecordState state{};
    for (Bytes rest(stream); !rest.empty();) {
      const Bytes segment = rest.first(std::min(segment_bytes, rest.size()));
      RecordReader::begin_segment(state);
      benchmark::DoNotOptimize(owner->read(state, segment, sink));
      rest = rest.subspan(segment.size());
    }
    owner->release(state);
  }
  benchmark::DoNotOptimize(sink.events);
  const auto bytes = static_cast<double>(stream.size()) * static_cast<double>(bench.iterations());
  bench.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}

void ClientHelloInOneSegment(benchmark::State& bench) {
  const auto hello = test_support::ClientHelloBuilder::tls13("a.example").build();
  read_stream(bench, test_support::handshake_record(hello, 0x0301), SIZE_MAX);
}
BENCHMARK(ClientHelloInOneSegment);

void ClientHelloInTwoSegments(benchmark::State& bench) {
  const auto hello =
      test_support::handshake_message(HandshakeType::client_hello, test_support::Bytes(1800, 3));
  read_stream(bench, test_support::handshake_record(hello, 0x0301), kSegmentBytes);
}
BENCHMARK(ClientHelloInTwoSegments);

void ServerFlightOfTls12(benchmark::State& bench) {
  const auto stream = test_support::separate_records(
      {test_support::ServerHelloBuilder::tls12().build(),
       test_support::certificate(test_support::rsa_chain()),
       test_support::server_key_exchange_ecdhe(), test_support::server_hello_done()});
  read_stream(bench, stream, kSegmentBytes);
}
BENCHMARK(ServerFlightOfTls12);

void ApplicationData(benchmark::State& bench) {
  std::vector<test_support::Bytes> records(8, test_support::application_data_record(16384));
  read_stream(bench, test_support::concatenate(records), kSegmentBytes);
}
BENCHMARK(ApplicationData);

void ClientHelloProbe(benchmark::State& bench) {
  const auto record = test_support::handshake_record(
      test_support::ClientHelloBuilder::tls13("a.example").build(), 0x0301);
  for (auto _ : bench) benchmark::DoNotOptimize(plausible_client_hello(record));
}
BENCHMARK(ClientHelloProbe);

}  // namespace
}  // namespace shakedown::tls

BENCHMARK_MAIN();
