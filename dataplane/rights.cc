// SPDX-License-Identifier: Apache-2.0
#include "rights.h"

#include <linux/capability.h>

#include "system_calls.h"
#include "thread_rights.h"

namespace shakedown {
namespace {

constexpr std::uint64_t bit(unsigned capability) { return std::uint64_t{1} << capability; }

}  // namespace

std::uint64_t capabilities_kept(const RightsNeeded& needed) {
  std::uint64_t kept = 0;
  if (needed.any_xdp()) kept |= bit(CAP_NET_ADMIN) | bit(CAP_BPF);
  if (needed.tap) kept |= bit(CAP_NET_ADMIN);
  if (needed.bifurcated_nic) kept |= bit(CAP_NET_ADMIN) | bit(CAP_NET_RAW);
  return kept;
}

std::string restrict_rights(const RightsNeeded& needed) {
  // Capabilities first: giving them up takes calls that the filter refuses.
  std::string sentence = trim_all_threads(capabilities_kept(needed));
  const std::string filter = allow_only_needed_calls(needed);
  if (sentence.empty()) return filter;
  if (!filter.empty()) sentence.append("; ").append(filter);
  return sentence;
}

}  // namespace shakedown
