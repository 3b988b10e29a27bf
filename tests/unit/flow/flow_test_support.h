// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Keys, hashes and a small connection for the tests of the tables.
// Units:     none.
// Ownership: values.
// Threading: one thread.
// Limits:    none.
// Failure:   none.
// RFC:       none.
#pragma once

#include <cstdint>

#include "flow/flow_key.h"

namespace shakedown::flow {

struct TestConnection {
  FlowKey key;
  std::uint64_t hash = 0;
  std::uint64_t value = 0;
};

[[nodiscard]] inline FlowKey test_key(std::uint32_t number) {
  FlowKey key;
  for (unsigned i = 0; i < 4; ++i) {
    key.low_address.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
  }
  key.high_address.bytes[0] = 10;
  key.low_port = 443;
  key.high_port = 50'000;
  return key;
}

[[nodiscard]] inline std::uint64_t test_hash(std::uint32_t number) {
  return hash_of(test_key(number), 7);
}

}  // namespace shakedown::flow
