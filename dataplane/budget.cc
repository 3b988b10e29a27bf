// SPDX-License-Identifier: Apache-2.0
#include "budget.h"

#include <fmt/format.h>

#include <limits>

namespace shakedown {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

std::uint64_t add_saturating(std::uint64_t a, std::uint64_t b) {
  std::uint64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? kMost : sum;
}

double mebibytes(std::uint64_t bytes) { return static_cast<double>(bytes) / (1024.0 * 1024.0); }

}  // namespace

std::uint64_t MemoryBudget::Line::total_bytes() const {
  std::uint64_t product = 0;
  return __builtin_mul_overflow(bytes, copies, &product) ? kMost : product;
}

void MemoryBudget::add(std::string_view what, std::uint64_t count, std::uint64_t bytes,
                       std::uint64_t copies) {
  lines_.push_back({std::string(what), count, bytes, copies});
}

std::uint64_t MemoryBudget::total_bytes() const {
  std::uint64_t sum = 0;
  for (const Line& line : lines_) sum = add_saturating(sum, line.total_bytes());
  return sum;
}

std::string MemoryBudget::table() const {
  constexpr std::string_view kRow = "{:<34} {:>10} {:>10} {:>7} {:>11}\n";
  std::string out = fmt::format(kRow, "memory for", "count", "each B", "workers", "MiB");
  for (const Line& line : lines_) {
    const std::uint64_t each = line.count == 0 ? 0 : line.bytes / line.count;
    out += fmt::format(kRow, line.what, line.count, each,
                       line.copies == 1 ? std::string() : fmt::format("x {}", line.copies),
                       fmt::format("{:.1f}", mebibytes(line.total_bytes())));
  }
  out += fmt::format(kRow, "total", "", "", "", fmt::format("{:.1f}", mebibytes(total_bytes())));
  return out;
}

}  // namespace shakedown
