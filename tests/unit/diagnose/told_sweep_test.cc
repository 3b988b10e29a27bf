// SPDX-License-Identifier: Apache-2.0
//
// Every alert, from either side, at every stage, with offers and surroundings of all kinds: `certain`
// is only said of what an alert of that very meaning tells.
#include <algorithm>
#include <array>
#include <set>

#include "hello_failures.h"

namespace shakedown::diagnose {
namespace {

using namespace test;

/// What each cause of these families can be told by.
bool means(AlertDescription alert, Cause cause) {
  using enum AlertDescription;
  switch (cause) {
    case Cause::version_mismatch:
      return alert == protocol_version;
    case Cause::alpn_mismatch:
      return alert == no_application_protocol;
    case Cause::sni_missing:
    case Cause::sni_unrecognised:
      return alert == unrecognized_name;
    case Cause::inappropriate_fallback:
      return alert == inappropriate_fallback;
    case Cause::no_renegotiation:
      return alert == no_renegotiation;
    case Cause::decrypt_error:
      return alert == decrypt_error || alert == bad_record_mac || alert == decryption_failed;
    case Cause::protocol_error:
      return alert == unexpected_message || alert == record_overflow || alert == decode_error ||
             alert == unsupported_extension || alert == decompression_failure ||
             alert == missing_extension;
    default:
      return false;
  }
}

std::vector<Failure (*)(Failure)> surroundings() {
  return {
      [](Failure failure) { return failure; },
      [](Failure failure) {
        offer_up_to(failure, 0x0301);
        failure.without_name();
        return failure;
      },
      [](Failure failure) {
        offer_versions(failure, {0x0304});
        failure.record.client_hello_facts.flags |= ClientHelloFacts::psk_present;
        return failure;
      },
      [](Failure failure) {
        failure.offer = nullptr;
        failure.record.flags |= HandshakeRecord::malformed_hello;
        return failure;
      },
      [](Failure failure) {
        failure.record.client_hello_facts.flags |= ClientHelloFacts::fallback_scsv;
        failure.record.client_certificate = ClientCertificate::sent;
        failure.certificate(good_assessment());
        return failure;
      },
      [](Failure failure) {
        then_succeeds(failure).max_version = 0x0303;
        failure.attempt.retry = {.lower_version = true,
                                 .fewer_extensions = true,
                                 .smaller = true,
                                 .dropped_extensions = {43, 51}};
        return failure;
      },
      [](Failure failure) {
        failure.record.server_hello_facts.dh_prime_bits = 1024;
        failure.record.flags |= HandshakeRecord::renegotiation;
        failure.difference.comparable = true;
        failure.difference.version = Overlap::disjoint;
        failure.difference.cipher_suite = Overlap::disjoint;
        failure.difference.server_name_new = true;
        failure.difference.extensions_new = {27};
        failure.difference.larger = true;
        return failure;
      },
  };
}

std::vector<Rule> all_rules() {
  std::vector<Rule> all;
  for (const auto family : {offer_rules(), name_rules(), protocol_rules(), retry_rules()}) {
    all.insert(all.end(), family.begin(), family.end());
  }
  return all;
}

void expect_sound(const Rule& rule, const Finding& finding, const Failure& failure,
                  std::optional<AlertDescription> alert) {
  EXPECT_FALSE(finding.evidence.empty()) << rule.id;
  for (const std::string& sentence : finding.evidence) {
    EXPECT_FALSE(sentence.empty() || sentence.ends_with('.')) << rule.id << ": " << sentence;
  }
  EXPECT_FALSE(is_alike(finding, rule.cause)) << rule.id;
  const std::set<Cause> alike(finding.alike.begin(), finding.alike.end());
  EXPECT_EQ(alike.size(), finding.alike.size()) << rule.id << " names a cause twice";
  if (finding.confidence != Confidence::certain) return;
  EXPECT_EQ(finding.standing, Standing::told) << rule.id;
  ASSERT_TRUE(alert) << rule.id;
  EXPECT_TRUE(means(*alert, rule.cause))
      << rule.id << " with alert " << static_cast<unsigned>(*alert) << " at stage "
      << static_cast<unsigned>(failure.record.outcome.stage);
}

TEST(ToldSweep, CertainIsOnlyWhatAnAlertOfThatMeaningTells) {
  const std::vector<Rule> rules = all_rules();
  for (unsigned code = 0; code <= 130; ++code) {
    for (const Party party : {Party::client, Party::server}) {
      for (unsigned stage = 0; stage + 1 < kStageCount; ++stage) {
        for (auto* surround : surroundings()) {
          const auto alert = static_cast<AlertDescription>(code);
          Failure failure(OutcomeKind::alert, party, static_cast<Stage>(stage));
          failure.alert(alert, party);
          failure = surround(std::move(failure));
          const Facts facts = failure.facts();
          for (const Rule& rule : rules) {
            if (const auto found = rule.apply(facts)) expect_sound(rule, *found, failure, alert);
          }
        }
      }
    }
  }
}

TEST(ToldSweep, NothingIsCertainOfWhatEndedWithoutAWord) {
  const std::vector<Rule> rules = all_rules();
  for (const OutcomeKind kind : {OutcomeKind::closed, OutcomeKind::reset, OutcomeKind::silence,
                                 OutcomeKind::encrypted_alert, OutcomeKind::non_tls_reply}) {
    for (const Party party : {Party::none, Party::client, Party::server, Party::path}) {
      for (unsigned stage = 0; stage + 1 < kStageCount; ++stage) {
        for (auto* surround : surroundings()) {
          Failure failure = surround(Failure(kind, party, static_cast<Stage>(stage)));
          const Facts facts = failure.facts();
          for (const Rule& rule : rules) {
            if (const auto found = rule.apply(facts)) {
              expect_sound(rule, *found, failure, std::nullopt);
            }
          }
        }
      }
    }
  }
}

TEST(ToldSweep, IdsAreOfTheirCauseAndWordsAreThere) {
  std::set<std::string_view> ids;
  for (const Rule& rule : all_rules()) {
    EXPECT_TRUE(ids.insert(rule.id).second) << rule.id;
    EXPECT_TRUE(rule.id.starts_with(name_of(rule.cause))) << rule.id;
    EXPECT_FALSE(rule.needs.empty() || rule.needs.ends_with('.')) << rule.id;
    EXPECT_FALSE(rule.against.empty() || rule.against.ends_with('.')) << rule.id;
  }
}

}  // namespace
}  // namespace shakedown::diagnose
