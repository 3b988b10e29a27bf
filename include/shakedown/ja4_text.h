// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The text form of a JA4 client fingerprint, for both processes and their tests.
// Units:     36 characters: `t13d1516h2_8daaf6152771_e5627efa2ab1`.
// Ownership: Values.
// Threading: Values.
// Limits:    None of its own.
// Failure:   A version without a code in the JA4 text is written `00`.
// RFC:       None; FoxIO's JA4 (the BSD licensed client fingerprint).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "shakedown/handshake_record.h"

namespace shakedown {

using Ja4Text = std::array<char, 36>;

/// The two characters that stand for a version.
[[nodiscard]] constexpr std::array<char, 2> ja4_version(std::uint16_t version) {
  switch (version) {
    case 0x0002:
      return {'s', '2'};
    case 0x0300:
      return {'s', '3'};
    case 0x0301:
      return {'1', '0'};
    case 0x0302:
      return {'1', '1'};
    case 0x0303:
      return {'1', '2'};
    case 0x0304:
      return {'1', '3'};
    default:
      return {'0', '0'};
  }
}

/// `transport` gives the first character: 't' over TCP, 'q' over UDP, which for TLS means QUIC.
[[nodiscard]] constexpr Ja4Text render_ja4(const Ja4& ja4, Transport transport) {
  Ja4Text text{};
  std::size_t size = 0;
  const auto put = [&](char character) { text[size++] = character; };
  const auto put_count = [&](std::uint8_t count) {
    const auto capped = static_cast<unsigned>(count < 99 ? count : 99);
    put(static_cast<char>('0' + capped / 10));
    put(static_cast<char>('0' + capped % 10));
  };
  const auto put_hex = [&](const std::array<std::uint8_t, 6>& bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    for (const std::uint8_t byte : bytes) {
      put(kDigits[byte >> 4]);
      put(kDigits[byte & 15]);
    }
  };

  put(transport == Transport::tcp ? 't' : 'q');
  for (const char character : ja4_version(ja4.version)) put(character);
  put(ja4.server_name != 0 ? 'd' : 'i');
  put_count(ja4.cipher_count);
  put_count(ja4.extension_count);
  for (const char character : ja4.alpn) put(character);
  put('_');
  put_hex(ja4.cipher_hash);
  put('_');
  put_hex(ja4.extension_hash);
  return text;
}

}  // namespace shakedown
