// SPDX-License-Identifier: Apache-2.0
#include "cli/live_command.h"

#include <string>
#include <utility>

#include "cli/control_listener.h"
#include "cli/identity.h"
#include "cli/live_supervisor.h"
#include "cli/settings.h"

namespace shakedown::cli {

Verdict run_live(const Programs& programs, const RunCommand& command, const RunCommand& as_given) {
  IdentityChoice choice = find_identity(command.user);
  if (!choice.error.empty()) return {kExitBadUse, std::move(choice.error)};
  const auto words_of_now = [&] {
    RunCommand now = as_given;
    // A file that is wrong by now changes nothing.
    return control_words(programs.control, apply_configuration(now).empty() ? now : command);
  };
  LiveRun run{.dataplane_words = dataplane_words(programs.dataplane, command),
              .control_words = control_words(programs.control, command),
              .renewed_control_words = words_of_now,
              .control_identity = std::move(choice.identity),
              .control_socket = control_socket_path(command.control_socket)};
  if (!command.socket_group.empty() && !run.control_socket.empty()) {
    std::string error;
    run.socket_group = find_group(command.socket_group, error);
    if (!error.empty()) return {kExitBadUse, std::move(error)};
  }
  return supervise_live(run);
}

}  // namespace shakedown::cli
