// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What somebody wants to have explained, as people write it: an event's id, an address, an
//            address with a port, or a server name.
// Units:     Ports in host order; zero: any.
// Ownership: Values; SubjectTraits are views of what is compared.
// Threading: Pure.
// Limits:    kSubjectSizeMax.
// Failure:   Nothing for any other text; no name is resolved.
// RFC:       RFC 3986 §3.2.2 (brackets around IPv6)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shakedown/handshake_record.h"

namespace shakedown::serve {

/// The longest name of RFC 1035 §2.3.4, and a port.
inline constexpr std::size_t kSubjectSizeMax = 255 + 6;

struct Subject {
  enum class Kind : std::uint8_t { event, address, name };
  Kind kind = Kind::name;
  std::string text;  ///< of an id or a name: lower case, without a dot at its end
  IpFamily family = IpFamily::none;
  IpAddress address;
  std::uint16_t port = 0;
};

[[nodiscard]] std::optional<Subject> parse_subject(std::string_view text);
/// For a sentence that refuses a text: what one may be.
[[nodiscard]] std::string_view subject_forms();
/// As it can be parsed again.
[[nodiscard]] std::string subject_text(const Subject& subject);

/// Of one handshake.
struct SubjectTraits {
  std::string_view event_id;
  IpFamily family = IpFamily::none;
  IpAddress client_address;
  IpAddress server_address;
  std::uint16_t client_port = 0;
  std::uint16_t server_port = 0;
  std::string_view server_name;
};

/// An address may be of either end, with the port of that end; a name's port is the server's. Sixteen
/// hex digits are an id, and also a name where one is called so.
[[nodiscard]] bool matches(const Subject& subject, const SubjectTraits& traits);

}  // namespace shakedown::serve
