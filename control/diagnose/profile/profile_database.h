// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The SQLite database behind ProfileFile: its schema, its transactions, its errors in
//            words.
// Units:     As in the profiles; sizes are bytes.
// Ownership: Owns the connection. A ProfileJob owns or shares all that is to be written.
// Threading: One thread at a time; never two at once.
// Limits:    kProfilesPerSave rows a job. What no profile names any more is deleted whenever
//            kUnnamedMax chains and offers have come since.
// Failure:   Each call returns an empty string or one sentence. A transaction is written as a whole
//            or not at all, also when the process or the machine dies in it.
// RFC:       none
//
//     endpoint(key, used, proven, profile)   key and profile: profile_codec.h
//     name(key, used, proven, profile)       used, proven: the order of forgetting
//     chain(digest, body)                    body: of its definition
//     offer(digest, body)
//     clock(...)                             one row
//
// PRAGMA application_id says whose file it is, PRAGMA user_version which schema.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "enrich/chain.h"
#include "enrich/client_offer.h"
#include "shakedown/bytes.h"
#include "shakedown/units.h"

struct sqlite3;

namespace shakedown::diagnose {

inline constexpr int kProfileApplicationId = 0x53686b50;  // "ShkP"
inline constexpr int kProfileSchemaVersion = 1;
inline constexpr std::size_t kUnnamedMax = 16'384;

enum class ProfileTable : std::uint8_t { endpoint, name };
inline constexpr unsigned kProfileTableCount = 2;

struct ProfileRow {
  std::vector<std::uint8_t> key;
  std::uint64_t used = 0;
  bool proven = false;
  std::vector<std::uint8_t> profile;
};

struct SavedClock {
  double half_lives = 0;
  double watched_seconds = 0;
  UnixNanos last;
  std::uint64_t learnt_count = 0;
  UnixNanos last_order;
  UnixNanos last_first_seen;
};

/// One transaction.
struct ProfileJob {
  std::vector<ProfileRow> rows[kProfileTableCount];
  std::vector<enrich::ChainPointer> chains;  ///< that the rows name
  std::vector<std::pair<std::uint64_t, enrich::OfferPointer>> offers;
  /// Rows used before it are not in memory any more; [table][proven].
  std::uint64_t keep_from[kProfileTableCount][2] = {};
  SavedClock clock;
};

class ProfileDatabase {
 public:
  ProfileDatabase();
  ~ProfileDatabase();
  ProfileDatabase(const ProfileDatabase&) = delete;
  ProfileDatabase& operator=(const ProfileDatabase&) = delete;

  [[nodiscard]] std::string open(const std::string& path);
  [[nodiscard]] bool is_open() const { return connection_ != nullptr; }
  [[nodiscard]] std::string write(const ProfileJob& job);

  /// `found` false: nothing was saved yet.
  [[nodiscard]] std::string read_clock(SavedClock& clock, bool& found);
  using VisitBody = std::function<void(Bytes digest, Bytes body)>;
  [[nodiscard]] std::string read_chains(const VisitBody& visit);
  using VisitOffer = std::function<void(std::uint64_t digest, Bytes body)>;
  [[nodiscard]] std::string read_offers(const VisitOffer& visit);
  using VisitRow = std::function<void(Bytes key, bool proven, Bytes profile)>;
  /// The least recently used first.
  [[nodiscard]] std::string read_rows(ProfileTable table, const VisitRow& visit);

 private:
  class Statement;
  [[nodiscard]] std::string check_ours(bool& fresh);
  [[nodiscard]] std::string prepare_schema(bool fresh);
  [[nodiscard]] int run(const char* sql);
  [[nodiscard]] int number(const char* sql, std::int64_t& out);
  [[nodiscard]] int write_rows(ProfileTable table, const ProfileJob& job);
  [[nodiscard]] int write_shared(const ProfileJob& job);
  [[nodiscard]] int write_clock(const SavedClock& clock);
  [[nodiscard]] int delete_unnamed();
  [[nodiscard]] std::string sentence(int code) const;
  void close();

  std::string path_;
  sqlite3* connection_ = nullptr;
  // What is known to be in the file, so that it is written once.
  std::unordered_set<std::string> chains_;
  std::unordered_set<std::uint64_t> offers_;
  std::size_t added_ = 0;  ///< chains and offers since the unnamed ones were deleted
};

}  // namespace shakedown::diagnose
