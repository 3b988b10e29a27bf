// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   How one cause is told from the facts. A rule is a pure function; the table of all rules
//            can be printed (`shakedown explain --rules`) and is documented in docs/diagnosis.md.
// Units:     none
// Ownership: Values.
// Threading: Pure.
// Limits:    A finding has at most a handful of sentences. A rule that does not apply must find that
//            out by a few comparisons, without allocating: every failure asks every rule.
// Failure:   A rule that lacks what it needs does not apply.
// RFC:       none
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "diagnose/cause.h"
#include "diagnose/facts.h"

namespace shakedown::diagnose {

/// How a finding stands to others that apply to the same handshake.
enum class Standing : std::uint8_t {
  /// One of the two ends has said so itself, in a word that means nothing else. Contradicted by
  /// nothing but another such word.
  told,
  /// Specific facts lead to it.
  specific,
  /// What is left to say when nothing specific applies; contradicts nothing, and yields.
  fallback
};

/// Sentences are whole, in plain words, with the values that were seen, and end without a full
/// stop. They begin with a small letter unless a name stands there. At most some 120 characters.
struct Finding {
  Confidence confidence = Confidence::possible;
  Standing standing = Standing::specific;
  std::vector<std::string> evidence = {};  ///< what was seen and speaks for it, the strongest first
  std::vector<std::string> against = {};   ///< what was seen and speaks against it
  std::string remedy = {};                 ///< for this very case; empty: that of the cause
  /// Who can act in this very case; nothing: whom the cause names.
  std::optional<Audience> audience = {};
  /// Causes that look alike on the wire and cannot be told apart here.
  std::vector<Cause> alike = {};
};

struct Rule {
  Cause cause;
  std::string_view id;       ///< unique: `cause` or `cause.way`, as in `version_mismatch.alert`
  std::string_view needs;    ///< in words: what makes it apply
  std::string_view against;  ///< in words: what would prove it wrong
  std::optional<Finding> (*apply)(const Facts& facts);
};

// One family a file of rules/. In the order of the stated preference: rules.cc puts them together.
[[nodiscard]] std::span<const Rule> path_rules();
[[nodiscard]] std::span<const Rule> connection_rules();
[[nodiscard]] std::span<const Rule> offer_rules();
[[nodiscard]] std::span<const Rule> name_rules();
[[nodiscard]] std::span<const Rule> client_certificate_rules();
[[nodiscard]] std::span<const Rule> certificate_rules();
[[nodiscard]] std::span<const Rule>
trust_rules();  ///< clock, interception, pinning: whose fault a rejection is
[[nodiscard]] std::span<const Rule> protocol_rules();
[[nodiscard]] std::span<const Rule> retry_rules();
[[nodiscard]] std::span<const Rule> server_rules();
[[nodiscard]] std::span<const Rule> client_rules();

/// All of them, in the order of preference between equally sure findings.
[[nodiscard]] std::span<const Rule> rules();

}  // namespace shakedown::diagnose
