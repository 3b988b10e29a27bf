// SPDX-License-Identifier: Apache-2.0
//
// A hello as a command line that people can run. What decides whether a handshake succeeds is given
// as it was offered: protocol versions, server name, ALPN, groups, suites. Lists that are those that
// OpenSSL offers of its own accord are left out, because they say nothing. What OpenSSL does not know
// is left out of a list; where nothing of a list would be left, there is no line: it would show
// something else. A line that becomes too long loses its signature algorithms first and its suites of
// TLS 1.2 then.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "diagnose/diagnoser.h"
#include "diagnose/openssl_names.h"
#include "export/text.h"

namespace shakedown::diagnose {

namespace {

/// What still fits a ticket, and a terminal without scrolling.
constexpr std::size_t kLineSizeMax = 1000;
constexpr std::size_t kProtocolNameCountMax = 16;

struct Version {
  std::uint16_t code;
  std::string_view only;  ///< the option for this version alone
  std::string_view name;
};
constexpr std::array kVersions{
    Version{0x0301, "-tls1", "TLSv1"}, Version{0x0302, "-tls1_1", "TLSv1.1"},
    Version{0x0303, "-tls1_2", "TLSv1.2"}, Version{0x0304, "-tls1_3", "TLSv1.3"}};
constexpr std::uint16_t kTls12 = 0x0303;
constexpr std::uint16_t kTls13 = 0x0304;

/// Words for a shell. What strangers chose is printable ASCII and quoted.
class Line {
 public:
  explicit Line(std::string_view program) : text_(program) {}

  void add(std::string_view word) {
    constexpr std::string_view kHarmless =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=@%+,";
    std::string printable;
    std::ranges::copy_if(word, std::back_inserter(printable),
                         [](char letter) { return letter >= 0x20 && letter < 0x7f; });
    text_ += ' ';
    if (!printable.empty() && printable.find_first_not_of(kHarmless) == std::string::npos) {
      text_ += printable;
      return;
    }
    text_ += '\'';
    for (const char letter : printable) text_ += letter == '\'' ? "'\\''" : std::string(1, letter);
    text_ += '\'';
  }
  void add(std::string_view option, std::string_view value) {
    add(option);
    add(value);
  }
  [[nodiscard]] std::string ended(std::string_view rest) && {
    return std::move(text_.append(rest));
  }

 private:
  std::string text_;
};

/// What is to be repeated, of a failing hello or of one that succeeded.
struct Repeated {
  const enrich::Handshake& handshake;  ///< names the server, and how TLS begins there
  const enrich::ClientOffer* offer = nullptr;
  std::uint16_t max_version = 0;
  bool server_name = false;
  bool client_certificate = false;
  bool status_request = false;
  bool fallback = false;
};

std::string printable(std::string_view text) {
  std::string kept;
  std::ranges::copy_if(text, std::back_inserter(kept),
                       [](char letter) { return letter > 0x20 && letter < 0x7f; });
  return kept;
}

std::string server_address(const HandshakeRecord& record) {
  return exporting::address_text(record.server_address, record.family);
}

std::string server_endpoint(const HandshakeRecord& record) {
  return exporting::endpoint_text(record.server_address, record.family, record.server_port);
}

/// The name as sent; a placeholder where it is not known whole.
std::string name_of_server(const enrich::Handshake& handshake) {
  const bool cut = handshake.has(ClientHelloFacts::server_name_truncated) &&
                   handshake.server_name.size() <= handshake.record.server_name.size();
  std::string name = cut ? std::string() : printable(handshake.server_name);
  return name.empty() ? "SERVER_NAME" : name;
}

template <class Text>
std::string joined(const std::vector<Text>& texts, char between) {
  std::string text;
  for (const Text& item : texts) {
    if (!text.empty()) text += between;
    text += item;
  }
  return text;
}

/// Lists of names in the order offered, each once; `unnamed` when something was offered and OpenSSL
/// knows none of it.
struct Names {
  std::vector<std::string_view> names;
  std::vector<std::uint16_t> codes;  ///< of the names, ascending
  bool unnamed = false;

  [[nodiscard]] std::string text() const { return joined(names, ':'); }
};

template <class NameOf, class Wanted>
Names named(const std::vector<std::uint16_t>& codes, NameOf name_of, Wanted wanted) {
  Names list;
  bool offered = false;
  for (const std::uint16_t code : codes) {
    if (!wanted(code)) continue;
    offered = true;
    const std::string& name = name_of(code);
    if (name.empty() || std::ranges::find(list.codes, code) != list.codes.end()) continue;
    list.names.push_back(name);
    list.codes.push_back(code);
  }
  std::ranges::sort(list.codes);
  list.unnamed = offered && list.names.empty();
  return list;
}

/// Suites of TLS 1.3 are numbered 0x13xx (RFC 8446 §B.4).
bool is_tls13_suite(std::uint16_t code) { return code >> 8 == 0x13; }

/// As OpenSSL offers them of its own accord.
bool usual_suites(const std::vector<std::uint16_t>& codes, bool tls13) {
  return std::ranges::any_of(openssl_defaults(), [&](const OpensslDefaults& defaults) {
    std::vector<std::uint16_t> alike;
    std::ranges::copy_if(defaults.cipher_suites, std::back_inserter(alike),
                         [tls13](std::uint16_t code) { return is_tls13_suite(code) == tls13; });
    return codes == alike;
  });
}

bool usual_signatures(const std::vector<std::uint16_t>& codes) {
  return std::ranges::any_of(openssl_defaults(), [&](const OpensslDefaults& defaults) {
    return codes == defaults.signature_algorithms;
  });
}

/// OpenSSL no longer offers them unless it is asked to.
bool retired_suites(const std::vector<std::uint16_t>& codes) {
  return !std::ranges::includes(openssl_defaults().front().cipher_suites, codes);
}

class Hello {
 public:
  explicit Hello(const Repeated& what) : what_(what) {
    if (what.offer != nullptr) read_lists(*what.offer);
    choose_versions();
  }

  /// OpenSSL can say something that shows the same.
  [[nodiscard]] bool sayable() const { return max_ != nullptr && !groups_.unnamed; }

  void add_versions(Line& line) const {
    if (min_ == max_) {
      line.add(max_->only);
      return;
    }
    if (min_ != nullptr) line.add("-min_protocol", min_->name);
    line.add("-max_protocol", max_->name);
  }

  void add_lists(Line& line, bool with_suites, bool with_signatures) const {
    if (max_->code == kTls13 && !suites13_.names.empty() && !usual_suites(suites13_.codes, true)) {
      line.add("-ciphersuites", suites13_.text());
    }
    if (min_ == nullptr || min_->code <= kTls12) add_suites12(line, with_suites);
    if (!groups_.names.empty()) line.add("-groups", groups_.text());
    if (with_signatures && !signatures_.names.empty() && !usual_signatures(signatures_.codes)) {
      line.add("-sigalgs", signatures_.text());
    }
  }

 private:
  /// OpenSSL speaks TLS 1.1 and older, and suites that it has retired, only when it is told not to
  /// mind.
  void add_suites12(Line& line, bool with_suites) const {
    const bool usual =
        !with_suites || suites12_.names.empty() || usual_suites(suites12_.codes, false);
    const bool old = (min_ != nullptr ? min_ : max_)->code < kTls12;
    const bool weak = old || (!usual && retired_suites(suites12_.codes));
    if (usual && !weak) return;
    line.add("-cipher", (usual ? "DEFAULT" : suites12_.text()) + (weak ? ":@SECLEVEL=0" : ""));
  }

  void read_lists(const enrich::ClientOffer& offer) {
    const auto any = [](std::uint16_t) { return true; };
    suites13_ = named(offer.cipher_suites, openssl_cipher_suite, is_tls13_suite);
    suites12_ = named(offer.cipher_suites, openssl_cipher_suite, [](std::uint16_t code) {
      constexpr std::uint16_t kRenegotiationScsv = 0x00ff;
      constexpr std::uint16_t kFallbackScsv = 0x5600;
      return !is_tls13_suite(code) && code != kRenegotiationScsv && code != kFallbackScsv;
    });
    groups_ = named(offer.supported_groups, openssl_named_group, any);
    signatures_ = named(offer.signature_algorithms, openssl_signature_scheme, any);
  }

  /// The oldest and the newest version of the hello that OpenSSL can speak with what is offered. A
  /// hello without supported_versions names the newest alone (RFC 5246 §7.4.1.2): it is taken for the
  /// only one, so that the line does not offer more than the hello.
  void choose_versions() {
    const bool listed = what_.offer != nullptr && !what_.offer->supported_versions.empty();
    for (const Version& version : kVersions) {
      const bool offered = listed
                               ? std::ranges::find(what_.offer->supported_versions, version.code) !=
                                     what_.offer->supported_versions.end()
                               : version.code == what_.max_version;
      const bool speakable =
          what_.offer == nullptr || !(version.code == kTls13 ? suites13_ : suites12_).names.empty();
      if (!offered || !speakable) continue;
      if (min_ == nullptr) min_ = &version;
      max_ = &version;
    }
    // The definition is missing: of what is below the newest nothing is known.
    if (what_.offer == nullptr && max_ != nullptr && max_->code == kTls13) min_ = nullptr;
  }

  const Repeated& what_;
  Names suites13_, suites12_, groups_, signatures_;
  const Version* min_ = nullptr;  ///< null: not known
  const Version* max_ = nullptr;  ///< null: none that OpenSSL speaks
};

/// The word that s_client has for an upgrade. Nothing: it has none.
std::optional<std::string_view> starttls_word(const HandshakeRecord& record) {
  constexpr std::uint16_t kXmppServerPort = 5269;
  switch (record.starttls) {
    case StartTls::smtp:
      return "smtp";
    case StartTls::imap:
      return "imap";
    case StartTls::pop3:
      return "pop3";
    case StartTls::ftp:
      return "ftp";
    case StartTls::ldap:
      return "ldap";
    case StartTls::xmpp:
      return record.server_port == kXmppServerPort ? "xmpp-server" : "xmpp";
    case StartTls::postgresql:
      return "postgres";
    case StartTls::mysql:
      return "mysql";
    default:
      return std::nullopt;
  }
}

void add_target(Line& line, const enrich::Handshake& handshake) {
  const HandshakeRecord& record = handshake.record;
  if (record.starttls == StartTls::http_connect) {
    line.add("-proxy", server_endpoint(record));
    line.add("-connect", name_of_server(handshake) + ":443");
    return;
  }
  line.add("-connect", server_endpoint(record));
  if (const auto word = starttls_word(record)) {
    line.add("-starttls", *word);
    if (record.starttls == StartTls::xmpp) line.add("-name", name_of_server(handshake));
  }
}

void add_protocols(Line& line, const enrich::ClientOffer& offer) {
  std::vector<std::string> protocols;
  for (const std::string& name : offer.alpn) {
    // s_client takes no name with a comma in it, and none that no keyboard has.
    const bool plain =
        !name.empty() && printable(name) == name && name.find(',') == std::string::npos;
    if (plain && protocols.size() < kProtocolNameCountMax) protocols.push_back(name);
  }
  if (!protocols.empty()) line.add("-alpn", joined(protocols, ','));
}

std::string s_client_line(const Repeated& what, const Hello& hello, bool with_suites,
                          bool with_signatures) {
  Line line("openssl s_client");
  add_target(line, what.handshake);
  if (what.server_name) {
    line.add("-servername", name_of_server(what.handshake));
  } else {
    line.add("-noservername");
  }
  hello.add_versions(line);
  hello.add_lists(line, with_suites, with_signatures);
  if (what.offer != nullptr) add_protocols(line, *what.offer);
  if (what.fallback) line.add("-fallback_scsv");
  if (what.status_request) line.add("-status");
  if (what.client_certificate) {
    line.add("-cert", "CLIENT.pem");
    line.add("-key", "CLIENT.key");
  }
  return std::move(line).ended(" </dev/null");
}

/// Proxies and upgrades that s_client does not know, and curl does.
std::string curl_line(const enrich::Handshake& handshake) {
  const HandshakeRecord& record = handshake.record;
  Line line("curl -v");
  if (record.starttls == StartTls::socks) {
    line.add("--socks5-hostname", server_endpoint(record));
    line.add(fmt::format("https://{}/", name_of_server(handshake)));
  } else {
    line.add("--haproxy-protocol");
    line.add("--connect-to", "::" + server_endpoint(record));
    line.add(fmt::format("https://{}:{}/", name_of_server(handshake), record.server_port));
  }
  return std::move(line).ended("");
}

std::string line_of(const Repeated& what) {
  const HandshakeRecord& record = what.handshake.record;
  if (record.transport != Transport::tcp) return {};
  if (record.starttls == StartTls::socks || record.starttls == StartTls::proxy_header) {
    return curl_line(what.handshake);
  }
  const bool upgraded = record.starttls != StartTls::none;
  const bool known = starttls_word(record).has_value() || record.starttls == StartTls::http_connect;
  if (upgraded && !known) return {};
  const Hello hello(what);
  if (!hello.sayable()) return {};
  constexpr std::array<std::pair<bool, bool>, 3> kTries{
      {{true, true}, {true, false}, {false, false}}};
  std::string line;
  for (const auto& [suites, signatures] : kTries) {
    line = s_client_line(what, hello, suites, signatures);
    if (line.size() <= kLineSizeMax) break;
  }
  return line;
}

/// No ClientHello came: what can be shown is the port, and what it says.
std::string line_without_hello(const enrich::Handshake& handshake) {
  const HandshakeRecord& record = handshake.record;
  if (record.transport != Transport::tcp) return {};
  const std::string port = fmt::format("{}", record.server_port);
  const OutcomeKind kind = record.outcome.kind;
  if (kind == OutcomeKind::refused || kind == OutcomeKind::unanswered) {
    Line line("nc -vz -w 5");
    line.add(server_address(record), port);
    return std::move(line).ended("");
  }
  if (kind == OutcomeKind::starttls_refused && starttls_word(record)) {
    Line line("openssl s_client");
    add_target(line, handshake);
    return std::move(line).ended(" </dev/null");
  }
  if (record.client_service.service == Service::http) {
    Line line("curl -v");
    line.add(fmt::format("http://{}/", server_endpoint(record)));
    return std::move(line).ended("");
  }
  if (record.client_service.service != Service::none) {
    Line line("nc -v");
    line.add(server_address(record), port);
    return std::move(line).ended("");
  }
  return {};
}

bool certificate_sent(ClientCertificate certificate) {
  return certificate == ClientCertificate::sent || certificate == ClientCertificate::inferred_sent;
}

}  // namespace

std::string reproduce_command(const enrich::Handshake& handshake) {
  if (!handshake.client_hello_seen()) return line_without_hello(handshake);
  if (handshake.has(ClientHelloFacts::sslv2_format)) return {};
  return line_of({.handshake = handshake,
                  .offer = handshake.offer.get(),
                  .max_version = handshake.record.client_hello_facts.max_version,
                  .server_name = handshake.has(ClientHelloFacts::server_name_present),
                  .client_certificate = certificate_sent(handshake.record.client_certificate),
                  .status_request = handshake.has(ClientHelloFacts::status_request_present),
                  .fallback = handshake.has(ClientHelloFacts::fallback_scsv)});
}

std::string reproduce_command(const enrich::Handshake& handshake,
                              const SuccessfulHello& succeeded) {
  return line_of({.handshake = handshake,
                  .offer = succeeded.offer.get(),
                  .max_version = succeeded.max_version,
                  .server_name = succeeded.server_name_present,
                  .client_certificate = succeeded.client_certificate});
}

}  // namespace shakedown::diagnose
