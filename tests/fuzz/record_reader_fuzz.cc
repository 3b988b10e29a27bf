// SPDX-License-Identifier: Apache-2.0
//
// Method:  The first byte chooses role, cuts, gaps and whether a ChangeCipherSpec encrypts; the
// rest
//          is the stream. It is read whole and in cuts, and the events must agree.
// Reaches: RecordReader (all of it), MessageBufferPool, plausible_client_hello and
//          plausible_record_start.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>

#include "record_listener.h"

namespace {

using shakedown::test_support::EventLines;
using shakedown::test_support::OwnedRecordReader;
using shakedown::test_support::RecordListener;
using shakedown::tls::RecordState;

struct Plan {
  bool server = false;
  bool opaque_after_change = false;
  bool gaps = false;
  std::size_t cut_size = 0;
};

void require(bool holds) {
  if (!holds) std::abort();
}

EventLines read_in_pieces(OwnedRecordReader& owner, std::span<const std::uint8_t> stream,
                          Plan plan) {
  RecordState state = plan.server ? RecordState::for_server() : RecordState{};
  RecordListener listener;
  if (plan.opaque_after_change) {
    listener.inside = [&state](const std::string& line) {
      if (line == "change_cipher_spec") shakedown::tls::set_opaque(state);
    };
  }
  bool running = true;
  for (unsigned i = 1; running && !stream.empty(); ++i) {
    const std::size_t size = stream.size() < plan.cut_size ? stream.size() : plan.cut_size;
    const auto part = stream.first(size);
    stream = stream.subspan(size);
    if (plan.gaps && i % 3 == 0) {
      running = owner->gap(state, i % 2 == 0 ? std::optional<std::uint32_t>(size) : std::nullopt,
                           listener);
    } else {
      shakedown::tls::RecordReader::begin_segment(state);
      running = owner->read(state, part, listener);
    }
    if (plan.gaps && i % 5 == 0) owner->allow_resync(state);
  }
  owner->release(state);
  require(owner.pool().held_count() == 0);
  return listener.lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  static OwnedRecordReader owner({2, 2, 2});
  const std::uint8_t choice = data[0];
  const std::span<const std::uint8_t> stream(data + 1, size - 1);
  (void)shakedown::tls::plausible_client_hello(stream);
  (void)shakedown::tls::plausible_record_start(stream);

  const Plan whole{.server = (choice & 1) != 0,
                   .opaque_after_change = (choice & 2) != 0,
                   .gaps = false,
                   .cut_size = stream.size()};
  const EventLines expected = read_in_pieces(owner, stream, whole);
  // The limit of records counts per call, so that only streams below it must agree in every cut.
  Plan plan = whole;
  plan.cut_size = 1u + (choice >> 3);
  if (stream.size() < 5 * shakedown::kRecordsPerSegmentMax) {
    require(read_in_pieces(owner, stream, plan) == expected);
  }
  plan.gaps = (choice & 4) != 0;
  (void)read_in_pieces(owner, stream, plan);
  return 0;
}
