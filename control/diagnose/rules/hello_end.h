// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   How a ClientHello was refused, and what its client succeeded with soon after: what the
//            rules about offers, names, protocol and retries have in common.
// Units:     Nanoseconds.
// Ownership: Views of the facts.
// Threading: Pure.
// Limits:    none
// Failure:   none
// RFC:       RFC 8446 §6.2
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "diagnose/rule.h"

namespace shakedown::diagnose {

/// How the server, or nobody, ended it before any ServerHello.
enum class Refusal : std::uint8_t {
  none,         ///< it did not
  own_words,    ///< by an alert that says what it is about
  vague_alert,  ///< by one that says no more than that it will not
  closed,
  reset,
  silence
};
[[nodiscard]] Refusal refusal(const Facts& facts);
/// `the server answered the ClientHello with handshake_failure (40)`, or how it ended else.
[[nodiscard]] std::string refusal_text(const Facts& facts);

/// The first handshake after this one that its client succeeded with at the same server.
struct Worked {
  const LinkedHandshake* hello = nullptr;  ///< null: not known more exactly
  std::int64_t later_nanos = 0;
  bool higher_version = false;
  bool other_suites = false;  ///< some that were not offered before; the next likewise
  bool other_groups = false;
  bool other_signature_algorithms = false;
  bool other_protocols = false;

  [[nodiscard]] unsigned differences() const {
    return unsigned{higher_version} + unsigned{other_suites} + unsigned{other_groups} +
           unsigned{other_signature_algorithms} + unsigned{other_protocols};
  }
};
/// Nothing when it was at another endpoint: that says nothing about this one.
[[nodiscard]] std::optional<Worked> worked_after(const Facts& facts);
/// `the same client succeeded 40 ms later`
[[nodiscard]] std::string worked_text(const Worked& worked);

/// The same client succeeded with the same hello: nothing that stands in the hello can be it.
[[nodiscard]] bool same_hello_works(const Facts& facts);
/// Of a finding that blames the hello: where the same hello works soon after, that speaks against it.
void weigh_same_hello(const Facts& facts, Finding& finding);

/// Some alert of that side with this description, of either level.
[[nodiscard]] bool has_alert(const Facts& facts, Party from, AlertDescription description);
/// One end ended it without words that can be read: by FIN or RST, or by an encrypted alert.
[[nodiscard]] bool ended_wordless(const Facts& facts, Party by);

}  // namespace shakedown::diagnose
