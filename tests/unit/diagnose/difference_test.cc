// SPDX-License-Identifier: Apache-2.0
#include "diagnose/difference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "diagnose/failure.h"

namespace shakedown::diagnose {
namespace {

using enrich::ClientOffer;
using shakedown::test::a_handshake;
using shakedown::test::kStart;
using shakedown::test::set_name;

constexpr std::int64_t kDay = 86'400 * kNanosPerSecond;

class DifferenceTest : public ::testing::Test {
 protected:
  DifferenceTest() : record(a_handshake(OutcomeKind::alert, Stage::client_hello)) {
    set_name(record, "www.example.com");
    record.client_hello_facts.length = 500;
    offer = test::usual_offer();
    chosen(versions, {0x0304, 0x0303});
    chosen(suites, {0x1301, 0xc02f});
    chosen(groups, {29});
    add_hello(test::usual_offer(), 0x0303);
    server.known = true;
    server.successes = server.successes_with_name = server.name_successes = 1.0f;
    server.names_succeeded = server.networks_succeeded = 1;
    server.network_succeeded = true;
    server.hello_length_max = 500;
  }

  static void chosen(std::vector<Weighed<std::uint16_t>>& row, std::vector<std::uint16_t> codes) {
    row.clear();
    for (const std::uint16_t code : codes) row.push_back({code, 1.0f, UnixNanos{kStart}});
  }
  SuccessfulHello& add_hello(ClientOffer succeeded, std::uint16_t version) {
    return hellos.emplace_back(
        SuccessfulHello{.offer = std::make_shared<ClientOffer>(std::move(succeeded)),
                        .max_version = 0x0304,
                        .selected_version = version,
                        .length = 500,
                        .server_name_present = true,
                        .weight = 1.0f,
                        .last = UnixNanos{kStart}});
  }
  [[nodiscard]] Difference compare(bool offer_known = true) {
    server.versions = versions;
    server.cipher_suites = suites;
    server.named_groups = groups;
    server.hellos = hellos;
    server.application_protocols = protocols;
    return difference({.record = record,
                       .offer = offer_known ? std::make_shared<ClientOffer>(offer) : nullptr,
                       .server_chain = nullptr,
                       .client_chain = nullptr,
                       .server_name = "www.example.com"},
                      server);
  }

  HandshakeRecord record;
  ClientOffer offer;
  ServerView server;
  std::vector<Weighed<std::uint16_t>> versions, suites, groups;
  std::vector<SuccessfulHello> hellos;
  std::vector<std::string> protocols = {"h2"};
};

TEST_F(DifferenceTest, FindsNoneBetweenEqualHellos) {
  const Difference same = compare();
  EXPECT_TRUE(same.comparable);
  for (const Overlap overlap : {same.version, same.cipher_suite, same.named_group,
                                same.signature_algorithm, same.application_protocol}) {
    EXPECT_EQ(overlap, Overlap::common);
  }
  EXPECT_FALSE(same.server_name_missing || same.server_name_new || same.resumption_offered ||
               same.larger || same.network_new);
  EXPECT_TRUE(same.extensions_new.empty());
  EXPECT_EQ(same.nearest, &hellos[0]);
  EXPECT_EQ(same.nearest_distance, 0u);
}

TEST_F(DifferenceTest, SaysUnknownWithoutAnOfferOrAProfile) {
  EXPECT_EQ(compare(false).version, Overlap::unknown);
  EXPECT_EQ(compare(false).cipher_suite, Overlap::unknown);
  hellos.clear(), versions.clear(), suites.clear(), groups.clear(), protocols.clear();
  const Difference cold = compare();
  EXPECT_FALSE(cold.comparable);
  for (const Overlap overlap : {cold.version, cold.cipher_suite, cold.named_group,
                                cold.signature_algorithm, cold.application_protocol}) {
    EXPECT_EQ(overlap, Overlap::unknown);
  }
  EXPECT_EQ(cold.nearest, nullptr);
  EXPECT_TRUE(cold.extensions_new.empty());
}

TEST_F(DifferenceTest, IsComparableForADayAndWhileSomethingIsLeft) {
  hellos[0].last = UnixNanos{record.client_hello.value - kDay};
  EXPECT_TRUE(compare().comparable);
  hellos[0].last = UnixNanos{record.client_hello.value - kDay - 1};
  EXPECT_FALSE(compare().comparable);
  hellos[0].last = UnixNanos{kStart};
  hellos[0].weight = 0.49f;
  EXPECT_FALSE(compare().comparable);
}

TEST_F(DifferenceTest, ComparesVersionsWithAndWithoutTheExtension) {
  offer.supported_versions = {0x0302, 0x0301};
  EXPECT_EQ(compare().version, Overlap::disjoint);
  offer.supported_versions.clear();
  offer.legacy_version = 0x0303;
  EXPECT_EQ(compare().version, Overlap::common);
  offer.legacy_version = 0x0302;
  EXPECT_EQ(compare().version, Overlap::disjoint);
  // An old hello may mean any older version as well.
  chosen(versions, {0x0301});
  EXPECT_EQ(compare().version, Overlap::common);
}

TEST_F(DifferenceTest, ComparesSuitesWithinTheVersionsOffered) {
  offer.supported_versions = {0x0303};
  offer.cipher_suites = {0x1301, 0xc030, 0x00ff};
  EXPECT_EQ(compare().cipher_suite, Overlap::disjoint);
  offer.cipher_suites.push_back(0xc02f);
  EXPECT_EQ(compare().cipher_suite, Overlap::common);
  offer.cipher_suites = {0xc030};
  chosen(suites, {0x1301});
  EXPECT_EQ(compare().cipher_suite, Overlap::unknown);
  offer.supported_versions = {0x0304};
  offer.cipher_suites = {0x1303, 0xc02f};
  EXPECT_EQ(compare().cipher_suite, Overlap::disjoint);
}

TEST_F(DifferenceTest, ComparesGroupsOnlyWhereTheyAreNamedAndNeeded) {
  offer.supported_groups = {30};
  EXPECT_EQ(compare().named_group, Overlap::disjoint);
  offer.supported_groups.clear();
  EXPECT_EQ(compare().named_group, Overlap::unknown);
  offer.supported_groups = {30};
  offer.cipher_suites.push_back(0x002f);
  chosen(suites, {0xc02f, 0x002f});
  EXPECT_EQ(compare().named_group, Overlap::unknown);
}

TEST_F(DifferenceTest, ComparesSignatureAlgorithmsThatTheServersKeyCanUse) {
  EXPECT_EQ(compare().signature_algorithm, Overlap::common);
  // Of several that all offer, nobody knows which the server needs until it has shown its key.
  offer.signature_algorithms = {0x0403};
  EXPECT_EQ(compare().signature_algorithm, Overlap::unknown);
  server.chains.emplace_back().chain = test::a_chain();  // elliptic curve
  EXPECT_EQ(compare().signature_algorithm, Overlap::common);
  offer.signature_algorithms = {0x0804, 0x0401};
  EXPECT_EQ(compare().signature_algorithm, Overlap::disjoint);
  offer.signature_algorithms.clear();
  EXPECT_EQ(compare().signature_algorithm, Overlap::unknown);
}

TEST_F(DifferenceTest, TakesOnlyWhatAllSucceedingOffersShareAndNotResumedOnes) {
  ClientOffer narrow = test::usual_offer();
  narrow.signature_algorithms = {0x0804};
  add_hello(narrow, 0x0303);
  offer.signature_algorithms = {0x0403};
  EXPECT_EQ(compare().signature_algorithm, Overlap::disjoint);
  hellos[1].resumed = true;
  EXPECT_EQ(compare().signature_algorithm, Overlap::unknown);
  hellos[1].resumed = false;
  hellos[1].selected_version = 0x0301;
  offer.supported_versions = {0x0304, 0x0303};
  EXPECT_EQ(compare().signature_algorithm, Overlap::unknown);
}

TEST_F(DifferenceTest, ComparesApplicationProtocolsOnlyWhereOffered) {
  offer.alpn = {"http/1.1"};
  EXPECT_EQ(compare().application_protocol, Overlap::disjoint);
  offer.alpn.clear();
  EXPECT_EQ(compare().application_protocol, Overlap::unknown);
}

TEST_F(DifferenceTest, NoticesTheNameThatIsMissingOrNew) {
  server.name_successes = 0.0f;
  EXPECT_TRUE(compare().server_name_new);
  EXPECT_FALSE(compare().server_name_missing);
  record.client_hello_facts.flags = 0;
  EXPECT_TRUE(compare().server_name_missing);
  EXPECT_FALSE(compare().server_name_new);
  server.successes_without_name = 1.0f;
  EXPECT_FALSE(compare().server_name_missing);
}

TEST_F(DifferenceTest, NoticesSessionsButNotTheSessionIdOfMiddleboxMode) {
  record.client_hello_facts.session_id_length = 32;
  EXPECT_FALSE(compare().resumption_offered);
  record.client_hello_facts.max_version = 0x0303;
  EXPECT_TRUE(compare().resumption_offered);
  record.client_hello_facts.session_id_length = 0;
  record.client_hello_facts.flags |= ClientHelloFacts::psk_present;
  EXPECT_TRUE(compare().resumption_offered);
}

TEST_F(DifferenceTest, CallsLargerWhatNeedsAnotherSegment) {
  server.hello_length_max = 600;
  record.client_hello_facts.length = 1400;
  EXPECT_FALSE(compare().larger);
  server.hello_length_max = 1400;
  record.client_hello_facts.length = 1419;
  EXPECT_FALSE(compare().larger);
  record.client_hello_facts.length = 1420;
  EXPECT_TRUE(compare().larger);
  server.hello_length_max = 0;
  EXPECT_FALSE(compare().larger);
}

TEST_F(DifferenceTest, CallsLargerWhatSomeBoxesFailAt) {
  // With its header of four bytes 256 to 511: RFC 7685 §1.
  server.hello_length_max = 251;
  for (const auto& [length, larger] :
       {std::pair{252, true}, {507, true}, {508, false}, {251, false}}) {
    record.client_hello_facts.length = static_cast<std::uint16_t>(length);
    EXPECT_EQ(compare().larger, larger) << length;
  }
  server.hello_length_max = 252;
  record.client_hello_facts.length = 507;
  EXPECT_FALSE(compare().larger);
}

TEST_F(DifferenceTest, NamesExtensionsThatNoSucceedingHelloHas) {
  offer.extensions = {0, 10, 27, 43, 51, 17513};
  EXPECT_THAT(compare().extensions_new, ::testing::ElementsAre(27, 17513));
  ClientOffer other;
  other.extensions = {27};
  add_hello(other, 0x0303);
  EXPECT_THAT(compare().extensions_new, ::testing::ElementsAre(17513));
}

TEST_F(DifferenceTest, PicksTheNearestAndOfEqualsTheLatest) {
  ClientOffer far = test::usual_offer();
  far.cipher_suites = {0x002f};
  far.alpn.clear();
  add_hello(far, 0x0303).last = UnixNanos{kStart + 5};
  EXPECT_EQ(compare().nearest, &hellos[0]);
  add_hello(test::usual_offer(), 0x0303).last = UnixNanos{kStart + 1};
  EXPECT_EQ(compare().nearest, &hellos[2]);
  offer.alpn = {"h3"};
  EXPECT_EQ(compare().nearest_distance, 1u);
}

TEST_F(DifferenceTest, SaysNothingWithoutAClientHello) {
  record.client_hello = {};
  EXPECT_FALSE(compare().comparable);
  EXPECT_EQ(compare().nearest, nullptr);
}

}  // namespace
}  // namespace shakedown::diagnose
