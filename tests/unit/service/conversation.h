// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What two sides say to each other, turn by turn, and how a Dialogue takes it.
// Units:     None.
// Ownership: A Conversation owns its bytes.
// Threading: None.
// Limits:    None.
// Failure:   None.
// RFC:       None.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "byte_writer.h"
#include "service/dialogue.h"
#include "shakedown/service.h"

namespace shakedown::service {

struct Turn {
  Party from = Party::none;
  test_support::Bytes bytes;
};
using Conversation = std::vector<Turn>;

/// A string literal with all its bytes, zeros included, but not the last one.
template <std::size_t size>
[[nodiscard]] constexpr std::string_view raw(const char (&text)[size]) {
  return {text, size - 1};
}

[[nodiscard]] inline Turn client(std::string_view text) {
  return {Party::client, test_support::bytes_of(text)};
}
[[nodiscard]] inline Turn client(test_support::Bytes bytes) {
  return {Party::client, std::move(bytes)};
}
[[nodiscard]] inline Turn server(std::string_view text) {
  return {Party::server, test_support::bytes_of(text)};
}
[[nodiscard]] inline Turn server(test_support::Bytes bytes) {
  return {Party::server, std::move(bytes)};
}

[[nodiscard]] inline Dialogue held(StartTls kind, const Conversation& conversation) {
  Dialogue dialogue{.kind = kind};
  for (const Turn& turn : conversation) on_bytes(dialogue, turn.from, turn.bytes);
  return dialogue;
}

[[nodiscard]] inline Progress progress_of(StartTls kind, const Conversation& conversation) {
  return held(kind, conversation).progress;
}

}  // namespace shakedown::service
