// SPDX-License-Identifier: Apache-2.0
#include "export/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace shakedown::exporting {

OutputFile::~OutputFile() {
  if (fd_ > STDERR_FILENO) close(fd_);
}

bool OutputFile::open(const std::string& path) {
  name_ = path == "-" ? "standard output" : path;
  fd_ = path == "-" ? STDOUT_FILENO
                    : ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd_ < 0) fail("open", errno);
  buffer_.reserve(kOutputBufferBytes);
  return fd_ >= 0;
}

bool OutputFile::write(std::string_view text) {
  if (!error_.empty()) return false;
  buffer_.append(text);
  return buffer_.size() < kOutputBufferBytes || flush();
}

bool OutputFile::flush() {
  if (!error_.empty()) return false;
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      fail("write", errno);
      return false;
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  buffer_.clear();
  return true;
}

bool OutputFile::finish() {
  if (fd_ < 0) return error_.empty();
  const bool flushed = flush();
  if (fd_ > STDERR_FILENO && close(fd_) != 0 && flushed) fail("write", errno);
  fd_ = -1;
  return error_.empty();
}

void OutputFile::fail(const char* action, int error_number) {
  error_ = fmt::format("cannot {} {}: {}", action, name_, std::strerror(error_number));
  buffer_.clear();
}

}  // namespace shakedown::exporting
