// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What a summary is made of, and its two forms: text for a person in a hurry, JSON for
//            programs.
// Units:     Handshakes, packets; shares in percent in text, as fractions in JSON.
// Ownership: Views of the caller's totals.
// Threading: One thread.
// Limits:    The text fits one screen of 80 columns with the default number of rows.
// Failure:   none
// RFC:       none
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aggregate/capture_health.h"
#include "aggregate/totals.h"
#include "ingest/snapshot.h"

namespace shakedown::report {

inline constexpr unsigned kDefaultRowCount = 5;
/// More reasons than these nobody reads.
inline constexpr std::size_t kHealthReasonCountMax = 50;

struct Summary {
  const aggregate::Totals& totals;
  const aggregate::CaptureHealth& health;
  const ingest::Snapshot& snapshot;
  /// What the reader must know before trusting the numbers; one sentence each.
  std::vector<std::string> warnings;
  std::uint64_t released_early = 0;       ///< records that may be out of order
  std::uint64_t definitions_missing = 0;  ///< events without chain or offer
  aggregate::OverloadSpan overload = {};  ///< of the whole run
  aggregate::BlindSpan blind = {};
  unsigned rows = kDefaultRowCount;  ///< of each table
  bool color = false;
};

[[nodiscard]] std::string summary_text(const Summary& summary);
/// One object and a newline.
[[nodiscard]] std::string summary_json(const Summary& summary);

/// What the numbers cover: of captures the time of their packets, of a live run its own time, in
/// which there may have been no handshake at all. Not known: zero.
struct Period {
  UnixNanos begin;
  UnixNanos end;
};
[[nodiscard]] Period period_of(const Summary& summary);

/// A key of aggregate::client_key or server_key as text: `192.0.2.7`, `192.0.2.7:443`,
/// `[2001:db8::1]:443`.
[[nodiscard]] std::string address_key_text(std::string_view key);

/// What was lost before or behind the workers.
[[nodiscard]] aggregate::SensorLoss sensor_loss(const ingest::Snapshot& snapshot);
/// The same with the times of overload and blindness.
[[nodiscard]] aggregate::SensorLoss sensor_loss(const Summary& summary);

/// `eth1`, `eth1 VLAN 10`, `other links`
[[nodiscard]] std::string link_text(const aggregate::HealthLink& link,
                                    const std::vector<ingest::PortSnapshot>& ports);

/// The sensor itself, where it lost something, and the links that are not healthy; the worst first.
struct SickLink {
  aggregate::HealthVerdict verdict = aggregate::HealthVerdict::impaired;
  std::string sentence;  ///< with its gravest reason, and the number of the others
};
[[nodiscard]] std::vector<SickLink> sick_links(const Summary& summary);

/// The worst verdict, and the reasons of the sensor and of all links, these with their names.
[[nodiscard]] aggregate::LinkHealth health_of(const aggregate::CaptureHealth::Links& links,
                                              const aggregate::SensorLoss& loss,
                                              const std::vector<ingest::PortSnapshot>& ports);

/// The worst link in few words, for one line: `eth1 VLAN 10 blind`. Empty when all are healthy.
[[nodiscard]] std::string health_remark(const aggregate::CaptureHealth::Links& links,
                                        const aggregate::SensorLoss& loss,
                                        const std::vector<ingest::PortSnapshot>& ports);

/// `12 packets cut short by the snap length` ...: what was lost or odd, with its number; empty in
/// good health.
struct HealthRemark {
  std::string_view name;  ///< of the counter
  std::uint64_t count = 0;
  std::string_view unit;
  std::string_view sentence;
  bool loss = false;
};
[[nodiscard]] std::vector<HealthRemark> health_remarks(const ingest::Snapshot& snapshot);

}  // namespace shakedown::report
