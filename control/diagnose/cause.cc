// SPDX-License-Identifier: Apache-2.0
#include "diagnose/cause.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace shakedown::diagnose {

namespace {

constexpr auto kCauses = std::to_array<CauseDescription>({
#define CAUSE(name, number, audience, sentence, remedy) \
  {Cause::name, #name, Audience::audience, sentence, remedy},
#include "diagnose/cause.def"
#undef CAUSE
});

constexpr bool numbers_grow() {
  for (std::size_t i = 1; i < kCauses.size(); ++i) {
    if (kCauses[i].cause <= kCauses[i - 1].cause) return false;
  }
  return true;
}
static_assert(numbers_grow(), "describe() searches the list");

}  // namespace

std::span<const CauseDescription> causes() { return kCauses; }

const CauseDescription& describe(Cause cause) {
  const auto found = std::lower_bound(
      kCauses.begin(), kCauses.end(), cause,
      [](const CauseDescription& description, Cause wanted) { return description.cause < wanted; });
  assert(found != kCauses.end() && found->cause == cause);
  return *found;
}

std::string_view name_of(Cause cause) { return describe(cause).id; }

std::optional<Cause> cause_named(std::string_view id) {
  for (const CauseDescription& description : kCauses) {
    if (description.id == id) return description.cause;
  }
  return std::nullopt;
}

std::string_view name_of(Confidence confidence) {
  switch (confidence) {
    case Confidence::possible:
      return "possible";
    case Confidence::likely:
      return "likely";
    case Confidence::certain:
      return "certain";
  }
  return "possible";
}

std::string_view name_of(Audience audience) {
  switch (audience) {
    case Audience::nobody:
      return {};
    case Audience::client:
      return "client owner";
    case Audience::server:
      return "server owner";
    case Audience::network:
      return "network owner";
  }
  return {};
}

}  // namespace shakedown::diagnose
