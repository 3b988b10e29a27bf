// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Profiles outlive the process: an SQLite database of what ServerProfiles knows, with the
//            chains and offers that it shares.
// Units:     As in server_view.h.
// Ownership: Owns the database. What is to be written is copied while the caller waits, and written
//            by a thread of its own, so that the rings never wait for a disk.
// Threading: Called by one thread; the writer belongs to this file alone.
// Limits:    kProfilesPerSave changed profiles a turn; what is older than forget_nanos is deleted.
// Failure:   A file that is not ours, of a newer version, or damaged is not touched: open() says so
//            in one sentence and what to do. A write that fails is told once by error(), and tried
//            again at the next save; profiles in memory are not lost by it.
// RFC:       none
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "diagnose/profile/server_profiles.h"
#include "enrich/chain_judge.h"

namespace shakedown::diagnose {

inline constexpr std::size_t kProfilesPerSave = 4096;

class ProfileFile {
 public:
  ProfileFile();
  ~ProfileFile();  ///< waits for what is being written
  ProfileFile(const ProfileFile&) = delete;
  ProfileFile& operator=(const ProfileFile&) = delete;

  /// Opens or makes the file. Empty: done; else the sentence.
  [[nodiscard]] std::string open(const std::string& path);
  [[nodiscard]] bool is_open() const;
  /// Fills `profiles`; chains are read by `judge`. Empty: done; else the sentence.
  [[nodiscard]] std::string load(ServerProfiles& profiles, enrich::ChainJudge& judge);

  /// Hands what has changed since to the writer, unless it is busy. Returns how many profiles; takes
  /// a few milliseconds at most.
  std::size_t save(ServerProfiles& profiles);
  /// All that has changed, and waits until it is written. Empty: done; else the sentence.
  [[nodiscard]] std::string finish(ServerProfiles& profiles);
  /// Of the last write that failed, told once.
  [[nodiscard]] std::string error();
  /// Entries of the file that load() could not use: it was damaged.
  [[nodiscard]] std::uint64_t unreadable_count() const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace shakedown::diagnose
