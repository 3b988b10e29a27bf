// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Writes one JSON value into a buffer, without building a tree first.
// Units:     none
// Ownership: The buffer is the caller's.
// Threading: One thread.
// Limits:    none
// Failure:   Any bytes become valid JSON in UTF-8: a byte that is not UTF-8 is written as \u00XX.
//            Nesting is the caller's duty.
// RFC:       RFC 8259
#pragma once

#include <fmt/format.h>

#include <concepts>
#include <string_view>

namespace shakedown::exporting {

/// Appends `text` as a JSON string with its quotes.
void append_json_string(fmt::memory_buffer& out, std::string_view text);

class JsonWriter {
 public:
  explicit JsonWriter(fmt::memory_buffer& out) : out_(out) {}

  void begin_object() { open('{'); }
  void begin_object(std::string_view name) { open_named(name, '{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void begin_array(std::string_view name) { open_named(name, '['); }
  void end_array() { close(']'); }

  void value(std::string_view text) {
    separate();
    append_json_string(out_, text);
  }
  /// `json` must be one whole value.
  void raw_value(std::string_view json) {
    separate();
    raw(json);
  }
  template <std::integral Int>
  requires(!std::same_as<Int, bool>) void value(Int number) {
    separate();
    const fmt::format_int digits(number);
    raw({digits.data(), digits.size()});
  }
  void member(std::string_view name, std::string_view text) {
    key(name);
    append_json_string(out_, text);
  }
  /// Without it a literal would rather become a bool.
  void member(std::string_view name, const char* text) { member(name, std::string_view(text)); }
  void member(std::string_view name, bool truth) {
    key(name);
    raw(truth ? "true" : "false");
  }
  /// `json` must be one whole value.
  void raw_member(std::string_view name, std::string_view json) {
    key(name);
    raw(json);
  }
  template <std::integral Int>
  requires(!std::same_as<Int, bool>) void member(std::string_view name, Int number) {
    key(name);
    const fmt::format_int digits(number);
    raw({digits.data(), digits.size()});
  }
  /// With `digits` places behind the point.
  void member(std::string_view name, double number, int digits) {
    key(name);
    fmt::format_to(fmt::appender(out_), "{:.{}f}", number, digits);
  }

 private:
  void raw(std::string_view text) { out_.append(text.data(), text.data() + text.size()); }
  void separate() {
    if (!first_) out_.push_back(',');
    first_ = false;
  }
  /// Names are identifiers of ours, so they need no escapes.
  void key(std::string_view name) {
    separate();
    out_.push_back('"');
    raw(name);
    raw("\":");
  }
  void open(char bracket) {
    separate();
    out_.push_back(bracket);
    first_ = true;
  }
  void open_named(std::string_view name, char bracket) {
    key(name);
    out_.push_back(bracket);
    first_ = true;
  }
  void close(char bracket) {
    out_.push_back(bracket);
    first_ = false;
  }

  fmt::memory_buffer& out_;
  bool first_ = true;
};

}  // namespace shakedown::exporting
