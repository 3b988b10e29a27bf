// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What a client had against the server's certificate: its own word weighed with what is
//            found wrong with the chain. The families certificate_rules and trust_rules rest on it.
// Units:     Nanoseconds.
// Ownership: Values.
// Threading: Pure.
// Limits:    none
// Failure:   Nothing wrong, or nothing known: no judgement.
// RFC:       RFC 8446 §6.2 for the alerts. Which stack says what is from their sources and from the
//            laboratory (docs/laboratory.md):
//
//              stack                     path      date      name      usage  revoked  weak
//              OpenSSL (curl, Python)    48        45, 42*   42        43     44       42
//              rustls                    48        45        42        43     44       51
//              NSS                       48        45        42        46     44       42
//              Mbed TLS                  48        45, 46*   42        43     44       43
//              Java                      46        46        46        46     44, 113  46, 43
//              GnuTLS, Go                42        42        42        42     42       42
//              Chromium, Conscrypt       46        46        46        46     46       46
//              * not valid yet
//
//            curl, psql and Node compare the name after the handshake, wget and Node everything:
//            they close. Windows and Apple follow the first row, or say 46.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "diagnose/rule.h"

namespace shakedown::diagnose {

/// How plainly the client has said what it has against the certificate.
enum class Word : std::uint8_t {
  none,     ///< FIN, RST, or it left after the handshake
  hidden,   ///< an alert that cannot be read
  vague,    ///< handshake_failure, internal_error: may be about something else
  general,  ///< bad_certificate, certificate_unknown: whatever is wrong with it
  specific  ///< unknown_ca, certificate_expired ...
};

struct Rejection {
  Word word = Word::none;
  std::optional<AlertDescription> alert;
  /// The ClientHello looks like that of a stack that has a word for each reason (the first rows
  /// above): its bad_certificate is neither about the path nor about an expiry.
  bool precise = false;

  [[nodiscard]] bool said(AlertDescription description) const { return alert == description; }
};

/// Nothing where the client cannot have rejected a certificate, or has said that it did not.
[[nodiscard]] std::optional<Rejection> rejection(const Facts& facts);

/// What a careful client may have against a chain, in the order in which most look for it.
enum class Problem : std::uint8_t { path, expired, not_yet_valid, name, usage, revoked, weak };
inline constexpr unsigned kProblemCount = 7;

/// The chain has it, as far as its source can tell.
[[nodiscard]] bool has_problem(const JudgedChain& judged, Problem problem);
/// The cause that the problem is; of `path` one of chain_incomplete, untrusted_ca and self_signed.
[[nodiscard]] Cause cause_of(const JudgedChain& judged, Problem problem);

/// How well the client's word goes with a problem.
enum class Fit : std::uint8_t { names, fits, unlikely, denied };
[[nodiscard]] Fit fit(const Rejection& rejection, Problem problem, const Facts& facts);

/// Something is wrong with the chain that goes with the client's word.
[[nodiscard]] bool explained(const Rejection& rejection, const Facts& facts);

/// The finding of this problem without its own sentences: confidence, standing, how the client
/// left, where the chain is from, what speaks against it, and what looks alike. Nothing when the
/// chain does not have it or the client's word denies it.
[[nodiscard]] std::optional<Finding> judge(const Facts& facts, Problem problem);

/// Of the chain at hand: others took it, or left after it as well. Null: it was never shown before.
[[nodiscard]] const ShownChain* shown(const Facts& facts);
/// Handshakes that were established with the chain at hand.
[[nodiscard]] float accepted_by_others(const Facts& facts);
/// How many went on with the same certificate and how many did not; nothing when there is nothing to
/// tell.
[[nodiscard]] std::optional<std::string> acceptance_sentence(const Facts& facts);

void tell_acceptance(const Facts& facts, Finding& finding);
/// Others go on with this name now, not only before the certificate may have changed or expired.
[[nodiscard]] bool works_for_others(const Facts& facts);

/// An observation older than this may be of a certificate that has been replaced since.
inline constexpr std::int64_t kFreshNanos = 86'400 * kNanosPerSecond;
/// `likely` at most, and less with the age of what was seen, and for another name.
[[nodiscard]] Confidence bounded_by_source(Confidence confidence, const JudgedChain& judged);

/// How much speaks for somebody between client and server who answers with a certificate of its
/// own; nothing when nothing does. `certain` goes with the client's unknown_ca only.
[[nodiscard]] std::optional<Finding> interception_signs(const Facts& facts);

}  // namespace shakedown::diagnose
