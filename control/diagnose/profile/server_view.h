// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What is known of the server that a handshake was for: what succeeded there lately and
//            with whom, as the rules ask for it. The server is the endpoint (address, port,
//            transport); where it says so, the endpoint together with the server name.
// Units:     Counts are decayed (server_profiles.h): a handshake weighs 1 when it ends and half after
//            the half-life. Times are those of records. Latency: ClientHello to ServerHello,
//            nanoseconds.
// Ownership: Views of the store; valid until its next learn().
// Threading: One thread.
// Limits:    Those of server_profiles.h; distinct counts stop at kDistinctMax.
// Failure:   A server that is not known gives a view of zeros.
// RFC:       none
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "enrich/chain.h"
#include "enrich/client_offer.h"
#include "shakedown/handshake_record.h"
#include "shakedown/units.h"

namespace shakedown::diagnose {

inline constexpr std::uint32_t kDistinctMax = 1000;

template <class T>
struct Weighed {
  T value{};
  float weight = 0.0f;
  UnixNanos last;
};

/// A kind of ClientHello that succeeded: an offer and what became of it.
struct SuccessfulHello {
  enrich::OfferPointer offer;  ///< never null
  std::uint16_t max_version = 0;
  std::uint16_t selected_version = 0;
  std::uint16_t cipher_suite = 0;
  std::uint16_t named_group = 0;
  std::uint16_t length = 0;  ///< of the largest ClientHello with this offer
  bool server_name_present = false;
  bool resumed = false;
  bool client_certificate = false;
  float weight = 0.0f;
  UnixNanos last;
};

/// A chain that was seen in the clear.
struct ShownChain {
  enrich::ChainPointer chain;  ///< never null
  UnixNanos first;
  UnixNanos last;
  float accepted = 0.0f;            ///< by handshakes that were established
  float rejected = 0.0f;            ///< by handshakes that the client ended after it
  std::uint32_t network_count = 0;  ///< distinct client networks that it was shown to
  bool to_this_network = false;     ///< the network of the client at hand is one of them
};

/// What came and how it ended in the seconds around a moment: kLoadWindowNanos before it, and as much
/// after it as far as is known yet, in whole seconds. The handshake at hand is counted. Records that
/// stand for several (HandshakeRecord::kept_share) count for several.
struct LoadWindow {
  std::uint32_t attempts = 0;  ///< ClientHellos
  std::uint32_t successes = 0;
  std::uint32_t failures = 0;                ///< that the server or nobody ended
  std::uint32_t unanswered_connections = 0;  ///< SYNs without an answer
  std::uint32_t refused_connections = 0;
  std::uint32_t without_hello = 0;  ///< connections that brought no ClientHello: scans, full queues
  std::uint32_t client_count = 0;   ///< distinct clients of the failures, approximately
  std::int64_t latency_nanos = 0;   ///< mean; zero: no ServerHello in that time
  std::int64_t nanos = 0;           ///< how much time all this was in: rates are counts over it
};
inline constexpr std::int64_t kLoadWindowNanos = 10 * kNanosPerSecond;

struct ServerView {
  bool known = false;  ///< something else than the handshake at hand was seen of the endpoint

  // Of the endpoint.
  float successes = 0.0f;
  float failures = 0.0f;  ///< TLS failures, the one at hand included
  UnixNanos first_seen;
  UnixNanos success_before;  ///< the last one that ended before the moment; zero: none
  UnixNanos success_after;   ///< the first one that began after it, as far as is known yet
  float successes_with_name = 0.0f;
  float successes_without_name = 0.0f;
  float successes_resumed = 0.0f;
  std::uint32_t names_succeeded = 0;  ///< distinct ones
  std::uint32_t networks_succeeded = 0;
  std::uint32_t networks_failed = 0;
  std::uint32_t clients_failed_since_success = 0;  ///< distinct, approximately
  /// Since the last success as far as is known yet: not of the moment.
  std::uint32_t failures_since_success = 0;
  bool network_succeeded = false;      ///< that of the client at hand
  bool fingerprint_succeeded = false;  ///< the JA4 of the client at hand
  bool upgrade_succeeded = false;      ///< with this STARTTLS protocol
  UnixNanos refused_before;            ///< last SYN that was answered by RST
  UnixNanos refused_after;
  UnixNanos answered_before;  ///< last SYN that was answered by SYN-ACK
  UnixNanos answered_after;

  // Of the endpoint with this server name (or without one).
  float name_successes = 0.0f;
  float name_failures = 0.0f;
  UnixNanos name_success_before;
  UnixNanos name_success_after;

  // What succeeded at the endpoint; heaviest first.
  std::span<const Weighed<std::uint16_t>> versions;
  std::span<const Weighed<std::uint16_t>> cipher_suites;
  std::span<const Weighed<std::uint16_t>> named_groups;
  std::span<const std::string>
      application_protocols;                ///< chosen where visible, else the only one offered
  std::span<const SuccessfulHello> hellos;  ///< the latest first
  std::uint16_t hello_length_max = 0;
  std::uint32_t client_certificates_accepted = 0;

  // Certificates shown at the endpoint for this name, latest first; then those of other names when
  // there are none.
  std::vector<ShownChain> chains;
  bool chains_of_other_names = false;
  std::shared_ptr<const std::vector<std::uint8_t>> staple;  ///< the last one seen with the name

  // Load.
  LoadWindow now;
  float usual_attempts_per_second = 0.0f;  ///< from before the window; zero: not known
  float usual_failure_share = 0.0f;        ///< LoadWindow::failures of its attempts
  std::int64_t usual_latency_nanos = 0;  ///< zero: not known
};

}  // namespace shakedown::diagnose
