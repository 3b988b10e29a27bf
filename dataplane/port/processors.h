// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Lists of processors, as "2-5" and "2,3,8": what --worker-cpus and a port's cpus= take.
// Units:     The kernel's numbers of processors.
// Ownership: Values.
// Threading: Main thread.
// Limits:    kProcessorCountMax.
// Failure:   No list: the text is none.
// RFC:       none
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shakedown::port {

/// As many as sched_setaffinity's usual set holds.
inline constexpr unsigned kProcessorCountMax = 1024;

/// In the order written, which is that of the workers. Empty: not a list, or one that names a
/// processor twice.
[[nodiscard]] std::optional<std::vector<unsigned>> parse_processors(std::string_view text,
                                                                    char separator);

/// Those that this process may run on.
[[nodiscard]] std::vector<unsigned> allowed_processors();

/// The memory node that a processor belongs to; -1: there is one only, or it is not known.
[[nodiscard]] int node_of_processor(unsigned processor);

}  // namespace shakedown::port
