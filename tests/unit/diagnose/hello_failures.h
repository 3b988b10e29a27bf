// SPDX-License-Identifier: Apache-2.0
//
// Failures at the ClientHello, and what is known around them, for the tests of the rules about
// offers, names, protocol and retries.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "failure.h"

namespace shakedown::diagnose::test {

/// The server answers the ClientHello with a fatal alert.
inline Failure refused_with(AlertDescription alert) {
  Failure failure(OutcomeKind::alert, Party::server, Stage::client_hello);
  failure.alert(alert, Party::server);
  return failure;
}

/// The server ends it at the ClientHello without a word.
inline Failure ended_at_hello(OutcomeKind kind) {
  return {kind, Party::server, Stage::client_hello};
}

/// The client leaves with this alert when it has seen all of the server's flight (TLS 1.2).
inline Failure client_leaves_with(AlertDescription alert) {
  Failure failure(OutcomeKind::alert, Party::client, Stage::server_hello_done);
  failure.server_hello(0x0303).alert(alert, Party::client);
  return failure;
}

inline enrich::ClientOffer& edit_offer(Failure& failure) {
  auto offer = std::make_shared<enrich::ClientOffer>(*failure.offer);
  failure.offer = offer;
  return *offer;
}

inline void offer_versions(Failure& failure, std::vector<std::uint16_t> versions) {
  failure.record.client_hello_facts.max_version =
      *std::max_element(versions.begin(), versions.end());
  edit_offer(failure).supported_versions = std::move(versions);
}

/// A ClientHello from before supported_versions.
inline void offer_up_to(Failure& failure, std::uint16_t version) {
  failure.record.client_hello_facts.max_version = version;
  failure.record.client_hello_facts.legacy_version = version;
  enrich::ClientOffer& offer = edit_offer(failure);
  offer.supported_versions.clear();
  offer.key_share_groups.clear();
  offer.legacy_version = version;
}

/// Others succeed at the server, with everything that the offer at hand has.
struct KnownServer {
  explicit KnownServer(Failure& failure) {
    failure.server.known = true;
    failure.server.successes = 212.0f;
    failure.server.successes_with_name = 212.0f;
    failure.server.names_succeeded = 3;
    failure.server.first_seen = UnixNanos{shakedown::test::kStart - 3'600 * kNanosPerSecond};
    failure.server.versions = versions;
    failure.server.cipher_suites = suites;
    failure.server.named_groups = groups;
    failure.server.application_protocols = protocols;
    failure.server.hellos = hellos;
    failure.server.hello_length_max = 517;
    Difference& difference = failure.difference;
    difference.comparable = true;
    difference.version = Overlap::common;
    difference.cipher_suite = Overlap::common;
    difference.named_group = Overlap::common;
    difference.signature_algorithm = Overlap::common;
    difference.application_protocol = Overlap::common;
    difference.nearest = hellos.data();
  }
  KnownServer(const KnownServer&) = delete;
  KnownServer& operator=(const KnownServer&) = delete;

  std::vector<Weighed<std::uint16_t>> versions = {{0x0304, 200.0f, {}}, {0x0303, 12.0f, {}}};
  std::vector<Weighed<std::uint16_t>> suites = {{0x1301, 200.0f, {}}, {0xc02f, 12.0f, {}}};
  std::vector<Weighed<std::uint16_t>> groups = {{29, 212.0f, {}}};
  std::vector<std::string> protocols = {"h2"};
  std::vector<SuccessfulHello> hellos = {
      {.offer = std::make_shared<enrich::ClientOffer>(usual_offer()),
       .max_version = 0x0304,
       .last = {}}};
};

/// The same client succeeds 40 ms later with a hello that begins as the one at hand.
inline LinkedHandshake& then_succeeds(Failure& failure) {
  LinkedHandshake linked;
  linked.at = UnixNanos{failure.record.client_hello.value + 40 * kNanosPerMilli};
  linked.outcome = {OutcomeKind::established, Party::none, Stage::established, UnseenReason::none};
  linked.offer = failure.offer;
  linked.max_version = failure.record.client_hello_facts.max_version;
  linked.same_endpoint = true;
  failure.attempt.succeeded_after = true;
  failure.attempt.after = {linked};
  return failure.attempt.after.front();
}

inline bool is_alike(const Finding& finding, Cause cause) {
  return std::find(finding.alike.begin(), finding.alike.end(), cause) != finding.alike.end();
}

inline bool says(const std::vector<std::string>& sentences, std::string_view words) {
  return std::any_of(sentences.begin(), sentences.end(), [&](const std::string& sentence) {
    return sentence.find(words) != std::string::npos;
  });
}

}  // namespace shakedown::diagnose::test
