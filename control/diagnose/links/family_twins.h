// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Finds the address of the other family under which a client tries the same name: browsers
//            race IPv6 against IPv4, libraries take them in turn.
// Units:     As in handshake_record.h.
// Ownership: Owns its entries.
// Threading: One thread.
// Limits:    The capacity given, in pairs of name and stack. Each pair has one place, without a seed,
//            so that every run finds the same twins; who takes a place that was used within
//            kAloneNanos does not know what came before, and has no twin for as long.
// Failure:   Nothing ties two addresses of one machine together but what it sends. So a twin is named
//            only where nobody else could be meant: within kAloneNanos of the handshake one address
//            of each family, and no third, has asked for the name with this stack, and the two came
//            less than kAttemptNanos apart. A popular name with a browser of many never has one.
// RFC:       RFC 8305 (Happy Eyeballs) for the behaviour.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "diagnose/links/link_views.h"

namespace shakedown::diagnose {

inline constexpr std::int64_t kAloneNanos = 60 * kNanosPerSecond;

class FamilyTwins {
 public:
  explicit FamilyTwins(std::size_t capacity);

  void prefetch(std::uint64_t asked) const { __builtin_prefetch(&entries_[asked & mask_], 1); }
  /// `asked`: name and stack, asked_for(). `client`: its key.
  void learn(std::uint64_t asked, IpFamily family, std::uint64_t client, UnixNanos at);
  /// The key of the client's other address.
  [[nodiscard]] std::optional<std::uint64_t> twin(std::uint64_t asked, IpFamily family,
                                                  std::uint64_t client, UnixNanos at) const;

  [[nodiscard]] static std::size_t memory_max(std::size_t capacity);

 private:
  struct Side {
    std::uint64_t client = 0;
    UnixNanos at;           ///< the client's last
    UnixNanos stranger_at;  ///< the last one of another client; zero: none
  };
  struct alignas(64) Entry {
    std::uint64_t asked = 0;
    std::array<Side, 2> sides;  ///< IPv4, IPv6
  };

  std::size_t mask_;
  std::vector<Entry> entries_;
};

/// Zero: nothing that could be compared.
[[nodiscard]] std::uint64_t asked_for(std::uint64_t name_hash, std::uint32_t stack);

}  // namespace shakedown::diagnose
