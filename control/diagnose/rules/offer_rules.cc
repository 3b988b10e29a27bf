// SPDX-License-Identifier: Apache-2.0
//
// What the client offers and the server takes have nothing in common: versions, suites, groups,
// signature algorithms, application protocols. In the order of trust: what one end says, what the
// retry that worked shows, what comparing shows, and last the shape of the offer alone.
#include <array>

#include "diagnose/rule.h"
#include "diagnose/rules/offer_findings.h"

namespace shakedown::diagnose {

namespace {

constexpr auto kRules = std::to_array<Rule>({
    // Said.
    {Cause::version_mismatch, "version_mismatch.alert",
     "protocol_version (70) from the server in answer to the ClientHello; certain unless the offer "
     "has a version that the server takes from others",
     "the server accepts one of the offered versions from another client",
     offer::version_told_by_server},
    {Cause::version_mismatch, "version_mismatch.client_alert",
     "protocol_version (70) from the client in answer to the ServerHello; certain unless the "
     "client "
     "has listed the version that was chosen",
     "the client works with a server that chooses this version", offer::version_told_by_client},
    {Cause::alpn_mismatch, "alpn_mismatch.alert", "no_application_protocol (120) from either side",
     "the server's list of protocols has one that the client offers", offer::protocol_told},
    // Shown by the retry that worked.
    {Cause::version_mismatch, "version_mismatch.retry",
     "refused at the ClientHello, and the same client succeeds within seconds with a version that "
     "it did not offer before",
     "the first version succeeds there with the same suites", offer::version_changed},
    {Cause::cipher_mismatch, "cipher_mismatch.retry",
     "refused at the ClientHello, and the same client succeeds within seconds with other suites; "
     "likely when nothing else was changed",
     "the suites of the first ClientHello succeed there", offer::cipher_added},
    {Cause::group_mismatch, "group_mismatch.retry",
     "refused at the ClientHello, and the same client succeeds within seconds with other groups; "
     "likely when nothing else was changed",
     "the groups of the first ClientHello succeed there", offer::group_added},
    {Cause::signature_algorithm_mismatch, "signature_algorithm_mismatch.retry",
     "refused at the ClientHello, and the same client succeeds within seconds with other signature "
     "algorithms; likely when nothing else was changed",
     "the signature algorithms of the first ClientHello succeed there", offer::signature_added},
    {Cause::alpn_mismatch, "alpn_mismatch.retry",
     "refused at the ClientHello, and the same client succeeds within seconds with other "
     "application "
     "protocols or none; likely when nothing else was changed",
     "the application protocols of the first ClientHello succeed there", offer::protocol_changed},
    // Shown by comparing with what succeeds.
    {Cause::version_mismatch, "version_mismatch.profile",
     "refused at the ClientHello by closing, reset or an alert that says no more, and no version "
     "that the server has ever chosen is in the offer",
     "the server accepts one of the offered versions from another client", offer::version_disjoint},
    {Cause::cipher_mismatch, "cipher_mismatch.profile",
     "refused at the ClientHello without saying why, and no suite that the server has ever chosen "
     "is in the offer; possible only when the version does not fit either",
     "a ClientHello with these suites succeeds there", offer::cipher_disjoint},
    {Cause::group_mismatch, "group_mismatch.profile",
     "refused at the ClientHello without saying why, and no group that the server has ever chosen "
     "is in the offer; possible only when version or suites do not fit either",
     "a ClientHello with these groups succeeds there", offer::group_disjoint},
    {Cause::signature_algorithm_mismatch, "signature_algorithm_mismatch.profile",
     "refused at the ClientHello without saying why, and no signature algorithm of those that all "
     "succeeding clients take is in the offer",
     "a ClientHello with these signature algorithms succeeds there", offer::signature_disjoint},
    // Shown by what came after the ClientHello.
    {Cause::version_mismatch, "version_mismatch.server_hello",
     "the client leaves at a ServerHello with a version that is not in its list; possible only "
     "when "
     "it sent no list and the version is older than TLS 1.2",
     "the client works with a server that chooses this version", offer::version_not_offered},
    {Cause::group_mismatch, "group_mismatch.retry_request",
     "ended after a HelloRetryRequest; likely when the client leaves and does not offer the group "
     "that was asked for",
     "the client succeeds at another server by way of this group",
     offer::group_after_retry_request},
    {Cause::group_mismatch, "group_mismatch.server_hello",
     "the client leaves at a group of the server's that it does not offer",
     "the client succeeds with a server that chooses this group", offer::group_not_offered},
    {Cause::signature_algorithm_mismatch, "signature_algorithm_mismatch.certificate",
     "the client leaves at a certificate with a key for which it takes no signatures",
     "the client accepts another certificate with a key of this type",
     offer::signature_of_certificate},
    {Cause::alpn_mismatch, "alpn_mismatch.hidden",
     "TLS 1.3, the client offers ALPN, and the server ends its flight right after the ServerHello, "
     "mostly by an encrypted alert; likely when the protocols are unusual or none has succeeded",
     "the same happens without ALPN in the ClientHello", offer::protocol_hidden},
    {Cause::signature_algorithm_mismatch, "signature_algorithm_mismatch.flight",
     "the server ends its own flight by an alert, and the client takes one kind of signature only, "
     "or none that succeeding clients take",
     "the server's log gives another reason", offer::signature_in_flight},
    {Cause::alpn_mismatch, "alpn_mismatch.profile",
     "refused at the ClientHello without saying why, and no application protocol that succeeds "
     "there "
     "is in the offer",
     "the same happens without ALPN in the ClientHello", offer::protocol_disjoint},
    {Cause::cipher_mismatch, "cipher_mismatch.insufficient",
     "insufficient_security (71) from the server in answer to the ClientHello, at a server of "
     "which "
     "no suites are known",
     "a ClientHello with these suites succeeds there", offer::cipher_too_weak},
    // The offer alone.
    {Cause::version_mismatch, "version_mismatch.shape",
     "refused without saying why by a server of which nothing is known, and what stands out in the "
     "offer is its version: older than TLS 1.2, TLS 1.3 alone, or no TLS 1.3",
     "the server accepts one of the offered versions", offer::version_by_shape},
    {Cause::signature_algorithm_mismatch, "signature_algorithm_mismatch.shape",
     "handshake_failure (40) from a server of which nothing is known, and what stands out in the "
     "offer are its signature algorithms: of one key type, or SHA-1 alone",
     "the server has a certificate with such a key", offer::signature_by_shape},
    {Cause::cipher_mismatch, "cipher_mismatch.shape",
     "refused without saying why by a server of which nothing is known, and what stands out in the "
     "offer are its suites: all outdated, or of one cipher only",
     "the server accepts one of the offered suites", offer::cipher_by_shape},
    {Cause::group_mismatch, "group_mismatch.shape",
     "handshake_failure (40) from a server of which nothing is known, and what stands out in the "
     "offer are its groups: a single one, or none that is usual",
     "the server accepts one of the offered groups", offer::group_by_shape},
    {Cause::cipher_mismatch, "cipher_mismatch.alert",
     "handshake_failure (40) or insufficient_security (71) from the server in answer to the "
     "ClientHello, and nothing tells more",
     "the server's log gives another reason", offer::cipher_left},
});

}  // namespace

std::span<const Rule> offer_rules() { return kRules; }

}  // namespace shakedown::diagnose
