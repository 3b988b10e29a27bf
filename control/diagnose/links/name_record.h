// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What NameMemory keeps of one name, and of one private issuer in front of one network.
// Units:     Weights halve after the half-life. Sets hold marks (link_keys.h).
// Ownership: Values.
// Threading: One thread.
// Limits:    The constants below; a set that is full counts no further.
// Failure:   none
// RFC:       none
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "shakedown/units.h"

namespace shakedown::diagnose {

inline constexpr std::size_t kIssuersPerName = 4;
inline constexpr std::size_t kNetworksPerIssuer = 8;
inline constexpr std::size_t kNameClientCountMax = 16;
inline constexpr std::size_t kNameEndpointCountMax = 8;
inline constexpr std::size_t kPrivateIssuerNameCountMax = 16;

/// Distinct marks, as far as there is room.
template <std::size_t kSize>
class MarkSet {
 public:
  void add(std::uint32_t mark) {
    if (count_ < kSize && !contains(mark)) marks_[count_++] = mark;
  }
  [[nodiscard]] bool contains(std::uint32_t mark) const {
    for (std::size_t i = 0; i < count_; ++i) {
      if (marks_[i] == mark) return true;
    }
    return false;
  }
  [[nodiscard]] std::uint32_t count() const { return count_; }
  /// Without this one.
  [[nodiscard]] std::uint32_t count_of_others(std::uint32_t mark) const {
    return contains(mark) ? count_ - 1 : count_;
  }
  void clear() { count_ = 0; }

 private:
  std::uint32_t count_ = 0;
  std::array<std::uint32_t, kSize> marks_{};
};

/// An issuer whose leaf was shown for a name.
struct NameIssuer {
  std::uint64_t issuer = 0;  ///< key of its text; zero: empty place
  UnixNanos first;
  UnixNanos last;
  bool trusted = false;  ///< leads to a trust anchor, as judged last
  MarkSet<kNetworksPerIssuer> networks;
};

/// What a success changes stands in the first lines.
struct alignas(64) NameRecord {
  UnixNanos at;  ///< of the weights
  float successes = 0.0f;
  float failures = 0.0f;
  float blocked = 0.0f;
  MarkSet<kNameClientCountMax> clients_succeeded;
  MarkSet<kNameEndpointCountMax> endpoints_succeeded;
  std::array<NameIssuer, kIssuersPerName> issuers;
  MarkSet<kNameClientCountMax> clients_blocked;
  MarkSet<kNameEndpointCountMax> endpoints_blocked;

  /// Brings the weights to this moment. A set whose weight has faded away is emptied with it.
  void decay(UnixNanos now, std::int64_t half_life_nanos);
  /// The place of the issuer; a new one takes that of the one with the fewest networks when all are
  /// taken, of several the one that was not seen for longest.
  [[nodiscard]] NameIssuer& issuer(std::uint64_t key, UnixNanos now);
  /// Null: not known.
  [[nodiscard]] const NameIssuer* find_issuer(std::uint64_t key) const;
};

struct PrivateIssuer {
  UnixNanos last;
  MarkSet<kPrivateIssuerNameCountMax> names;
};

/// What is left of a weight of one after this time: as much for a time that lies before, because
/// captures of different years may follow each other; a little disorder changes nothing.
[[nodiscard]] float share_left(UnixNanos then, UnixNanos now, std::int64_t half_life_nanos);

}  // namespace shakedown::diagnose
