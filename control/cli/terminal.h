// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Whether a SIGHUP means that the terminal has gone, or that the configuration is to be
//            read again.
// Units:     none
// Ownership: none
// Threading: One thread.
// Limits:    none
// Failure:   Where there never was a terminal it cannot go.
// RFC:       none; termios(3)
#pragma once

#include <unistd.h>

#include <cerrno>

namespace shakedown::cli {

class Terminal {
 public:
  Terminal() : descriptor_(find()) {}

  /// A terminal that was hung up still is one, but nothing can be done with it any more.
  [[nodiscard]] bool is_gone() const {
    return descriptor_ >= 0 && tcgetpgrp(descriptor_) < 0 && errno == EIO;
  }

 private:
  static int find() {
    for (const int descriptor : {STDIN_FILENO, STDERR_FILENO, STDOUT_FILENO}) {
      if (isatty(descriptor) == 1) return descriptor;
    }
    return -1;
  }

  int descriptor_;
};

}  // namespace shakedown::cli
