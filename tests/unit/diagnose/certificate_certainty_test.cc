// SPDX-License-Identifier: Apache-2.0
//
// Every alert with every kind of chain from every source: nothing is `certain` but under the stated
// conditions, and what is said of one handshake does not contradict itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <functional>
#include <set>

#include "certificate_failures.h"
#include "diagnose/diagnosis.h"

namespace shakedown::diagnose::test {
namespace {

constexpr auto kAlerts = std::to_array<AlertDescription>(
    {AlertDescription::handshake_failure, AlertDescription::bad_certificate,
     AlertDescription::unsupported_certificate, AlertDescription::certificate_revoked,
     AlertDescription::certificate_expired, AlertDescription::certificate_unknown,
     AlertDescription::illegal_parameter, AlertDescription::unknown_ca,
     AlertDescription::access_denied, AlertDescription::insufficient_security,
     AlertDescription::internal_error, AlertDescription::user_canceled,
     AlertDescription::bad_certificate_status_response});

constexpr auto kTrusts = std::to_array<enrich::Trust>(
    {enrich::Trust::not_judged, enrich::Trust::unreadable, enrich::Trust::trusted,
     enrich::Trust::intermediate_missing, enrich::Trust::self_signed, enrich::Trust::unknown_root,
     enrich::Trust::unknown_issuer, enrich::Trust::bad_signature});

constexpr auto kSources = std::to_array<ChainSource>(
    {ChainSource::none, ChainSource::wire, ChainSource::same_name, ChainSource::same_endpoint});

/// Bits of what else may be wrong, and of what else is known.
enum Bit : unsigned {
  expired_bit = 1,
  early_bit = 2,
  name_bit = 4,
  weak_bit = 8,
  usage_bit = 16,
  revoked_bit = 32,
  elsewhere_bit = 64,  // shown to three networks, and accepted
  unusual_bit = 128,   // others are shown a trusted issuer, this network's fronts many names
  clock_bit = 256,     // the hello time is sixty days ahead
  bit_count = 9
};

enum class Ending { alert, hidden, closed, reset, late };

Failure a_failure(Ending ending, AlertDescription alert) {
  switch (ending) {
    case Ending::alert:
      return rejected_with(alert);
    case Ending::hidden:
      return rejected_in_tls13();
    case Ending::closed:
      return {OutcomeKind::closed, Party::client, Stage::server_hello_done};
    case Ending::reset:
      return {OutcomeKind::reset, Party::client, Stage::server_hello_done};
    case Ending::late:
      return rejected_late();
  }
  return rejected_late();
}

enrich::Assessment an_assessment(enrich::Trust trust, unsigned bits) {
  enrich::Assessment assessment = good_assessment();
  assessment.trust = trust;
  assessment.expired = (bits & expired_bit) != 0;
  assessment.not_yet_valid = (bits & early_bit) != 0;
  if ((bits & name_bit) != 0) assessment.name = enrich::NameMatch::differs;
  assessment.weak_key = (bits & weak_bit) != 0;
  assessment.wrong_usage = (bits & usage_bit) != 0;
  assessment.revoked = (bits & revoked_bit) != 0;
  if (assessment.expired) assessment.margin_nanos = -kDay;
  if (!assessment.acceptable()) assessment.culprit = 0;
  return assessment;
}

/// The conditions under which a cause may be certain, written down a second time.
bool may_be_certain(Cause cause, AlertDescription alert, enrich::Trust trust, unsigned bits) {
  switch (cause) {
    case Cause::certificate_expired:
      return alert == AlertDescription::certificate_expired && (bits & expired_bit) != 0 &&
             (bits & early_bit) == 0;
    case Cause::certificate_revoked:
      return alert == AlertDescription::certificate_revoked && (bits & revoked_bit) != 0;
    case Cause::certificate_wrong_usage:
      return alert == AlertDescription::unsupported_certificate && (bits & usage_bit) != 0 &&
             (bits & weak_bit) == 0;
    case Cause::self_signed:
      return alert == AlertDescription::unknown_ca && trust == enrich::Trust::self_signed &&
             (bits & (name_bit | expired_bit | usage_bit | unusual_bit)) == 0;
    case Cause::untrusted_ca:
      return alert == AlertDescription::unknown_ca && trust == enrich::Trust::unknown_root &&
             (bits & elsewhere_bit) != 0 && (bits & (expired_bit | usage_bit | unusual_bit)) == 0;
    case Cause::interception:
      return alert == AlertDescription::unknown_ca && (bits & unusual_bit) != 0 &&
             (trust == enrich::Trust::self_signed || trust == enrich::Trust::unknown_root ||
              trust == enrich::Trust::unknown_issuer);
    case Cause::clock_skew:
      return alert == AlertDescription::certificate_expired && (bits & clock_bit) != 0 &&
             (bits & (expired_bit | early_bit)) == 0 && trust != enrich::Trust::not_judged &&
             trust != enrich::Trust::unreadable;
    default:
      return false;
  }
}

struct Combination {
  Ending ending;
  AlertDescription alert;
  enrich::Trust trust;
  ChainSource source;
  unsigned bits;
};

void for_each_combination(const std::function<void(const Combination&, const Facts&)>& look) {
  const auto try_out = [&look](const Combination& combination) {
    Failure failure = a_failure(combination.ending, combination.alert);
    if (combination.source != ChainSource::none) {
      failure.certificate(an_assessment(combination.trust, combination.bits), combination.source);
      if ((combination.bits & expired_bit) != 0) {
        leaf_of(failure).valid_until = add_saturating(failure.record.client_hello, -kDay);
      }
      leaf_of(failure).server_usage = (combination.bits & usage_bit) == 0;
      if ((combination.bits & elsewhere_bit) != 0) shown_to(failure, 9.0f, 1.0f, 3);
    }
    if ((combination.bits & unusual_bit) != 0) {
      failure.name.issuer_unusual = true;
      failure.name.usual_issuer = "CN=Public CA";
      failure.name.usual_issuer_trusted = true;
      failure.name.usual_issuer_networks = 4;
      failure.name.names_of_private_issuer = 30;
    }
    failure.client.clock_known = (combination.bits & clock_bit) != 0;
    failure.client.clock_offset_seconds = 60 * 86'400;
    look(combination, failure.facts());
  };
  for (const enrich::Trust trust : kTrusts) {
    for (const ChainSource source : kSources) {
      for (unsigned bits = 0; bits < (1u << bit_count); ++bits) {
        if (std::popcount(bits % elsewhere_bit) > 2) continue;  // pairs of faults are enough
        if (source == ChainSource::none && bits % elsewhere_bit != 0) continue;
        for (const AlertDescription alert : kAlerts) {
          try_out({Ending::alert, alert, trust, source, bits});
        }
        for (const Ending ending : {Ending::hidden, Ending::closed, Ending::reset, Ending::late}) {
          try_out({ending, AlertDescription::close_notify, trust, source, bits});
        }
      }
    }
  }
}

std::vector<Rule> certificate_families() {
  std::vector<Rule> rules;
  for (const auto family : {client_certificate_rules(), trust_rules(), certificate_rules()}) {
    rules.insert(rules.end(), family.begin(), family.end());
  }
  return rules;
}

TEST(CertificateCertainty, IsNeverSaidWithoutItsConditions) {
  const std::vector<Rule> rules = certificate_families();
  std::set<std::string_view> certain;
  for_each_combination([&](const Combination& seen, const Facts& facts) {
    for (const Rule& rule : rules) {
      const auto finding = rule.apply(facts);
      if (!finding || finding->confidence != Confidence::certain) continue;
      certain.insert(name_of(rule.cause));
      EXPECT_EQ(seen.ending, Ending::alert) << rule.id;
      EXPECT_EQ(seen.source, ChainSource::wire) << rule.id;
      EXPECT_EQ(finding->standing, Standing::told) << rule.id;
      EXPECT_TRUE(may_be_certain(rule.cause, seen.alert, seen.trust, seen.bits))
          << rule.id << " alert " << static_cast<int>(seen.alert) << " trust "
          << static_cast<int>(seen.trust) << " bits " << seen.bits;
    }
  });
  EXPECT_EQ(certain, (std::set<std::string_view>{"certificate_expired", "certificate_revoked",
                                                 "certificate_wrong_usage", "clock_skew",
                                                 "interception", "self_signed", "untrusted_ca"}));
}

TEST(CertificateCertainty, IsOfOneCauseAtATime) {
  const std::vector<Rule> rules = certificate_families();
  for_each_combination([&](const Combination& seen, const Facts& facts) {
    std::set<Cause> certain;
    for (const Rule& rule : rules) {
      const auto finding = rule.apply(facts);
      if (finding && finding->confidence == Confidence::certain) certain.insert(rule.cause);
    }
    EXPECT_LE(certain.size(), 1u) << "alert " << static_cast<int>(seen.alert) << " trust "
                                  << static_cast<int>(seen.trust) << " bits " << seen.bits;
  });
}

TEST(CertificateCertainty, LeavesNoRejectionWithoutACause) {
  const std::vector<Rule> rules = certificate_families();
  for_each_combination([&](const Combination& seen, const Facts& facts) {
    // These words are for other families as long as nothing in the chain goes with them.
    if (seen.alert == AlertDescription::user_canceled ||
        seen.alert == AlertDescription::illegal_parameter ||
        seen.alert == AlertDescription::insufficient_security) {
      return;
    }
    bool any = false;
    for (const Rule& rule : rules) any = any || rule.apply(facts).has_value();
    EXPECT_TRUE(any) << "alert " << static_cast<int>(seen.alert) << " trust "
                     << static_cast<int>(seen.trust) << " source " << static_cast<int>(seen.source)
                     << " bits " << seen.bits;
  });
}

TEST(CertificateCertainty, NamesNoCauseAsAlikeToItself) {
  const std::vector<Rule> rules = certificate_families();
  for_each_combination([&](const Combination&, const Facts& facts) {
    for (const Rule& rule : rules) {
      const auto finding = rule.apply(facts);
      if (!finding) continue;
      EXPECT_FALSE(finding->evidence.empty()) << rule.id;
      EXPECT_EQ(std::ranges::count(finding->alike, rule.cause), 0) << rule.id;
    }
  });
}

}  // namespace
}  // namespace shakedown::diagnose::test
