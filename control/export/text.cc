// SPDX-License-Identifier: Apache-2.0
#include "export/text.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <ctime>

namespace shakedown::exporting {

std::string time_text(UnixNanos time) {
  std::int64_t seconds = time.value / kNanosPerSecond;
  std::int64_t nanos = time.value % kNanosPerSecond;
  if (nanos < 0) {
    nanos += kNanosPerSecond;
    --seconds;
  }
  const std::time_t moment = seconds;
  std::tm parts{};
  gmtime_r(&moment, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     nanos / kNanosPerMicro);
}

std::string address_text(const IpAddress& address, IpFamily family) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int kind = family == IpFamily::ipv6 ? AF_INET6 : AF_INET;
  inet_ntop(kind, address.bytes.data(), text.data(), static_cast<socklen_t>(text.size()));
  return text.data();
}

std::string endpoint_text(const IpAddress& address, IpFamily family, std::uint16_t port) {
  const std::string ip = address_text(address, family);
  return family == IpFamily::ipv6 ? fmt::format("[{}]:{}", ip, port)
                                  : fmt::format("{}:{}", ip, port);
}

std::string hex_text(const std::uint8_t* bytes, std::size_t size) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(size * 2);
  for (std::size_t i = 0; i < size; ++i) {
    text.push_back(digits[bytes[i] >> 4]);
    text.push_back(digits[bytes[i] & 15]);
  }
  return text;
}

std::string tunnel_text(TunnelKind kind, std::uint32_t id) {
  switch (kind) {
    case TunnelKind::none:
      return {};
    case TunnelKind::gre:
      return id == 0 ? "gre" : fmt::format("gre:{}", id);  // the key is optional
    case TunnelKind::erspan:
      return fmt::format("erspan:{}", id);
    case TunnelKind::vxlan:
      return fmt::format("vxlan:{}", id);
    case TunnelKind::geneve:
      return fmt::format("geneve:{}", id);
    case TunnelKind::gtp_u:
      return fmt::format("gtp_u:{}", id);
    case TunnelKind::ip_in_ip:
      return "ip_in_ip";
    case TunnelKind::six_in_four:
      return "six_in_four";
    case TunnelKind::pppoe:
      return fmt::format("pppoe:{}", id);
    case TunnelKind::mpls:
      return fmt::format("mpls:{}", id);
    case TunnelKind::vn_tag:
      return fmt::format("vn_tag:{}", id);
    case TunnelKind::e_tag:
      return fmt::format("e_tag:{}", id);
  }
  return fmt::format("tunnel_{}:{}", static_cast<unsigned>(kind), id);
}

std::string terminal_text(std::string_view text, std::size_t length_max) {
  std::string safe;
  for (const char letter : text) {
    if (letter >= 0x20 && letter < 0x7f) {
      safe.push_back(letter);
    } else {
      fmt::format_to(std::back_inserter(safe), "\\x{:02x}", static_cast<std::uint8_t>(letter));
    }
    if (safe.size() > length_max) {
      safe.resize(length_max);
      if (length_max > 0) safe.back() = '~';
      break;
    }
  }
  return safe;
}

std::string grouped(std::uint64_t number) {
  std::string text = fmt::format("{}", number);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, 1, ',');
  return text;
}

}  // namespace shakedown::exporting
