// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   A file, or standard output, that never loses a write error.
// Units:     Bytes.
// Ownership: Owns the descriptor, except standard output.
// Threading: One thread.
// Limits:    kOutputBufferBytes are held before they are written. What a writer that was killed left
//            of a line is taken away when the file is opened to go on.
// Failure:   The first error is kept as one sentence; every later call does nothing and returns
//            false.
// RFC:       none
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
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

  /// Where to begin in a file that exists.
  enum class Begin { empty, at_end };
  /// "-" is standard output. What is written goes to the end of the file, whoever else writes to it
  /// or shortens it meanwhile.
  [[nodiscard]] bool open(const std::string& path, Begin begin = Begin::empty);
  /// Goes on in a file of this name, which is made anew where it was renamed or removed; what was
  /// written until now goes to the one before. Where it cannot be opened nothing changes, and the
  /// answer is the sentence why; else it is empty.
  [[nodiscard]] std::string reopen(const std::string& path);
  /// `flag` is 1 while a write waits for whoever takes the output; it must outlive the file.
  void report_waiting(std::atomic<std::uint32_t>* flag) { waiting_ = flag; }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  [[nodiscard]] bool write(std::string_view text);
  [[nodiscard]] bool flush();
  /// Soon write() will have to flush.
  [[nodiscard]] bool filling() const { return buffer_.size() >= kOutputBufferBytes / 2; }
  /// Flushes and closes; a full disk may show only here.
  [[nodiscard]] bool finish();

  /// Empty while all is well.
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  void cut_partial_line();
  void fail(const char* action, int error_number);

  int fd_ = -1;
  std::atomic<std::uint32_t>* waiting_ = nullptr;
  std::string name_;
  std::string buffer_;
  std::string error_;
};

}  // namespace shakedown::exporting
