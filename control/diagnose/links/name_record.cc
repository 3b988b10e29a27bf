// SPDX-License-Identifier: Apache-2.0
#include "diagnose/links/name_record.h"

#include <algorithm>
#include <cmath>

#include "diagnose/links/link_keys.h"

namespace shakedown::diagnose {

namespace {

/// Below this a weight and the sets that go with it are forgotten: one handshake, after some seven
/// half-lives.
constexpr float kFaded = 0.01f;
/// Records may come out of order by this much without meaning another capture.
constexpr std::int64_t kDisorderNanos = 3600 * kNanosPerSecond;

}  // namespace

float share_left(UnixNanos then, UnixNanos now, std::int64_t half_life_nanos) {
  const std::int64_t apart = distance(then, now);
  if (now < then && apart < kDisorderNanos) return 1.0f;
  return std::exp2(-static_cast<float>(apart) / static_cast<float>(half_life_nanos));
}

void NameRecord::decay(UnixNanos now, std::int64_t half_life_nanos) {
  if (now == at) return;
  if (now < at && distance(now, at) < kDisorderNanos) return;
  const float share = share_left(at, now, half_life_nanos);
  at = now;
  successes *= share;
  failures *= share;
  blocked *= share;
  if (successes < kFaded && clients_succeeded.count() != 0) {
    clients_succeeded.clear();
    endpoints_succeeded.clear();
  }
  if (blocked < kFaded && clients_blocked.count() != 0) {
    clients_blocked.clear();
    endpoints_blocked.clear();
  }
}

NameIssuer& NameRecord::issuer(std::uint64_t key, UnixNanos now) {
  for (NameIssuer& known : issuers) {
    if (known.issuer == key) return known;
  }
  NameIssuer& chosen =
      *std::min_element(issuers.begin(), issuers.end(), [](const auto& a, const auto& b) {
        const bool a_taken = a.issuer != 0;
        const bool b_taken = b.issuer != 0;
        if (a_taken != b_taken) return b_taken;
        if (a.networks.count() != b.networks.count()) {
          return a.networks.count() < b.networks.count();
        }
        return a.last < b.last;
      });
  chosen = {};
  chosen.issuer = key;
  chosen.first = now;
  return chosen;
}

const NameIssuer* NameRecord::find_issuer(std::uint64_t key) const {
  const auto found = std::find_if(issuers.begin(), issuers.end(),
                                  [key](const NameIssuer& known) { return known.issuer == key; });
  return found == issuers.end() ? nullptr : &*found;
}

}  // namespace shakedown::diagnose
