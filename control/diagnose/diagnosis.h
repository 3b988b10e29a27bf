// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What the rules concluded about one handshake, with everything needed to explain it.
// Units:     none
// Ownership: Values; rules are constants.
// Threading: Values.
// Limits:    kAlternativeCountMax alternatives, kWarningCountMax warnings.
// Failure:   `Cause::unknown` with its evidence: what was seen, and that it does not tell.
// RFC:       none; design.md section 5
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "diagnose/rule.h"

namespace shakedown::diagnose {

inline constexpr std::size_t kAlternativeCountMax = 4;
inline constexpr std::size_t kHandshakeWarningCountMax = 6;

struct Alternative {
  Cause cause = Cause::unknown;
  Confidence confidence = Confidence::possible;
};

struct Diagnosis {
  Cause cause = Cause::unknown;
  Confidence confidence = Confidence::possible;
  const Rule* rule = nullptr;  ///< that won; null: none applied
  std::vector<std::string> evidence = {};
  std::vector<std::string> against = {};  ///< what was seen and speaks against it
  std::string remedy = {};
  Audience audience = Audience::nobody;        ///< whom the remedy speaks to
  std::vector<Alternative> alternatives = {};  ///< the most probable first; never `cause` itself
  /// Shell command lines; empty where none would show it.
  std::string reproduce = {};          ///< repeats the failing hello
  std::string reproduce_working = {};  ///< repeats the nearest one that succeeded
};

/// Something that the owner of an established handshake wants to know.
struct Warning {
  std::string_view id;  ///< `rejected_by_client`, `certificate_expires_soon`, a cause's id ...
  std::string text;
  /// Of `rejected_by_client`: why, as of a failure. Null otherwise.
  std::shared_ptr<const Diagnosis> diagnosis = {};
};

/// Confident findings first; among equally confident ones `told` before `specific` before
/// `fallback`, and then the order of the rules. A second finding that is as sure and not a fallback,
/// of a cause that the first does not call alike, lowers the confidence unless the first is `told`.
/// Fills cause, confidence, rule, evidence, against, remedy and alternatives.
[[nodiscard]] Diagnosis decide(const Facts& facts, std::span<const Rule> rules);

}  // namespace shakedown::diagnose
