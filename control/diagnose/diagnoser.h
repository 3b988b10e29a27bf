// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   From handshakes to causes: learns from each, and diagnoses those that failed.
// Units:     As in the parts.
// Ownership: Owns all memories; uses a ChainJudge.
// Threading: One thread.
// Limits:    DiagnoserSettings; memory_table() is the budget.
// Failure:   None: what is not known leads to lower confidence or to `unknown`.
// RFC:       none; design.md section 5
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "diagnose/diagnosis.h"
#include "diagnose/links/client_memory.h"
#include "diagnose/links/name_memory.h"
#include "diagnose/profile/server_profiles.h"
#include "enrich/chain_judge.h"
#include "enrich/handshake.h"

namespace shakedown::diagnose {

struct DiagnoserSettings {
  ProfileSettings profiles;
  ClientMemorySettings clients;
  NameMemorySettings names;

  bool operator==(const DiagnoserSettings&) const = default;
};

/// One line of the memory budget.
struct MemoryLine {
  std::string_view part;
  std::size_t count_max = 0;
  std::size_t bytes_max = 0;
};
[[nodiscard]] std::vector<MemoryLine> memory_table(const DiagnoserSettings& settings,
                                                   const enrich::ChainJudgeSettings& judge);

/// Has a cause: it failed, or it was plain text to a TLS port.
[[nodiscard]] bool diagnosable(const enrich::Handshake& handshake);

class Diagnoser {
 public:
  explicit Diagnoser(enrich::ChainJudge& judge, DiagnoserSettings settings = {});

  /// Every record, in order, as soon as it comes.
  void learn(const enrich::Handshake& handshake);

  /// Of a handshake that is diagnosable(); as late as can be waited for, because what its client
  /// and others do next is evidence.
  [[nodiscard]] Diagnosis diagnose(const enrich::Handshake& handshake);
  /// Of one that was established.
  [[nodiscard]] std::vector<Warning> warnings(const enrich::Handshake& handshake);
  /// What the rules are asked about; for tests and for `explain`.
  [[nodiscard]] Facts facts(const enrich::Handshake& handshake);

  [[nodiscard]] ServerProfiles& profiles() { return profiles_; }
  [[nodiscard]] const ClientMemory& clients() const { return clients_; }
  [[nodiscard]] const NameMemory& names() const { return names_; }

 private:
  /// Who comes back and stays has not rejected anything.
  [[nodiscard]] bool never_came_back(const enrich::Handshake& handshake) const;
  [[nodiscard]] JudgedChain server_certificate(const enrich::Handshake& handshake, UnixNanos at,
                                               const ServerView& server);
  [[nodiscard]] JudgedChain client_certificate(const enrich::Handshake& handshake, UnixNanos at,
                                               const ClientView& client);

  enrich::ChainJudge& judge_;
  ServerProfiles profiles_;
  ClientMemory clients_;
  NameMemory names_;
};

/// rules/warnings.cc: certificates that were accepted although something is odd or soon will be.
void add_certificate_warnings(const JudgedChain& server, const JudgedChain& client,
                              std::vector<Warning>& warnings);

/// reproduce.h
[[nodiscard]] std::string reproduce_command(const enrich::Handshake& handshake);
[[nodiscard]] std::string reproduce_command(const enrich::Handshake& handshake,
                                            const SuccessfulHello& succeeded);

}  // namespace shakedown::diagnose
