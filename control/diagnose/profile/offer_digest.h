// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Offers of other runs and of other memories compared by content.
// Units:     none
// Ownership: Values.
// Threading: Pure.
// Limits:    kDefinitionBodyMax; OfferDigests::kCount offers are kept
// Failure:   none
// RFC:       none
#pragma once

#include <cstdint>
#include <vector>

#include "enrich/client_offer.h"

namespace shakedown::diagnose {

/// The body of its definition (definition.h), which decode_client_offer() reads.
[[nodiscard]] std::vector<std::uint8_t> encode_offer(const enrich::ClientOffer& offer);
/// The same in every run. Two offers that share it count as one.
[[nodiscard]] std::uint64_t offer_digest(const enrich::ClientOffer& offer);

/// The digests of those that were asked for lately.
class OfferDigests {
 public:
  [[nodiscard]] std::uint64_t of(const enrich::OfferPointer& offer);

  static constexpr std::size_t kCount = 1024;

 private:
  struct Place {
    enrich::OfferPointer offer;  ///< kept, so that its address means no other
    std::uint64_t digest = 0;
  };
  std::vector<Place> places_ = std::vector<Place>(kCount);
};

}  // namespace shakedown::diagnose
