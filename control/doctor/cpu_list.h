// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Lists of processors as the kernel and its command line write them: `0-3,8`.
// Units:     Processors as the kernel numbers them.
// Ownership: Values.
// Threading: Pure.
// Limits:    kCpuMax.
// Failure:   What is no list is left out.
// RFC:       none
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace shakedown::doctor {

/// More than any kernel can number; a list from a file is not trusted further.
inline constexpr unsigned kCpuMax = 8191;

/// Sorted, each once.
[[nodiscard]] std::vector<unsigned> parse_cpu_list(std::string_view text);

/// `cpus` sorted; "none" when there are none.
[[nodiscard]] std::string cpu_list_text(const std::vector<unsigned>& cpus);

/// Those of `wanted` that are not in `given`; both sorted.
[[nodiscard]] std::vector<unsigned> missing_cpus(const std::vector<unsigned>& wanted,
                                                 const std::vector<unsigned>& given);

}  // namespace shakedown::doctor
