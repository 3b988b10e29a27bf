// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Code points to the names that people and SIEMs know.
// Units:     Code points as on the wire.
// Ownership: Texts by value where they may have to be made; constants otherwise.
// Threading: Constants.
// Limits:    none
// Failure:   A code without a name is its number in hex; nothing is ever refused.
// RFC:       IANA "TLS Parameters" registries.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shakedown/outcome.h"
#include "shakedown/tls_types.h"

namespace shakedown::exporting {

/// Empty when the registry has no name.
[[nodiscard]] std::string_view registered_cipher_suite(std::uint16_t code);
[[nodiscard]] std::string_view registered_named_group(std::uint16_t code);
[[nodiscard]] std::string_view registered_signature_scheme(std::uint16_t code);
[[nodiscard]] std::string_view registered_alert(AlertDescription description);

/// `0x1301`
[[nodiscard]] std::string hex_code(std::uint16_t code);
/// The name, else the number in hex.
[[nodiscard]] std::string cipher_suite_name(std::uint16_t code);
[[nodiscard]] std::string named_group_name(std::uint16_t code);
[[nodiscard]] std::string signature_scheme_name(std::uint16_t code);
/// The name in the spelling of RFC 8446, else `alert_N`.
[[nodiscard]] std::string alert_name(AlertDescription description);

/// `1.2`, `3.0` for SSLv3, `2.0` for SSLv2, `1.3-draft28`, `1.3-fb26`, `1.3-exp1`, else hex:
/// tls.version of ECS.
[[nodiscard]] std::string version_number(std::uint16_t version);
/// `ssl` or `tls`: tls.version_protocol of ECS.
[[nodiscard]] std::string_view version_protocol(std::uint16_t version);
/// Both in one word: `TLSv1.2`, `SSLv3`, `TLSv1.3-draft28`, else hex.
[[nodiscard]] std::string version_label(std::uint16_t version);

/// `reset_after_client_hello`, `refused`, `established` ...: the stable name of design.md
/// section 7.
[[nodiscard]] std::string outcome_name(OutcomeKind kind, Stage stage);
[[nodiscard]] std::string_view outcome_kind_name(OutcomeKind kind);
[[nodiscard]] std::string_view stage_name(Stage stage);
[[nodiscard]] std::string_view party_name(Party party);
[[nodiscard]] std::string_view unseen_reason_name(UnseenReason reason);
[[nodiscard]] std::string_view alert_level_name(AlertLevel level);

}  // namespace shakedown::exporting
