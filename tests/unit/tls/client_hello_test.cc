// SPDX-License-Identifier: Apache-2.0
#include "tls/client_hello.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "parsed_hello.h"

namespace shakedown::tls {
namespace {

using test_support::ByteWriter;
using test_support::ClientHelloBuilder;
using test_support::Code16;
using test_support::grease_value;
using Codes = std::vector<std::uint16_t>;

std::vector<Code16> numbers(unsigned count, unsigned first = 0x8001) {
  std::vector<Code16> codes;
  for (unsigned i = 0; i < count; ++i) codes.emplace_back(first + i);
  return codes;
}

/// The fixed part of a hello, with lengths that need not be true.
Wire fixed_part(std::size_t session_id_size, std::size_t suites_size, std::size_t methods_size) {
  ByteWriter writer;
  writer.u16(0x0303).fill(32, 0x11);
  writer.u8(session_id_size).fill(session_id_size, 0x22);
  writer.u16(suites_size).fill(suites_size, 0x00);
  writer.u8(methods_size).fill(methods_size, 0x00);
  return writer.take();
}

TEST(ClientHelloTest, ReadsEveryFieldOfTheFixedPart) {
  const ParsedClientHello parsed(ClientHelloBuilder()
                                     .legacy_version(0x0302)
                                     .session_id(Wire(32, 7))
                                     .cipher_suites({0x1301, 0xc02f})
                                     .compression_methods({1, 0}));
  ASSERT_EQ(parsed.status, ParseStatus::ok);
  EXPECT_EQ(parsed->legacy_version, 0x0302);
  EXPECT_EQ(parsed->max_version, 0x0302);
  EXPECT_EQ(parsed->random.size(), 32u);
  EXPECT_EQ(parsed->session_id.size(), 32u);
  EXPECT_EQ(codes_of(parsed->cipher_suites), (Codes{0x1301, 0xc02f}));
  EXPECT_EQ(parsed->compression_methods.size(), 2u);
  EXPECT_EQ(parsed->length, parsed.bytes.size());
}

TEST(ClientHelloTest, AcceptsAHelloWithoutExtensionsBlock) {
  const ParsedClientHello parsed(ClientHelloBuilder().legacy_version(0x0300));
  EXPECT_EQ(parsed.status, ParseStatus::ok);
  EXPECT_FALSE(parsed->has(ClientHelloFacts::extensions_present));
  EXPECT_FALSE(parsed->truncated);
}

TEST(ClientHelloTest, AcceptsAnEmptyExtensionsBlock) {
  const ParsedClientHello parsed(ClientHelloBuilder().with_empty_extensions_block());
  EXPECT_EQ(parsed.status, ParseStatus::ok);
  EXPECT_TRUE(parsed->has(ClientHelloFacts::extensions_present));
  EXPECT_EQ(parsed->extension_count, 0);
}

TEST(ClientHelloTest, AcceptsASessionIdOf32Bytes) {
  EXPECT_EQ(ParsedClientHello(fixed_part(32, 2, 1)).status, ParseStatus::ok);
}

TEST(ClientHelloTest, RejectsASessionIdOf33Bytes) {
  EXPECT_EQ(ParsedClientHello(fixed_part(33, 2, 1)).status, ParseStatus::malformed);
}

TEST(ClientHelloTest, RejectsOddCipherSuiteLength) {
  EXPECT_EQ(ParsedClientHello(fixed_part(0, 3, 1)).status, ParseStatus::malformed);
}

TEST(ClientHelloTest, RejectsNoCipherSuites) {
  EXPECT_EQ(ParsedClientHello(fixed_part(0, 0, 1)).status, ParseStatus::malformed);
}

TEST(ClientHelloTest, RejectsNoCompressionMethods) {
  EXPECT_EQ(ParsedClientHello(fixed_part(0, 2, 0)).status, ParseStatus::malformed);
}

TEST(ClientHelloTest, ReportsTheFirstFaultInWireOrder) {
  // Both the session id and the suites are wrong; the body ends before the suites do.
  Wire body = fixed_part(33, 3, 1);
  body.resize(body.size() - 2);
  EXPECT_EQ(ParsedClientHello(body).status, ParseStatus::malformed);
  EXPECT_EQ(ParsedClientHello(Wire(body.begin(), body.begin() + 33)).status,
            ParseStatus::need_more);
}

TEST(ClientHelloTest, RejectsBytesAfterTheExtensionsAndKeepsWhatItRead) {
  Wire body = ClientHelloBuilder::tls12("a.example").body();
  body.push_back(0);
  const ParsedClientHello parsed(body);
  EXPECT_EQ(parsed.status, ParseStatus::malformed);
  EXPECT_EQ(text_of(parsed->server_name), "a.example");
}

TEST(ClientHelloTest, RejectsAnExtensionThatRunsPastTheBlock) {
  ByteWriter writer(fixed_part(0, 2, 1));
  writer.u16(5).u16(0x0017).u16(2).u8(0);
  EXPECT_EQ(ParsedClientHello(writer.take()).status, ParseStatus::malformed);
}

TEST(ClientHelloTest, RejectsABlockTooShortForAnExtensionHeader) {
  ByteWriter writer(fixed_part(0, 2, 1));
  writer.u16(3).u16(0x0017).u8(0);
  EXPECT_EQ(ParsedClientHello(writer.take()).status, ParseStatus::malformed);
}

TEST(ClientHelloTest, AnswersNeedMoreWhereverTheBodyIsCut) {
  const Wire whole =
      ClientHelloBuilder::tls13("www.example.com").alpn({"h2", "http/1.1"}).pre_shared_key().body();
  const std::size_t fixed_size =
      ClientHelloBuilder().session_id(Wire(32, 0)).cipher_suites(numbers(31)).body().size();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const ParsedClientHello parsed(
        Wire(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
    if (size == fixed_size) {  // indistinguishable from a hello without extensions
      EXPECT_EQ(parsed.status, ParseStatus::ok);
      continue;
    }
    EXPECT_EQ(parsed.status, ParseStatus::need_more) << size;
    EXPECT_TRUE(parsed->truncated) << size;
    EXPECT_TRUE(parsed->has(ClientHelloFacts::truncated_parse)) << size;
    EXPECT_FALSE(parsed->malformed_extension) << size;
  }
}

TEST(ClientHelloTest, KeepsTheNameOfAHelloCutBehindIt) {
  Wire body = ClientHelloBuilder::tls13("kept.example").body();
  body.resize(body.size() - 1);
  const ParsedClientHello parsed(body);
  EXPECT_EQ(parsed.status, ParseStatus::need_more);
  EXPECT_EQ(text_of(parsed->server_name), "kept.example");
}

TEST(ClientHelloTest, ForgetsTheHelloBefore) {
  const Wire first = ClientHelloBuilder::tls13("a.example").body();
  const Wire second = ClientHelloBuilder().body();
  ClientHello hello;
  ASSERT_EQ(parse_client_hello(first, hello), ParseStatus::ok);
  ASSERT_EQ(parse_client_hello(second, hello), ParseStatus::ok);
  EXPECT_TRUE(hello.server_name.empty());
  EXPECT_EQ(hello.extension_count, 0);
  EXPECT_EQ(hello.fact_flags, 0u);
}

TEST(ClientHelloTest, KeepsExtensionTypesInTheOrderSent) {
  const ParsedClientHello parsed(ClientHelloBuilder()
                                     .extension(0xfff0, {1})
                                     .extended_master_secret()
                                     .grease_extension(grease_value(3))
                                     .server_name("a.example"));
  ASSERT_EQ(parsed.status, ParseStatus::ok);
  ASSERT_EQ(parsed->extension_count, 4);
  EXPECT_EQ(Codes(parsed->extension_types.begin(), parsed->extension_types.begin() + 4),
            (Codes{0xfff0, 23, grease_value(3), 0}));
}

TEST(ClientHelloTest, TakesTheFirstOfTwoEqualExtensions) {
  const Wire second = ClientHelloBuilder().alpn({"h2"}).extensions().front().body;
  const ParsedClientHello parsed(ClientHelloBuilder().alpn({"http/1.1"}).extension(16, second));
  EXPECT_EQ(parsed.status, ParseStatus::ok);
  EXPECT_TRUE(parsed->duplicate_extension);
  EXPECT_EQ(parsed->extension_count, 2);
  EXPECT_EQ(text_of(parsed->alpn), "\x08http/1.1");
}

// Limits: at, and one above.

TEST(ClientHelloTest, AcceptsAsManyCipherSuitesAsTheLimit) {
  const ParsedClientHello parsed(ClientHelloBuilder().cipher_suites(numbers(kCipherSuiteCountMax)));
  EXPECT_EQ(parsed.status, ParseStatus::ok);
  EXPECT_EQ(parsed->cipher_suites.size(), 2 * kCipherSuiteCountMax);
}

TEST(ClientHelloTest, CutsCipherSuitesAboveTheLimit) {
  const ParsedClientHello parsed(
      ClientHelloBuilder().cipher_suites(numbers(kCipherSuiteCountMax + 1)).server_name("a.b"));
  EXPECT_EQ(parsed.status, ParseStatus::over_limit);
  EXPECT_EQ(parsed->cipher_suites.size(), 2 * kCipherSuiteCountMax);
  EXPECT_EQ(text_of(parsed->server_name), "a.b");
}

TEST(ClientHelloTest, CutsCipherSuitesOfABrokenHelloToo) {
  Wire body = fixed_part(0, 2 * (kCipherSuiteCountMax + 1), 1);
  body.resize(body.size() - 1);
  const ParsedClientHello cut(body);
  EXPECT_EQ(cut.status, ParseStatus::need_more);
  EXPECT_EQ(cut->cipher_suites.size(), 2 * kCipherSuiteCountMax);
}

TEST(ClientHelloTest, CountsExtensionsUpToTheLimit) {
  ClientHelloBuilder builder;
  for (unsigned i = 0; i < kExtensionCountMax; ++i) builder.extension(0x9000 + i, {});
  EXPECT_EQ(ParsedClientHello(builder).status, ParseStatus::ok);
  const ParsedClientHello above(builder.extension(0xa000, {}));
  EXPECT_EQ(above.status, ParseStatus::over_limit);
  EXPECT_EQ(above->extension_count, kExtensionCountMax);
}

TEST(ClientHelloTest, CutsGroupsSchemesAndVersionsAboveTheirLimits) {
  const ParsedClientHello at(ClientHelloBuilder()
                                 .supported_groups(numbers(kNamedGroupCountMax))
                                 .signature_algorithms(numbers(kSignatureSchemeCountMax))
                                 .supported_versions(numbers(kSupportedVersionCountMax)));
  EXPECT_EQ(at.status, ParseStatus::ok);

  const ParsedClientHello groups(
      ClientHelloBuilder().supported_groups(numbers(kNamedGroupCountMax + 1)));
  EXPECT_EQ(groups.status, ParseStatus::over_limit);
  EXPECT_EQ(groups->supported_groups.size(), 2 * kNamedGroupCountMax);

  const ParsedClientHello schemes(
      ClientHelloBuilder().signature_algorithms(numbers(kSignatureSchemeCountMax + 1)));
  EXPECT_EQ(schemes.status, ParseStatus::over_limit);
  EXPECT_EQ(schemes->signature_algorithms.size(), 2 * kSignatureSchemeCountMax);

  const ParsedClientHello versions(
      ClientHelloBuilder().supported_versions(numbers(kSupportedVersionCountMax + 1)));
  EXPECT_EQ(versions.status, ParseStatus::over_limit);
  EXPECT_EQ(versions->supported_versions.size(), 2 * kSupportedVersionCountMax);
}

TEST(ClientHelloTest, CountsKeySharesUpToTheLimit) {
  const ParsedClientHello at(ClientHelloBuilder().key_share(numbers(kNamedGroupCountMax)));
  EXPECT_EQ(at.status, ParseStatus::ok);
  EXPECT_EQ(at->key_share_count, kNamedGroupCountMax);
  const ParsedClientHello above(ClientHelloBuilder().key_share(numbers(kNamedGroupCountMax + 1)));
  EXPECT_EQ(above.status, ParseStatus::over_limit);
  EXPECT_EQ(above->key_share_count, kNamedGroupCountMax);
}

TEST(ClientHelloTest, CutsAlpnAfterTheLastNameThatFits) {
  const std::string half(kAlpnBytesMax / 2 - 1, 'a');
  const ParsedClientHello at(ClientHelloBuilder().alpn({half, half}));
  EXPECT_EQ(at.status, ParseStatus::ok);
  EXPECT_EQ(at->alpn.size(), kAlpnBytesMax);
  const ParsedClientHello above(ClientHelloBuilder().alpn({half, half, "b"}));
  EXPECT_EQ(above.status, ParseStatus::over_limit);
  EXPECT_EQ(above->alpn.size(), kAlpnBytesMax);
  EXPECT_EQ(above->alpn_count, 2);
}

// Versions.

TEST(ClientHelloTest, PrefersTls13ToItsDraftsAndTheseToExperiments) {
  const auto highest = [](const std::vector<Code16>& versions) {
    return ParsedClientHello(ClientHelloBuilder().supported_versions(versions))->max_version;
  };
  EXPECT_EQ(highest({0x7f1c, 0x0304, 0x0303}), 0x0304);
  EXPECT_EQ(highest({0x7f17, 0x7f1c, 0x0303}), 0x7f1c);
  EXPECT_EQ(highest({0xfb1a, 0x7f12, 0x7e02}), 0x7f12);
  EXPECT_EQ(highest({0x0303, 0x7e02, 0x0302}), 0x7e02);
  EXPECT_EQ(highest({0x0301, 0x0303, 0x0302, 0x0002}), 0x0303);
  EXPECT_EQ(highest({0x0304, 0x0305}), 0x0305);
}

TEST(ClientHelloTest, LeavesGreaseOutOfTheHighestVersion) {
  const ParsedClientHello parsed(
      ClientHelloBuilder().supported_versions({grease_value(15), 0x0303}));
  EXPECT_EQ(parsed->max_version, 0x0303);
  EXPECT_TRUE(parsed->has(ClientHelloFacts::grease_present));
}

TEST(ClientHelloTest, TakesLegacyVersionWhenOnlyGreaseIsOffered) {
  const ParsedClientHello parsed(
      ClientHelloBuilder().legacy_version(0x0301).supported_versions({grease_value(0)}));
  EXPECT_EQ(parsed->max_version, 0x0301);
}

// What the values of the lists say.

TEST(ClientHelloTest, FindsGreaseInEachList) {
  const std::uint16_t grease = grease_value(9);
  const auto has_grease = [](const ClientHelloBuilder& builder) {
    return ParsedClientHello(builder)->has(ClientHelloFacts::grease_present);
  };
  EXPECT_TRUE(has_grease(ClientHelloBuilder().cipher_suites({0x1301, grease})));
  EXPECT_TRUE(has_grease(ClientHelloBuilder().grease_extension(grease)));
  EXPECT_TRUE(has_grease(ClientHelloBuilder().supported_groups({grease})));
  EXPECT_TRUE(has_grease(ClientHelloBuilder().signature_algorithms({grease})));
  EXPECT_TRUE(has_grease(ClientHelloBuilder().key_share({grease, 0x001d})));
  EXPECT_FALSE(has_grease(ClientHelloBuilder::tls13()));
}

TEST(ClientHelloTest, ReadsSignallingCipherSuites) {
  const ParsedClientHello parsed(ClientHelloBuilder().cipher_suites({0x00ff, 0x5600, 0x002f}));
  EXPECT_TRUE(parsed->has(ClientHelloFacts::renegotiation_info));
  EXPECT_TRUE(parsed->has(ClientHelloFacts::fallback_scsv));
  const ParsedClientHello none(ClientHelloBuilder().cipher_suites({0x002f}));
  EXPECT_FALSE(none->has(ClientHelloFacts::renegotiation_info));
  EXPECT_FALSE(none->has(ClientHelloFacts::fallback_scsv));
}

TEST(ClientHelloTest, TellsPostQuantumSharesFromClassicOnes) {
  const auto post_quantum = [](Code16 group) {
    return ParsedClientHello(ClientHelloBuilder().key_share({group}))
        ->has(ClientHelloFacts::post_quantum_share);
  };
  EXPECT_TRUE(post_quantum(0x11ec));
  EXPECT_TRUE(post_quantum(0x6399));
  EXPECT_FALSE(post_quantum(0x001d));
  EXPECT_FALSE(post_quantum(0x11ea));
}

TEST(ClientHelloTest, DoesNotTakeASupportedGroupForAShare) {
  const ParsedClientHello parsed(ClientHelloBuilder().supported_groups({0x11ec}));
  EXPECT_FALSE(parsed->has(ClientHelloFacts::post_quantum_share));
}

// Facts.

TEST(ClientHelloTest, FillsFactsAndLeavesTheRestAlone) {
  const ParsedClientHello parsed(ClientHelloBuilder::tls13("www.example.com").alpn({"h2", "x"}));
  ClientHelloFacts facts;
  facts.flags = ClientHelloFacts::second_hello_seen;
  facts.record_version = 0x0301;
  facts.segment_count = 2;
  fill_facts(parsed.hello, facts);
  EXPECT_TRUE(facts.flags & ClientHelloFacts::second_hello_seen);
  EXPECT_TRUE(facts.flags & ClientHelloFacts::server_name_present);
  EXPECT_EQ(facts.record_version, 0x0301);
  EXPECT_EQ(facts.segment_count, 2);
  EXPECT_EQ(facts.legacy_version, 0x0303);
  EXPECT_EQ(facts.max_version, 0x0304);
  EXPECT_EQ(facts.length, parsed.bytes.size());
  EXPECT_EQ(facts.session_id_length, 32);
  EXPECT_EQ(facts.cipher_count, 31);
  EXPECT_EQ(facts.extension_count, parsed->extension_count);
  EXPECT_EQ(facts.named_group_count, 5);
  EXPECT_EQ(facts.alpn_count, 2);
  EXPECT_EQ(facts.server_name_length, 15);
}

TEST(ClientHelloTest, MarksANameLongerThanItsField) {
  constexpr std::size_t kNameBytesMax = sizeof(HandshakeRecord::server_name);
  ClientHelloFacts fits;
  fill_facts(
      ParsedClientHello(ClientHelloBuilder().server_name(std::string(kNameBytesMax, 'a'))).hello,
      fits);
  EXPECT_EQ(fits.server_name_length, kNameBytesMax);
  EXPECT_FALSE(fits.flags & ClientHelloFacts::server_name_truncated);
  ClientHelloFacts cut;
  fill_facts(
      ParsedClientHello(ClientHelloBuilder().server_name(std::string(kNameBytesMax + 1, 'a')))
          .hello,
      cut);
  EXPECT_EQ(cut.server_name_length, kNameBytesMax);
  EXPECT_TRUE(cut.flags & ClientHelloFacts::server_name_truncated);
}

TEST(ClientHelloTest, SaturatesCounts) {
  const ParsedClientHello parsed(ClientHelloBuilder().cipher_suites(numbers(300)));
  ClientHelloFacts facts;
  fill_facts(parsed.hello, facts);
  EXPECT_EQ(facts.cipher_count, 255);
}

}  // namespace
}  // namespace shakedown::tls
