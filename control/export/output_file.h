// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   A file, or standard output, that never loses a write error.
// Units:     Bytes.
// Ownership: Owns the descriptor, except standard output.
// Threading: One thread.
// Limits:    kOutputBufferBytes are held before they are written.
// Failure:   The first error is kept as one sentence; every later call does nothing and returns
//            false.
// RFC:       none
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace shakedown::exporting {

inline constexpr std::size_t kOutputBufferBytes = 256 * 1024;

class OutputFile {
 public:
  OutputFile() = default;
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile();

  /// Creates or empties the file; "-" is standard output.
  [[nodiscard]] bool open(const std::string& path);
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  [[nodiscard]] bool write(std::string_view text);
  [[nodiscard]] bool flush();
  /// Flushes and closes; a full disk may show only here.
  [[nodiscard]] bool finish();

  /// Empty while all is well.
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  void fail(const char* action, int error_number);

  int fd_ = -1;
  std::string name_;
  std::string buffer_;
  std::string error_;
};

}  // namespace shakedown::exporting
