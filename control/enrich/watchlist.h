// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The operator's lists of server names: which of them does this name belong to?
//            Patterns that are names are looked up in a table, all others are one Hyperscan
//            database, so that ten thousand names cost neither start-up nor handshakes anything.
// Units:     none
// Ownership: Watchlists owns what it was compiled from; what match() gives is valid until the next
//            call, and the names in it until the lists are destroyed.
// Threading: One thread. A compiled value may be made in another and moved here: that is how lists
//            are replaced while handshakes come.
// Limits:    kWatchlistCountMax, kWatchlistPatternCountMax (the reader of the configuration keeps
//            to them).
// Failure:   compile() says which pattern Hyperscan could not take, and why.
// RFC:       RFC 6066 §3 (server names)
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

struct hs_database;
struct hs_scratch;

namespace shakedown::enrich {

/// Each list is a row of the summary: more could not be overlooked.
inline constexpr std::size_t kWatchlistCountMax = 100;
/// About 20 MB as names. Regular expressions take longer than anyone waits before they are this
/// many.
inline constexpr std::size_t kWatchlistPatternCountMax = 100'000;

struct WatchlistPattern {
  std::string text;
  /// Where it was written, from 1; zero when it was not in a file.
  unsigned line = 0;
  unsigned column = 0;
};

struct Watchlist {
  std::string name;
  std::string file;  ///< that its patterns were written in
  std::vector<WatchlistPattern> patterns;
};

class Watchlists {
 public:
  /// No lists: nothing matches.
  Watchlists() = default;

  struct Refusal {
    std::size_t list = 0;  ///< the index of each
    std::size_t pattern = 0;
    std::string reason;  ///< Hyperscan's
  };
  /// Names of lists must differ, and pattern_error() must have found nothing.
  [[nodiscard]] static std::variant<Watchlists, Refusal> compile(
      const std::vector<Watchlist>& lists);

  /// The names of the lists that `server_name` belongs to, in the order of the configuration. A dot
  /// at the end of the name is passed over; no name belongs to no list.
  [[nodiscard]] std::span<const std::string_view> match(std::string_view server_name);

  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

 private:
  using ListIndex = std::uint16_t;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  using NameTable = std::unordered_map<std::string, std::vector<ListIndex>, Hash, std::equal_to<>>;
  struct FreeDatabase {
    void operator()(hs_database* database) const;
  };
  struct FreeScratch {
    void operator()(hs_scratch* scratch) const;
  };

  void note(const std::vector<ListIndex>& lists) {
    hits_.insert(hits_.end(), lists.begin(), lists.end());
  }
  void match_names(std::string_view name);
  void match_expressions(std::string_view name);

  std::vector<std::string> names_;
  NameTable itself_;                ///< names that match as they are
  NameTable below_;                 ///< names of which all that is below matches
  std::size_t below_size_max_ = 0;  ///< of the longest name in below_
  std::unique_ptr<hs_database, FreeDatabase> database_;  ///< null: there are no expressions
  std::unique_ptr<hs_scratch, FreeScratch> scratch_;

  // Of the name at hand; kept for their memory.
  std::string lower_;
  std::string padded_;
  std::vector<ListIndex> hits_;
  std::vector<std::string_view> matched_;
};

}  // namespace shakedown::enrich
