// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   How well the mirror shows the network: counts for each of its links (a port and an
//            outer VLAN), for intervals of packet time and for the whole run, and what they mean.
// Units:     Connections with a record; packets of these; UnixNanos of order_time.
// Ownership: Values.
// Threading: One thread; records in their final order, so that intervals do not depend on workers.
// Limits:    kHealthLinkCountMax links; whatever is beyond them is counted as one.
// Failure:   none
// RFC:       none; design.md section 4. The idea of an interval's line is Zeek's capture_loss.log.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "aggregate/sensor_loss.h"
#include "ingest/visibility.h"
#include "shakedown/handshake_record.h"

namespace shakedown::aggregate {

inline constexpr std::int64_t kHealthIntervalNanos = 60 * kNanosPerSecond;
inline constexpr std::size_t kHealthLinkCountMax = 1024;

struct HealthLink {
  bool other = false;  ///< stands for all links beyond kHealthLinkCountMax
  std::uint8_t port_index = 0;
  std::uint16_t vlan = 0;  ///< zero: untagged
  auto operator<=>(const HealthLink&) const = default;
};

struct LinkCounts {
  std::uint64_t connections = 0;
  std::uint64_t packets = 0;  ///< without those that were shown again
  // Which directions were shown.
  std::uint64_t both = 0;
  std::uint64_t client_only = 0;
  std::uint64_t server_only = 0;
  std::uint64_t answer_not_known = 0;
  // Connections of which both directions were shown, but not all of it.
  std::uint64_t with_gap = 0;           ///< bytes of the handshake are missing
  std::uint64_t client_ack_beyond = 0;  ///< the client acknowledged what was never shown
  std::uint64_t server_ack_beyond = 0;
  std::uint64_t lossy = 0;  ///< any of these three
  std::uint64_t truncated = 0;
  std::uint64_t midstream = 0;
  std::uint64_t duplicated_connections = 0;
  std::uint64_t duplicates = 0;    ///< packets
  std::uint64_t out_of_order = 0;  ///< packets
  std::array<std::uint64_t, kUnseenReasonCount> unseen{};

  void add(const HandshakeRecord& record, ingest::Sight sight);
  /// Connections that could not be judged because of the mirror.
  [[nodiscard]] std::uint64_t withheld() const;
};

struct LinkHealth {
  HealthVerdict verdict = HealthVerdict::healthy;
  std::vector<std::string> reasons;  ///< the gravest first; one sentence each
};

[[nodiscard]] LinkHealth judge(const LinkCounts& counts, const SensorLoss& loss);

class CaptureHealth {
 public:
  using Links = std::map<HealthLink, LinkCounts>;

  struct Interval {
    UnixNanos begin;
    UnixNanos end;  ///< of the last interval the time of the last record
    Links links;
  };
  using Sink = std::function<void(const Interval&)>;

  /// Hands over the open interval when it ends at or before `clock`. To be called with each record's
  /// order_time before add(), and with the watermark.
  void advance(UnixNanos clock, const Sink& sink);
  /// From now on an interval ends with its minute even when nothing was seen in it: of a live run
  /// it may be what the sensor lost that is to be told.
  void keep_time() { keeps_time_ = true; }
  void add(const HandshakeRecord& record, ingest::Sight sight);
  /// Hands over what is open.
  void close(const Sink& sink);

  /// What has come of the interval that is not over; without links there is none.
  [[nodiscard]] const Interval& open() const { return open_; }
  /// Of the whole run.
  [[nodiscard]] const Links& links() const { return links_; }

 private:
  static LinkCounts& counts_of(Links& links, const HandshakeRecord& record);
  void begin_interval(UnixNanos at);

  Interval open_;
  UnixNanos newest_;
  bool keeps_time_ = false;
  Links links_;
};

}  // namespace shakedown::aggregate
