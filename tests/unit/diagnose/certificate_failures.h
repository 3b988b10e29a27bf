// SPDX-License-Identifier: Apache-2.0
//
// Handshakes that a client ended over the server's certificate.
#pragma once

#include <memory>

#include "failure.h"

namespace shakedown::diagnose::test {

inline constexpr std::int64_t kHour = 3600 * kNanosPerSecond;
inline constexpr std::int64_t kDay = 24 * kHour;

/// TLS 1.2: the client saw the server's flight and sent this alert.
inline Failure rejected_with(AlertDescription alert) {
  Failure failure(OutcomeKind::alert, Party::client, Stage::server_hello_done);
  failure.alert(alert, Party::client);
  return failure;
}

/// TLS 1.3, the alert encrypted.
inline Failure rejected_in_tls13() {
  Failure failure(OutcomeKind::encrypted_alert, Party::client, Stage::server_hello);
  failure.server_hello(0x0304, 0x1301);
  return failure;
}

inline Failure rejected_late() {
  Failure failure(OutcomeKind::established, Party::none, Stage::established);
  failure.record.flags |= HandshakeRecord::late_rejection;
  return failure;
}

inline enrich::Assessment expired() {
  enrich::Assessment assessment = good_assessment();
  assessment.expired = true;
  assessment.culprit = 0;
  assessment.margin_nanos = -34 * kDay;
  return assessment;
}

/// The leaf of the failure's chain, to be changed.
inline enrich::Certificate& leaf_of(Failure& failure) {
  auto copy = std::make_shared<enrich::Chain>(*failure.server_certificate.chain);
  failure.server_certificate.chain = copy;
  return copy->certificates.front();
}

/// The chain, its leaf expired.
inline void expire(Failure& failure, ChainSource source = ChainSource::wire) {
  failure.certificate(expired(), source);
  enrich::Certificate& leaf = leaf_of(failure);
  leaf.valid_until = add_saturating(failure.record.client_hello, -34 * kDay);
  leaf.not_after = "2025-10-17T07:01:08Z";
}

/// The profile has seen the failure's chain: so many went on after it, so many left.
inline void shown_to(Failure& failure, float accepted, float rejected,
                     std::uint32_t network_count = 1) {
  failure.server.known = true;
  failure.server.chains = {{.chain = failure.server_certificate.chain,
                            .first = add_saturating(failure.record.client_hello, -kDay),
                            .last = failure.record.client_hello,
                            .accepted = accepted,
                            .rejected = rejected,
                            .network_count = network_count,
                            .to_this_network = true}};
}

/// encrypt_then_mac and no record_size_limit.
inline void offers_as_openssl(Failure& failure) {
  enrich::ClientOffer offer = usual_offer();
  offer.extensions.push_back(22);
  failure.offer = std::make_shared<enrich::ClientOffer>(offer);
}

}  // namespace shakedown::diagnose::test
