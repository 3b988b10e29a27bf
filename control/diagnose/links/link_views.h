// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What else the same client did, and what others did with the same name, as the rules ask
//            for it.
// Units:     Counts are of the last kClientMemoryNanos or half of it (clients), or decayed (names):
//            of what was seen, not scaled where only a share of the clients was followed. Times are
//            those of records.
// Ownership: Values; pointers are shared.
// Threading: One thread.
// Limits:    kLinkedCountMax handshakes of an attempt on either side. Distinct counts stop at what is
//            kept: 16 servers of a client, 16 clients and 8 endpoints of a name, 8 networks of an
//            issuer, 16 names of a private issuer.
// Failure:   A client or name that is not known gives a view of zeros.
// RFC:       none
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "enrich/chain.h"
#include "enrich/client_offer.h"
#include "shakedown/handshake_record.h"
#include "shakedown/units.h"

namespace shakedown::diagnose {

/// A client that fails comes back within seconds: browsers at once, libraries after a back-off.
inline constexpr std::int64_t kAttemptNanos = 10 * kNanosPerSecond;
inline constexpr std::size_t kLinkedCountMax = 8;
/// How long what a client did elsewhere says something about it.
inline constexpr std::int64_t kClientMemoryNanos = 3600 * kNanosPerSecond;

/// Another handshake of the same client with the same server (its endpoint, or its name at another
/// endpoint), less than kAttemptNanos apart.
struct LinkedHandshake {
  UnixNanos at;
  Outcome outcome;
  enrich::OfferPointer offer;  ///< may be null
  std::uint16_t max_version = 0;
  std::uint16_t length = 0;
  std::uint32_t hello_flags = 0;  ///< ClientHelloFacts::Flag
  std::uint64_t name_hash = 0;    ///< zero: no name was sent
  IpFamily family = IpFamily::none;
  bool same_endpoint = false;
  bool late_rejection = false;
};

/// How the hello that finally worked differs from the one at hand.
struct RetryDifference {
  bool lower_version = false;  ///< max_version
  bool fewer_extensions = false;
  bool no_server_name = false;   ///< left out
  bool new_server_name = false;  ///< there now, or another one
  bool smaller = false;          ///< by more than a third, or from several segments to one
  bool no_resumption = false;    ///< without the session that was offered before
  bool other_family = false;
  bool other_endpoint = false;
  /// Extensions (RFC 8446 §4.2) that were left out.
  std::vector<std::uint16_t> dropped_extensions = {};

  [[nodiscard]] bool same_hello() const {
    return !lower_version && !fewer_extensions && !no_server_name && !new_server_name && !smaller &&
           !no_resumption;
  }
};

/// Behind one address there may be many machines: a success counts only where the hello comes from
/// the same software (retry.h). One that was rejected late is none.
struct AttemptView {
  std::vector<LinkedHandshake> before;  ///< oldest first
  std::vector<LinkedHandshake> after;
  bool succeeded_before = false;  ///< at the same endpoint
  bool succeeded_after = false;
  RetryDifference retry;      ///< of the first success after; meaningful with it
  unsigned failed_alike = 0;  ///< of both rows: the same outcome kind and stage
};

struct ClientView {
  std::uint32_t successes = 0;
  std::uint32_t failures = 0;
  std::uint32_t servers_succeeded = 0;  ///< distinct endpoints
  std::uint32_t servers_failed = 0;
  std::uint32_t servers_certificate_rejected =
      0;  ///< distinct endpoints whose certificate it did not take
  std::uint32_t servers_date_rejected =
      0;                                   ///< ... with certificate_expired(45) though it was valid
  std::uint32_t names_succeeded_here = 0;  ///< other names at this endpoint
  std::uint32_t successes_here = 0;        ///< at this endpoint
  std::uint32_t rejections_here = 0;       ///< of this endpoint's certificate
  /// The client's clock less ours, by hello_random_time, where the client has shown that it puts
  /// its clock there; `clock_known` false: it has not.
  bool clock_known = false;
  std::int64_t clock_offset_seconds = 0;
  enrich::ChainPointer certificate;  ///< its own, as last seen in the clear
};

/// Of a server name, over all endpoints; the handshake at hand included once it was learnt. One that
/// was rejected late is neither success nor failure.
struct NameView {
  float successes = 0.0f;
  float failures = 0.0f;
  std::uint32_t endpoints_succeeded = 0;
  std::uint32_t clients_succeeded = 0;
  /// Failures that look like a block: ended by the path, or reset or silence right after the
  /// ClientHello.
  float blocked = 0.0f;
  std::uint32_t clients_blocked = 0;
  std::uint32_t endpoints_blocked = 0;
  /// The issuer of the leaf at hand is not the one that most others were shown for the name.
  bool issuer_unusual = false;
  std::string usual_issuer;  ///< empty: not known
  bool usual_issuer_trusted = false;
  std::uint32_t usual_issuer_networks = 0;  ///< distinct client networks that saw it
  /// Distinct names for which this client's network was shown the issuer of the leaf at hand, an
  /// issuer that leads to no trust anchor.
  std::uint32_t names_of_private_issuer = 0;
};

}  // namespace shakedown::diagnose
