// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   How one byte moves a dialogue on: one function for each family of protocols, and what
//            they share. Taking single bytes makes the result independent of how a stream was cut
//            into segments.
// Units:     Bytes.
// Ownership: Everything is kept in the Dialogue.
// Threading: One worker.
// Limits:    Each step costs a bounded number of operations, all of them on the Dialogue.
// Failure:   Progress says it.
// RFC:       Named at each function.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "service/dialogue.h"

namespace shakedown::service {

struct DialogueFlags {
  enum : std::uint8_t {
    greeted = 1,    ///< the server's greeting has come
    silent = 2,     ///< nothing is concluded any more
    challenged = 4  ///< asked, but the client has to ask again
  };
};

/// What a dialogue keeps of one side.
struct Side {
  std::span<std::uint8_t> line;
  std::uint8_t& held;  ///< 0 <= held <= line.size()
  std::uint8_t& step;
  std::uint16_t& rest;

  [[nodiscard]] Bytes bytes() const { return line.first(held); }
  /// What does not fit is left out.
  void keep(std::uint8_t byte) const {
    if (held < line.size()) line[held++] = byte;
  }
};

[[nodiscard]] inline Side side_of(Dialogue& dialogue, Party from) {
  if (from == Party::client) {
    return {dialogue.client_line, dialogue.client_held, dialogue.client_step, dialogue.client_rest};
  }
  return {dialogue.server_line, dialogue.server_held, dialogue.server_step, dialogue.server_rest};
}

[[nodiscard]] inline std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Takes one byte of a line. True when it ends the line, which is then in `line`, without its end;
/// it stays valid until the next byte of that side.
[[nodiscard]] inline bool take_line(Side side, std::uint8_t byte, std::string_view& line) {
  if (byte != '\n') {
    side.keep(byte);
    return false;
  }
  line = text_of(side.bytes());
  side.held = 0;
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return true;
}

/// RFC 9110 §5.6.2 and the like: commands are ASCII, in any case. `word` is in capitals.
[[nodiscard]] inline bool is_word(std::string_view text, std::string_view word) {
  return std::equal(text.begin(), text.end(), word.begin(), word.end(), [](char left, char right) {
    return (left >= 'a' && left <= 'z' ? static_cast<char>(left - 'a' + 'A') : left) == right;
  });
}

/// Takes the word that `line` begins with, and the space behind it.
[[nodiscard]] inline std::string_view take_word(std::string_view& line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

/// The server declines, or says something that is no answer, or ends the conversation: a refusal
/// for whoever has asked, and the end of it for all others.
inline void decline(Dialogue& dialogue, std::uint16_t code) {
  if (dialogue.progress == Progress::asked) {
    dialogue.code = code;
    dialogue.progress = Progress::refused;
  } else {
    dialogue.progress = Progress::over;
  }
}

/// An answer to a request that was not seen: the two directions may have been mirrored out of step.
inline void answer_unasked(Dialogue& dialogue) { dialogue.flags |= DialogueFlags::silent; }

/// Where a line or message should begin: TLS that came without being asked for, or before the
/// answer. It speaks for itself; the dialogue says nothing more, and is not over either.
/// An alert in place of the answer, however, is an answer.
[[nodiscard]] inline bool falls_silent(Dialogue& dialogue, Party from, std::uint8_t byte) {
  constexpr std::uint8_t kHandshake = 0x16;
  constexpr std::uint8_t kSslv2Min = 0x80;
  const bool tls = byte == kHandshake || (from == Party::client && byte >= kSslv2Min);
  if (tls) dialogue.flags |= DialogueFlags::silent;
  return tls;
}

/// RFC 3207, RFC 4217: commands in lines, answers that begin with three digits.
void mail_or_file_step(Dialogue& dialogue, Party from, std::uint8_t byte) noexcept;
/// RFC 9051 §6.2.1.
void imap_step(Dialogue& dialogue, Party from, std::uint8_t byte) noexcept;
/// RFC 2595 §4.
void pop3_step(Dialogue& dialogue, Party from, std::uint8_t byte) noexcept;
/// RFC 6120 §5.4.
void xmpp_step(Dialogue& dialogue, Party from, std::uint8_t byte) noexcept;
/// RFC 4511 §4.14.
void ldap_step(Dialogue& dialogue, Party from, std::uint8_t byte) noexcept;
/// PostgreSQL, "Message Flow", sections "SSL Session Encryption" and "GSSAPI Session Encryption".
void postgresql_step(Dialogue& dialogue, Party from, std::uint8_t byte) noexcept;
/// MySQL, "Connection Phase", Protocol::SSLRequest.
void mysql_step(Dialogue& dialogue, Party from, std::uint8_t byte) noexcept;
/// MS-RDPBCGR §2.2.1.1 and §2.2.1.2.
void rdp_step(Dialogue& dialogue, Party from, std::uint8_t byte) noexcept;
/// RFC 9110 §9.3.6.
void http_connect_step(Dialogue& dialogue, Party from, std::uint8_t byte) noexcept;
/// RFC 1928, RFC 1929, and SOCKS 4 and 4A.
void socks_step(Dialogue& dialogue, Party from, std::uint8_t byte) noexcept;

}  // namespace shakedown::service
