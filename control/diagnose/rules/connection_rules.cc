// SPDX-License-Identifier: Apache-2.0
//
// The connection was not made, or one of the two ends does not speak TLS.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "diagnose/rule.h"
#include "diagnose/rules/words.h"
#include "export/path_words.h"
#include "export/service_names.h"
#include "export/text.h"

namespace shakedown::diagnose {

namespace {

/// A port that answered so lately was open; what happens to it now is news.
constexpr std::int64_t kLatelyNanos = 60 * kNanosPerSecond;

bool shortly_before(UnixNanos earlier, UnixNanos later, std::int64_t nanos) {
  return earlier.known() && earlier <= later && later.value - earlier.value <= nanos;
}

std::string endpoint(const Facts& facts) {
  const HandshakeRecord& record = facts.record;
  return exporting::endpoint_text(record.server_address, record.family, record.server_port);
}

std::string icmp_words(const PathFacts& path) {
  return fmt::format("{} (type {}, code {})", exporting::icmp_error_name(path.icmp), path.icmp_type,
                     path.icmp_code);
}

bool icmp_refuses(IcmpError error) {
  return error == IcmpError::port_unreachable || error == IcmpError::prohibited ||
         error == IcmpError::host_unreachable || error == IcmpError::network_unreachable;
}

void tell_history(const Facts& facts, Finding& finding) {
  const UnixNanos before = facts.server.answered_before;
  if (before.known() && before <= facts.at) {
    finding.evidence.push_back(fmt::format("{} accepted a connection {} earlier", endpoint(facts),
                                           duration_text(facts.at.value - before.value)));
  }
  if (facts.server.answered_after.known()) {
    finding.evidence.push_back(
        fmt::format("it accepts connections again {} later",
                    duration_text(facts.server.answered_after.value - facts.at.value)));
  }
}

std::optional<Finding> port_closed(const Facts& facts) {
  if (!facts.failed(OutcomeKind::refused) || icmp_refuses(facts.record.path.icmp)) {
    return std::nullopt;
  }
  Finding finding{.confidence = Confidence::likely};
  finding.evidence.push_back(fmt::format("{} answered the SYN with a RST", endpoint(facts)));
  tell_history(facts, finding);
  if (facts.server.successes > 0.0f) {
    finding.remedy =
        "The service was there before: look at its log and its supervisor for a stop, a crash or a "
        "restart.";
  }
  finding.alike = {Cause::path_interference};
  return finding;
}

std::optional<Finding> port_rejected(const Facts& facts) {
  const PathFacts& path = facts.record.path;
  const bool unmade = facts.failed(OutcomeKind::unanswered) || facts.failed(OutcomeKind::refused);
  if (!unmade || !icmp_refuses(path.icmp)) return std::nullopt;
  Finding finding{.confidence = Confidence::certain, .standing = Standing::told};
  finding.evidence.push_back(
      fmt::format("{} answered the SYN to {} by ICMP: {}",
                  exporting::address_text(facts.record.icmp_sender, facts.record.family),
                  endpoint(facts), icmp_words(path)));
  if (facts.record.icmp_sender == facts.record.server_address) {
    finding.remedy =
        "The server's own host sent the ICMP error: look at its packet filter and at the service.";
  }
  tell_history(facts, finding);
  return finding;
}

/// Others get through at the same moment: the port is open, and the queue is full (server_rules.cc).
bool answers_others(const Facts& facts) {
  return shortly_before(facts.server.answered_before, facts.at, kLatelyNanos) ||
         (facts.server.answered_after.known() &&
          shortly_before(facts.at, facts.server.answered_after, kLatelyNanos));
}

std::optional<Finding> port_filtered(const Facts& facts) {
  if (!facts.failed(OutcomeKind::unanswered) || icmp_refuses(facts.record.path.icmp)) {
    return std::nullopt;
  }
  const unsigned repeated = facts.record.client_tcp.retransmission_count;
  Finding finding{.confidence = Confidence::likely};
  finding.evidence.push_back(
      repeated == 0
          ? fmt::format("the SYN to {} was not answered", endpoint(facts))
          : fmt::format("{} SYNs to {} were not answered", repeated + 1, endpoint(facts)));
  finding.alike = {Cause::server_overload};
  if (answers_others(facts)) {
    finding.confidence = Confidence::possible;
    finding.against.emplace_back("the same port answers others at the same time");
  }
  tell_history(facts, finding);
  return finding;
}

bool text_service(Service service) {
  return service != Service::none && service != Service::binary;
}

std::optional<Finding> not_tls_reply(const Facts& facts) {
  if (!facts.failed(OutcomeKind::non_tls_reply) || facts.record.starttls != StartTls::none) {
    return std::nullopt;
  }
  const Recognition& server = facts.record.server_service;
  // Whoever answers in place of a server that speaks TLS is of the path's rules.
  const bool doubtful = server.service == Service::block_page ||
                        facts.record.path.confidence != PathConfidence::none ||
                        facts.server.successes > 0.5f;
  const bool named = text_service(server.service);
  Finding finding{.confidence = doubtful ? Confidence::possible
                                : named  ? Confidence::certain
                                         : Confidence::likely,
                  .standing = doubtful || !named ? Standing::specific : Standing::told};
  finding.evidence.push_back(
      named
          ? fmt::format("{} answered the ClientHello in {}{}", endpoint(facts),
                        exporting::service_name(server.service),
                        server.code != 0 ? fmt::format(" (status {})", server.code) : "")
          : fmt::format("{} answered the ClientHello with bytes that are no TLS", endpoint(facts)));
  if (facts.server.successes > 0.5f) {
    finding.against.push_back(
        fmt::format("it has answered {} with TLS", counted(facts.server.successes, "handshake")));
  }
  if (server.service == Service::http && server.code == 400) {
    finding.evidence.emplace_back("an HTTP server that reads a ClientHello calls it a bad request");
  }
  return finding;
}

/// Where plain text or an upgrade to TLS is usual. TLS without it is a wrong port number.
bool plain_port(std::uint16_t port) {
  constexpr auto kPorts =
      std::to_array<std::uint16_t>({21, 22, 25, 80, 110, 143, 389, 587, 1080, 1883, 3128, 3306,
                                    3389, 5222, 5269, 5432, 6379, 8080, 11211});
  return std::find(kPorts.begin(), kPorts.end(), port) != kPorts.end();
}

std::optional<Finding> not_tls_silent(const Facts& facts) {
  if (!facts.refused_by_server_at_hello() || facts.failed(OutcomeKind::alert)) return std::nullopt;
  if (facts.record.starttls != StartTls::none || facts.server.successes > 0.0f) return std::nullopt;
  const bool upgrade_port = facts.server.upgrade_succeeded;
  if (!plain_port(facts.record.server_port) && !upgrade_port) return std::nullopt;
  Finding finding{.confidence = Confidence::possible};
  finding.evidence.push_back(fmt::format(
      "port {} is one where other protocols than TLS are usual, and no TLS handshake has "
      "ever succeeded at {}",
      facts.record.server_port, endpoint(facts)));
  finding.alike = {Cause::server_unresponsive};
  return finding;
}

/// Whether a server that says this heard something that it does not speak.
bool server_is_at_a_loss(const HandshakeRecord& record) {
  const Recognition& server = record.server_service;
  return server.service == Service::none || server.service == Service::binary ||
         (server.service == Service::http && server.code == 400);
}

std::optional<Finding> plaintext_client(const Facts& facts) {
  const HandshakeRecord& record = facts.record;
  if (!facts.failed(OutcomeKind::no_hello) || record.client_service.service == Service::none) {
    return std::nullopt;
  }
  if (!server_is_at_a_loss(record)) return std::nullopt;
  const bool tls_here = facts.server.successes > 0.0f;
  Finding finding{.confidence = tls_here ? Confidence::likely : Confidence::possible};
  const Service said = record.client_service.service;
  finding.evidence.push_back(
      said == Service::binary
          ? std::string("the client began with bytes that are neither TLS nor a known protocol")
          : fmt::format("the client began with {}", exporting::service_name(said)));
  if (tls_here) {
    finding.evidence.push_back(fmt::format("{} has succeeded with TLS here",
                                           counted(facts.server.successes, "handshake")));
  }
  const bool answered_alert = record.alert_count != 0 && record.alerts[0].from == Party::server;
  if (answered_alert) {
    finding.confidence = Confidence::certain;
    finding.evidence.emplace_back("the server answered with a TLS alert");
  } else if (record.server_service.service == Service::http) {
    finding.confidence = Confidence::certain;
    finding.evidence.emplace_back("the server answered 400: it wanted TLS and read plain HTTP");
  }
  return finding;
}

std::optional<Finding> upgrade_refused(const Facts& facts) {
  const bool wrong_answer =
      facts.failed(OutcomeKind::non_tls_reply) && facts.record.starttls != StartTls::none;
  if (!facts.failed(OutcomeKind::starttls_refused) && !wrong_answer) return std::nullopt;
  Finding finding{.confidence = wrong_answer ? Confidence::likely : Confidence::certain,
                  .standing = wrong_answer ? Standing::specific : Standing::told};
  const unsigned code = facts.record.server_service.code;
  finding.evidence.push_back(fmt::format(
      "the client asked for the upgrade to TLS ({}), and the server {}",
      exporting::starttls_name(facts.record.starttls),
      wrong_answer
          ? "answered the ClientHello with something else"
          : fmt::format("declined{}", code != 0 ? fmt::format(" ({})", code) : std::string())));
  if (facts.server.upgrade_succeeded) {
    finding.against.emplace_back("the same upgrade has succeeded at this server for others");
  }
  return finding;
}

constexpr auto kRules = std::to_array<Rule>({
    {Cause::port_rejected, "port_rejected.icmp",
     "an ICMP error 'unreachable' or 'prohibited' that quotes the SYN",
     "the ICMP error is about another connection, or forged", port_rejected},
    {Cause::port_closed, "port_closed.reset", "the SYN was answered by a RST",
     "the service listens at this address and port, and a firewall sends the RST", port_closed},
    {Cause::port_filtered, "port_filtered.silence",
     "the SYN was answered by nothing, where answers of this server or VLAN are mirrored",
     "the server's own capture shows no SYN at all, or a SYN-ACK that was lost", port_filtered},
    {Cause::starttls_refused, "starttls_refused.answer",
     "the upgrade was asked for, and declined or answered with something that is no TLS",
     "the server offers the upgrade to this client", upgrade_refused},
    {Cause::not_tls_server, "not_tls_server.reply",
     "the ClientHello was answered in another protocol; certain when the protocol is known and no "
     "TLS has ever succeeded here",
     "TLS succeeds at this address and port", not_tls_reply},
    {Cause::not_tls_server, "not_tls_server.port",
     "ended by the server right after the ClientHello, at a port of another protocol where no TLS "
     "has ever succeeded",
     "TLS succeeds at this address and port", not_tls_silent},
    {Cause::plaintext_client, "plaintext_client.words",
     "the client began with another protocol, and the server did not answer in it; certain when it "
     "answered with a TLS alert or HTTP 400",
     "the server speaks what the client spoke", plaintext_client},
});

}  // namespace

std::span<const Rule> connection_rules() { return kRules; }

}  // namespace shakedown::diagnose
