// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The findings of protocol_rules.cc, a file for each thing that they are about.
// Units:     none
// Ownership: Values.
// Threading: Pure.
// Limits:    none
// Failure:   A rule that lacks what it needs does not apply.
// RFC:       RFC 8446 §6.2, RFC 5246 §7.2.2; others at the findings
#pragma once

#include <optional>

#include "diagnose/rule.h"

namespace shakedown::diagnose::protocol {

// resumption_findings.cc
[[nodiscard]] std::optional<Finding> identity_unknown(const Facts& facts);
[[nodiscard]] std::optional<Finding> resumed_and_failed(const Facts& facts);
[[nodiscard]] std::optional<Finding> resumption_dropped(const Facts& facts);
[[nodiscard]] std::optional<Finding> resumption_refused(const Facts& facts);
[[nodiscard]] std::optional<Finding> resumption_alone(const Facts& facts);
/// Something about a session of before is at work: other alerts may be about that.
[[nodiscard]] bool about_resumption(const Facts& facts);

// protocol_findings.cc
[[nodiscard]] std::optional<Finding> fallback_told(const Facts& facts);
[[nodiscard]] std::optional<Finding> renegotiation_told(const Facts& facts);
[[nodiscard]] std::optional<Finding> renegotiation_failed(const Facts& facts);
[[nodiscard]] std::optional<Finding> downgrade_seen(const Facts& facts);
[[nodiscard]] std::optional<Finding> group_too_small(const Facts& facts);
[[nodiscard]] std::optional<Finding> decrypt_told(const Facts& facts);
[[nodiscard]] std::optional<Finding> decrypt_in_handshake(const Facts& facts);

// malformed_findings.cc
[[nodiscard]] std::optional<Finding> malformed_told(const Facts& facts);
[[nodiscard]] std::optional<Finding> parameter_told(const Facts& facts);
[[nodiscard]] std::optional<Finding> extension_missing(const Facts& facts);
[[nodiscard]] std::optional<Finding> malformed_hello(const Facts& facts);
[[nodiscard]] std::optional<Finding> suite_not_offered(const Facts& facts);
[[nodiscard]] std::optional<Finding> extension_demanded(const Facts& facts);
[[nodiscard]] std::optional<Finding> ech_required(const Facts& facts);

}  // namespace shakedown::diagnose::protocol
