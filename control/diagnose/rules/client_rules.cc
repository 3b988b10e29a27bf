// SPDX-License-Identifier: Apache-2.0
//
// The client went away without having judged anything.
#include <fmt/format.h>

#include <array>

#include "diagnose/rule.h"
#include "diagnose/rules/words.h"

namespace shakedown::diagnose {

namespace {

/// Whoever waits this long for a ServerHello and leaves was let down; who leaves sooner never meant
/// to wait.
constexpr std::int64_t kPatienceNanos = 2 * kNanosPerSecond;

std::int64_t waited(const HandshakeRecord& record) {
  if (!record.client_hello.known() || record.end < record.client_hello) return 0;
  return add_saturating(record.end, -record.client_hello.value).value;
}

bool left_at_hello(const Facts& facts) {
  const Stage stage = facts.record.outcome.stage;
  return facts.ended_by(Party::client) &&
         (stage == Stage::client_hello || stage == Stage::hello_retry_request) &&
         (facts.failed(OutcomeKind::closed) || facts.failed(OutcomeKind::reset));
}

std::string how_it_left(const Facts& facts) {
  return facts.failed(OutcomeKind::reset) ? "reset the connection" : "closed the connection";
}

std::optional<Finding> abort_at_hello(const Facts& facts) {
  if (!left_at_hello(facts) || waited(facts.record) >= kPatienceNanos) return std::nullopt;
  Finding finding{.confidence = Confidence::likely};
  finding.evidence.push_back(
      fmt::format("the client {} {} after its ClientHello, before any answer", how_it_left(facts),
                  duration_text(waited(facts.record))));
  if (facts.server.usual_latency_nanos > 0) {
    finding.evidence.push_back(fmt::format("the server usually answers within {}",
                                           duration_text(facts.server.usual_latency_nanos)));
  }
  return finding;
}

std::optional<Finding> gave_up_waiting(const Facts& facts) {
  if (!left_at_hello(facts) || waited(facts.record) < kPatienceNanos) return std::nullopt;
  Finding finding{.confidence = Confidence::possible};
  finding.evidence.push_back(fmt::format("the client waited {} for an answer to its ClientHello",
                                         duration_text(waited(facts.record))));
  finding.alike = {Cause::client_abort, Cause::mtu_black_hole};
  return finding;
}

std::optional<Finding> said_so(const Facts& facts) {
  if (!facts.failed(OutcomeKind::alert) || !facts.ended_by(Party::client)) return std::nullopt;
  const std::optional<AlertDescription> alert = facts.alert_from(Party::client);
  if (alert == AlertDescription::user_canceled) {
    return Finding{.confidence = Confidence::certain,
                   .standing = Standing::told,
                   .evidence = {"the client sent the alert user_canceled (90)"}};
  }
  // close_notify and nothing else: it ended in good order what it had begun.
  const bool only_close = !alert && facts.handshake.has(HandshakeRecord::close_notify_client);
  if (!only_close) return std::nullopt;
  return Finding{.confidence = Confidence::possible,
                 .standing = Standing::fallback,
                 .evidence = {"the client sent close_notify before the handshake was done"},
                 .alike = {Cause::client_rejected_certificate}};
}

std::optional<Finding> stalled(const Facts& facts) {
  if (!facts.failed(OutcomeKind::silence) || !facts.ended_by(Party::client)) return std::nullopt;
  if (!facts.reached(Stage::server_hello)) return std::nullopt;
  constexpr std::uint32_t kLost =
      path_evidence::large_segments_lost_to_client | path_evidence::large_segments_lost_to_server;
  if ((facts.record.path.evidence & kLost) != 0) return std::nullopt;
  Finding finding{.confidence = Confidence::likely};
  finding.evidence.emplace_back(
      "the server's flight was delivered, and the client never went on, nor did it close");
  if (facts.client.successes > 0) {
    finding.evidence.push_back(fmt::format("the same client finished {} within the hour",
                                           counted(facts.client.successes, "other handshake")));
  }
  return finding;
}

constexpr auto kRules = std::to_array<Rule>({
    {Cause::client_abort, "client_abort.alert",
     "the client sends user_canceled (90) or close_notify",
     "the client's log shows that it refused the certificate", said_so},
    {Cause::client_abort, "client_abort.hello",
     "the client leaves within two seconds of its ClientHello, before any answer",
     "the server's answer was lost before the sensor", abort_at_hello},
    {Cause::server_unresponsive, "server_unresponsive.client_gave_up",
     "the client waits for two seconds or longer for an answer to its ClientHello, and leaves",
     "the server's log shows that it answered", gave_up_waiting},
    {Cause::client_stalled, "client_stalled.flight",
     "the server's flight was delivered, and nothing came from the client any more",
     "the client's capture shows that the flight never arrived", stalled},
});

}  // namespace

std::span<const Rule> client_rules() { return kRules; }

}  // namespace shakedown::diagnose
