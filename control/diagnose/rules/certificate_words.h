// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Sentences about certificates and about alerts that the rules have in common.
// Units:     Nanoseconds.
// Ownership: Values.
// Threading: Pure.
// Limits:    What strangers wrote (subjects, names) is cut at kCertificateTextMax characters, and
//            three names are told.
// Failure:   What is not known is left out of a sentence.
// RFC:       none
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "diagnose/facts.h"

namespace shakedown::diagnose {

inline constexpr std::size_t kCertificateTextMax = 64;

/// `CN=www.example.com,O=Example`; the beginning of the digest where there is no subject.
[[nodiscard]] std::string subject_text(const enrich::Certificate& certificate);
[[nodiscard]] std::string issuer_text(const JudgedChain& judged);
/// `www.example.com, example.com, example.net and 5 more`; `no name at all`.
[[nodiscard]] std::string names_text(const enrich::Certificate& certificate);
/// `RSA key of 1024 bits`
[[nodiscard]] std::string key_text(const enrich::Certificate& certificate);

/// What is wrong with a chain, with the values: whole sentences.
[[nodiscard]] std::string expired_text(const JudgedChain& judged, UnixNanos at);
[[nodiscard]] std::string not_yet_valid_text(const JudgedChain& judged, UnixNanos at);
[[nodiscard]] std::string name_text(const JudgedChain& judged, std::string_view server_name);
[[nodiscard]] std::string weak_text(const JudgedChain& judged);
[[nodiscard]] std::string usage_text(const JudgedChain& judged, bool for_server);
[[nodiscard]] std::string revoked_text(const JudgedChain& judged);
[[nodiscard]] std::string trust_text(const JudgedChain& judged);

/// `the client sent the alert unknown_ca (48)`
[[nodiscard]] std::string alert_sentence(Party party, AlertDescription alert);
/// How one end left: by which alert, FIN or RST.
[[nodiscard]] std::string ending_sentence(const Facts& facts, Party party);
/// Of a chain that was not in this handshake, where it was seen and when; nothing for `wire`.
[[nodiscard]] std::optional<std::string> source_sentence(const JudgedChain& judged);

}  // namespace shakedown::diagnose
