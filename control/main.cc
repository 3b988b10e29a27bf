// SPDX-License-Identifier: Apache-2.0
//
// shakedown-control: the process with the answers. See control.h for its path.
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <exception>

#include "confinement.h"
#include "control.h"
#include "log.h"
#include "options.h"

namespace {

void set_signals() {
  // The one who started both programs stops the data plane; this one then ends by itself with what
  // was seen.
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGTERM, [](int) { shakedown::Control::request_stop(); });
  std::signal(SIGHUP, [](int) { shakedown::Control::request_reload(); });
}

}  // namespace

int main(int argc, char** argv) {
  int exit_code = shakedown::kExitOk;
  try {
    const auto options = shakedown::parse_options(argc, argv, exit_code);
    if (!options) return exit_code;
    set_signals();
    if (const std::string not_given_up = shakedown::confine_control(); !not_given_up.empty()) {
      shakedown::log::warning(not_given_up);
    }
    return shakedown::Control(*options).run();
  } catch (const std::exception& error) {
    std::fputs(fmt::format("shakedown-control: {}\n", error.what()).c_str(), stderr);
    return shakedown::kExitUsage;
  }
}
