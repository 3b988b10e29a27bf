// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Everything the summary counts, over one run; and what it would have counted if the
//            sensor had not left clients out.
// Units:     Handshakes; alerts. What is estimated says so in its name; all else is counted.
// Ownership: Owns its tables.
// Threading: One thread.
// Limits:    The tables by outcome and alert are bounded by their enumerations, versions by
//            kVersionCountMax, watchlists by the configuration, clients, servers and names by
//            WorstKeys.
// Failure:   none
// RFC:       none
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>

#include "aggregate/cause_totals.h"
#include "aggregate/worst_keys.h"
#include "enrich/handshake.h"
#include "shakedown/overload.h"

namespace shakedown::aggregate {

/// Versions come from the wire: all that a hostile client invents beyond these are counted as one.
inline constexpr std::size_t kVersionCountMax = 64;
/// Stands for every version beyond kVersionCountMax.
inline constexpr std::uint16_t kOtherVersion = 0xffff;

/// How many connections of its kind a record stands for: more than one where not all clients were
/// followed when it began (Horvitz and Thompson: one over the chance of being seen).
[[nodiscard]] inline double weight_of(const HandshakeRecord& record) {
  return double{kAllClients} / (record.kept_share + 1);
}

struct Tally {
  std::uint64_t handshakes = 0;  ///< counted
  std::uint64_t failures = 0;
  double estimated_handshakes = 0.0;  ///< with those of the clients that were not followed
  double estimated_failures = 0.0;

  void add(bool failed, double weight = 1.0) {
    ++handshakes;
    estimated_handshakes += weight;
    if (!failed) return;
    ++failures;
    estimated_failures += weight;
  }
  [[nodiscard]] double estimated_failure_share() const {
    return handshakes == 0 ? 0.0 : estimated_failures / estimated_handshakes;
  }
  [[nodiscard]] double failure_share() const {
    return handshakes == 0 ? 0.0 : static_cast<double>(failures) / static_cast<double>(handshakes);
  }
};

/// One kind of failure, and the first of its kind as an example.
struct FailureCount {
  std::uint64_t count = 0;
  double estimated = 0.0;
  HandshakeRecord example;
  std::string example_name;
};

struct AlertKey {
  bool encrypted = false;
  AlertDescription description = AlertDescription::close_notify;
  Party from = Party::none;
  auto operator<=>(const AlertKey&) const = default;
};

struct Totals {
  using FailureKey = std::pair<OutcomeKind, Stage>;

  Tally tls;  ///< handshakes that ended either way after a ClientHello
  std::uint64_t records = 0;
  std::array<std::uint64_t, kOutcomeKindCount> by_kind{};
  std::array<double, kOutcomeKindCount> estimated_by_kind{};
  std::array<std::uint64_t, kUnseenReasonCount> by_unseen_reason{};
  std::map<FailureKey, FailureCount> failures;
  /// Of all connections, close_notify left out.
  std::map<AlertKey, std::uint64_t> alerts;
  std::map<std::uint16_t, Tally> by_offered_version;
  std::map<std::uint16_t, Tally> by_negotiated_version;
  Tally without_server_name;
  std::map<std::string, Tally, std::less<>> watchlists;  ///< by the names of the lists
  /// What servers answered a ClientHello with that was not TLS.
  std::array<std::uint64_t, kServiceCount> non_tls_by_service{};
  /// What clients said to a TLS port that was not TLS, where no ClientHello followed.
  std::array<std::uint64_t, kServiceCount> plaintext_by_service{};
  std::array<Tally, kStartTlsCount> by_starttls{};
  std::uint64_t path_interference = 0;    ///< ended by something between the two ends
  std::uint64_t path_suspected = 0;       ///< perhaps so
  std::uint64_t large_segments_lost = 0;  ///< large packets do not get through
  std::uint64_t icmp_errors = 0;          ///< connections that an ICMP error was about
  std::array<std::uint64_t, kTamperingSignatureCount> by_signature{};
  std::uint64_t late_rejections = 0;
  std::uint64_t inferred = 0;
  std::uint64_t one_way = 0;
  std::uint64_t with_gap = 0;
  std::uint64_t sampled = 0;  ///< records that stand for more than themselves
  std::uint64_t tails_not_followed = 0;
  UnixNanos first;
  UnixNanos last;
  WorstKeys clients;
  WorstKeys servers;
  WorstKeys names;
  CauseTotals why;

  void add(const enrich::Handshake& handshake);
  /// What was concluded about a handshake that was added, now or later.
  void add_cause(const enrich::Handshake& handshake, const diagnose::Diagnosis& diagnosis) {
    why.add(handshake, diagnosis);
  }
  void add_warnings(std::span<const diagnose::Warning> warnings) { why.add(warnings); }

 private:
  void add_tls(const enrich::Handshake& handshake);
  void add_failure(const enrich::Handshake& handshake);
  void add_alerts(const HandshakeRecord& record);
  void add_services(const HandshakeRecord& record);
  void add_path(const HandshakeRecord& record);
};

/// How WorstKeys spells addresses: family, address, and for servers the port, as bytes.
[[nodiscard]] std::string client_key(const HandshakeRecord& record);
[[nodiscard]] std::string server_key(const HandshakeRecord& record);

}  // namespace shakedown::aggregate
