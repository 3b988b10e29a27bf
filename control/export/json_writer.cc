// SPDX-License-Identifier: Apache-2.0
#include "export/json_writer.h"

#include <cstdint>

namespace shakedown::exporting {

namespace {

/// Length of the well-formed UTF-8 sequence at the beginning of `text`; zero when there is none.
/// RFC 3629 §4: no overlong forms, no surrogates, nothing above U+10FFFF.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [text](std::size_t i) {
    return i < text.size() ? static_cast<std::uint8_t>(text[i]) : std::uint8_t{0};
  };
  const auto tail = [byte](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return tail(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    if (lead == 0xe0 && byte(1) < 0xa0) return 0;
    if (lead == 0xed && byte(1) > 0x9f) return 0;
    return tail(1) && tail(2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    if (lead == 0xf0 && byte(1) < 0x90) return 0;
    if (lead == 0xf4 && byte(1) > 0x8f) return 0;
    return tail(1) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

bool plain(char letter) {
  const auto byte = static_cast<std::uint8_t>(letter);
  return byte >= 0x20 && byte < 0x7f && letter != '"' && letter != '\\';
}

}  // namespace

void append_json_string(fmt::memory_buffer& out, std::string_view text) {
  out.push_back('"');
  while (!text.empty()) {
    std::size_t run = 0;
    while (run < text.size() && plain(text[run])) ++run;
    out.append(text.data(), text.data() + run);
    text.remove_prefix(run);
    if (text.empty()) break;

    const char letter = text.front();
    const std::size_t length = utf8_length(text);
    if (length > 1) {
      out.append(text.data(), text.data() + length);
      text.remove_prefix(length);
      continue;
    }
    if (letter == '"' || letter == '\\') {
      out.push_back('\\');
      out.push_back(letter);
    } else {
      fmt::format_to(fmt::appender(out), "\\u{:04x}", static_cast<std::uint8_t>(letter));
    }
    text.remove_prefix(1);
  }
  out.push_back('"');
}

}  // namespace shakedown::exporting
