// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Whether two hellos of one address come from the same software, and how a retry differs
//            from what it repeats.
// Units:     Code points as on the wire.
// Ownership: Values.
// Threading: Pure.
// Limits:    Linear in the sizes of the offers.
// Failure:   Where an offer is not known, two hellos are of the same software when their JA4 is.
// RFC:       RFC 8446 §4.1.2 and appendix D.
#pragma once

#include <cstdint>
#include <vector>

#include "diagnose/links/link_views.h"
#include "enrich/client_offer.h"
#include "shakedown/handshake_record.h"

namespace shakedown::diagnose {

/// A ClientHello as far as retries are concerned.
struct HelloSketch {
  const enrich::ClientOffer* offer = nullptr;  ///< may be null; the caller keeps it
  std::uint32_t stack = 0;                     ///< stack_mark()
  std::uint32_t flags = 0;                     ///< ClientHelloFacts::Flag
  std::uint64_t name_hash = 0;
  std::uint32_t endpoint = 0;  ///< endpoint_mark()
  std::uint16_t max_version = 0;
  std::uint16_t length = 0;
  std::uint8_t segment_count = 0;
  bool resumption_offered = false;
  IpFamily family = IpFamily::none;
};

/// A retry offers the same cipher suites in the same order, but those of TLS 1.3 and signalling
/// values, which come and go with the version; with a version below TLS 1.2, some of them. Behind
/// one address there may be many machines: their successes are not what finally worked here.
[[nodiscard]] bool same_software(const HelloSketch& a, const HelloSketch& b);

/// Extensions that have a flag of their own (server_name, pre_shared_key and early_data), that
/// follow from the rest (padding, cookie), or that go with TLS 1.3 when the version is lowered, do not
/// count as left out.
[[nodiscard]] RetryDifference retry_difference(const HelloSketch& failed,
                                               const HelloSketch& worked);

}  // namespace shakedown::diagnose
