// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The events of one subject, counted and grouped by what would be mended together: the
//            server, the name and the cause.
// Units:     Times as the events have them: ISO 8601 in UTC, which sorts as text.
// Ownership: Owns what it keeps.
// Threading: One thread.
// Limits:    kGroupCountMax groups, kClientCountMax clients in each; what is beyond is counted.
// Failure:   A line that is no event of a handshake is counted, and otherwise passed over.
// RFC:       RFC 8259
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "serve/subject.h"

namespace shakedown::explain {

inline constexpr std::size_t kGroupCountMax = 4096;
inline constexpr std::size_t kClientCountMax = 1000;
inline constexpr std::size_t kExampleCountMax = 3;

struct Example {
  std::string time;
  std::string event_id;  ///< empty: the event has none
  std::string client;    ///< with its port
};

/// Events with the same server, name, and cause or warning.
struct Group {
  std::string server;  ///< address and port
  std::string name;    ///< empty: none was sent
  std::string cause;   ///< id of a cause, or of a warning; empty: the event says none
  bool warning = false;
  std::map<std::string, std::uint64_t> confidences;
  std::uint64_t count = 0;
  std::string first;
  std::string last;
  std::map<std::string, std::uint64_t> clients;  ///< addresses
  bool more_clients = false;                     ///< than are kept
  std::vector<Example> examples;                 ///< the newest first
  boost::json::value example;                    ///< the newest of the surest, the whole event
  std::string example_time;
  int example_sureness = -1;
};

class Collection {
 public:
  explicit Collection(serve::Subject subject);

  /// One line of a file of events.
  void add_line(std::string_view line);
  void add(const boost::json::value& event);

  [[nodiscard]] const serve::Subject& subject() const { return subject_; }
  /// Failures first, the largest groups first, then the newest.
  [[nodiscard]] std::vector<const Group*> groups() const;
  [[nodiscard]] std::uint64_t event_count() const { return events_; }  ///< of any subject
  [[nodiscard]] std::uint64_t unreadable_count() const { return unreadable_; }
  // Of the subject.
  [[nodiscard]] std::uint64_t failed_count() const { return failed_; }
  [[nodiscard]] std::uint64_t warned_count() const { return warned_; }  ///< among the succeeded
  [[nodiscard]] std::uint64_t succeeded_count() const { return succeeded_; }
  [[nodiscard]] std::uint64_t unjudged_count() const { return unjudged_; }
  [[nodiscard]] std::uint64_t ungrouped_count() const { return ungrouped_; }
  [[nodiscard]] bool explains() const { return failed_ + warned_ != 0; }

 private:
  using Key = std::tuple<bool, std::string, std::string, std::string>;

  void add_to_group(const boost::json::value& event, std::string cause, bool warning,
                    std::string confidence);

  serve::Subject subject_;
  std::string needle_;  ///< stands in every line that is about the subject
  std::map<Key, Group> groups_;
  std::uint64_t events_ = 0;
  std::uint64_t unreadable_ = 0;
  std::uint64_t failed_ = 0;
  std::uint64_t warned_ = 0;
  std::uint64_t succeeded_ = 0;
  std::uint64_t unjudged_ = 0;
  std::uint64_t ungrouped_ = 0;
};

}  // namespace shakedown::explain
