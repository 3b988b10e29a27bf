// SPDX-License-Identifier: Apache-2.0
#include "tls/server_hello.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "parsed_hello.h"

namespace shakedown::tls {
namespace {

using test_support::ByteWriter;
using test_support::Random32;
using test_support::ServerHelloBuilder;
using Flag = ServerHelloFacts::Flag;

/// Version, random and suite, as drafts up to 21 wrote them, and the extensions `body`.
Wire draft_hello(unsigned version, const Wire& extensions) {
  ByteWriter writer;
  writer.u16(version).fill(32, 0x44).u16(0x1301).u16_bytes(extensions);
  return writer.take();
}

const Wire kX25519Share = {0, 40, 0, 5, 0, 29, 0, 1, 9};

TEST(ServerHelloTest, ReadsAHelloOfTls12) {
  const ParsedServerHello parsed(
      ServerHelloBuilder::tls12(0xc02f).session_id(Wire(32, 5)).alpn("h2"));
  ASSERT_EQ(parsed.status, ParseStatus::ok);
  EXPECT_EQ(parsed->legacy_version, 0x0303);
  EXPECT_EQ(parsed->selected_version, 0x0303);
  EXPECT_EQ(parsed->cipher_suite, 0xc02f);
  EXPECT_EQ(parsed->session_id.size(), 32u);
  EXPECT_EQ(text_of(parsed->alpn), "h2");
  EXPECT_FALSE(parsed->is_hello_retry_request());
}

TEST(ServerHelloTest, ReadsAHelloOfTls13) {
  const ParsedServerHello parsed(ServerHelloBuilder::tls13(0x1302).pre_shared_key(3));
  ASSERT_EQ(parsed.status, ParseStatus::ok);
  EXPECT_EQ(parsed->legacy_version, 0x0303);
  EXPECT_EQ(parsed->selected_version, 0x0304);
  EXPECT_EQ(parsed->key_share_group, 0x001d);
  EXPECT_TRUE(parsed->has(Flag::psk_selected));
  EXPECT_EQ(parsed->selected_identity, 3);
}

TEST(ServerHelloTest, AcceptsAHelloWithoutExtensions) {
  EXPECT_EQ(ParsedServerHello(ServerHelloBuilder().legacy_version(0x0300)).status, ParseStatus::ok);
  EXPECT_EQ(ParsedServerHello(ServerHelloBuilder().with_empty_extensions_block()).status,
            ParseStatus::ok);
}

TEST(ServerHelloTest, KnowsAHelloRetryRequestByItsRandom) {
  const ParsedServerHello parsed(ServerHelloBuilder::hello_retry_request(0x0018));
  ASSERT_EQ(parsed.status, ParseStatus::ok);
  EXPECT_TRUE(parsed->is_hello_retry_request());
  EXPECT_EQ(parsed->key_share_group, 0x0018);
  EXPECT_EQ(parsed->selected_version, 0x0304);
}

TEST(ServerHelloTest, TakesARandomThatDiffersInOneBitForAServerHello) {
  Random32 random = test_support::hello_retry_request_random();
  random[31] ^= 1;
  EXPECT_FALSE(
      ParsedServerHello(ServerHelloBuilder::tls13().random(random))->is_hello_retry_request());
}

TEST(ServerHelloTest, ReadsTheDowngradeSentinels) {
  const auto sentinel = [](std::uint8_t last) {
    Random32 random = test_support::make_random(4);
    const std::string_view text = "DOWNGRD";
    std::copy(text.begin(), text.end(), random.begin() + 24);
    random[31] = last;
    return ParsedServerHello(ServerHelloBuilder::tls12().random(random))
        ->has(Flag::downgrade_sentinel);
  };
  EXPECT_TRUE(sentinel(0));
  EXPECT_TRUE(sentinel(1));
  EXPECT_FALSE(sentinel(2));
  EXPECT_FALSE(ParsedServerHello(ServerHelloBuilder::tls12())->has(Flag::downgrade_sentinel));
}

TEST(ServerHelloTest, RejectsASessionIdOf33Bytes) {
  EXPECT_EQ(ParsedServerHello(ServerHelloBuilder().session_id(Wire(32, 0))).status,
            ParseStatus::ok);
  EXPECT_EQ(ParsedServerHello(ServerHelloBuilder().session_id(Wire(33, 0))).status,
            ParseStatus::malformed);
}

TEST(ServerHelloTest, RejectsBytesAfterTheExtensions) {
  Wire body = ServerHelloBuilder::tls13().body();
  body.push_back(0);
  EXPECT_EQ(ParsedServerHello(body).status, ParseStatus::malformed);
}

TEST(ServerHelloTest, RejectsAnExtensionThatRunsPastTheBlock) {
  ByteWriter writer(ServerHelloBuilder().body());
  writer.u16(5).u16(23).u16(2).u8(0);
  EXPECT_EQ(ParsedServerHello(writer.take()).status, ParseStatus::malformed);
}

TEST(ServerHelloTest, AnswersNeedMoreWhereverTheBodyIsCut) {
  const Wire whole = ServerHelloBuilder::tls13().session_id(Wire(32, 1)).body();
  constexpr std::size_t kFixedSize = 2 + 32 + 1 + 32 + 2 + 1;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const ParsedServerHello parsed(
        Wire(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
    // Cut between the fixed part and the block, it reads like a hello without extensions.
    EXPECT_EQ(parsed.status, size == kFixedSize ? ParseStatus::ok : ParseStatus::need_more) << size;
    EXPECT_EQ(parsed->truncated, size != kFixedSize) << size;
  }
}

TEST(ServerHelloTest, CountsExtensionsUpToTheLimit) {
  ServerHelloBuilder builder;
  for (unsigned i = 0; i < kExtensionCountMax; ++i) builder.extension(0x9000 + i, {});
  EXPECT_EQ(ParsedServerHello(builder).status, ParseStatus::ok);
  const ParsedServerHello above(builder.extension(0xa000, {}));
  EXPECT_EQ(above.status, ParseStatus::over_limit);
  EXPECT_EQ(above->extension_count, kExtensionCountMax);
}

TEST(ServerHelloTest, ReadsMarkersAndRefusesContentInThem) {
  const auto expect_marker = [](ExtensionType type, Flag flag) {
    const ParsedServerHello empty(ServerHelloBuilder().extension(type, {}));
    EXPECT_TRUE(empty->has(flag));
    EXPECT_FALSE(empty->malformed_extension);
    EXPECT_TRUE(ParsedServerHello(ServerHelloBuilder().extension(type, {0}))->malformed_extension);
    EXPECT_FALSE(ParsedServerHello(ServerHelloBuilder())->has(flag));
  };
  expect_marker(ExtensionType::session_ticket, Flag::ticket_promised);
  expect_marker(ExtensionType::extended_master_secret, Flag::extended_master_secret);
  expect_marker(ExtensionType::encrypt_then_mac, Flag::encrypt_then_mac);
}

TEST(ServerHelloTest, ReadsRenegotiationHeartbeatAndOcsp) {
  const ParsedServerHello parsed(
      ServerHelloBuilder().renegotiation_info().status_request().extension(15, {1}));
  EXPECT_FALSE(parsed->malformed_extension);
  EXPECT_TRUE(parsed->has(Flag::renegotiation_info));
  EXPECT_TRUE(parsed->has(Flag::heartbeat));
  EXPECT_TRUE(parsed->ocsp_promised);
  EXPECT_TRUE(ParsedServerHello(ServerHelloBuilder().extension(15, {}))->malformed_extension);
  EXPECT_TRUE(ParsedServerHello(ServerHelloBuilder().extension(5, {0}))->malformed_extension);
  EXPECT_TRUE(ParsedServerHello(ServerHelloBuilder().extension(0xff01, {}))->malformed_extension);
}

TEST(ServerHelloTest, RefusesAlpnOfMoreOrLessThanOneName) {
  for (const Wire& body : {Wire{0, 0}, Wire{0, 1, 0}, Wire{0, 4, 1, 'a', 1, 'b'},
                           Wire{0, 2, 1, 'a', 0}, Wire{0, 2, 2, 'a'}}) {
    const ParsedServerHello parsed(ServerHelloBuilder().extension(16, body));
    EXPECT_EQ(parsed.status, ParseStatus::ok);
    EXPECT_TRUE(parsed->malformed_extension);
    EXPECT_TRUE(parsed->alpn.empty());
  }
}

TEST(ServerHelloTest, RefusesKeySharesOfTheWrongMessage) {
  const ParsedServerHello group_only(ServerHelloBuilder().extension(51, {0, 29}));
  EXPECT_TRUE(group_only->malformed_extension);
  EXPECT_EQ(group_only->key_share_group, 0);
  const ParsedServerHello share_in_retry(
      ServerHelloBuilder::hello_retry_request(0x0017).without_extension(51).extension(
          51, {0, 29, 0, 1, 9}));
  EXPECT_TRUE(share_in_retry->malformed_extension);
  EXPECT_EQ(share_in_retry->key_share_group, 0);
}

TEST(ServerHelloTest, RefusesVersionsAndIdentitiesOfTheWrongSize) {
  EXPECT_TRUE(ParsedServerHello(ServerHelloBuilder().extension(43, {3}))->malformed_extension);
  EXPECT_TRUE(
      ParsedServerHello(ServerHelloBuilder().extension(43, {2, 3, 4}))->malformed_extension);
  EXPECT_TRUE(
      ParsedServerHello(ServerHelloBuilder().extension(41, {0, 0, 0}))->malformed_extension);
  EXPECT_EQ(ParsedServerHello(ServerHelloBuilder().extension(43, {2, 3, 4}))->selected_version,
            0x0303);
}

TEST(ServerHelloTest, ReadsTheLayoutOfEarlyDrafts) {
  for (const unsigned version : {0x7f0eu, 0x7f12u, 0x7f15u, 0x7e01u, 0xfb17u}) {
    const ParsedServerHello parsed(draft_hello(version, kX25519Share));
    ASSERT_EQ(parsed.status, ParseStatus::ok) << version;
    EXPECT_EQ(parsed->selected_version, version);
    EXPECT_EQ(parsed->cipher_suite, 0x1301);
    EXPECT_EQ(parsed->key_share_group, 29);
    EXPECT_TRUE(parsed->session_id.empty());
  }
}

TEST(ServerHelloTest, ReadsTheLaterLayoutOfDraftsAndExperiments) {
  for (const unsigned version : {0x7f16u, 0x7f1cu, 0x7e02u, 0xfb1au, 0x0304u}) {
    const ParsedServerHello parsed(
        ServerHelloBuilder::tls12(0x1301).legacy_version(version).session_id(Wire(32, 1)));
    ASSERT_EQ(parsed.status, ParseStatus::ok) << version;
    EXPECT_EQ(parsed->session_id.size(), 32u);
    EXPECT_EQ(parsed->cipher_suite, 0x1301);
  }
}

TEST(ServerHelloTest, ReadsTheRetryMessagesOfDrafts) {
  const Wire group = {0, 40, 0, 2, 0, 24};
  const auto retry = [&](const Wire& between) {
    ByteWriter writer;
    writer.u16(0x7f12).bytes(between).u16_bytes(group);
    return writer.take();
  };
  for (const Wire& between : {Wire{}, Wire{0x13, 0x01}}) {
    const ParsedServerHello parsed(retry(between), HandshakeType::hello_retry_request);
    ASSERT_EQ(parsed.status, ParseStatus::ok);
    EXPECT_TRUE(parsed->is_hello_retry_request());
    EXPECT_EQ(parsed->selected_version, 0x7f12);
    EXPECT_EQ(parsed->key_share_group, 24);
    EXPECT_EQ(parsed->cipher_suite, between.empty() ? 0 : 0x1301);
  }
}

TEST(ServerHelloTest, ReadsTheSelectedGroupOfTheFirstRetryMessages) {
  ByteWriter writer;
  writer.u16(0x7f0d).u16(0x1301).u16(0x0017).u16(0);
  const ParsedServerHello parsed(writer.take(), HandshakeType::hello_retry_request);
  EXPECT_EQ(parsed.status, ParseStatus::ok);
  EXPECT_EQ(parsed->key_share_group, 0x0017);
  EXPECT_EQ(parsed->cipher_suite, 0x1301);
}

TEST(ServerHelloTest, FillsFacts) {
  const ParsedServerHello parsed(
      ServerHelloBuilder::tls12(0xc030).alpn("http/1.1").session_ticket());
  ServerHelloFacts facts;
  facts.record_version = 0x0303;
  facts.flags = Flag::ocsp_staple_seen;
  fill_facts(parsed.hello, facts);
  EXPECT_TRUE(facts.flags & Flag::seen);
  EXPECT_TRUE(facts.flags & Flag::ticket_promised);
  EXPECT_TRUE(facts.flags & Flag::ocsp_staple_seen);
  EXPECT_EQ(facts.record_version, 0x0303);
  EXPECT_EQ(facts.selected_version, 0x0303);
  EXPECT_EQ(facts.cipher_suite, 0xc030);
  EXPECT_EQ(std::string_view(facts.alpn.data(), facts.alpn_length), "http/1.1");
}

TEST(ServerHelloTest, KeepsTheRetryGroupBesideTheGroupThatFollows) {
  ServerHelloFacts facts;
  fill_facts(ParsedServerHello(ServerHelloBuilder::hello_retry_request(0x0018)).hello, facts);
  EXPECT_EQ(facts.retry_group, 0x0018);
  EXPECT_EQ(facts.named_group, 0);
  EXPECT_FALSE(facts.flags & Flag::seen);
  fill_facts(ParsedServerHello(ServerHelloBuilder::tls13().key_share(0x0018)).hello, facts);
  EXPECT_EQ(facts.retry_group, 0x0018);
  EXPECT_EQ(facts.named_group, 0x0018);
  EXPECT_TRUE(facts.flags & Flag::hello_retry_request);
  EXPECT_TRUE(facts.flags & Flag::seen);
}

TEST(ServerHelloTest, MarksAnAlpnLongerThanItsField) {
  const std::string longest(sizeof(ServerHelloFacts::alpn), 'a');
  ServerHelloFacts fits;
  fill_facts(ParsedServerHello(ServerHelloBuilder::tls12().alpn(longest)).hello, fits);
  EXPECT_EQ(fits.alpn_length, longest.size());
  EXPECT_FALSE(fits.flags & Flag::alpn_truncated);
  ServerHelloFacts cut;
  fill_facts(ParsedServerHello(ServerHelloBuilder::tls12().alpn(longest + "b")).hello, cut);
  EXPECT_EQ(cut.alpn_length, longest.size());
  EXPECT_TRUE(cut.flags & Flag::alpn_truncated);
}

}  // namespace
}  // namespace shakedown::tls
