// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   A file descriptor that closes itself.
// Units:     none
// Ownership: One owner; moving leaves an empty one behind.
// Threading: As any value.
// Limits:    none
// Failure:   What close() says is not looked at: nothing is written through these.
// RFC:       none
#pragma once

#include <unistd.h>

#include <utility>

namespace shakedown::handoff {

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~FileDescriptor() { reset(); }

  void reset() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

}  // namespace shakedown::handoff
