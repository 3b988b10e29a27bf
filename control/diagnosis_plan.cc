// SPDX-License-Identifier: Apache-2.0
#include "diagnosis_plan.h"

namespace shakedown {

DiagnosisPlan diagnosis_plan(const Options& options, const config::DiagnosisSettings& settings) {
  DiagnosisPlan plan;
  plan.trust = {.system_roots = !options.no_system_roots && settings.system_roots.value_or(true),
                .roots = options.roots.empty() ? settings.roots : options.roots,
                .crls = options.crls.empty() ? settings.crls : options.crls};
  plan.judge.expires_soon_nanos =
      settings.expires_soon_nanos.value_or(plan.judge.expires_soon_nanos);

  diagnose::ProfileSettings& profiles = plan.diagnoser.profiles;
  profiles.endpoint_count_max = settings.server_profiles.value_or(profiles.endpoint_count_max);
  profiles.name_count_max = settings.name_profiles.value_or(profiles.name_count_max);
  profiles.half_life_nanos = settings.half_life_nanos.value_or(profiles.half_life_nanos);
  plan.diagnoser.names.name_count_max = profiles.name_count_max;
  plan.diagnoser.names.half_life_nanos = profiles.half_life_nanos;
  plan.diagnoser.clients.client_count_max =
      settings.clients.value_or(plan.diagnoser.clients.client_count_max);

  plan.wait_nanos =
      options.diagnosis_wait_nanos.value_or(settings.wait_nanos.value_or(plan.wait_nanos));
  // What a sensor has learnt is not mixed with what stands in a capture, unless that is asked for.
  plan.profiles = options.profiles_path;
  if (plan.profiles.empty() && options.supervised) plan.profiles = settings.profiles.value_or("");
  return plan;
}

}  // namespace shakedown
