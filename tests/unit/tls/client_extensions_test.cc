// SPDX-License-Identifier: Apache-2.0
#include "tls/client_extensions.h"

#include <gtest/gtest.h>

#include "parsed_hello.h"

namespace shakedown::tls {
namespace {

using test_support::bytes_of;
using test_support::ByteWriter;
using test_support::ClientHelloBuilder;
using Flag = ClientHelloFacts::Flag;

/// A hello with one extension of this type and body.
ClientHelloBuilder with(ExtensionType type, Wire body) {
  return ClientHelloBuilder().extension(type, std::move(body));
}

/// The extension is noted as malformed, and nothing else about the hello changes.
void expect_refused(ExtensionType type, Wire body) {
  const ParsedClientHello parsed(with(type, std::move(body)));
  EXPECT_EQ(parsed.status, ParseStatus::ok);
  EXPECT_TRUE(parsed->malformed_extension);
  EXPECT_EQ(parsed->extension_count, 1);
}

void expect_accepted(ExtensionType type, Wire body) {
  const ParsedClientHello parsed(with(type, std::move(body)));
  EXPECT_EQ(parsed.status, ParseStatus::ok);
  EXPECT_FALSE(parsed->malformed_extension);
}

TEST(ClientExtensionsTest, AMalformedExtensionLeavesTheOthersReadable) {
  const ParsedClientHello parsed(ClientHelloBuilder()
                                     .extension(ExtensionType::supported_groups, {0, 3, 0, 29, 0})
                                     .server_name("a.example"));
  EXPECT_EQ(parsed.status, ParseStatus::ok);
  EXPECT_TRUE(parsed->malformed_extension);
  EXPECT_TRUE(parsed->supported_groups.empty());
  EXPECT_EQ(text_of(parsed->server_name), "a.example");
}

TEST(ClientExtensionsTest, ReadsSupportedGroups) {
  const ParsedClientHello parsed(ClientHelloBuilder().supported_groups({0x001d, 0x0017}));
  EXPECT_EQ(codes_of(parsed->supported_groups), (std::vector<std::uint16_t>{0x001d, 0x0017}));
}

TEST(ClientExtensionsTest, RefusesCodeListsThatAreEmptyOddShortOrFollowed) {
  for (const ExtensionType type :
       {ExtensionType::supported_groups, ExtensionType::signature_algorithms}) {
    expect_accepted(type, {0, 2, 0, 29});
    expect_refused(type, {});
    expect_refused(type, {0});
    expect_refused(type, {0, 0});
    expect_refused(type, {0, 1, 29});
    expect_refused(type, {0, 4, 0, 29});
    expect_refused(type, {0, 2, 0, 29, 0});
  }
  for (const ExtensionType type :
       {ExtensionType::supported_versions, ExtensionType::compress_certificate}) {
    expect_accepted(type, {2, 3, 4});
    expect_refused(type, {});
    expect_refused(type, {0});
    expect_refused(type, {1, 3});
    expect_refused(type, {4, 3, 4});
    expect_refused(type, {2, 3, 4, 0});
  }
}

TEST(ClientExtensionsTest, RefusesOctetListsThatAreEmptyShortOrFollowed) {
  for (const ExtensionType type :
       {ExtensionType::ec_point_formats, ExtensionType::psk_key_exchange_modes}) {
    expect_accepted(type, {1, 0});
    expect_refused(type, {});
    expect_refused(type, {0});
    expect_refused(type, {2, 0});
    expect_refused(type, {1, 0, 0});
  }
}

TEST(ClientExtensionsTest, ReadsAlpn) {
  const ParsedClientHello parsed(ClientHelloBuilder().alpn({"h2", "http/1.1"}));
  EXPECT_EQ(parsed->alpn_count, 2);
  EXPECT_EQ(text_of(parsed->alpn), "\x02h2\x08http/1.1");
}

TEST(ClientExtensionsTest, RefusesAlpnWithEmptyOrOverlongNames) {
  constexpr auto kAlpn = ExtensionType::application_layer_protocol_negotiation;
  expect_accepted(kAlpn, {0, 2, 1, 'x'});
  expect_refused(kAlpn, {});
  expect_refused(kAlpn, {0, 0});
  expect_refused(kAlpn, {0, 1, 0});
  expect_refused(kAlpn, {0, 2, 2, 'x'});
  expect_refused(kAlpn, {0, 2, 1, 'x', 0});
}

TEST(ClientExtensionsTest, KeepsNoPartOfARefusedList) {
  const ParsedClientHello alpn(
      with(ExtensionType::application_layer_protocol_negotiation, {0, 4, 1, 'x', 9, 'y'}));
  EXPECT_EQ(alpn->alpn_count, 0);
  EXPECT_TRUE(alpn->alpn.empty());
  const ParsedClientHello shares(
      with(ExtensionType::key_share, {0, 9, 0, 29, 0, 1, 7, 0, 23, 0, 9}));
  EXPECT_TRUE(shares->malformed_extension);
  EXPECT_EQ(shares->key_share_count, 0);
}

TEST(ClientExtensionsTest, ReadsKeyShareGroups) {
  const ParsedClientHello parsed(ClientHelloBuilder().key_share({0x11ec, 0x001d}));
  ASSERT_EQ(parsed->key_share_count, 2);
  EXPECT_EQ(parsed->key_share_groups[0], 0x11ec);
  EXPECT_EQ(parsed->key_share_groups[1], 0x001d);
}

TEST(ClientExtensionsTest, ReadsKeySharesOfDraftsUnderTheirOldNumber) {
  const ParsedClientHello parsed(with(ExtensionType{40}, {0, 5, 0, 29, 0, 1, 7}));
  ASSERT_EQ(parsed->key_share_count, 1);
  EXPECT_EQ(parsed->key_share_groups[0], 29);
}

TEST(ClientExtensionsTest, AcceptsNoKeySharesAndRefusesEmptyOnes) {
  constexpr auto kKeyShare = ExtensionType::key_share;
  expect_accepted(kKeyShare, {0, 0});
  expect_refused(kKeyShare, {});
  expect_refused(kKeyShare, {0, 4, 0, 29, 0, 0});
  expect_refused(kKeyShare, {0, 3, 0, 29, 0});
  expect_refused(kKeyShare, {0, 0, 0});
}

TEST(ClientExtensionsTest, ReadsPreSharedKeys) {
  const ParsedClientHello parsed(ClientHelloBuilder().pre_shared_key());
  EXPECT_TRUE(parsed->has(Flag::psk_present));
  EXPECT_EQ(parsed->psk_identity_count, 1);
  EXPECT_FALSE(parsed->malformed_extension);
}

TEST(ClientExtensionsTest, RefusesPreSharedKeysWithoutIdentityAgeOrBinder) {
  constexpr auto kPsk = ExtensionType::pre_shared_key;
  expect_accepted(kPsk, {0, 7, 0, 1, 9, 0, 0, 0, 0, 0, 2, 1, 5});
  expect_refused(kPsk, {});
  expect_refused(kPsk, {0, 0, 0, 2, 1, 5});                          // no identity
  expect_refused(kPsk, {0, 6, 0, 0, 0, 0, 0, 0, 0, 2, 1, 5});        // an empty one
  expect_refused(kPsk, {0, 6, 0, 1, 9, 0, 0, 0, 0, 2, 1, 5});        // an age of three bytes
  expect_refused(kPsk, {0, 7, 0, 1, 9, 0, 0, 0, 0, 0, 0});           // no binder
  expect_refused(kPsk, {0, 7, 0, 1, 9, 0, 0, 0, 0, 0, 2, 1, 5, 0});  // a byte too many
  EXPECT_TRUE(ParsedClientHello(with(kPsk, {}))->has(Flag::psk_present));
}

TEST(ClientExtensionsTest, ReadsMarkersAndRefusesContentInThem) {
  const auto expect_marker = [](ExtensionType type, Flag flag) {
    EXPECT_TRUE(ParsedClientHello(with(type, {}))->has(flag));
    EXPECT_FALSE(ParsedClientHello(ClientHelloBuilder())->has(flag));
    expect_accepted(type, {});
    expect_refused(type, {0});
  };
  expect_marker(ExtensionType::extended_master_secret, Flag::extended_master_secret);
  expect_marker(ExtensionType::early_data, Flag::early_data_offered);
  expect_marker(ExtensionType::post_handshake_auth, Flag::post_handshake_auth);
}

TEST(ClientExtensionsTest, TellsATicketFromAskingForOne) {
  const ParsedClientHello asking(ClientHelloBuilder().session_ticket());
  EXPECT_FALSE(asking->has(Flag::session_ticket_present));
  EXPECT_EQ(asking->session_ticket_length, 0);
  const ParsedClientHello showing(ClientHelloBuilder().session_ticket(Wire(192, 1)));
  EXPECT_TRUE(showing->has(Flag::session_ticket_present));
  EXPECT_EQ(showing->session_ticket_length, 192);
}

TEST(ClientExtensionsTest, ReadsStatusRequest) {
  constexpr auto kStatusRequest = ExtensionType::status_request;
  EXPECT_TRUE(
      ParsedClientHello(ClientHelloBuilder().status_request())->has(Flag::status_request_present));
  expect_accepted(kStatusRequest, {1, 0, 0, 0, 0});
  expect_accepted(kStatusRequest, {2});
  expect_refused(kStatusRequest, {});
  expect_refused(kStatusRequest, {1, 0, 0, 0});
  expect_refused(kStatusRequest, {1, 0, 0, 0, 0, 0});
}

TEST(ClientExtensionsTest, ReadsRenegotiationInfo) {
  constexpr auto kRenegotiation = ExtensionType::renegotiation_info;
  EXPECT_TRUE(ParsedClientHello(with(kRenegotiation, {0}))->has(Flag::renegotiation_info));
  expect_accepted(kRenegotiation, {0});
  expect_refused(kRenegotiation, {});
  expect_refused(kRenegotiation, {1});
  expect_refused(kRenegotiation, {0, 0});
}

TEST(ClientExtensionsTest, ReadsEncryptedNames) {
  EXPECT_TRUE(
      ParsedClientHello(ClientHelloBuilder().encrypted_client_hello())->has(Flag::ech_present));
  EXPECT_TRUE(
      ParsedClientHello(with(ExtensionType::encrypted_server_name, {1}))->has(Flag::esni_present));
  expect_refused(ExtensionType::encrypted_client_hello, {});
  expect_refused(ExtensionType::encrypted_server_name, {});
}

TEST(ClientExtensionsTest, ReadsCompressCertificate) {
  EXPECT_TRUE(ParsedClientHello(ClientHelloBuilder().compress_certificate())
                  ->has(Flag::compress_certificate));
}

TEST(ClientExtensionsTest, HandsOnUnknownExtensions) {
  expect_accepted(ExtensionType{0x1234}, {});
  expect_accepted(ExtensionType{0x1234}, Wire(1000, 0xff));
}

}  // namespace
}  // namespace shakedown::tls
