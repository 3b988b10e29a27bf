// SPDX-License-Identifier: Apache-2.0
#include "serve/endpoint.h"

#include <arpa/inet.h>

#include <charconv>
#include <string>

namespace shakedown::serve {

namespace {

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  if (text.empty() || error != std::errc{} || stop != end) return std::nullopt;
  return port;
}

bool parse_address(std::string_view text, Endpoint& endpoint) {
  // inet_pton() wants a terminator, and would stop at one that is in the text.
  if (text.find('\0') != std::string_view::npos) return false;
  const int family = endpoint.family == IpFamily::ipv6 ? AF_INET6 : AF_INET;
  return inet_pton(family, std::string(text).c_str(), endpoint.address.bytes.data()) == 1;
}

}  // namespace

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  Endpoint endpoint;
  const bool bracketed = text.starts_with('[');
  const std::size_t colon = bracketed ? text.find("]:") : text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  endpoint.family = bracketed ? IpFamily::ipv6 : IpFamily::ipv4;
  const std::string_view address = bracketed ? text.substr(1, colon - 1) : text.substr(0, colon);
  const auto port = parse_port(text.substr(colon + (bracketed ? 2 : 1)));
  if (!port || !parse_address(address, endpoint)) return std::nullopt;
  endpoint.port = *port;
  return endpoint;
}

}  // namespace shakedown::serve
