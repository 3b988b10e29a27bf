// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   One request to the control socket of a sensor, and its answer.
// Units:     Bytes; seconds.
// Ownership: Values.
// Threading: Waits for the sensor, at most as long as it is told to.
// Limits:    kAnswerBytesMax.
// Failure:   A sentence that says what to do about it, and the exit code for it.
// RFC:       none
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shakedown::cli {

/// The counters of as many workers as there can be take a few hundred kilobytes.
inline constexpr std::size_t kAnswerBytesMax = 16u << 20;

struct RemoteAnswer {
  std::string line;   ///< without its newline; empty after an error
  std::string error;  ///< one sentence
  int exit_code = 0;
};

/// Where sensors have their sockets: that of this user, and the machine's. `runtime_folder` is
/// $XDG_RUNTIME_DIR, or null.
[[nodiscard]] std::vector<std::string> usual_sockets(bool root, const char* runtime_folder);

/// The request goes to `socket`, or to the first of the usual ones at which there is something.
[[nodiscard]] RemoteAnswer ask_sensor(const std::optional<std::string>& socket,
                                      std::string_view request, std::chrono::seconds patience);

}  // namespace shakedown::cli
