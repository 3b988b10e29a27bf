// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The control socket's name and its listening end. The supervisor makes it and each
//            control inherits it, so that it outlives them: who connects while control is started
//            anew waits in line.
// Units:     none
// Ownership: Owns the descriptor, and the file as long as it is the one that it made.
// Threading: One thread.
// Limits:    The kernel's for names of sockets: 107 bytes.
// Failure:   A sentence; the run goes on without a control socket.
// RFC:       none
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "handoff/file_descriptor.h"

namespace shakedown::cli {

/// Where the control socket is for `asked`, a path, "off" or empty for the default: in
/// $RUNTIME_DIRECTORY where a service manager gives one, else in /run/shakedown for root, else in
/// $XDG_RUNTIME_DIR/shakedown. Empty: nowhere.
[[nodiscard]] std::string control_socket_path(const std::string& asked);

class ControlListener {
 public:
  ControlListener() = default;
  ~ControlListener();
  ControlListener(const ControlListener&) = delete;
  ControlListener& operator=(const ControlListener&) = delete;

  /// Makes the folder as well if need be. User and group may connect, nobody else. A socket that
  /// nobody answers at is replaced. Empty on success, else a sentence.
  [[nodiscard]] std::string open(const std::string& path, std::optional<gid_t> group);
  [[nodiscard]] int descriptor() const { return socket_.get(); }

 private:
  handoff::FileDescriptor socket_;
  std::string path_;
  std::string made_folder_;
  ino_t inode_ = 0;
};

}  // namespace shakedown::cli
