// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Asks a running sensor, and says what it answered.
// Units:     none
// Ownership: Values.
// Threading: Waits for the sensor.
// Limits:    kAnswerPatience; for a reload kReloadPatience, because large watchlists take their time.
// Failure:   A sentence and an exit code.
// RFC:       none
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "cli/remote_request.h"

namespace shakedown::cli {

inline constexpr std::chrono::seconds kAnswerPatience{10};
inline constexpr std::chrono::seconds kReloadPatience{120};

struct RemoteResult {
  std::string output;  ///< for standard output
  std::string error;   ///< for standard error; one sentence, or empty
  int exit_code = 0;
};

[[nodiscard]] RemoteResult ask(const RemoteCommand& command);

/// What is shown of an answer; the line is the sensor's.
[[nodiscard]] RemoteResult show(const RemoteCommand& command, std::string_view line);

/// The request for a command.
[[nodiscard]] std::string request_of(const RemoteCommand& command);

}  // namespace shakedown::cli
