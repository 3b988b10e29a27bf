// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Where the state machine leaves what is sent once (definition.h).
// Units:     Bytes.
// Ownership: `body` is read during the call only.
// Threading: The worker's own.
// Limits:    kDefinitionBodyMax.
// Failure:   Zero: it could not be sent; the record then names none.
// RFC:       none
#pragma once

#include <cstdint>

#include "shakedown/definition.h"

namespace shakedown::handshake {

class DefinitionSink {
 public:
  DefinitionSink() = default;
  DefinitionSink(const DefinitionSink&) = delete;
  DefinitionSink& operator=(const DefinitionSink&) = delete;

  /// The id under which `body` is or becomes known to control.
  [[nodiscard]] virtual std::uint64_t define(DefinitionKind kind, Bytes body) noexcept = 0;

 protected:
  ~DefinitionSink() = default;
};

}  // namespace shakedown::handshake
