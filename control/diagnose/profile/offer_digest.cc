// SPDX-License-Identifier: Apache-2.0
#include "diagnose/profile/offer_digest.h"

#include <xxhash.h>

namespace shakedown::diagnose {

namespace {

void append(std::vector<std::uint8_t>& body, std::size_t number) {
  body.push_back(static_cast<std::uint8_t>(number >> 8 & 0xff));
  body.push_back(static_cast<std::uint8_t>(number & 0xff));
}

}  // namespace

std::vector<std::uint8_t> encode_offer(const enrich::ClientOffer& offer) {
  std::vector<std::uint8_t> body;
  append(body, offer.legacy_version);
  for (const auto* codes :
       {&offer.cipher_suites, &offer.extensions, &offer.supported_versions, &offer.supported_groups,
        &offer.key_share_groups, &offer.signature_algorithms}) {
    append(body, codes->size() * 2);
    for (const std::uint16_t code : *codes) append(body, code);
  }
  std::size_t size = 0;
  for (const std::string& name : offer.alpn) size += name.size() + 1;
  append(body, size);
  for (const std::string& name : offer.alpn) {
    body.push_back(static_cast<std::uint8_t>(name.size()));
    body.insert(body.end(), name.begin(), name.end());
  }
  return body;
}

std::uint64_t offer_digest(const enrich::ClientOffer& offer) {
  const std::vector<std::uint8_t> body = encode_offer(offer);
  return XXH3_64bits(body.data(), body.size());
}

std::uint64_t OfferDigests::of(const enrich::OfferPointer& offer) {
  const auto address = reinterpret_cast<std::uintptr_t>(offer.get());
  Place& place = places_[(address >> 4) * 0x9e3779b97f4a7c15u >> 54];
  static_assert(kCount == 1u << (64 - 54));
  if (place.offer != offer) {
    place.digest = offer_digest(*offer);
    place.offer = offer;
  }
  return place.digest;
}

}  // namespace shakedown::diagnose
