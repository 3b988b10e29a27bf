// SPDX-License-Identifier: Apache-2.0
#include "truth.h"

#include <fmt/format.h>

namespace shakedown::generator {
namespace {

std::string quoted_or_null(std::string_view text) {
  return text.empty() ? "null" : fmt::format("\"{}\"", text);
}

std::string_view version_name(uint16_t version) {
  switch (version) {
    case 0x0300:
      return "ssl3";
    case 0x0301:
      return "1.0";
    case 0x0302:
      return "1.1";
    case 0x0303:
      return "1.2";
    case 0x0304:
      return "1.3";
    default:
      return "";
  }
}

}  // namespace

std::string_view stage_of(const test_support::ExpectedOutcome& expected) {
  constexpr std::string_view kAfter = "_after_";
  const std::string_view name = expected.name;
  const size_t found = name.find(kAfter);
  if (found != std::string_view::npos) {
    return name.substr(found + kAfter.size());
  }
  if (name == "established") {
    return "established";
  }
  return name == "non_tls_reply" ? "client_hello" : "tcp";
}

bool server_hello_was_sent(const test_support::ExpectedOutcome& expected) {
  const std::string_view stage = stage_of(expected);
  return stage != "tcp" && stage != "client_hello" && stage != "hello_retry_request";
}

std::string json_line(const Truth& truth) {
  const auto& expected = truth.expected;
  const std::string alert = expected.alert_description < 0
                                ? "null"
                                : fmt::format("{{\"code\":{},\"from\":\"{}\"}}",
                                              expected.alert_description, expected.alert_from);
  return fmt::format(
      "{{\"src\":\"{}\",\"dst\":\"{}\",\"version\":{},\"sni\":{},\"outcome\":\"{}\",\"by\":\"{}\","
      "\"stage\":\"{}\",\"alert\":{},\"frames_lost\":{}}}",
      to_text(truth.client), to_text(truth.server), quoted_or_null(version_name(truth.version)),
      quoted_or_null(truth.server_name), expected.name, expected.by, stage_of(expected), alert,
      truth.frames_lost);
}

std::string expect_line(const Truth& truth) {
  return fmt::format("{} {} {} {} {}", to_text(truth.client), to_text(truth.server),
                     truth.expected.name, truth.expected.by, stage_of(truth.expected));
}

}  // namespace shakedown::generator
