// SPDX-License-Identifier: Apache-2.0
#include "export/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace shakedown::exporting {

OutputFile::~OutputFile() {
  if (fd_ > STDERR_FILENO) close(fd_);
}

bool OutputFile::open(const std::string& path, Begin begin) {
  name_ = path == "-" ? "standard output" : path;
  const int emptied = begin == Begin::empty ? O_TRUNC : 0;
  fd_ = path == "-"
            ? STDOUT_FILENO
            : ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | emptied, 0644);
  if (fd_ < 0) fail("open", errno);
  if (fd_ > STDERR_FILENO && begin == Begin::at_end) cut_partial_line();
  buffer_.reserve(kOutputBufferBytes);
  return fd_ >= 0;
}

std::string OutputFile::reopen(const std::string& path) {
  struct stat there {};
  struct stat ours {};
  if (path != "-" && stat(path.c_str(), &there) == 0) {
    // Nobody has taken it away: there is nothing to do.
    const bool same = fd_ >= 0 && fstat(fd_, &ours) == 0 && there.st_dev == ours.st_dev &&
                      there.st_ino == ours.st_ino;
    if (same) return {};
    // To open one without a reader would wait for one.
    if (S_ISFIFO(there.st_mode)) {
      return fmt::format("cannot open {}: pipes are opened only at the start", path);
    }
  }
  OutputFile fresh;
  if (!fresh.open(path, Begin::at_end)) return fresh.error();
  static_cast<void>(finish());
  std::swap(fd_, fresh.fd_);
  name_ = std::move(fresh.name_);
  return {};
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
    if (waiting_ != nullptr) waiting_->store(1, std::memory_order_relaxed);
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    const int write_error = errno;
    if (waiting_ != nullptr) waiting_->store(0, std::memory_order_relaxed);
    errno = write_error;
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

/// Records of which an event was written in part are still in their ring, so that the event will be
/// written again.
void OutputFile::cut_partial_line() {
  struct stat status {};
  if (fstat(fd_, &status) != 0 || !S_ISREG(status.st_mode)) return;
  // Opened for writing alone: read through a second one, which may not be allowed.
  const std::string path = fmt::format("/proc/self/fd/{}", fd_);
  const int reader = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (reader < 0) return;
  off_t end = status.st_size;
  char letter = '\n';
  while (end > 0 && pread(reader, &letter, 1, end - 1) == 1 && letter != '\n') --end;
  close(reader);
  if (end != status.st_size && ftruncate(fd_, end) != 0) fail("shorten", errno);
}

void OutputFile::fail(const char* action, int error_number) {
  error_ = fmt::format("cannot {} {}: {}", action, name_, std::strerror(error_number));
  buffer_.clear();
}

}  // namespace shakedown::exporting
