// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Why a handshake failed: the vocabulary.
// Units:     none
// Ownership: Values; texts are constants.
// Threading: Values.
// Limits:    Numbers are append-only.
// Failure:   `unknown` is an honest answer. `certain` is said only where the wire itself says so, or
//            where nothing else could have led to what was seen.
// RFC:       none; design.md section 5
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace shakedown::diagnose {

enum class Cause : std::uint8_t {
#define CAUSE(name, number, audience, sentence, remedy) name = number,
#include "diagnose/cause.def"
#undef CAUSE
};

enum class Confidence : std::uint8_t { possible = 1, likely = 2, certain = 3 };

/// Who can do something about it.
enum class Audience : std::uint8_t { nobody, client, server, network };

struct CauseDescription {
  Cause cause;
  std::string_view id;  ///< stable, for people and SIEMs
  Audience audience;
  std::string_view sentence;  ///< completes "the handshake failed because"
  std::string_view remedy;
};

/// In the order of the list.
[[nodiscard]] std::span<const CauseDescription> causes();
[[nodiscard]] const CauseDescription& describe(Cause cause);
[[nodiscard]] std::string_view name_of(Cause cause);
[[nodiscard]] std::optional<Cause> cause_named(std::string_view id);
[[nodiscard]] std::string_view name_of(Confidence confidence);
/// `client owner`, `server owner`, `network owner`; empty for nobody.
[[nodiscard]] std::string_view name_of(Audience audience);

[[nodiscard]] constexpr Confidence lowered(Confidence confidence) {
  return confidence == Confidence::certain ? Confidence::likely : Confidence::possible;
}

}  // namespace shakedown::diagnose
