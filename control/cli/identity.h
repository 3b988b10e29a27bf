// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Who the control process is: a user of its own, or root without what root can do.
// Units:     Ids as the system numbers them.
// Ownership: Values.
// Threading: find_identity() reads the user database; call before anything is forked.
//            take_identity() is for the child between fork and exec: async-signal-safe.
// Limits:    kGroupCountMax groups.
// Failure:   find_identity(): a sentence. take_identity(): the step that failed, with errno; the
//            child must not go on then, because it has more rights than it was to have.
// RFC:       none; capabilities(7), prctl(2)
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace shakedown::cli {

inline constexpr std::size_t kGroupCountMax = 256;

struct Identity {
  /// `as_it_is`: with all rights of the one who starts it. `trimmed`: no user was asked for; if it is
  /// root, it keeps what reading and writing files takes, because nobody knows whose the files of
  /// the run are, and nothing else. `user`: see below.
  enum class Kind { as_it_is, trimmed, user };
  Kind kind = Kind::as_it_is;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups = {};
};

struct IdentityChoice {
  Identity identity;
  std::string error;  ///< a sentence; nothing can be started as the one that was asked for
};

/// For the name of a user, or empty.
[[nodiscard]] IdentityChoice find_identity(const std::string& user);
/// A group by its name or number; -1 with a sentence when there is none.
[[nodiscard]] gid_t find_group(const std::string& name, std::string& error);

enum class IdentityStep { done, groups, group, user, no_new_privileges };

/// For good: whatever is executed afterwards gets no more rights.
[[nodiscard]] IdentityStep take_identity(const Identity& identity) noexcept;
[[nodiscard]] const char* describe(IdentityStep step);

}  // namespace shakedown::cli
