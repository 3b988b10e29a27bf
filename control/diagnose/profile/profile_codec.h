// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Profiles as bytes, for the file. Chains and offers are named by their digests.
// Units:     As in the profiles.
// Ownership: Values.
// Threading: Pure.
// Limits:    Those of the profiles, which a file has to obey as well.
// Failure:   A file may be damaged: what is not exactly a profile gives `malformed`, and `need_more`
//            where it ends too soon. A chain or an offer that is not there is left out.
// RFC:       none
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "diagnose/profile/endpoint_profile.h"
#include "diagnose/profile/name_profile.h"
#include "shakedown/bytes.h"

namespace shakedown::diagnose {

/// All begin with it.
inline constexpr std::uint8_t kProfileVersion = 1;
inline constexpr std::size_t kChainDigestBytes = 32;

using FindOffer = std::function<enrich::OfferPointer(std::uint64_t digest)>;
using FindChain = std::function<enrich::ChainPointer(std::string_view digest)>;

void encode(const EndpointProfile& profile, std::vector<std::uint8_t>& out);
void encode(const NameProfile& profile, std::vector<std::uint8_t>& out);

/// The key is no part of the bytes. `clock`: nothing can be newer than it.
ParseStatus decode(Bytes bytes, const ProfileClock& clock, const FindOffer& find,
                   EndpointProfile& profile);
ParseStatus decode(Bytes bytes, const ProfileClock& clock, const FindChain& find,
                   NameProfile& profile);

/// What the bytes name, which stands at their beginning.
ParseStatus referenced_offers(Bytes bytes, std::vector<std::uint64_t>& digests);
ParseStatus referenced_chains(Bytes bytes, std::vector<std::string_view>& digests);

[[nodiscard]] std::array<std::uint8_t, 20> encode_key(const EndpointKey& key);
[[nodiscard]] std::array<std::uint8_t, 16> encode_key(const NameKey& key);
ParseStatus decode_key(Bytes bytes, EndpointKey& key);
ParseStatus decode_key(Bytes bytes, NameKey& key);

}  // namespace shakedown::diagnose
