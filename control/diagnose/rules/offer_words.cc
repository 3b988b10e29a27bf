// SPDX-License-Identifier: Apache-2.0
#include "diagnose/rules/offer_words.h"

#include <fmt/format.h>

#include <algorithm>

#include "diagnose/rules/offer_shape.h"
#include "diagnose/rules/words.h"
#include "export/text.h"
#include "export/tls_names.h"

namespace shakedown::diagnose {

namespace {

/// What stands in one list of an event need not be longer than a host name's label.
constexpr std::size_t kWordLengthMax = 40;

std::string named(std::span<const std::uint16_t> codes, std::string (*name)(std::uint16_t)) {
  std::vector<std::string> words;
  for (const std::uint16_t code : codes) {
    if (!is_grease(code)) words.push_back(name(code));
  }
  return listed(words);
}

std::vector<std::uint16_t> codes_of(std::span<const Weighed<std::uint16_t>> choices) {
  std::vector<std::uint16_t> codes;
  for (const Weighed<std::uint16_t>& choice : choices) codes.push_back(choice.value);
  return codes;
}

std::string extension_name(std::uint16_t code) {
  switch (ExtensionType{code}) {
    case ExtensionType::server_name:
      return "server_name";
    case ExtensionType::max_fragment_length:
      return "max_fragment_length";
    case ExtensionType::status_request:
      return "status_request";
    case ExtensionType::supported_groups:
      return "supported_groups";
    case ExtensionType::ec_point_formats:
      return "ec_point_formats";
    case ExtensionType::signature_algorithms:
      return "signature_algorithms";
    case ExtensionType::application_layer_protocol_negotiation:
      return "application_layer_protocol_negotiation";
    case ExtensionType::signed_certificate_timestamp:
      return "signed_certificate_timestamp";
    case ExtensionType::padding:
      return "padding";
    case ExtensionType::encrypt_then_mac:
      return "encrypt_then_mac";
    case ExtensionType::extended_master_secret:
      return "extended_master_secret";
    case ExtensionType::compress_certificate:
      return "compress_certificate";
    case ExtensionType::session_ticket:
      return "session_ticket";
    case ExtensionType::pre_shared_key:
      return "pre_shared_key";
    case ExtensionType::early_data:
      return "early_data";
    case ExtensionType::supported_versions:
      return "supported_versions";
    case ExtensionType::cookie:
      return "cookie";
    case ExtensionType::psk_key_exchange_modes:
      return "psk_key_exchange_modes";
    case ExtensionType::certificate_authorities:
      return "certificate_authorities";
    case ExtensionType::post_handshake_auth:
      return "post_handshake_auth";
    case ExtensionType::signature_algorithms_cert:
      return "signature_algorithms_cert";
    case ExtensionType::key_share:
      return "key_share";
    case ExtensionType::next_protocol_negotiation:
      return "next_protocol_negotiation";
    case ExtensionType::encrypted_server_name:
      return "encrypted_server_name";
    case ExtensionType::encrypted_client_hello:
      return "encrypted_client_hello";
    case ExtensionType::renegotiation_info:
      return "renegotiation_info";
  }
  return fmt::format("extension {}", code);
}

}  // namespace

std::string listed(const std::vector<std::string>& words) {
  if (words.empty()) return "none";
  const std::size_t shown = words.size() <= kListedMax + 1 ? words.size() : kListedMax;
  const std::size_t more = words.size() - shown;
  std::string text = words.front();
  for (std::size_t i = 1; i < shown; ++i) {
    const bool last = i + 1 == shown && more == 0;
    text += (last ? " and " : ", ") + words[i];
  }
  if (more != 0) text += fmt::format(" and {} more", more);
  return text;
}

std::string suites_text(std::span<const std::uint16_t> codes) {
  std::vector<std::uint16_t> suites;
  std::copy_if(codes.begin(), codes.end(), std::back_inserter(suites),
               [](std::uint16_t code) { return !is_signalling_suite(code); });
  return named(suites, exporting::cipher_suite_name);
}

std::string groups_text(std::span<const std::uint16_t> codes) {
  return named(codes, exporting::named_group_name);
}

std::string schemes_text(std::span<const std::uint16_t> codes) {
  return named(codes, exporting::signature_scheme_name);
}

std::string extensions_text(std::span<const std::uint16_t> codes) {
  return named(codes, extension_name);
}

std::string protocols_text(std::span<const std::string> protocols) {
  std::vector<std::string> words;
  for (const std::string& protocol : protocols) {
    words.push_back(fmt::format("\"{}\"", exporting::terminal_text(protocol, kWordLengthMax)));
  }
  return listed(words);
}

std::string alert_text(AlertDescription description) {
  return fmt::format("{} ({})", exporting::alert_name(description),
                     static_cast<unsigned>(description));
}

std::string offered_versions_text(const Facts& facts) {
  const enrich::ClientOffer* offer = facts.handshake.offer.get();
  if (offer != nullptr && !offer->supported_versions.empty()) {
    return named(offer->supported_versions, exporting::version_label);
  }
  return exporting::version_label(facts.record.client_hello_facts.max_version) +
         " and nothing newer";
}

std::string chosen_text(const Facts& facts, std::string_view choices) {
  // To the minute: who reads it wants to know whether it was today.
  const std::string since = exporting::time_text(facts.server.first_seen).substr(0, 16) + "Z";
  return fmt::format("the server has chosen {} so far, in {} since {}", choices,
                     counted(facts.server.successes, "handshake"), since);
}

std::string chosen_versions_text(const Facts& facts) {
  return chosen_text(facts, named(codes_of(facts.server.versions), exporting::version_label));
}

std::string chosen_suites_text(const Facts& facts) {
  return chosen_text(facts, suites_text(codes_of(facts.server.cipher_suites)));
}

std::string chosen_groups_text(const Facts& facts) {
  return chosen_text(facts, groups_text(codes_of(facts.server.named_groups)));
}

}  // namespace shakedown::diagnose
