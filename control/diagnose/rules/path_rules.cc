// SPDX-License-Identifier: Apache-2.0
//
// Something between the two ends: it blocked a name, ended the connection, or swallowed what was
// large. The data plane has found the evidence of the packets (path_facts.h); what is added here is
// whether it was the name that was meant.
#include <fmt/format.h>

#include <array>

#include "diagnose/rule.h"
#include "diagnose/rules/words.h"
#include "export/path_words.h"
#include "export/text.h"

namespace shakedown::diagnose {

namespace {

bool has_path_evidence(const Facts& facts) {
  return facts.record.path.confidence != PathConfidence::none;
}

bool ended_at_hello(const Facts& facts) {
  const Stage stage = facts.record.outcome.stage;
  return stage == Stage::client_hello &&
         (facts.failed(OutcomeKind::reset) || facts.failed(OutcomeKind::closed) ||
          facts.failed(OutcomeKind::silence));
}

/// What shows that it is the name: the same two ends get along with other names, or the name fails
/// in the same way elsewhere, where other names do not.
struct NameEvidence {
  bool same_ends = false;    ///< this client succeeds here with other names
  bool same_server = false;  ///< others succeed here, with other names
  bool elsewhere = false;    ///< the name fails so at other servers as well

  [[nodiscard]] bool any() const { return same_ends || same_server || elsewhere; }
};

NameEvidence name_evidence(const Facts& facts) {
  NameEvidence found;
  if (facts.handshake.server_name.empty()) return found;
  // What works for the same client a moment later is not blocked, whatever became of this one.
  const RetryDifference& retry = facts.attempt.retry;
  const bool same_name_works = facts.attempt.succeeded_after && !retry.other_endpoint &&
                               !retry.no_server_name && !retry.new_server_name;
  if (same_name_works) return found;
  // That the name works for others here does not clear the path of this client.
  found.same_ends = facts.client.names_succeeded_here > 0;
  if (facts.server.name_successes > 0.0f) return found;
  found.same_server = facts.server.names_succeeded > 0;
  found.elsewhere = facts.name.endpoints_blocked > 1 && facts.name.successes < 0.5f;
  return found;
}

void tell_name_evidence(const Facts& facts, const NameEvidence& found, Finding& finding) {
  const std::string name(facts.handshake.server_name);
  if (found.same_ends) {
    finding.evidence.push_back(
        fmt::format("the same client succeeds at this server with {}, but not with {}",
                    counted(facts.client.names_succeeded_here, "other name"), name));
  } else if (found.same_server) {
    finding.evidence.push_back(fmt::format("{} succeed at this server, {} never does",
                                           counted(facts.server.names_succeeded, "other name"),
                                           name));
  }
  if (found.elsewhere) {
    finding.evidence.push_back(fmt::format("{} fails in this way at {}", name,
                                           counted(facts.name.endpoints_blocked, "server")));
  }
  if (facts.server.name_successes > 0.0f) {
    finding.evidence.push_back(fmt::format("{} succeeds at this server for others", name));
  } else if (facts.name.clients_succeeded > 0 && facts.name.successes >= 0.5f) {
    finding.evidence.push_back(fmt::format("{} works for {} elsewhere", name,
                                           counted(facts.name.clients_succeeded, "client")));
  }
}

void tell_packets(const Facts& facts, Finding& finding) {
  for (std::string& sentence : exporting::path_sentences(facts.record)) {
    finding.evidence.push_back(std::move(sentence));
  }
  const std::string_view signature =
      exporting::tampering_signature_name(facts.record.path.signature);
  if (!signature.empty()) {
    finding.evidence.push_back(
        fmt::format("the packets follow the pattern '{}' of connection tampering", signature));
  }
}

Confidence confidence_of(PathConfidence confidence) {
  switch (confidence) {
    case PathConfidence::certain:
      return Confidence::certain;
    case PathConfidence::likely:
      return Confidence::likely;
    default:
      return Confidence::possible;
  }
}

std::optional<Finding> blocked_by_reset(const Facts& facts) {
  if (!ended_at_hello(facts) || facts.failed(OutcomeKind::silence)) return std::nullopt;
  if (!has_path_evidence(facts)) return std::nullopt;
  const NameEvidence names = name_evidence(facts);
  if (!names.any()) return std::nullopt;
  Finding finding{.confidence = confidence_of(facts.record.path.confidence)};
  // That something did it may be certain; that it was for the name is not, until the very same ends
  // have shown otherwise.
  if (!names.same_ends && finding.confidence == Confidence::certain) {
    finding.confidence = Confidence::likely;
  }
  tell_name_evidence(facts, names, finding);
  tell_packets(facts, finding);
  finding.alike = {Cause::path_interference};
  return finding;
}

std::optional<Finding> blocked_by_silence(const Facts& facts) {
  if (!ended_at_hello(facts) || !facts.failed(OutcomeKind::silence)) return std::nullopt;
  const NameEvidence names = name_evidence(facts);
  if (!names.same_ends && !names.same_server) return std::nullopt;
  // A server that answers nobody any more does not mean this name.
  if (!facts.server.success_after.known() && facts.server.failures_since_success > 4 &&
      facts.server.names_succeeded == 0) {
    return std::nullopt;
  }
  Finding finding{.confidence = names.same_ends ? Confidence::likely : Confidence::possible};
  tell_name_evidence(facts, names, finding);
  finding.evidence.emplace_back("nothing came after the ClientHello, not even a refusal");
  finding.alike = {Cause::server_unresponsive, Cause::sni_unrecognised};
  return finding;
}

/// The rules about names above say the same more exactly.
bool is_about_the_name(const Facts& facts) {
  return ended_at_hello(facts) && name_evidence(facts).any();
}

std::optional<Finding> interference_seen(const Facts& facts) {
  const bool connection_only = facts.failed(OutcomeKind::refused);
  if (!has_path_evidence(facts) || connection_only) return std::nullopt;
  constexpr std::uint32_t kOthers = path_evidence::icmp_error |
                                    path_evidence::large_segments_lost_to_client |
                                    path_evidence::large_segments_lost_to_server;
  if ((facts.record.path.evidence & ~kOthers) == 0) return std::nullopt;
  Finding finding{.confidence = confidence_of(facts.record.path.confidence)};
  tell_packets(facts, finding);
  if (is_about_the_name(facts)) finding.confidence = lowered(finding.confidence);
  if (ended_at_hello(facts) && !facts.handshake.server_name.empty()) {
    finding.alike = {Cause::sni_blocked};
  }
  return finding;
}

std::optional<Finding> interference_by_icmp(const Facts& facts) {
  const PathFacts& path = facts.record.path;
  if (path.icmp != IcmpError::prohibited || !facts.reached(Stage::client_hello)) {
    return std::nullopt;
  }
  Finding finding{.confidence = Confidence::likely};
  finding.evidence.push_back(
      fmt::format("{} says by ICMP that packets of this connection are administratively prohibited",
                  exporting::address_text(facts.record.icmp_sender, facts.record.family)));
  finding.evidence.emplace_back("the connection could be made, and no word passed after it");
  finding.remedy = "Let the device that sent the ICMP error pass data of these connections, too.";
  return finding;
}

std::optional<Finding> block_page(const Facts& facts) {
  if (!facts.failed(OutcomeKind::non_tls_reply) ||
      facts.record.server_service.service != Service::block_page) {
    return std::nullopt;
  }
  Finding finding{.confidence = Confidence::likely};
  finding.evidence.emplace_back(
      "the ClientHello was answered by the page of a filter, in plain HTTP");
  if (facts.server.successes > 0.0f) {
    finding.evidence.push_back(fmt::format("this server has answered {} with TLS",
                                           counted(facts.server.successes, "other handshake")));
  }
  tell_packets(facts, finding);
  finding.alike = {Cause::sni_blocked, Cause::not_tls_server};
  return finding;
}

/// After the data plane has seen that a non-TLS reply was followed by the server's own words.
std::optional<Finding> answered_by_another(const Facts& facts) {
  if (!facts.failed(OutcomeKind::non_tls_reply) || !has_path_evidence(facts)) return std::nullopt;
  Finding finding{.confidence = confidence_of(facts.record.path.confidence)};
  finding.evidence.emplace_back("a reply that is no TLS came in the name of the server");
  tell_packets(facts, finding);
  finding.alike = {Cause::sni_blocked};
  return finding;
}

std::string lost_direction(const Facts& facts) {
  return (facts.record.path.evidence & path_evidence::large_segments_lost_to_client) != 0
             ? "to the client"
             : "to the server";
}

std::optional<Finding> large_segments_lost(const Facts& facts) {
  constexpr std::uint32_t kLost =
      path_evidence::large_segments_lost_to_client | path_evidence::large_segments_lost_to_server;
  if ((facts.record.path.evidence & kLost) == 0) return std::nullopt;
  const PathFacts& path = facts.record.path;
  Finding finding{.confidence = Confidence::likely};
  finding.evidence.push_back(fmt::format(
      "segments of {} bytes {} were sent {} and never acknowledged, while small ones passed",
      path.stalled_segment_bytes, lost_direction(facts),
      counted(path.stalled_segment_count, "time")));
  if (path.icmp == IcmpError::packet_too_big) {
    finding.confidence = Confidence::certain;
    finding.evidence.push_back(
        fmt::format("{} says by ICMP that packets are too big{}, and the sender does not heed it",
                    exporting::address_text(facts.record.icmp_sender, facts.record.family),
                    path.icmp_mtu != 0 ? fmt::format(" (MTU {})", path.icmp_mtu) : std::string()));
  }
  if (facts.record.client_tcp.mss != 0 && facts.record.server_tcp.mss != 0) {
    finding.evidence.push_back(fmt::format("the ends agreed on segments of {} and {} bytes (MSS)",
                                           facts.record.client_tcp.mss,
                                           facts.record.server_tcp.mss));
  }
  return finding;
}

/// The end of the server's flight came, what is before it did not: the mirror lies behind the loss.
std::optional<Finding> flight_lost_before_the_mirror(const Facts& facts) {
  const bool asks = facts.handshake.has(HandshakeRecord::capture_gap) ||
                    facts.record.server_tcp.out_of_order_count != 0;
  if (!facts.failed(OutcomeKind::silence) || !ended_at_hello(facts)) return std::nullopt;
  if (!asks || facts.record.server_tcp.segment_count == 0) return std::nullopt;
  Finding finding{.confidence = Confidence::likely};
  finding.evidence.emplace_back(
      "only the last, small part of the server's answer came through, and nothing before it");
  finding.against.emplace_back("the lost part was before the sensor, so its size was not seen");
  finding.alike = {Cause::server_unresponsive};
  return finding;
}

constexpr auto kRules = std::to_array<Rule>({
    {Cause::sni_blocked, "sni_blocked.reset",
     "ended right after the ClientHello, evidence in the packets that the path did it, and the "
     "name "
     "at hand fails where other names succeed",
     "the name works from the same network while this goes on", blocked_by_reset},
    {Cause::sni_blocked, "sni_blocked.silence",
     "silence right after the ClientHello for a name, while other names succeed at the same server",
     "the server's own log shows this ClientHello", blocked_by_silence},
    {Cause::mtu_black_hole, "mtu_black_hole.segments",
     "large segments repeated and never acknowledged while small ones pass; certain when ICMP says "
     "that packets are too big",
     "a ping with the don't-fragment flag and full size gets through", large_segments_lost},
    {Cause::mtu_black_hole, "mtu_black_hole.flight",
     "of the server's flight only the small end was seen, and then both ends are silent",
     "a ping with the don't-fragment flag and full size gets through",
     flight_lost_before_the_mirror},
    {Cause::path_interference, "path_interference.block_page",
     "the ClientHello was answered by a filter's page in plain HTTP",
     "the server itself serves this page at this port", block_page},
    {Cause::path_interference, "path_interference.reply",
     "a reply that is no TLS, and packets that show it was not the server's",
     "the server itself gives this reply at this port", answered_by_another},
    {Cause::path_interference, "path_interference.packets",
     "timing, TTL, IPID, window, options or numbers of the ending packet are not those of the peer",
     "a capture at the peer itself shows that it sent the packet", interference_seen},
    {Cause::path_interference, "path_interference.icmp",
     "ICMP says that packets of the established connection are administratively prohibited",
     "the sender of the ICMP error has no such rule", interference_by_icmp},
});

}  // namespace

std::span<const Rule> path_rules() { return kRules; }

}  // namespace shakedown::diagnose
