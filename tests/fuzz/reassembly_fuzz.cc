// SPDX-License-Identifier: Apache-2.0
//
// Reaches Reassembler::deliver, give_up_hole, release. The input is a list of steps of five bytes
// (how, distance from the next byte, length, bytes cut off); the payload is taken from the input
// itself, so that overlaps contradict each other. Every byte that comes out is compared with a map
// of the bytes that came first.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "shakedown/counters.h"
#include "stream/reassembler.h"
#include "stream_recorder.h"
#include "test_arena.h"

namespace {

constexpr std::uint32_t kBlockCount = 128;
constexpr std::size_t kStepCountMax = 512;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

void run_steps(shakedown::ByteReader input, shakedown::stream::Reassembler& reassembler) {
  using namespace shakedown;
  test_support::ReassemblyModel model(reassembler);
  const Bytes all = input.rest();
  std::uint32_t first = 0;
  if (!input.read_u32(first)) return;
  model.start(SeqNum{first});
  for (std::size_t step = 0; step < kStepCountMax; ++step) {
    std::uint8_t how = 0;
    std::uint8_t missing = 0;
    std::uint16_t distance = 0;
    std::uint8_t length = 0;
    if (!input.read_u8(how) || !input.read_u16(distance) || !input.read_u8(length) ||
        !input.read_u8(missing)) {
      break;
    }
    if (how % 16 == 0) model.give_up_hole();
    // Mostly near, now and then as far as the window; before the next byte as well as after it.
    const std::uint32_t scale = (how & 16) != 0 ? 97 : 1;
    const std::uint32_t back = (how & 32) != 0 ? 256 : 0;
    const std::size_t stretch = (how & 64) != 0 ? 23 : 1;
    const std::size_t begin = step % all.size();
    const Bytes payload = all.subspan(begin, std::min(length * stretch, all.size() - begin));
    static_cast<void>(model.deliver(model.direction().next.plus(distance * scale - back), payload,
                                    (how & 128) != 0 ? missing : 0));
    const std::string contradiction = model.contradiction();
    require(contradiction.empty(), contradiction.c_str());
    require(model.direction().held_segment_count <= kHeldSegmentCountMax, "too many segments held");
    require(model.direction().held_bytes <= kHeldBytesMax, "too many bytes held");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shakedown;
  static test_support::TestArena memory(stream::Reassembler::budget_bytes(kBlockCount));
  static CounterBlock counters;
  static stream::Reassembler reassembler(memory.arena(), kBlockCount, counters);
  run_steps(ByteReader(Bytes(data, size)), reassembler);
  require(reassembler.free_block_count() == kBlockCount, "a block leaked");
  return 0;
}
