// SPDX-License-Identifier: Apache-2.0
#include "explain/seen.h"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <utility>

#include "explain/event_fields.h"

namespace shakedown::explain {

namespace {

namespace json = boost::json;

using Sentences = std::vector<std::string>;

constexpr std::size_t kShownCountMax = 8;

/// The first ones, and how many more.
std::string listed(const std::vector<std::string>& items) {
  std::string words;
  for (std::size_t i = 0; i < items.size() && i < kShownCountMax; ++i) {
    words += (i == 0 ? "" : ", ") + items[i];
  }
  if (items.size() > kShownCountMax)
    words += fmt::format(" and {} more", items.size() - kShownCountMax);
  return words;
}

/// Parts of a sentence, each with its words before it, as far as there is something to say.
class Parts {
 public:
  void add(std::string_view before, const std::string& value, std::string_view behind = {}) {
    if (value.empty()) return;
    words_ += fmt::format("{}{}{}{}", words_.empty() ? "" : "; ", before, value, behind);
  }
  [[nodiscard]] const std::string& words() const { return words_; }

 private:
  std::string words_;
};

void add_place(const json::value& event, Sentences& out) {
  Parts parts;
  parts.add(
      "", fmt::format("{} to {}", endpoint_of(event, "source"), endpoint_of(event, "destination")));
  parts.add("server name ", text(event, "tls.client.server_name"));
  parts.add("upgraded by STARTTLS of ", text(event, "shakedown.starttls"));
  parts.add("capture ", text(event, "shakedown.capture"));
  parts.add("interface ", text(event, "observer.ingress.interface.name"));
  parts.add("VLAN ", text(event, "network.vlan.id"));
  parts.add("tunnel ", text(event, "shakedown.tunnel"));
  out.push_back(parts.words());
}

void add_offer(const json::value& event, Sentences& out) {
  if (find(event, "shakedown.client_hello") == nullptr) return;
  Parts parts;
  std::vector<std::string> versions = texts(event, "shakedown.client_hello.supported_versions");
  const std::string newest = text(event, "shakedown.client_hello.max_version");
  parts.add("versions ", versions.empty() ? newest : "TLS " + listed(versions));
  parts.add("", text(event, "shakedown.client_hello.length"), " bytes");
  if (const std::size_t count = list(event, "tls.client.supported_ciphers").size(); count != 0) {
    parts.add("", fmt::format("{}", count), count == 1 ? " cipher suite" : " cipher suites");
  }
  parts.add("groups ", listed(texts(event, "shakedown.client_hello.groups")));
  parts.add("ALPN ", listed(texts(event, "shakedown.client_hello.alpn")));
  if (truth(event, "shakedown.client_hello.server_name_missing"))
    parts.add("no server name", " (SNI)");
  if (truth(event, "shakedown.client_hello.psk") ||
      truth(event, "shakedown.client_hello.session_ticket")) {
    parts.add("an earlier session", " to resume");
  }
  parts.add("JA4 ", text(event, "shakedown.ja4"));
  if (!parts.words().empty()) out.push_back("the client's ClientHello: " + parts.words());
}

void add_choice(const json::value& event, Sentences& out) {
  Parts parts;
  if (const std::string version = text(event, "tls.version"); !version.empty()) {
    parts.add(text(event, "tls.version_protocol") == "ssl" ? "SSL " : "TLS ", version);
  }
  parts.add("", text(event, "tls.cipher"));
  parts.add("group ", text(event, "tls.curve"));
  parts.add("ALPN ", text(event, "tls.next_protocol"));
  if (truth(event, "tls.resumed")) parts.add("an earlier session", " resumed");
  if (!parts.words().empty()) out.push_back("the server chose: " + parts.words());
}

void add_certificates(const json::value& event, Sentences& out) {
  const auto add = [&out](std::string_view whose, const json::value& certificate) {
    const std::string subject = text(certificate, "subject");
    if (subject.empty()) return;
    std::string words = fmt::format("the {} certificate: {}, issued by {}", whose, subject,
                                    text(certificate, "issuer"));
    const std::string until = raw_text(certificate, "not_after");
    if (!until.empty()) {
      words += fmt::format(", valid from {} until {}",
                           short_time(raw_text(certificate, "not_before")), short_time(until));
    }
    out.push_back(std::move(words));
  };
  if (const json::value* server = find(event, "tls.server")) add("server's", *server);
  const json::array& sent = list(event, "shakedown.client_certificates");
  if (!sent.empty()) add("client's", sent.front());
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kClient{
      {{"requested", "the server asked for a client certificate, and none was seen"},
       {"empty", "the server asked for a client certificate, and the client had none"},
       {"inferred_empty",
        "the server asked for a client certificate, and the client had none (by the lengths)"},
       {"sent", "the client sent a certificate"},
       {"inferred_sent", "the client sent a certificate (by the lengths)"}}};
  const std::string said = raw_text(event, "shakedown.client_certificate");
  for (const auto& [word, sentence] : kClient) {
    if (said == word) out.emplace_back(sentence);
  }
}

void add_alerts(const json::value& event, Sentences& out) {
  for (const json::value& alert : list(event, "shakedown.alerts")) {
    const std::string from = text(alert, "from");
    const std::string sender = from.empty() ? "" : fmt::format(" from the {}", from);
    if (truth(alert, "encrypted")) {
      out.push_back(fmt::format("an alert{} that is encrypted", sender));
    } else {
      out.push_back(fmt::format("alert{}: {} ({}), {}", sender, text(alert, "name"),
                                text(alert, "code"), text(alert, "level")));
    }
  }
}

std::string stage_words(const std::string& stage) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kStages{
      {{"tcp", "the TCP handshake"},
       {"client_hello", "the ClientHello"},
       {"hello_retry_request", "the HelloRetryRequest"},
       {"server_hello", "the ServerHello"},
       {"certificate", "the server's Certificate"},
       {"certificate_request", "the CertificateRequest"},
       {"server_hello_done", "the ServerHelloDone"},
       {"client_certificate", "the client's Certificate"},
       {"client_key_exchange", "the ClientKeyExchange"},
       {"client_finished", "the client's Finished"},
       {"server_finished", "the server's Finished"},
       {"established", "both had finished"}}};
  for (const auto& [word, phrase] : kStages) {
    if (stage == word) return std::string(phrase);
  }
  return stage;
}

std::string ending(const json::value& event) {
  const std::string kind = raw_text(event, "shakedown.outcome.kind");
  const std::string by = raw_text(event, "shakedown.outcome.by");
  const std::string after = stage_words(text(event, "shakedown.outcome.stage"));
  const std::string who = by == "client"   ? "the client"
                          : by == "server" ? "the server"
                          : by == "path"   ? "something on the path"
                                           : "one side";
  if (kind == "established") return "both sides finished the handshake";
  if (kind == "reset") return fmt::format("{} reset the connection after {}", who, after);
  if (kind == "closed") return fmt::format("{} closed the connection after {}", who, after);
  if (kind == "alert") return fmt::format("{} ended it by an alert after {}", who, after);
  if (kind == "encrypted_alert") {
    return fmt::format("{} ended it by an encrypted alert after {}", who, after);
  }
  if (kind == "silence") return fmt::format("after {} nothing more came", after);
  if (kind == "non_tls_reply") return "the server answered with something that is not TLS";
  if (kind == "refused") return "the SYN was answered by a reset";
  if (kind == "unanswered") return "the SYN was not answered";
  if (kind == "no_hello") return "no ClientHello came";
  if (kind == "starttls_refused") return "the upgrade to TLS was asked for, and not granted";
  return "what was captured does not show how it ended";
}

void add_ending(const json::value& event, Sentences& out) {
  if (const std::string spoken = text(event, "shakedown.service.client"); !spoken.empty()) {
    out.push_back(fmt::format("the client spoke {} before", spoken));
  }
  if (const std::string spoken = text(event, "shakedown.service.server"); !spoken.empty()) {
    const std::string code = text(event, "shakedown.service.server_code");
    out.push_back(fmt::format("the server spoke {}{}", spoken, code.empty() ? "" : " " + code));
  }
  for (std::string& sentence : texts(event, "shakedown.path_evidence")) {
    out.push_back(std::move(sentence));
  }
  const bool inferred = truth(event, "shakedown.outcome.inferred");
  out.push_back(fmt::format("the end: {}{} ({})", ending(event),
                            inferred ? ", as the lengths of records tell" : "",
                            text(event, "shakedown.outcome.name")));
  if (truth(event, "shakedown.capture_gap")) out.emplace_back("bytes are missing in the capture");
  if (truth(event, "shakedown.one_way")) out.emplace_back("one direction was never seen");
}

}  // namespace

Sentences what_was_seen(const json::value& event) {
  Sentences out;
  add_place(event, out);
  add_offer(event, out);
  add_choice(event, out);
  add_certificates(event, out);
  add_alerts(event, out);
  add_ending(event, out);
  return out;
}

}  // namespace shakedown::explain
