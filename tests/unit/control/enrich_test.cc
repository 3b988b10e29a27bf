// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "certificates.h"
#include "enrich/certificate.h"
#include "enrich/client_offer.h"
#include "enrich/definition_store.h"
#include "enrich/handshake.h"
#include "handshake_records.h"

namespace shakedown::enrich {
namespace {

using Body = std::vector<std::uint8_t>;

/// legacy_version 1.2; one suite, no extension, one version, group, share and scheme; h2 and
/// http/1.1.
Body an_offer() {
  return {0x03, 0x03, 0,    2, 0x13, 0x01, 0,    0,   0,   2,    0x03, 0x04, 0,
          2,    0x00, 0x1d, 0, 2,    0,    0x1d, 0,   2,   0x08, 0x04, 0,    12,
          2,    'h',  '2',  8, 'h',  't',  't',  'p', '/', '1',  '.',  '1'};
}

TEST(ClientOffer, IsDecoded) {
  ClientOffer offer;
  ASSERT_EQ(decode_client_offer(an_offer(), offer), ParseStatus::ok);
  EXPECT_EQ(offer.legacy_version, 0x0303);
  EXPECT_EQ(offer.cipher_suites, std::vector<std::uint16_t>{0x1301});
  EXPECT_TRUE(offer.extensions.empty());
  EXPECT_EQ(offer.supported_versions, std::vector<std::uint16_t>{0x0304});
  EXPECT_EQ(offer.supported_groups, std::vector<std::uint16_t>{0x001d});
  EXPECT_EQ(offer.key_share_groups, std::vector<std::uint16_t>{0x001d});
  EXPECT_EQ(offer.signature_algorithms, std::vector<std::uint16_t>{0x0804});
  EXPECT_EQ(offer.alpn, (std::vector<std::string>{"h2", "http/1.1"}));
}

TEST(ClientOffer, NeedsMoreForEveryPrefix) {
  const Body whole = an_offer();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    ClientOffer offer;
    EXPECT_EQ(decode_client_offer(Bytes(whole).first(size), offer), ParseStatus::need_more) << size;
    EXPECT_TRUE(offer.cipher_suites.empty());
  }
}

TEST(ClientOffer, RejectsTrailingBytesAndOddVectors) {
  Body longer = an_offer();
  longer.push_back(0);
  ClientOffer offer;
  EXPECT_EQ(decode_client_offer(longer, offer), ParseStatus::malformed);
  const Body odd = {3, 3, 0, 1, 0x13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(decode_client_offer(odd, offer), ParseStatus::malformed);
}

TEST(ClientOffer, KeepsTheProtocolsBeforeABrokenOne) {
  Body body = {3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 2, 'h', '2', 9, 'x'};
  ClientOffer offer;
  ASSERT_EQ(decode_client_offer(body, offer), ParseStatus::ok);
  EXPECT_EQ(offer.alpn, std::vector<std::string>{"h2"});
}

Body chain_body(const std::vector<Body>& certificates) {
  Body body;
  for (const Body& der : certificates) {
    body.push_back(static_cast<std::uint8_t>(der.size() >> 16));
    body.push_back(static_cast<std::uint8_t>(der.size() >> 8 & 0xff));
    body.push_back(static_cast<std::uint8_t>(der.size() & 0xff));
    body.insert(body.end(), der.begin(), der.end());
  }
  return body;
}

Body file(std::string_view name) {
  const auto& bytes = test_support::certificate_file(name);
  return Body(bytes.begin(), bytes.end());
}

TEST(Certificate, GivesNamesDatesAndDigest) {
  const Certificate leaf = read_certificate(file("rsa_leaf.der"));
  ASSERT_TRUE(leaf.readable);
  EXPECT_NE(leaf.subject.find("CN="), std::string::npos) << leaf.subject;
  EXPECT_NE(leaf.issuer.find("CN="), std::string::npos) << leaf.issuer;
  EXPECT_NE(leaf.subject, leaf.issuer);
  EXPECT_EQ(leaf.not_before.substr(0, 4), "2020") << leaf.not_before;
  EXPECT_EQ(leaf.not_after.substr(0, 4), "2035") << leaf.not_after;
  EXPECT_EQ(leaf.not_after.back(), 'Z');
  EXPECT_EQ(leaf.sha256.size(), 64u);
}

TEST(Certificate, OfGarbageKeepsItsDigest) {
  for (const Body& der : {Body{}, Body{0x30}, Body(100, 0xff)}) {
    const Certificate certificate = read_certificate(der);
    EXPECT_FALSE(certificate.readable);
    EXPECT_EQ(certificate.sha256.size(), 64u);
  }
}

TEST(Certificate, WithBytesBehindItIsNotReadable) {
  Body der = file("self_signed.der");
  EXPECT_TRUE(read_certificate(der).readable);
  der.push_back(0);
  EXPECT_FALSE(read_certificate(der).readable);
}

TEST(Chain, KeepsTheOrderAndEndsWhereItIsCut) {
  ChainJudge judge;
  Body body = chain_body({file("rsa_leaf.der"), file("rsa_intermediate.der")});
  const ChainPointer chain = judge.chain_of(body);
  ASSERT_NE(chain, nullptr);
  ASSERT_EQ(chain->certificates.size(), 2u);
  EXPECT_EQ(chain->certificates[0].issuer, chain->certificates[1].subject);
  body.pop_back();
  EXPECT_EQ(judge.chain_of(body)->certificates.size(), 1u);
}

DefinitionHeader header(std::uint64_t id, DefinitionKind kind, const Body& body) {
  return {
      .id = id, .body_size = static_cast<std::uint32_t>(body.size()), .kind = kind, .reserved = 0};
}

TEST(DefinitionStore, AnswersById) {
  DefinitionStore store;
  const Body offer = an_offer();
  store.add(header(1, DefinitionKind::client_offer, offer), offer);
  const Body name = {'a', 'b'};
  store.add(header(2, DefinitionKind::server_name, name), name);
  ASSERT_NE(store.client_offer(1), nullptr);
  EXPECT_EQ(store.client_offer(1), store.client_offer(1));
  EXPECT_EQ(store.server_name(2), "ab");
  EXPECT_EQ(store.missing_count(), 0u);
}

TEST(DefinitionStore, CountsWhatIsMissingOrOfAnotherKindAndNotZero) {
  DefinitionStore store;
  ChainJudge judge;
  const Body name = {'a'};
  store.add(header(2, DefinitionKind::server_name, name), name);
  EXPECT_EQ(store.client_offer(0), nullptr);
  EXPECT_EQ(store.missing_count(), 0u);
  EXPECT_EQ(store.client_offer(2), nullptr);
  EXPECT_EQ(store.certificate_chain(3, judge), nullptr);
  EXPECT_EQ(store.missing_count(), 2u);
}

TEST(DefinitionStore, DoesNotUseAnOfferThatDoesNotParse) {
  DefinitionStore store;
  const Body broken = {1};
  store.add(header(1, DefinitionKind::client_offer, broken), broken);
  EXPECT_EQ(store.client_offer(1), nullptr);
  EXPECT_EQ(store.client_offer(1), nullptr);
}

TEST(DefinitionStore, ForgetsTheLeastRecentlyUsedByCountAndByBytes) {
  const Body ten(10, 'x');
  DefinitionStore by_count(2);
  DefinitionStore by_bytes(100, 20);
  for (DefinitionStore* store : {&by_count, &by_bytes}) {
    store->add(header(1, DefinitionKind::server_name, ten), ten);
    store->add(header(2, DefinitionKind::server_name, ten), ten);
    EXPECT_EQ(store->evicted_count(), 0u);
    EXPECT_FALSE(store->server_name(1).empty());
    store->add(header(3, DefinitionKind::server_name, ten), ten);
    EXPECT_EQ(store->evicted_count(), 1u);
    EXPECT_FALSE(store->server_name(1).empty());
    EXPECT_TRUE(store->server_name(2).empty());
    EXPECT_FALSE(store->server_name(3).empty());
  }
}

TEST(Handshake, TakesALongNameFromItsDefinition) {
  DefinitionStore store;
  ChainJudge judge;
  const Body name(200, 'n');
  store.add(header(7, DefinitionKind::server_name, name), name);
  HandshakeRecord record = test::a_handshake();
  test::set_name(record, std::string(record.server_name.size(), 'n'));
  EXPECT_EQ(resolve(record, store, judge).server_name.size(), record.server_name.size());
  record.client_hello_facts.flags |= ClientHelloFacts::server_name_truncated;
  record.name_definition = 7;
  EXPECT_EQ(resolve(record, store, judge).server_name.size(), 200u);
  record.name_definition = 8;
  EXPECT_EQ(resolve(record, store, judge).server_name.size(), record.server_name.size());
}

TEST(Handshake, NeverReadsBehindTheName) {
  DefinitionStore store;
  ChainJudge judge;
  HandshakeRecord record = test::a_handshake();
  record.client_hello_facts.server_name_length = 255;
  EXPECT_EQ(resolve(record, store, judge).server_name.size(), record.server_name.size());
}

}  // namespace
}  // namespace shakedown::enrich
