// SPDX-License-Identifier: Apache-2.0
#include "enrich/watchlist_pattern.h"

#include <fmt/format.h>
#include <hs/hs.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>

namespace shakedown::enrich {

namespace {

// `\z`, not `$`: that also matches before a newline at the end.
constexpr std::string_view kBefore = "\\A(?:";
constexpr std::string_view kAfter = ")\\z";

bool is_name_byte(char byte) {
  return std::isalnum(static_cast<unsigned char>(byte)) != 0 || byte == '-' || byte == '_';
}

char lower(char byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + 32) : byte; }

bool is_graphic(char byte) { return byte > ' ' && byte <= '~'; }

/// Labels with dots between them, each written `\.` or, where `plain_dots`, `.`; empty when the
/// text is anything else.
std::string labels_of(std::string_view text, bool plain_dots) {
  std::string name;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escaped = text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '.';
    if (escaped) ++i;
    if (escaped || (plain_dots && text[i] == '.')) {
      if (name.empty() || name.back() == '.') return {};
      name.push_back('.');
    } else if (is_name_byte(text[i])) {
      name.push_back(lower(text[i]));
    } else {
      return {};
    }
  }
  if (!name.empty() && name.back() == '.') name.pop_back();
  return name;
}

std::string expression_error(const std::string& expression) {
  hs_expr_info_t* info = nullptr;
  hs_compile_error_t* error = nullptr;
  if (hs_expression_info(expression.c_str(), pattern_flags(), &info, &error) == HS_SUCCESS) {
    std::free(info);  // by its contract
    return {};
  }
  std::string reason = error->message;
  hs_free_compile_error(error);
  while (reason.ends_with('.')) reason.pop_back();
  return reason;
}

/// `example.com:443`
bool has_port(std::string_view pattern) {
  const std::size_t colon = pattern.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == pattern.size()) return false;
  const std::string_view port = pattern.substr(colon + 1);
  const bool digits = std::ranges::all_of(
      port, [](char byte) { return std::isdigit(static_cast<unsigned char>(byte)) != 0; });
  return digits && !labels_of(pattern.substr(0, colon), true).empty();
}

/// What people write who mean something else than a regular expression of server names.
std::string habit_error(std::string_view pattern) {
  if (pattern.find('/') != std::string_view::npos) {
    return "has a '/', which no server name has: write the name alone";
  }
  if (has_port(pattern)) return "has a port, which no server name has: write the name alone";
  if (pattern.starts_with("*.") || pattern.starts_with('.')) {
    const std::string name = labels_of(pattern.substr(pattern.find('.') + 1), true);
    if (!name.empty()) {
      return fmt::format("is no regular expression for the names below {}: write '{}'", name,
                         pattern_below(name));
    }
  }
  return {};
}

}  // namespace

unsigned pattern_flags() {
  return HS_FLAG_CASELESS | HS_FLAG_DOTALL | HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY;
}

std::string whole_name_expression(std::string_view pattern) {
  return fmt::format("{}{}{}", kBefore, pattern, kAfter);
}

std::optional<NamePattern> as_name(std::string_view pattern) {
  struct Beginning {
    std::string_view text;
    bool itself, below;
  };
  constexpr std::array<Beginning, 3> kBeginnings{
      {{".*\\.", false, true}, {"(.*\\.)?", true, true}, {"(?:.*\\.)?", true, true}}};
  for (const Beginning& beginning : kBeginnings) {
    if (!pattern.starts_with(beginning.text)) continue;
    std::string name = labels_of(pattern.substr(beginning.text.size()), false);
    if (name.empty()) return std::nullopt;
    return NamePattern{std::move(name), beginning.itself, beginning.below};
  }
  std::string name = labels_of(pattern, true);
  if (name.empty()) return std::nullopt;
  return NamePattern{std::move(name), true, false};
}

std::string pattern_below(std::string_view name) {
  std::string pattern = ".*\\.";
  for (const char byte : name) {
    if (byte == '.') pattern.push_back('\\');
    pattern.push_back(byte);
  }
  return pattern;
}

std::string pattern_error(std::string_view pattern) {
  if (pattern.empty()) return "is empty";
  if (pattern.size() > kPatternBytesMax) {
    return fmt::format("has {} bytes; at most {} are allowed", pattern.size(), kPatternBytesMax);
  }
  const auto odd = std::ranges::find_if_not(pattern, is_graphic);
  if (odd != pattern.end()) {
    if (static_cast<unsigned char>(*odd) >= 0x80) {
      return "is not ASCII, as server names are: write such a label as 'xn--...'";
    }
    return "has a space or a control character, which no server name has; is a quote missing?";
  }
  if (std::string reason = habit_error(pattern); !reason.empty()) return reason;
  if (as_name(pattern)) return {};
  // The bare pattern first: its indexes are the user's, and a parenthesis too many cannot end our
  // group.
  std::string reason = expression_error(std::string(pattern));
  if (reason.empty()) reason = expression_error(whole_name_expression(pattern));
  return reason.empty() ? reason : fmt::format("is no regular expression: {}", reason);
}

}  // namespace shakedown::enrich
