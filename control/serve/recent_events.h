// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The latest events of a running sensor, for those who ask it to explain one.
// Units:     Bytes, of the lines and of what is kept beside them.
// Ownership: Owns copies; pointers of latest() are valid until the next add().
// Threading: One thread.
// Limits:    The bytes given; the oldest go first. A line that alone is larger is not kept.
// Failure:   none; what was forgotten is not known.
// RFC:       none
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "enrich/handshake.h"
#include "serve/subject.h"

namespace shakedown::serve {

inline constexpr std::size_t kRecentBytesMax = 16u << 20;
/// Of one answer; a client of ours takes no longer answers than 16 MiB.
inline constexpr std::size_t kRecentAnswerCountMax = 500;

class RecentEvents {
 public:
  struct Entry {
    HandshakeRecord record;
    std::string event_id;
    std::string server_name;
    std::string line;  ///< without its newline

    [[nodiscard]] std::size_t bytes() const {
      return sizeof *this + event_id.size() + server_name.size() + line.size();
    }
  };

  explicit RecentEvents(std::size_t bytes_max = kRecentBytesMax) : bytes_max_(bytes_max) {}

  /// `line`: the event, with or without its newline.
  void add(const enrich::Handshake& handshake, std::string_view line);

  struct Found {
    std::uint64_t count = 0;            ///< of all that are kept
    std::vector<const Entry*> entries;  ///< the latest `count_max`, oldest first
  };
  [[nodiscard]] Found latest(const Subject& subject, std::size_t count_max) const;

  [[nodiscard]] std::size_t count() const { return entries_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  /// When the oldest that is kept began; not known: none is.
  [[nodiscard]] UnixNanos since() const {
    return entries_.empty() ? UnixNanos{} : entries_.front().record.first_seen;
  }

 private:
  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::deque<Entry> entries_;
};

}  // namespace shakedown::serve
