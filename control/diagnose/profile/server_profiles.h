// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Remembers what succeeds and fails at each server, so that a failure can be compared
//            with what works.
// Units:     As in server_view.h.
// Ownership: Owns its profiles; views of them are valid until the next learn().
// Threading: One thread; saved and loaded by profile_file.h.
// Limits:    ProfileSettings; the least recently used goes first, of those without any success while
//            they are a quarter or more. Per profile: 16 versions, suites and groups each, 8 hellos, 4
//            chains a name, sets that stop at kDistinctMax.
// Failure:   none; what was forgotten is not known.
// RFC:       none
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "diagnose/profile/server_view.h"
#include "enrich/handshake.h"

namespace shakedown::diagnose {

struct ProfileSettings {
  std::size_t endpoint_count_max = 65'536;
  std::size_t name_count_max = 131'072;  ///< pairs of endpoint and name
  std::int64_t half_life_nanos = 86'400 * kNanosPerSecond;
  std::int64_t forget_nanos = 14 * 86'400 * kNanosPerSecond;  ///< without any success or failure

  bool operator==(const ProfileSettings&) const = default;
};

class ServerProfiles {
 public:
  explicit ServerProfiles(ProfileSettings settings = {});
  ~ServerProfiles();
  ServerProfiles(ServerProfiles&&) noexcept;
  ServerProfiles& operator=(ServerProfiles&&) noexcept;

  /// Of every record, in the order of its release. `unseen` ones teach nothing.
  void learn(const enrich::Handshake& handshake);
  /// Says that this one will be learnt soon, so that its profiles are near by then; changes nothing
  /// else. Helps most when kExpectAhead are expected at a time.
  void expect(const enrich::Handshake& handshake);
  static constexpr std::size_t kExpectAhead = 2;
  /// Of the server of this handshake, as seen from its moment. The handshake itself may have been
  /// learnt before or not: it is never counted as its own company.
  [[nodiscard]] ServerView view(const enrich::Handshake& handshake);

  [[nodiscard]] std::size_t endpoint_count() const;
  [[nodiscard]] std::size_t name_count() const;
  [[nodiscard]] std::uint64_t evicted_count() const;
  /// The most that it can come to hold, in bytes, chains and offers left out: they are shared.
  [[nodiscard]] static std::size_t memory_max(const ProfileSettings& settings);

  struct Store;  ///< profile_store.h, for profile_file.h
  [[nodiscard]] Store& store() { return *store_; }

 private:
  std::unique_ptr<Store> store_;
};

}  // namespace shakedown::diagnose
