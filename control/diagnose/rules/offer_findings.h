// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The findings of offer_rules.cc, a file for versions and one for the rest.
// Units:     none
// Ownership: Values.
// Threading: Pure.
// Limits:    none
// Failure:   A rule that lacks what it needs does not apply.
// RFC:       RFC 8446 §4.1.1, §6.2; RFC 7301 §3.2
#pragma once

#include <optional>
#include <vector>

#include "diagnose/rule.h"

namespace shakedown::diagnose::offer {

// version_findings.cc
[[nodiscard]] std::optional<Finding> version_told_by_server(const Facts& facts);
[[nodiscard]] std::optional<Finding> version_told_by_client(const Facts& facts);
[[nodiscard]] std::optional<Finding> version_disjoint(const Facts& facts);
[[nodiscard]] std::optional<Finding> version_not_offered(const Facts& facts);
[[nodiscard]] std::optional<Finding> version_by_shape(const Facts& facts);
[[nodiscard]] std::optional<Finding> version_changed(const Facts& facts);

// offer_findings.cc
[[nodiscard]] std::optional<Finding> cipher_disjoint(const Facts& facts);
[[nodiscard]] std::optional<Finding> group_disjoint(const Facts& facts);
[[nodiscard]] std::optional<Finding> signature_disjoint(const Facts& facts);
[[nodiscard]] std::optional<Finding> protocol_disjoint(const Facts& facts);
[[nodiscard]] std::optional<Finding> cipher_by_shape(const Facts& facts);
[[nodiscard]] std::optional<Finding> group_by_shape(const Facts& facts);
[[nodiscard]] std::optional<Finding> signature_by_shape(const Facts& facts);
[[nodiscard]] std::optional<Finding> cipher_left(const Facts& facts);

// flight_findings.cc
[[nodiscard]] std::optional<Finding> cipher_too_weak(const Facts& facts);
[[nodiscard]] std::optional<Finding> group_after_retry_request(const Facts& facts);
[[nodiscard]] std::optional<Finding> group_not_offered(const Facts& facts);
[[nodiscard]] std::optional<Finding> signature_in_flight(const Facts& facts);
[[nodiscard]] std::optional<Finding> signature_of_certificate(const Facts& facts);
[[nodiscard]] std::optional<Finding> protocol_told(const Facts& facts);
[[nodiscard]] std::optional<Finding> protocol_hidden(const Facts& facts);
[[nodiscard]] std::optional<Finding> cipher_added(const Facts& facts);
[[nodiscard]] std::optional<Finding> group_added(const Facts& facts);
[[nodiscard]] std::optional<Finding> signature_added(const Facts& facts);
[[nodiscard]] std::optional<Finding> protocol_changed(const Facts& facts);

/// Of the causes that an offer can have, those that the comparison with the server's choices names,
/// in the order in which servers check.
[[nodiscard]] std::vector<Cause> disjoint_causes(const Facts& facts);
[[nodiscard]] Overlap overlap_of(const Facts& facts, Cause cause);
/// What the shape of the offer says where comparing says nothing; confidence `possible`. Sentences
/// are the caller's.
[[nodiscard]] std::optional<Finding> by_shape(const Facts& facts, Cause cause);
/// The same for what separates the offer from what succeeds.
[[nodiscard]] std::optional<Finding> by_difference(const Facts& facts, Cause cause);

}  // namespace shakedown::diagnose::offer
