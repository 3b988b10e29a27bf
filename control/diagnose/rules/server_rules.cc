// SPDX-License-Identifier: Apache-2.0
//
// The server's state: it cannot keep up, it went away, or it does not answer. Told by what happens
// to others at the same time, and to the same kind of hello at other times.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "diagnose/rule.h"
#include "diagnose/rules/words.h"
#include "export/text.h"

namespace shakedown::diagnose {

namespace {

constexpr std::int64_t kSoonNanos = 15 * kNanosPerSecond;
constexpr std::int64_t kLatelyNanos = 60 * kNanosPerSecond;
/// A handshake takes a few milliseconds of a core; a mean beyond this is a queue.
constexpr std::int64_t kSlowNanos = 500 * kNanosPerMilli;

bool within(UnixNanos earlier, UnixNanos later, std::int64_t nanos) {
  return earlier.known() && earlier <= later && later.value - earlier.value <= nanos;
}

bool ended_without_a_word(const Facts& facts) {
  return facts.refused_by_server_at_hello() && !facts.failed(OutcomeKind::alert);
}

std::string how_it_ended(const Facts& facts) {
  if (facts.failed(OutcomeKind::reset)) return "reset the connection";
  if (facts.failed(OutcomeKind::closed)) return "closed the connection";
  return "said nothing";
}

/// The client offered what others, or it itself, succeed with here.
bool offers_what_succeeds(const Facts& facts) {
  const Difference& difference = facts.difference;
  return difference.comparable && difference.version != Overlap::disjoint &&
         difference.cipher_suite != Overlap::disjoint &&
         difference.named_group != Overlap::disjoint &&
         difference.signature_algorithm != Overlap::disjoint &&
         difference.application_protocol != Overlap::disjoint && !difference.server_name_new &&
         !difference.server_name_missing && !difference.larger && difference.extensions_new.empty();
}

struct Strain {
  bool slow = false;     ///< answers take much longer than usual
  bool crowded = false;  ///< many more come than usual
  bool mixed = false;    ///< some succeed and some fail within the same seconds
  [[nodiscard]] int signs() const { return int{slow} + int{crowded} + int{mixed}; }
};

Strain strain(const Facts& facts) {
  const LoadWindow& now = facts.server.now;
  const double window_seconds =
      2.0 * static_cast<double>(kLoadWindowNanos) / static_cast<double>(kNanosPerSecond);
  const double usual = facts.server.usual_attempts_per_second;
  Strain found;
  found.slow = now.latency_nanos > kSlowNanos / 10 && facts.server.usual_latency_nanos > 0 &&
               now.latency_nanos > 3 * facts.server.usual_latency_nanos;
  found.slow = found.slow || now.latency_nanos > kSlowNanos;
  found.crowded = now.attempts >= 5 && usual > 0.0 && now.attempts > 3.0 * usual * window_seconds;
  found.mixed = now.successes >= 2 && now.failures >= 2;
  return found;
}

void tell_strain(const Facts& facts, const Strain& found, Finding& finding) {
  const LoadWindow& now = facts.server.now;
  finding.evidence.push_back(fmt::format("within seconds {} of {} failed at this server",
                                         now.failures, counted(now.attempts, "handshake")));
  if (found.slow) {
    finding.evidence.push_back(
        facts.server.usual_latency_nanos > 0
            ? fmt::format("its answer to a ClientHello takes {} now, {} usually",
                          duration_text(now.latency_nanos),
                          duration_text(facts.server.usual_latency_nanos))
            : fmt::format("its answer to a ClientHello takes {}",
                          duration_text(now.latency_nanos)));
  }
  if (found.crowded) {
    finding.evidence.push_back(
        fmt::format("{} ClientHellos came in these seconds; {:.1f} a second are usual",
                    now.attempts, facts.server.usual_attempts_per_second));
  }
}

std::optional<Finding> overload_at_handshake(const Facts& facts) {
  const bool by_client_in_vain = facts.failed(OutcomeKind::closed) &&
                                 facts.ended_by(Party::client) &&
                                 facts.record.outcome.stage == Stage::client_hello;
  if (!ended_without_a_word(facts) && !by_client_in_vain) return std::nullopt;
  const Strain found = strain(facts);
  if (!found.mixed || found.signs() < 2) return std::nullopt;
  // What separates the failing hello from the others is the better explanation.
  if (facts.difference.comparable && !offers_what_succeeds(facts)) return std::nullopt;
  Finding finding{.confidence = Confidence::likely};
  tell_strain(facts, found, finding);
  finding.alike = {Cause::server_unresponsive};
  return finding;
}

std::optional<Finding> overload_at_connect(const Facts& facts) {
  if (!facts.failed(OutcomeKind::unanswered) || facts.record.path.icmp != IcmpError::none) {
    return std::nullopt;
  }
  const ServerView& server = facts.server;
  const bool before = within(server.answered_before, facts.at, kLatelyNanos);
  const bool after =
      server.answered_after.known() && within(facts.at, server.answered_after, kLatelyNanos);
  if (!before && !after) return std::nullopt;
  const bool close = within(server.answered_before, facts.at, kSoonNanos) || after;
  Finding finding{.confidence = close ? Confidence::likely : Confidence::possible};
  finding.evidence.emplace_back(
      "the SYN was not answered although the port accepts connections at the same time, as with a "
      "full listen queue");
  if (before) {
    finding.evidence.push_back(
        fmt::format("the last SYN-ACK came {} earlier",
                    duration_text(facts.at.value - server.answered_before.value)));
  }
  if (server.now.without_hello > 0) {
    finding.evidence.push_back(fmt::format("{} to it brought no ClientHello in these seconds",
                                           counted(server.now.without_hello, "connection")));
  }
  if (facts.client.successes_here == 0 && server.network_succeeded) {
    finding.evidence.emplace_back("the client's network does get through at other times");
  }
  finding.alike = {Cause::port_filtered};
  return finding;
}

bool in_its_flight(const Facts& facts) {
  const Stage stage = facts.record.outcome.stage;
  return stage >= Stage::server_hello && stage <= Stage::server_hello_done;
}

bool ended_by_server(const Facts& facts) {
  return facts.ended_by(Party::server) &&
         (facts.failed(OutcomeKind::reset) || facts.failed(OutcomeKind::closed));
}

std::optional<Finding> crash_in_flight(const Facts& facts) {
  if (!ended_by_server(facts) || !in_its_flight(facts)) return std::nullopt;
  const bool gone = facts.server.refused_after.known();
  const bool usual = facts.server.successes > 0.5f || facts.server.success_after.known();
  Finding finding{.confidence = gone || usual ? Confidence::likely : Confidence::possible};
  finding.evidence.push_back(
      fmt::format("the server {} after it had begun to answer, with no alert and before the client "
                  "could object",
                  how_it_ended(facts)));
  if (gone) {
    finding.evidence.push_back(
        fmt::format("{} later it refused connections",
                    duration_text(facts.server.refused_after.value - facts.at.value)));
  }
  if (facts.server.success_before.known()) {
    finding.evidence.push_back(
        fmt::format("it finished a handshake {} earlier",
                    duration_text(facts.at.value - facts.server.success_before.value)));
  }
  return finding;
}

std::optional<Finding> crash_then_refused(const Facts& facts) {
  if (!ended_without_a_word(facts) || in_its_flight(facts)) return std::nullopt;
  if (!within(facts.at, facts.server.refused_after, kSoonNanos)) return std::nullopt;
  Finding finding{.confidence = Confidence::likely};
  finding.evidence.push_back(fmt::format(
      "the server {} at the ClientHello, and {} later nothing listened there", how_it_ended(facts),
      duration_text(facts.server.refused_after.value - facts.at.value)));
  if (facts.server.success_before.known()) {
    finding.evidence.push_back(
        fmt::format("it finished a handshake {} earlier",
                    duration_text(facts.at.value - facts.server.success_before.value)));
  }
  finding.alike = {Cause::server_unresponsive};
  return finding;
}

std::optional<Finding> crash_reported(const Facts& facts) {
  if (facts.alert_from(Party::server) != AlertDescription::internal_error) return std::nullopt;
  Finding finding{.confidence = Confidence::possible, .standing = Standing::fallback};
  finding.evidence.emplace_back("the server sent the alert internal_error (80)");
  finding.remedy =
      "Look at the server's log for this time: an internal_error is its own, often a certificate "
      "or "
      "key that could not be loaded, or a backend that failed.";
  finding.alike = {Cause::sni_unrecognised};
  return finding;
}

/// It was at it, and no client could go on: the last flight never came.
std::optional<Finding> stopped_late(const Facts& facts) {
  if (facts.failed(OutcomeKind::silence) && facts.ended_by(Party::server) &&
      facts.record.outcome.stage > Stage::server_hello_done) {
    Finding finding{.confidence = Confidence::possible};
    finding.evidence.emplace_back("the server fell silent after the client's last flight");
    return finding;
  }
  return std::nullopt;
}

std::optional<Finding> crash_at_the_end(const Facts& facts) {
  if (!ended_by_server(facts) || facts.record.outcome.stage <= Stage::server_hello_done) {
    return std::nullopt;
  }
  Finding finding{.confidence = Confidence::possible, .standing = Standing::fallback};
  finding.evidence.push_back(fmt::format(
      "the server {} after the client's last flight, without an alert", how_it_ended(facts)));
  finding.alike = {Cause::client_certificate_rejected};
  return finding;
}

std::optional<Finding> unresponsive(const Facts& facts) {
  if (!ended_without_a_word(facts)) return std::nullopt;
  const ServerView& server = facts.server;
  Finding finding{.confidence = Confidence::possible, .standing = Standing::fallback};
  finding.evidence.push_back(
      fmt::format("the server took the connection and {} at the ClientHello, without an alert",
                  how_it_ended(facts)));
  // Nobody gets through; or what has succeeded does not any more.
  const bool nobody = server.successes < 0.5f && !server.success_after.known() &&
                      server.failures >= 2.5f && server.clients_failed_since_success >= 2;
  const bool no_more = server.name_success_before.known() && offers_what_succeeds(facts);
  if (nobody) {
    finding.confidence = Confidence::likely;
    finding.standing = Standing::specific;
    finding.evidence.push_back(fmt::format("{} of {} have failed there, and none has succeeded",
                                           counted(server.failures, "handshake"),
                                           counted(server.clients_failed_since_success, "client")));
  } else if (no_more) {
    finding.confidence = Confidence::likely;
    finding.standing = Standing::specific;
    finding.evidence.push_back(
        fmt::format("the same name succeeded with such a ClientHello {} earlier",
                    duration_text(facts.at.value - server.name_success_before.value)));
    if (server.name_success_after.known()) {
      finding.evidence.push_back(fmt::format(
          "and again {} later", duration_text(server.name_success_after.value - facts.at.value)));
    }
  }
  if (facts.attempt.succeeded_after && facts.attempt.retry.same_hello()) {
    finding.evidence.emplace_back("the same client succeeded with the same ClientHello soon after");
  }
  finding.alike = {Cause::sni_unrecognised};
  if (facts.handshake.server_name.empty()) finding.alike = {Cause::sni_missing};
  return finding;
}

constexpr auto kRules = std::to_array<Rule>({
    {Cause::server_overload, "server_overload.handshake",
     "of like handshakes within the same seconds some succeed and some end without a word, while "
     "answers become slow or attempts many",
     "the server's own load is low at this time", overload_at_handshake},
    {Cause::server_overload, "server_overload.connect",
     "a SYN without an answer at a port that accepts other connections within the same minute",
     "the server's counters of listen overflows and drops (nstat) do not rise",
     overload_at_connect},
    {Cause::server_crash, "server_crash.refused",
     "ended without a word at the ClientHello, and soon after nothing listens at the port",
     "the service ran on without a restart", crash_then_refused},
    {Cause::server_crash, "server_crash.flight",
     "the server ends the connection within its own flight, without an alert",
     "the service ran on without a restart, and its log gives another reason", crash_in_flight},
    {Cause::server_unresponsive, "server_unresponsive.hello",
     "the server takes connections and ends them, or is silent, at the ClientHello; likely when "
     "nobody succeeds, or what succeeded before does not now",
     "the server's log gives a reason for this very ClientHello", unresponsive},
    {Cause::server_unresponsive, "server_unresponsive.late",
     "the server falls silent after the client's last flight",
     "the server's last flight was sent and lost", stopped_late},
    {Cause::server_crash, "server_crash.end",
     "the server ends the connection after the client's last flight, without an alert",
     "its log gives another reason, as a client certificate that it does not accept",
     crash_at_the_end},
    {Cause::server_crash, "server_crash.internal_error", "the server sends internal_error (80)",
     "its log gives another reason", crash_reported},
});

}  // namespace

std::span<const Rule> server_rules() { return kRules; }

}  // namespace shakedown::diagnose
