// SPDX-License-Identifier: Apache-2.0
#include "tls/server_name.h"

#include <algorithm>

namespace shakedown::tls {
namespace {

constexpr std::uint8_t kHostName = 0;

constexpr bool is_digit(std::uint8_t byte) { return byte >= '0' && byte <= '9'; }

constexpr bool is_hex_digit(std::uint8_t byte) {
  const auto lower = static_cast<std::uint8_t>(byte | 0x20);
  return is_digit(byte) || (lower >= 'a' && lower <= 'f');
}

constexpr bool is_name_byte(std::uint8_t byte) {
  const auto lower = static_cast<std::uint8_t>(byte | 0x20);
  return (lower >= 'a' && lower <= 'z') || is_digit(byte) || byte == '-' || byte == '.' ||
         byte == '_';
}

/// Four decimal numbers of at most 255.
bool is_ipv4_literal(Bytes name) noexcept {
  unsigned dot_count = 0;
  unsigned digit_count = 0;
  unsigned value = 0;
  for (const std::uint8_t byte : name) {
    if (byte == '.') {
      if (digit_count == 0 || ++dot_count > 3) return false;
      digit_count = 0;
      value = 0;
      continue;
    }
    if (!is_digit(byte) || ++digit_count > 3) return false;
    value = value * 10 + (byte - unsigned{'0'});
    if (value > 255) return false;
  }
  return dot_count == 3 && digit_count > 0;
}

/// No host name has a colon, so the shape is enough: hex digits, two colons or more, perhaps
/// brackets.
bool is_ipv6_literal(Bytes name) noexcept {
  if (name.size() > 2 && name.front() == '[' && name.back() == ']') {
    name = name.subspan(1, name.size() - 2);
  }
  const auto colon_count = std::count(name.begin(), name.end(), std::uint8_t{':'});
  return colon_count >= 2 && colon_count <= 7 &&
         std::all_of(name.begin(), name.end(), [](std::uint8_t byte) {
           return is_hex_digit(byte) || byte == ':' || byte == '.';
         });
}

}  // namespace

ServerNameCheck read_server_name_list(Bytes data, Bytes& name) noexcept {
  ByteReader reader(data);
  ByteReader list;
  if (!reader.read_vector16(list) || !reader.empty()) return ServerNameCheck::malformed;
  Bytes found;
  while (!list.empty()) {
    std::uint8_t type = 0;
    ByteReader entry;
    // RFC 6066 §3: any future name type must begin with a length of 16 bits, too.
    if (!list.read_u8(type) || !list.read_vector16(entry)) return ServerNameCheck::malformed;
    if (type == kHostName && found.empty()) found = entry.rest();
  }
  if (found.empty()) return ServerNameCheck::malformed;
  name = found;
  if (is_ipv4_literal(name) || is_ipv6_literal(name)) return ServerNameCheck::ip_literal;
  return std::all_of(name.begin(), name.end(), is_name_byte) ? ServerNameCheck::ok
                                                             : ServerNameCheck::not_a_name;
}

}  // namespace shakedown::tls
