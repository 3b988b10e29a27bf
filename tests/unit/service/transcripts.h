// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Conversations as real programs hold them, each with how it ends: the upgrade accepted,
//            declined, or never asked for. Texts are those of the programs named.
// Units:     None.
// Ownership: Values.
// Threading: None.
// Limits:    None.
// Failure:   None.
// RFC:       None.
#pragma once

#include <string>
#include <vector>

#include "conversation.h"

namespace shakedown::service {

struct Transcript {
  std::string name;
  StartTls kind = StartTls::none;
  Conversation conversation;
  Progress progress = Progress::talking;
  std::uint16_t code = 0;
};

[[nodiscard]] std::vector<Transcript> mail_transcripts();
[[nodiscard]] std::vector<Transcript> file_and_chat_transcripts();
[[nodiscard]] std::vector<Transcript> directory_and_desktop_transcripts();
[[nodiscard]] std::vector<Transcript> database_transcripts();
[[nodiscard]] std::vector<Transcript> proxy_transcripts();

/// All of them.
[[nodiscard]] std::vector<Transcript> transcripts();

/// LDAPMessage (RFC 4511 §4.2), with the lengths in the short form, or in that of Active Directory,
/// which always takes four bytes.
[[nodiscard]] test_support::Bytes ldap_message(std::uint32_t id, std::uint8_t operation,
                                               const test_support::Bytes& content,
                                               bool long_lengths = false);
[[nodiscard]] test_support::Bytes ldap_start_tls(std::uint32_t id, bool long_lengths = false);
[[nodiscard]] test_support::Bytes ldap_extended_response(std::uint32_t id, std::uint8_t result_code,
                                                         bool long_lengths = false);

/// TPKT and X.224, then `rest`.
[[nodiscard]] test_support::Bytes x224(std::uint8_t type, const test_support::Bytes& rest);
/// RDP_NEG_REQ, RDP_NEG_RSP or RDP_NEG_FAILURE.
[[nodiscard]] test_support::Bytes rdp_negotiation(std::uint8_t type, std::uint32_t number);

/// HandshakeV10 of a server with this version and these lower capabilities.
[[nodiscard]] test_support::Bytes mysql_greeting(std::string_view version,
                                                 std::uint16_t capabilities);
/// SSLRequest of protocol 4.1, or a HandshakeResponse when it is longer than 32 bytes.
[[nodiscard]] test_support::Bytes mysql_answer(std::uint32_t capabilities, std::size_t size);

inline constexpr std::uint16_t kMysqlWithSsl = 0xffff;
inline constexpr std::uint16_t kMysqlWithoutSsl = 0xf7fe;

}  // namespace shakedown::service
