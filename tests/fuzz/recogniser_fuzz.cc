// SPDX-License-Identifier: Apache-2.0
//
// Method:  The first byte chooses the side, the rest is what it said first. What is recognised must
//          be one of the services, the same every time, and must not depend on bytes behind those
//          that are looked at.
// Reaches: Recogniser::recognise with all patterns, the codes, text against binary.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "service/recogniser.h"

namespace {

using shakedown::Bytes;
using shakedown::Party;
using shakedown::Recognition;
using shakedown::Service;
using shakedown::service::Database;
using shakedown::service::kRecognisedBytesMax;
using shakedown::service::Recogniser;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Fixture {
  Database database;
  bool created = database.create().empty();
  Recogniser recogniser{database};
};

bool equal(Recognition left, Recognition right) {
  return left.service == right.service && left.code == right.code;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static Fixture fixture;
  require(fixture.created);
  const Party from = (data[0] & 1) == 0 ? Party::client : Party::server;
  const Bytes bytes(data + 1, size - 1);

  const Recognition result = fixture.recogniser.recognise(bytes, from);
  require(static_cast<unsigned>(result.service) < shakedown::kServiceCount);
  require((result.service == Service::none) == bytes.empty());
  require(result.code <= 999);

  std::array<std::uint8_t, kRecognisedBytesMax> copy{};
  const std::size_t looked_at = std::min(bytes.size(), copy.size());
  std::copy_n(bytes.begin(), looked_at, copy.begin());
  require(equal(fixture.recogniser.recognise(Bytes(copy).first(looked_at), from), result));
  return 0;
}
