// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   A definition as it stands in its ring, and back.
// Units:     Bytes.
// Ownership: Values.
// Threading: none
// Limits:    none; a header may promise what is not there.
// Failure:   split() stops at the first flaw, as control does.
// RFC:       none
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "shakedown/definition.h"
#include "shakedown/event_ring.h"

namespace shakedown::test_support {

struct DefinitionMessage {
  DefinitionHeader header;
  std::vector<std::uint8_t> body;
};

[[nodiscard]] inline std::vector<std::uint8_t> message_of(const DefinitionHeader& header,
                                                          shakedown::Bytes body) {
  std::vector<std::uint8_t> message(sizeof header + body.size());
  std::memcpy(message.data(), &header, sizeof header);
  std::copy(body.begin(), body.end(), message.begin() + sizeof header);
  return message;
}

/// Everything that is in the ring.
[[nodiscard]] inline std::vector<DefinitionMessage> take_messages(DefinitionRing& ring) {
  std::vector<std::uint8_t> bytes;
  ring.take_all(bytes);
  std::vector<DefinitionMessage> list;
  static_cast<void>(
      for_each_definition(bytes, [&list](const DefinitionHeader& header, shakedown::Bytes body) {
        list.push_back({header, {body.begin(), body.end()}});
      }));
  return list;
}

}  // namespace shakedown::test_support
