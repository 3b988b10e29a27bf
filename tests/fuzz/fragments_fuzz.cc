// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes packet::FragmentTable behind packet::decode, as a worker passes packets on. Method: the
// input is a row of captures, each with one byte that chooses link type, clock and whether it comes
// twice, and its length. Checked: every piece received has one fate, what is given back lies in room
// of its own and decodes to bytes inside it, and after the timeout nothing is held any more.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "packet/follow_fragment.h"
#include "packet/fragment_table.h"
#include "port/eal.h"
#include "shakedown/counters.h"

namespace {

using namespace shakedown;
using namespace shakedown::packet;

void require(bool condition) {
  if (!condition) std::abort();
}

/// One for all inputs: time passes between them, so that one does not see the pieces of another.
struct Bench {
  port::Eal eal;
  CounterBlock counters;
  FragmentTable table{counters, 1};
  UnixNanos clock{kNanosPerSecond};

  Bench() {
    port::EalConfig config;
    config.lcore_count = 1;
    config.memory_bytes = FragmentTable::bytes_needed() + 8 * 1024 * 1024;
    require(eal.start(config).empty());
    require(table.create().empty());
  }
};

void require_conservation(const CounterBlock& counters) {
  require(counters.get(Counter::fragments_received) ==
          counters.get(Counter::fragments_reassembled) +
              counters.get(Counter::fragments_duplicated) +
              counters.get(Counter::fragments_expired) + counters.get(Counter::fragments_refused) +
              counters.get(Counter::fragments_held));
}

void see(Bench& bench, LinkType link_type, Bytes captured) {
  PacketView view;
  DecodeStatus status = decode(link_type, captured, view);
  if (status != DecodeStatus::ip_fragment) return;
  require(bench.table.has_room());
  Bytes whole;
  status = follow_fragment(bench.table, bench.clock, view, whole);
  require_conservation(bench.counters);
  if (status == DecodeStatus::tcp && !view.payload.empty()) {
    require(view.payload.data() >= whole.data());
    require(view.payload.data() + view.payload.size() <= whole.data() + whole.size());
  }
  bench.table.forget_whole_packets();
}

/// A piece that is refused makes the table look at the clock.
void require_nothing_held(Bench& bench) {
  static constexpr std::array<std::uint8_t, 20> kNoShare{0x45, 0, 0, 20, 0, 1, 0x20, 0, 64, 6};
  bench.clock = add_saturating(bench.clock, 2 * FragmentTable::kTimeoutNanos);
  see(bench, LinkType::raw_ip, kNoShare);
  require(bench.counters.get(Counter::fragments_held) == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Bench bench;
  ByteReader input{Bytes(data, size)};
  std::uint8_t choice = 0;
  std::uint16_t length = 0;
  while (input.read_u8(choice) && input.read_u16(length)) {
    Bytes captured;
    if (!input.read_bytes(std::min<std::size_t>(length, input.remaining()), captured)) break;
    // From nothing to half the timeout.
    const std::int64_t step = FragmentTable::kTimeoutNanos >> (choice >> 3 & 7);
    if ((choice & 4) != 0) bench.clock = add_saturating(bench.clock, step / 2);
    const LinkType link_type = (choice & 1) != 0 ? LinkType::ethernet : LinkType::raw_ip;
    see(bench, link_type, captured);
    if ((choice & 2) != 0) see(bench, link_type, captured);
  }
  require_nothing_held(bench);
  return 0;
}
