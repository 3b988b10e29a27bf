// SPDX-License-Identifier: Apache-2.0
#include "export/service_names.h"

#include <array>

namespace shakedown::exporting {

namespace {

// In the order of the enumerations.
constexpr std::array<std::string_view, kServiceCount> kServices{
    "",     "http",       "block_page", "ssh", "smtp",  "imap",  "pop3", "ftp",    "ldap",
    "xmpp", "postgresql", "mysql",      "rdp", "socks", "redis", "mqtt", "banner", "binary"};
constexpr std::array<std::string_view, kStartTlsCount> kStartTls{
    "",     "unknown",    "smtp",  "imap", "pop3",         "ftp",   "ldap",
    "xmpp", "postgresql", "mysql", "rdp",  "http_connect", "socks", "proxy_header"};
static_assert(kServices[static_cast<std::size_t>(Service::postgresql)] == "postgresql");
static_assert(kServices[static_cast<std::size_t>(Service::binary)] == "binary");
static_assert(kStartTls[static_cast<std::size_t>(StartTls::postgresql)] == "postgresql");
static_assert(kStartTls[static_cast<std::size_t>(StartTls::proxy_header)] == "proxy_header");

template <std::size_t size, class Enum>
std::string_view name_in(const std::array<std::string_view, size>& names, Enum value) {
  const auto index = static_cast<std::size_t>(value);
  return index < size ? names[index] : std::string_view("unknown");
}

}  // namespace

std::string_view service_name(Service service) { return name_in(kServices, service); }

std::string_view starttls_name(StartTls kind) { return name_in(kStartTls, kind); }

}  // namespace shakedown::exporting
