// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What the command line and the configuration say about diagnosis, in the words of the
//            parts that do it.
// Units:     Nanoseconds, entries.
// Ownership: Values.
// Threading: Pure.
// Limits:    Those of live_settings.h, which have been checked.
// Failure:   none
// RFC:       none
#pragma once

#include <cstdint>
#include <string>

#include "config/live_settings.h"
#include "diagnose/diagnoser.h"
#include "enrich/chain_judge.h"
#include "enrich/trust_store.h"
#include "options.h"

namespace shakedown {

/// Longer than browsers and libraries take to try once more, shorter than a person who watches
/// would wait for an event.
inline constexpr std::int64_t kDiagnosisWaitNanos = 3 * kNanosPerSecond;

struct DiagnosisPlan {
  enrich::TrustSettings trust;
  enrich::ChainJudgeSettings judge;
  diagnose::DiagnoserSettings diagnoser;
  std::int64_t wait_nanos = kDiagnosisWaitNanos;
  std::string profiles;  ///< path; empty: nothing is kept
};

/// The command line says it first.
[[nodiscard]] DiagnosisPlan diagnosis_plan(const Options& options,
                                           const config::DiagnosisSettings& settings);

}  // namespace shakedown
