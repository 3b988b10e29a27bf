// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The expressions that first bytes are matched against, for each side: one table, in the
//            order of preference.
// Units:     None.
// Ownership: Constants.
// Threading: Constants.
// Limits:    kPatternCountMax of either side, because the matches of one scan are kept in one
//            word.
// Failure:   None; Bytes that match no row are text or binary.
// RFC:       Named in the rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "shakedown/outcome.h"
#include "shakedown/service.h"

namespace shakedown::service {

inline constexpr std::size_t kPatternCountMax = 64;

/// What a match says.
enum class PatternRole : std::uint8_t {
  service,          ///< these bytes are that service's
  filter_redirect,  ///< to the page of a filter
  filter_name,      ///< a product that stands between clients and servers
  filter_block,     ///< something was blocked
  filter_policy     ///< by a policy
};

struct Pattern {
  Service service = Service::none;
  const char* expression = nullptr;
  bool any_case = false;
  PatternRole role = PatternRole::service;
};

/// Of the rows that match, the first one names the service; rows are therefore sorted from what
/// only one service says to what several might.
[[nodiscard]] std::span<const Pattern> patterns_of(Party from) noexcept;

}  // namespace shakedown::service
