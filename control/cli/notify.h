// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Tells the service manager how the run is, as sd_notify(3) describes it.
// Units:     Microseconds, as the protocol has them.
// Ownership: Owns a socket that it only looks through.
// Threading: One thread.
// Limits:    none
// Failure:   Without $NOTIFY_SOCKET nobody asked, and nothing happens. A service manager that does not
//            listen just now would be waited for by sd_notify(3), so what is said then is left out.
// RFC:       none
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "handoff/file_descriptor.h"

namespace shakedown::cli {

class Notifier {
 public:
  /// Reads $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID.
  Notifier();

  /// Nothing would have to be waited for; also where nobody asked.
  [[nodiscard]] bool can_tell() const;

  /// How often alive() is expected; nothing when nobody does. Half of what is allowed.
  [[nodiscard]] std::optional<std::chrono::microseconds> watchdog_period() const {
    return watchdog_period_;
  }

  /// Also ends a reload.
  void ready(const std::string& status);
  void status(const std::string& status);
  void alive();
  void reloading();
  void stopping(const std::string& status);

 private:
  void tell(const std::string& state) const;

  std::optional<std::chrono::microseconds> watchdog_period_;
  handoff::FileDescriptor manager_;  ///< connected to it, to see whether there is room
};

}  // namespace shakedown::cli
