// SPDX-License-Identifier: Apache-2.0
#include "cli/answer_fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "export/text.h"

namespace shakedown::cli {

namespace {

namespace json = boost::json;

/// The longest that is of use on a screen: a sentence, a path.
constexpr std::size_t kTextLengthMax = 400;

}  // namespace

const json::value* Fields::find(std::string_view name) const {
  return object_ == nullptr ? nullptr : object_->if_contains(name);
}

Fields Fields::in(std::string_view name) const {
  static const json::value nothing;
  const json::value* value = find(name);
  return Fields(value != nullptr ? *value : nothing);
}

std::string Fields::text(std::string_view name) const {
  const json::value* value = find(name);
  return value == nullptr ? std::string() : printable_text(*value);
}

std::uint64_t Fields::count(std::string_view name) const {
  const json::value* value = find(name);
  if (value == nullptr) return 0;
  if (value->is_uint64()) return value->get_uint64();
  if (value->is_int64()) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, value->get_int64()));
  }
  return 0;
}

double Fields::number(std::string_view name) const {
  const json::value* value = find(name);
  if (value == nullptr) return 0.0;
  if (value->is_double()) return value->get_double();
  if (value->is_int64()) return static_cast<double>(value->get_int64());
  return static_cast<double>(count(name));
}

bool Fields::truth(std::string_view name) const {
  const json::value* value = find(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

const json::array& Fields::list(std::string_view name) const {
  static const json::array nothing;
  const json::value* value = find(name);
  return value != nullptr && value->is_array() ? value->get_array() : nothing;
}

std::string printable_text(const json::value& value) {
  if (const json::string* text = value.if_string()) {
    return exporting::terminal_text({text->data(), text->size()}, kTextLengthMax);
  }
  return value.is_null() ? std::string() : json::serialize(value);
}

std::string percent_text(double share) {
  const double value = 100.0 * share;
  if (value <= 0.0) return "0 %";
  return fmt::format("{:.{}f} %", value, value >= 10.0 ? 0 : value >= 1.0 ? 1 : 2);
}

std::string duration_text(double seconds) {
  if (seconds < 120.0) return fmt::format("{:.1f} s", seconds);
  const auto minutes = static_cast<std::uint64_t>(seconds / 60.0);
  if (minutes < 120) return fmt::format("{} min", minutes);
  const std::uint64_t hours = minutes / 60;
  if (hours < 48) return fmt::format("{} h {} min", hours, minutes % 60);
  return fmt::format("{} d {} h", hours / 24, hours % 24);
}

std::string rate_text(double number) {
  if (number < 100.0) return fmt::format("{:.1f}", number);
  return exporting::grouped(static_cast<std::uint64_t>(number + 0.5));
}

}  // namespace shakedown::cli
