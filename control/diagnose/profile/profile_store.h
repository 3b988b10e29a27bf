// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   All that ServerProfiles holds, as its file needs to see it.
// Units:     As in the parts.
// Ownership: Owns the profiles.
// Threading: One thread.
// Limits:    ProfileSettings; kHeapPerEndpoint and kHeapPerName bytes behind each profile on
//            average: many stay far below, those of busy servers may take more.
// Failure:   none
// RFC:       none
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "diagnose/profile/endpoint_profile.h"
#include "diagnose/profile/name_profile.h"
#include "diagnose/profile/offer_digest.h"
#include "diagnose/profile/profile_clock.h"
#include "diagnose/profile/profile_pool.h"
#include "diagnose/profile/server_profiles.h"

namespace shakedown::diagnose {

inline constexpr std::size_t kHeapPerEndpoint = 3072;
inline constexpr std::size_t kHeapPerName = 768;

struct ServerProfiles::Store {
  explicit Store(const ProfileSettings& wanted);

  ProfileSettings settings;
  ProfileClock clock;
  std::uint64_t learnt_count = 0;  ///< also the age order of profiles: their `used`
  ProfilePool<EndpointProfile> endpoints;
  ProfilePool<NameProfile> names;
  // The record that was learnt last: what is not after it in the order of release was learnt.
  bool has_learnt = false;
  UnixNanos last_order;
  UnixNanos last_first_seen;

  [[nodiscard]] bool learnt(const HandshakeRecord& record) const;
  /// What was not used within forget_nanos goes.
  void forget();

  OfferDigests digests;
  // Hashes of what is expected.
  struct Expected {
    std::uint64_t endpoint = kNoHash;
    std::uint64_t name = kNoHash;
  };
  Expected expected;

  // What a view shows; reused by the next.
  std::array<Weighed<std::uint16_t>, kChoicesMax * kChoiceKindCount> choices;
  std::vector<std::string> protocols;
  std::vector<SuccessfulHello> hellos;
};

}  // namespace shakedown::diagnose
