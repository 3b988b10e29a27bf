// SPDX-License-Identifier: Apache-2.0
#include "aggregate/cause_totals.h"

#include "aggregate/totals.h"

namespace shakedown::aggregate {

void CauseTotals::add(const enrich::Handshake& handshake, const diagnose::Diagnosis& diagnosis) {
  const HandshakeRecord& record = handshake.record;
  ++diagnosed;
  CauseCount& cause = causes[diagnosis.cause];
  ++cause.count;
  cause.estimated += weight_of(record);
  ++cause.by_confidence[static_cast<std::size_t>(diagnosis.confidence)];
  cause.clients.add(client_key(record), true);
  cause.servers.add(server_key(record), true);
  if (diagnosis.confidence <= cause.surest) return;
  cause.surest = diagnosis.confidence;
  cause.example = record;
  cause.example_name = handshake.server_name;
  cause.remedy = diagnosis.remedy;
  cause.audience = diagnosis.audience;
}

void CauseTotals::add(std::span<const diagnose::Warning> warnings_of_one) {
  if (!warnings_of_one.empty()) ++warned;
  for (const diagnose::Warning& warning : warnings_of_one) {
    const auto known = warnings.find(warning.id);
    if (known != warnings.end()) {
      ++known->second;
    } else {
      warnings.emplace(warning.id, 1);
    }
  }
}

}  // namespace shakedown::aggregate
