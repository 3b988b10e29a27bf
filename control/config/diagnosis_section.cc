// SPDX-License-Identifier: Apache-2.0
#include "config/live_sections.h"
#include "config/settings.h"

namespace shakedown::config {
namespace {

void take_count(Settings& settings, std::string_view key, std::optional<unsigned>& target) {
  settings.take_number(key, kRememberedCountMin, kRememberedCountMax, target);
}

}  // namespace

DiagnosisSettings read_diagnosis(const Node& section, const Source& source) {
  DiagnosisSettings diagnosis;
  Settings settings(section, "diagnosis", source);
  settings.take_duration("wait", kDiagnosisWaitRange, diagnosis.wait_nanos);
  settings.take_switch("system_roots", diagnosis.system_roots);
  settings.take_paths("roots", kTrustPathCountMax, diagnosis.roots);
  settings.take_paths("crls", kTrustPathCountMax, diagnosis.crls);
  // Without a word for none: a file that is not named is not kept.
  settings.take_path("profiles", {}, diagnosis.profiles);
  take_count(settings, "server_profiles", diagnosis.server_profiles);
  take_count(settings, "name_profiles", diagnosis.name_profiles);
  take_count(settings, "clients", diagnosis.clients);
  settings.take_duration("expires_soon", kExpiresSoonRange, diagnosis.expires_soon_nanos);
  settings.take_duration("half_life", kHalfLifeRange, diagnosis.half_life_nanos);
  settings.refuse_others();
  return diagnosis;
}

}  // namespace shakedown::config
