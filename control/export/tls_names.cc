// SPDX-License-Identifier: Apache-2.0
#include "export/tls_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "export/code_names.h"

namespace shakedown::exporting {

namespace {

std::string_view find(std::span<const CodeName> names, std::uint16_t code) {
  const auto place = std::lower_bound(
      names.begin(), names.end(), code,
      [](const CodeName& entry, std::uint16_t wanted) { return entry.code < wanted; });
  return place != names.end() && place->code == code ? place->name : std::string_view{};
}

std::string or_hex(std::string_view name, std::uint16_t code) {
  return name.empty() ? hex_code(code) : std::string(name);
}

constexpr std::uint16_t code_of(ProtocolVersion version) {
  return static_cast<std::uint16_t>(version);
}

/// The text behind `TLSv` or `SSLv`; empty when the version has no name.
std::string known_version(std::uint16_t version) {
  switch (ProtocolVersion{version}) {
    case ProtocolVersion::ssl2:
      return "2.0";
    case ProtocolVersion::ssl3:
      return "3.0";
    case ProtocolVersion::tls10:
      return "1.0";
    case ProtocolVersion::tls11:
      return "1.1";
    case ProtocolVersion::tls12:
      return "1.2";
    case ProtocolVersion::tls13:
      return "1.3";
    case ProtocolVersion::unknown:
      return {};
  }
  const unsigned low = version & 0xffu;
  switch (version >> 8) {
    case 0x7f:
      return fmt::format("1.3-draft{}", low);
    case 0x7e:
      return fmt::format("1.3-exp{}", low);
    case 0xfb:
      return fmt::format("1.3-fb{}", low);
    default:
      return {};
  }
}

}  // namespace

std::string_view registered_cipher_suite(std::uint16_t code) {
  return find({kCipherSuiteNames, kCipherSuiteNamesCount}, code);
}

std::string_view registered_named_group(std::uint16_t code) {
  return find({kNamedGroupNames, kNamedGroupNamesCount}, code);
}

std::string_view registered_signature_scheme(std::uint16_t code) {
  return find({kSignatureSchemeNames, kSignatureSchemeNamesCount}, code);
}

std::string hex_code(std::uint16_t code) { return fmt::format("0x{:04x}", code); }

std::string cipher_suite_name(std::uint16_t code) {
  return or_hex(registered_cipher_suite(code), code);
}

std::string named_group_name(std::uint16_t code) {
  return or_hex(registered_named_group(code), code);
}

std::string signature_scheme_name(std::uint16_t code) {
  return or_hex(registered_signature_scheme(code), code);
}

std::string alert_name(AlertDescription description) {
  const std::string_view name = registered_alert(description);
  return name.empty() ? fmt::format("alert_{}", static_cast<unsigned>(description))
                      : std::string(name);
}

std::string version_number(std::uint16_t version) {
  std::string text = known_version(version);
  return text.empty() ? hex_code(version) : text;
}

std::string_view version_protocol(std::uint16_t version) {
  const bool ssl =
      version == code_of(ProtocolVersion::ssl2) || version == code_of(ProtocolVersion::ssl3);
  return ssl ? "ssl" : "tls";
}

std::string version_label(std::uint16_t version) {
  if (version == code_of(ProtocolVersion::ssl2)) return "SSLv2";
  if (version == code_of(ProtocolVersion::ssl3)) return "SSLv3";
  const std::string text = known_version(version);
  return text.empty() ? hex_code(version) : "TLSv" + text;
}

}  // namespace shakedown::exporting
