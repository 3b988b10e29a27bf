// SPDX-License-Identifier: Apache-2.0
#include "serve/subject.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "export/text.h"
#include "serve/endpoint.h"

namespace shakedown::serve {

namespace {

constexpr std::size_t kEventIdSize = 16;

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool is_hex(char letter) {
  return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f');
}

std::string_view without_last_dot(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

bool same_name(std::string_view lower_case, std::string_view name) {
  name = without_last_dot(name);
  return lower_case.size() == name.size() &&
         std::equal(name.begin(), name.end(), lower_case.begin(),
                    [](char one, char other) { return lower(one) == other; });
}

/// With or without brackets.
bool parse_address(std::string_view text, Subject& subject) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  subject.family = text.find(':') != std::string_view::npos ? IpFamily::ipv6 : IpFamily::ipv4;
  const int family = subject.family == IpFamily::ipv6 ? AF_INET6 : AF_INET;
  return inet_pton(family, std::string(text).c_str(), subject.address.bytes.data()) == 1;
}

/// Names as they are used, not as RFC 1123 allows them: clients send all kinds.
std::optional<Subject> parse_name(std::string_view text) {
  Subject subject;
  if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
    const std::string_view port = text.substr(colon + 1);
    const auto [stop, error] =
        std::from_chars(port.data(), port.data() + port.size(), subject.port);
    if (error != std::errc{} || stop != port.data() + port.size() || subject.port == 0) {
      return std::nullopt;
    }
    text = text.substr(0, colon);
  }
  text = without_last_dot(text);
  if (text.empty() || text.find_first_of("/\\[]@") != std::string_view::npos) return std::nullopt;
  std::ranges::transform(text, std::back_inserter(subject.text), lower);
  if (subject.port == 0 && text.size() == kEventIdSize &&
      std::ranges::all_of(subject.text, is_hex)) {
    subject.kind = Subject::Kind::event;
  }
  return subject;
}

}  // namespace

std::optional<Subject> parse_subject(std::string_view text) {
  const bool printable =
      std::ranges::all_of(text, [](char letter) { return letter > 0x20 && letter < 0x7f; });
  if (text.empty() || text.size() > kSubjectSizeMax || !printable) return std::nullopt;
  Subject subject{.kind = Subject::Kind::address, .text = {}, .address = {}};
  if (const auto endpoint = parse_endpoint(text)) {
    subject.family = endpoint->family;
    subject.address = endpoint->address;
    subject.port = endpoint->port;
    return subject;
  }
  if (parse_address(text, subject)) return subject;
  return parse_name(text);
}

std::string_view subject_forms() {
  return "the id of an event (16 hex digits), an address, an address with its port like "
         "198.51.100.5:443 or [2001:db8::1]:443, or a server name";
}

std::string subject_text(const Subject& subject) {
  if (subject.kind == Subject::Kind::address) {
    return subject.port == 0
               ? exporting::address_text(subject.address, subject.family)
               : exporting::endpoint_text(subject.address, subject.family, subject.port);
  }
  return subject.port == 0 ? subject.text : fmt::format("{}:{}", subject.text, subject.port);
}

bool matches(const Subject& subject, const SubjectTraits& traits) {
  const auto port_is = [&subject](std::uint16_t port) {
    return subject.port == 0 || subject.port == port;
  };
  switch (subject.kind) {
    case Subject::Kind::address:
      return subject.family == traits.family &&
             ((subject.address == traits.client_address && port_is(traits.client_port)) ||
              (subject.address == traits.server_address && port_is(traits.server_port)));
    case Subject::Kind::event:
      if (subject.text == traits.event_id) return true;
      break;
    case Subject::Kind::name:
      break;
  }
  return same_name(subject.text, traits.server_name) && port_is(traits.server_port);
}

}  // namespace shakedown::serve
