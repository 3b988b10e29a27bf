// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   A whole file as text, when it is a file that a person wrote.
// Units:     Bytes.
// Ownership: Values.
// Threading: Any.
// Limits:    The one given.
// Failure:   `error` is the rest of a sentence that begins with the file's name; there is no text
//            then. Pipes and devices are refused: what can be read once only cannot be read again.
// RFC:       none
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace shakedown::config {

struct TextFile {
  std::string text;
  std::string error = {};
};

/// How files are read: from the disk, or from a test.
using FileReader = std::function<TextFile(const std::string& path, std::size_t size_max)>;

[[nodiscard]] TextFile read_text_file(const std::string& path, std::size_t size_max);

}  // namespace shakedown::config
