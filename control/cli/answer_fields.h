// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Reads the fields of a sensor's answer for people: what is missing, because the sensor
//            is older or does not know it, is empty and never an error.
// Units:     As the fields say.
// Ownership: Views of the answer, which must outlive them.
// Threading: Pure.
// Limits:    none
// Failure:   none
// RFC:       RFC 8259
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace shakedown::cli {

class Fields {
 public:
  explicit Fields(const boost::json::value& value) : object_(value.if_object()) {}

  /// The object of this name; without fields when there is none.
  [[nodiscard]] Fields in(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }
  /// Fit for a terminal: whatever strangers chose is printable.
  [[nodiscard]] std::string text(std::string_view name) const;
  [[nodiscard]] std::uint64_t count(std::string_view name) const;
  [[nodiscard]] double number(std::string_view name) const;
  [[nodiscard]] bool truth(std::string_view name) const;
  /// Empty when there is none.
  [[nodiscard]] const boost::json::array& list(std::string_view name) const;

 private:
  [[nodiscard]] const boost::json::value* find(std::string_view name) const;

  const boost::json::object* object_ = nullptr;
};

/// Texts in a list, fit for a terminal.
[[nodiscard]] std::string printable_text(const boost::json::value& value);

/// `12 %`, `4.2 %`, `0.31 %`, `0 %`
[[nodiscard]] std::string percent_text(double share);
/// `3.2 s`, `12 min`, `5 h 20 min`, `12 d 4 h`
[[nodiscard]] std::string duration_text(double seconds);
/// `12,345.6`: one decimal below a hundred, none above.
[[nodiscard]] std::string rate_text(double number);

}  // namespace shakedown::cli
