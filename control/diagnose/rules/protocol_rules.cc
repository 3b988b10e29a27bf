// SPDX-License-Identifier: Apache-2.0
//
// What the protocol itself has words for, and what they mean where. Words that mean one thing only
// are certain; words that stacks use for several are weighed against what else was seen.
#include <array>

#include "diagnose/rule.h"
#include "diagnose/rules/protocol_findings.h"

namespace shakedown::diagnose {

namespace {

constexpr auto kRules = std::to_array<Rule>({
    {Cause::inappropriate_fallback, "inappropriate_fallback.alert",
     "inappropriate_fallback (86) from the server; certain when the ClientHello has "
     "TLS_FALLBACK_SCSV",
     "the client's first try was with this version, too", protocol::fallback_told},
    {Cause::no_renegotiation, "no_renegotiation.alert",
     "no_renegotiation (100) from either side; certain when it was the last word",
     "the connection was ended for another reason", protocol::renegotiation_told},
    {Cause::no_renegotiation, "no_renegotiation.refused",
     "renegotiation was seen to begin, and one side answered with handshake_failure (40) or "
     "unexpected_message (10)",
     "renegotiation succeeds with the same settings", protocol::renegotiation_failed},
    {Cause::resumption_failure, "resumption_failure.identity",
     "unknown_psk_identity (115) from the server", "the key's identity is known to the server",
     protocol::identity_unknown},
    {Cause::resumption_failure, "resumption_failure.resumed",
     "the server agreed to resume, and one side ended it before it was established; likely with an "
     "alert about keys",
     "a full handshake fails in the same way", protocol::resumed_and_failed},
    {Cause::resumption_failure, "resumption_failure.retry",
     "failed with a session offered, and the same client succeeds within seconds without one",
     "the session was accepted by the same server at the next try", protocol::resumption_dropped},
    {Cause::resumption_failure, "resumption_failure.refused",
     "a session, pre-shared key or early data is offered, and the server answers with an alert "
     "about "
     "keys or parameters; likely with a pre-shared key",
     "the same ClientHello without the session is refused, too", protocol::resumption_refused},
    {Cause::downgrade, "downgrade.sentinel",
     "the client leaves at a ServerHello with an older version and the mark of RFC 8446 §4.1.3; "
     "likely with illegal_parameter (47)",
     "the server itself is configured for the older version only, and another client says so",
     protocol::downgrade_seen},
    {Cause::dh_key_too_small, "dh_key_too_small.flight",
     "the client leaves at a Diffie-Hellman prime of less than 2048 bits; likely with "
     "handshake_failure (40), insufficient_security (71) or illegal_parameter (47), or below 1024",
     "the client works with other servers whose primes are no longer", protocol::group_too_small},
    {Cause::decrypt_error, "decrypt_error.alert",
     "decrypt_error (51), bad_record_mac (20) or decryption_failed (21) after the ServerHello; "
     "certain unless it may be about a certificate or a resumed session",
     "the same two ends succeed over another path or with another certificate",
     protocol::decrypt_told},
    {Cause::protocol_error, "protocol_error.extension",
     "missing_extension (109); certain from the client, or when a ClientHello with TLS 1.3 lacks "
     "what RFC 8446 §9.2 demands",
     "the same hello succeeds elsewhere", protocol::extension_missing},
    {Cause::protocol_error, "protocol_error.alert",
     "unexpected_message (10), record_overflow (22), decode_error (50), unsupported_extension "
     "(110) "
     "or decompression_failure (30); certain after the ServerHello, unless it may be about a "
     "certificate or a resumed session",
     "the sender's bytes are well-formed, as another implementation judges",
     protocol::malformed_told},
    {Cause::protocol_error, "protocol_error.ech", "ech_required (121) from the client",
     "the server has the keys of the published ECH configuration", protocol::ech_required},
    {Cause::protocol_error, "protocol_error.suite",
     "the client leaves at a ServerHello with a suite that it does not offer",
     "a capture at the client shows another ServerHello", protocol::suite_not_offered},
    {Cause::protocol_error, "protocol_error.unanswered",
     "handshake_failure (40) from the client at a ServerHello that leaves secure renegotiation, or "
     "extended master secret (possible), unanswered",
     "the client works with another server that leaves it unanswered",
     protocol::extension_demanded},
    {Cause::protocol_error, "protocol_error.hello",
     "the ClientHello does not parse, and the server refused it",
     "the server accepts the same bytes from another client", protocol::malformed_hello},
    {Cause::protocol_error, "protocol_error.parameter",
     "illegal_parameter (47), and nothing about version, group, suite, certificate or session "
     "explains it",
     "the sender's bytes are well-formed, as another implementation judges",
     protocol::parameter_told},
    {Cause::resumption_failure, "resumption_failure.profile",
     "refused at the ClientHello with a session offered, where the same kind of client succeeds "
     "and "
     "no resumption ever has",
     "a ClientHello without the session is refused, too", protocol::resumption_alone},
    {Cause::decrypt_error, "decrypt_error.hello",
     "an alert about keys in answer to a ClientHello, which nothing encrypts",
     "the server's log gives another reason", protocol::decrypt_in_handshake},
});

}  // namespace

std::span<const Rule> protocol_rules() { return kRules; }

}  // namespace shakedown::diagnose
