// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What is known of one endpoint: who and what succeeded there, and what failed since.
// Units:     Weights are those of the profile's landmark (profile_clock.h). Hashes: lesson.h.
// Ownership: Values; offers are shared.
// Threading: One thread.
// Limits:    The constants below.
// Failure:   none
// RFC:       none
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "diagnose/profile/lesson.h"
#include "diagnose/profile/load_history.h"
#include "diagnose/profile/profile_pool.h"
#include "diagnose/profile/recent_set.h"
#include "diagnose/profile/row.h"

namespace shakedown::diagnose {

inline constexpr std::size_t kChoicesMax = 16;  ///< versions, suites and groups, each
inline constexpr std::size_t kProtocolsMax = 8;
inline constexpr std::size_t kProtocolBytesMax = 19;  ///< what is longer is not remembered
inline constexpr std::size_t kHellosMax = 8;
inline constexpr std::size_t kChainNamesMax = 4;
// A count is of two generations.
inline constexpr std::size_t kNetworksGeneration = kDistinctMax / 2;
inline constexpr std::size_t kNamesGeneration = kDistinctMax / 2;
inline constexpr std::size_t kClientsGeneration = kDistinctMax / 2;
inline constexpr std::size_t kFingerprintsGeneration = 128;

enum class ChoiceKind : std::uint16_t { version, cipher_suite, named_group };
inline constexpr unsigned kChoiceKindCount = 3;

/// Something that the server has chosen.
struct Choice {
  ChoiceKind kind = ChoiceKind::version;
  std::uint16_t value = 0;
  float weight = 0;
  UnixNanos last;
};
static_assert(sizeof(Choice) == 16);

struct Protocol {
  UnixNanos last;
  float weight = 0;
  std::uint8_t length = 0;
  std::array<char, kProtocolBytesMax> text{};

  [[nodiscard]] std::string_view name() const { return {text.data(), length}; }
};
static_assert(sizeof(Protocol) == 32);

struct Hello {
  SuccessfulHello facts;
  std::uint64_t offer_digest = 0;

  [[nodiscard]] static std::uint32_t tag(std::uint64_t digest, bool named) {
    return static_cast<std::uint32_t>(digest) << 1 | (named ? 1u : 0u);
  }
};

struct EndpointProfile {
  PoolNote pool;
  EndpointKey key;
  std::uint32_t record_count = 0;
  std::int64_t landmark = 0;
  double used_half_lives = 0;
  std::uint64_t used = 0;  ///< the store's count when it was last used
  float successes = 0;
  float failures = 0;
  float with_name = 0;
  float without_name = 0;
  float resumed = 0;
  std::uint32_t failures_since_success = 0;
  std::uint32_t client_certificates = 0;
  std::uint16_t hello_length_max = 0;
  std::uint16_t upgrades = 0;  ///< a bit for each StartTls that succeeded
  UnixNanos first_seen;

  LoadHistory load;
  Row<Choice> choices;
  // Of `hellos`, in their order: one is found, and the oldest too, without a look at each.
  std::array<std::uint32_t, kHellosMax> hello_tags{};
  std::array<std::uint32_t, kHellosMax> hello_used{};  ///< record_count then
  std::vector<Hello> hellos;
  Row<Protocol> protocols;
  RecentSet networks;
  RecentSet fingerprints;
  RecentSet names;
  RecentSet failed_networks;
  RecentSet failed_clients;  ///< since the last success
  /// Hashes of the names for which chains were shown lately, the latest first; kNoHash: none.
  std::array<std::uint64_t, kChainNamesMax> chain_names{};

  void learn(const Lesson& lesson, const ProfileClock& clock);
  void note_chain(std::uint64_t name_hash);
  /// What learning this will soon need.
  void prefetch(const Lesson& lesson) const;
  [[nodiscard]] bool proven() const { return successes > 0; }
  [[nodiscard]] std::size_t heap_bytes() const;

 private:
  void learn_success(const Lesson& lesson, const ProfileClock& clock);
  void learn_choice(ChoiceKind kind, std::uint16_t value, float weight, UnixNanos at);
  void learn_protocol(std::string_view name, float weight, UnixNanos at);
  void learn_hello(const Lesson& lesson, float weight);
  [[nodiscard]] SuccessfulHello& hello_of(const Lesson& lesson);
  void rescale(const ProfileClock& clock);
};

}  // namespace shakedown::diagnose
