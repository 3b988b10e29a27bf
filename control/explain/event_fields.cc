// SPDX-License-Identifier: Apache-2.0
#include "explain/event_fields.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "export/text.h"

namespace shakedown::explain {

namespace {

namespace json = boost::json;

constexpr std::size_t kTextLengthMax = 400;
constexpr std::size_t kLongTextLengthMax = 4000;
/// A list is for a screen; what is longer is no list of ours.
constexpr std::size_t kListCountMax = 100;

bool read_end(const json::value& event, std::string_view side, IpFamily& family, IpAddress& address,
              std::uint16_t& port) {
  const std::string ip = raw_text(event, fmt::format("{}.ip", side));
  if (ip.find('\0') != std::string::npos) return false;
  family = ip.find(':') != std::string::npos ? IpFamily::ipv6 : IpFamily::ipv4;
  const int kind = family == IpFamily::ipv6 ? AF_INET6 : AF_INET;
  const std::int64_t sent = number(event, fmt::format("{}.port", side));
  if (sent < 0 || sent > std::numeric_limits<std::uint16_t>::max()) return false;
  port = static_cast<std::uint16_t>(sent);
  return inet_pton(kind, ip.c_str(), address.bytes.data()) == 1;
}

std::string printable(const json::value* value, std::size_t length_max) {
  if (value == nullptr || value->is_null()) return {};
  if (const json::string* words = value->if_string()) {
    return exporting::terminal_text({words->data(), words->size()}, length_max);
  }
  return exporting::terminal_text(json::serialize(*value), length_max);
}

}  // namespace

const json::value* find(const json::value& event, std::string_view path) {
  const json::value* value = &event;
  while (!path.empty()) {
    const std::size_t dot = path.find('.');
    const std::string_view name = path.substr(0, dot);
    const json::object* object = value->if_object();
    value = object == nullptr ? nullptr : object->if_contains(name);
    if (value == nullptr) return nullptr;
    path.remove_prefix(dot == std::string_view::npos ? path.size() : dot + 1);
  }
  return value;
}

std::string raw_text(const json::value& event, std::string_view path) {
  const json::value* value = find(event, path);
  const json::string* words = value == nullptr ? nullptr : value->if_string();
  return words == nullptr ? std::string() : std::string(words->data(), words->size());
}

std::string text(const json::value& event, std::string_view path) {
  return printable(find(event, path), kTextLengthMax);
}

std::string long_text(const json::value& event, std::string_view path) {
  return printable(find(event, path), kLongTextLengthMax);
}

std::int64_t number(const json::value& event, std::string_view path) {
  const json::value* value = find(event, path);
  if (value == nullptr) return 0;
  const std::int64_t* found = value->if_int64();
  return found == nullptr ? 0 : *found;
}

bool truth(const json::value& event, std::string_view path) {
  const json::value* value = find(event, path);
  const bool* found = value == nullptr ? nullptr : value->if_bool();
  return found != nullptr && *found;
}

const json::array& list(const json::value& event, std::string_view path) {
  static const json::array nothing;
  const json::value* value = find(event, path);
  const json::array* found = value == nullptr ? nullptr : value->if_array();
  return found == nullptr ? nothing : *found;
}

std::vector<std::string> texts(const json::value& event, std::string_view path) {
  std::vector<std::string> found;
  for (const json::value& item : list(event, path)) {
    if (found.size() == kListCountMax) break;
    found.push_back(printable(&item, kTextLengthMax));
  }
  return found;
}

bool is_handshake_event(const json::value& event) {
  return raw_text(event, "event.dataset") == "shakedown.handshake";
}

std::string endpoint_of(const json::value& event, std::string_view side) {
  IpFamily family = IpFamily::none;
  IpAddress address;
  std::uint16_t port = 0;
  return read_end(event, side, family, address, port)
             ? exporting::endpoint_text(address, family, port)
             : std::string("an unknown address");
}

bool concerns(const json::value& event, const serve::Subject& subject) {
  const std::string id = raw_text(event, "event.id");
  const std::string name = raw_text(event, "tls.client.server_name");
  serve::SubjectTraits traits{
      .event_id = id, .client_address = {}, .server_address = {}, .server_name = name};
  IpFamily server_family = IpFamily::none;
  const bool ends =
      read_end(event, "source", traits.family, traits.client_address, traits.client_port) &&
      read_end(event, "destination", server_family, traits.server_address, traits.server_port) &&
      server_family == traits.family;
  if (!ends) traits.family = IpFamily::none;
  return serve::matches(subject, traits);
}

std::string short_time(std::string_view time) {
  constexpr std::size_t kSecondsEnd = 19;
  std::string words = exporting::terminal_text(time, 40).substr(0, kSecondsEnd);
  if (words.size() == kSecondsEnd && words[10] == 'T') words[10] = ' ';
  return words;
}

}  // namespace shakedown::explain
