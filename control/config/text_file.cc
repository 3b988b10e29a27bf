// SPDX-License-Identifier: Apache-2.0
#include "config/text_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace shakedown::config {

namespace {

std::string system_error(int number) {
  return fmt::format("cannot be read: {}", std::strerror(number));
}

TextFile read_open_file(int fd, std::size_t size_max) {
  struct stat status {};
  if (fstat(fd, &status) != 0) return {{}, system_error(errno)};
  if (S_ISDIR(status.st_mode)) return {{}, system_error(EISDIR)};
  if (!S_ISREG(status.st_mode)) return {{}, "is not a file that can be read twice"};

  TextFile file;
  std::array<char, 16'384> part{};
  for (;;) {
    const ssize_t got = read(fd, part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return {{}, system_error(errno)};
    if (got == 0) return file;
    file.text.append(part.data(), static_cast<std::size_t>(got));
    // Counted while it is read, because it may be written at the same time.
    if (file.text.size() > size_max) {
      return {{}, fmt::format("is larger than {} KiB", size_max / 1024)};
    }
  }
}

}  // namespace

TextFile read_text_file(const std::string& path, std::size_t size_max) {
  // Without O_NONBLOCK, opening a pipe that nobody writes to would not return.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return {{}, system_error(errno)};
  TextFile file = read_open_file(fd, size_max);
  close(fd);
  return file;
}

}  // namespace shakedown::config
