// SPDX-License-Identifier: Apache-2.0
#include "cli/live_command.h"

#include <string>
#include <utility>

#include "cli/control_listener.h"
#include "cli/identity.h"
#include "cli/live_supervisor.h"

namespace shakedown::cli {

Verdict run_live(const Programs& programs, const RunCommand& command) {
  IdentityChoice choice = find_identity(command.user);
  if (!choice.error.empty()) return {kExitBadUse, std::move(choice.error)};
  LiveRun run{.dataplane_words = dataplane_words(programs.dataplane, command),
              .control_words = control_words(programs.control, command),
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
