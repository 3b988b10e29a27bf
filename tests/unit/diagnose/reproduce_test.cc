// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "diagnose/diagnoser.h"
#include "diagnose/openssl_names.h"
#include "failure.h"

namespace shakedown::diagnose {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class Reproduce : public ::testing::Test {
 protected:
  Reproduce() : failure(OutcomeKind::alert, Party::server, Stage::client_hello) {}

  std::string line() { return reproduce_command(failure.facts().handshake); }
  /// Changes the offer of the usual client.
  enrich::ClientOffer& offer() {
    auto changed = std::make_shared<enrich::ClientOffer>(*failure.offer);
    enrich::ClientOffer& reference = *changed;
    failure.offer = changed;
    return reference;
  }

  test::Failure failure;
};

TEST(OpensslNames, AreThoseOfItsCommand) {
  EXPECT_EQ(openssl_cipher_suite(0xc02f), "ECDHE-RSA-AES128-GCM-SHA256");
  EXPECT_EQ(openssl_cipher_suite(0x1301), "TLS_AES_128_GCM_SHA256");
  EXPECT_EQ(openssl_cipher_suite(0x1304), "TLS_AES_128_CCM_SHA256");
  EXPECT_EQ(openssl_named_group(23), "secp256r1");
  EXPECT_EQ(openssl_named_group(29), "x25519");
  EXPECT_EQ(openssl_named_group(0x100), "ffdhe2048");
  EXPECT_EQ(openssl_signature_scheme(0x0804), "rsa_pss_rsae_sha256");
  EXPECT_EQ(openssl_signature_scheme(0x0201), "RSA+SHA1");
}

TEST(OpensslNames, AreEmptyForWhatItDoesNotKnowOrWouldNotSend) {
  EXPECT_EQ(openssl_cipher_suite(0x0000), "");  // NULL_WITH_NULL_NULL
  EXPECT_EQ(openssl_cipher_suite(0xfefe), "");
  EXPECT_EQ(openssl_cipher_suite(0x00a8), "");  // needs a shared key
  EXPECT_EQ(openssl_named_group(0), "");
  EXPECT_EQ(openssl_named_group(0x0a0a), "");
  EXPECT_EQ(openssl_signature_scheme(0), "");
  EXPECT_EQ(openssl_signature_scheme(0xffff), "");
}

TEST(OpensslNames, KnowsWhatItOffersByItself) {
  const OpensslDefaults& defaults = openssl_defaults().front();
  EXPECT_THAT(defaults.cipher_suites, ::testing::Contains(0x1302));
  EXPECT_THAT(defaults.cipher_suites, ::testing::Contains(0xc02f));
  EXPECT_THAT(defaults.cipher_suites, Not(::testing::Contains(0x00ff)));
  EXPECT_THAT(defaults.signature_algorithms, ::testing::Contains(0x0403));
}

TEST_F(Reproduce, RepeatsTheHello) {
  EXPECT_EQ(line(),
            "openssl s_client -connect 198.51.100.5:443 -servername www.example.com -min_protocol "
            "TLSv1.2 -max_protocol TLSv1.3 -cipher "
            "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
            "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
            "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305 -groups "
            "x25519:secp256r1:secp384r1 -sigalgs "
            "ECDSA+SHA256:rsa_pss_rsae_sha256:RSA+SHA256:ECDSA+SHA384:rsa_pss_rsae_sha384:"
            "RSA+SHA384 -alpn h2,http/1.1 </dev/null");
}

TEST_F(Reproduce, LeavesOutListsThatOpensslOffersByItself) {
  offer().cipher_suites = openssl_defaults().front().cipher_suites;
  offer().signature_algorithms = openssl_defaults().back().signature_algorithms;
  EXPECT_EQ(line(),
            "openssl s_client -connect 198.51.100.5:443 -servername www.example.com -min_protocol "
            "TLSv1.2 -max_protocol TLSv1.3 -groups x25519:secp256r1:secp384r1 -alpn h2,http/1.1 "
            "</dev/null");
}

TEST_F(Reproduce, NamesOneVersionAlone) {
  offer().supported_versions = {0x0304};
  EXPECT_THAT(line(), HasSubstr(" -tls1_3 "));
  EXPECT_THAT(line(), Not(HasSubstr("-cipher ")));
  offer().supported_versions = {};
  failure.record.client_hello_facts.max_version = 0x0303;
  EXPECT_THAT(line(), HasSubstr(" -tls1_2 "));
  EXPECT_THAT(line(), Not(HasSubstr("SECLEVEL")));
}

TEST_F(Reproduce, LowersTheSecurityLevelForOldVersions) {
  offer().supported_versions = {};
  offer().cipher_suites = {0x002f, 0x00ff};
  failure.record.client_hello_facts.max_version = 0x0301;
  EXPECT_THAT(line(), HasSubstr(" -tls1 -cipher AES128-SHA:@SECLEVEL=0 "));
  offer().supported_versions = {0x0304, 0x0303, 0x0302};
  offer().cipher_suites = openssl_defaults().front().cipher_suites;
  EXPECT_THAT(line(), HasSubstr(" -min_protocol TLSv1.1 -max_protocol TLSv1.3 -cipher "
                                "DEFAULT:@SECLEVEL=0 "));
}

TEST_F(Reproduce, LowersTheSecurityLevelForSuitesThatOpensslNoLongerOffers) {
  offer().cipher_suites = {0x0034};  // anonymous
  offer().supported_versions = {};
  failure.record.client_hello_facts.max_version = 0x0303;
  EXPECT_THAT(line(), HasSubstr(" -cipher ADH-AES128-SHA:@SECLEVEL=0 "));
}

TEST_F(Reproduce, LeavesOutWhatOpensslDoesNotKnow) {
  offer().cipher_suites = {0xfefe, 0x1303, 0xc02f, 0xc02f};
  offer().supported_groups = {0x11ec, 29, 29};
  EXPECT_THAT(line(), HasSubstr(" -ciphersuites TLS_CHACHA20_POLY1305_SHA256 -cipher "
                                "ECDHE-RSA-AES128-GCM-SHA256 -groups "));
  EXPECT_THAT(line(), HasSubstr("x25519 "));
}

TEST_F(Reproduce, SpeaksOnlyVersionsForWhichItHasSuites) {
  offer().cipher_suites = {0x1301, 0xfefe};
  EXPECT_THAT(line(), HasSubstr(" -tls1_3 "));
  offer().cipher_suites = {0xc02f};
  EXPECT_THAT(line(), HasSubstr(" -tls1_2 "));
}

TEST_F(Reproduce, SaysNothingWhereItWouldShowSomethingElse) {
  offer().cipher_suites = {0x0004, 0x0005};  // RC4
  EXPECT_EQ(line(), "");
  offer().cipher_suites = {0x1301};
  offer().supported_groups = {0xfefe};
  EXPECT_EQ(line(), "");
  offer().supported_groups = {29};
  offer().supported_versions = {0x7f1c};  // a draft
  EXPECT_EQ(line(), "");
  offer().supported_versions = {0x0304};
  EXPECT_NE(line(), "");
  failure.record.client_hello_facts.flags |= ClientHelloFacts::sslv2_format;
  EXPECT_EQ(line(), "");
}

TEST_F(Reproduce, SaysThatNoNameIsSent) {
  failure.without_name();
  EXPECT_THAT(line(), HasSubstr(" -noservername "));
  EXPECT_THAT(line(), Not(HasSubstr("-servername")));
}

TEST_F(Reproduce, DoesWithoutTheOffer) {
  failure.offer = nullptr;
  EXPECT_EQ(line(),
            "openssl s_client -connect 198.51.100.5:443 -servername www.example.com -max_protocol "
            "TLSv1.3 </dev/null");
}

TEST_F(Reproduce, QuotesWhatStrangersChose) {
  test::Failure hostile(OutcomeKind::alert, Party::server, Stage::client_hello);
  shakedown::test::set_name(hostile.record, "a'; rm -rf ~ #\x1b[31m\n$(id)");
  const std::string quoted = reproduce_command(hostile.facts().handshake);
  EXPECT_THAT(quoted, HasSubstr(" -servername 'a'\\'';rm-rf~#[31m$(id)' "));
  for (const char letter : quoted) EXPECT_TRUE(letter >= 0x20 && letter < 0x7f);
}

TEST_F(Reproduce, LeavesOutProtocolsThatNobodyCanType) {
  offer().alpn = {"h2", "a,b", "x y", std::string("\0\1", 2), "", "http/1.1"};
  EXPECT_THAT(line(), HasSubstr(" -alpn h2,http/1.1 "));
  offer().alpn = {"$(id)"};
  EXPECT_THAT(line(), HasSubstr(" -alpn '$(id)' "));
  offer().alpn = {"\xff"};
  EXPECT_THAT(line(), Not(HasSubstr("-alpn")));
}

TEST_F(Reproduce, PutsBracketsAroundIpv6) {
  failure.record.family = IpFamily::ipv6;
  failure.record.server_address.bytes = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0,
                                         0,    0,    0,    0,    0, 0, 0, 5};
  EXPECT_THAT(line(), HasSubstr(" -connect '[2001:db8::5]:443' "));
}

TEST_F(Reproduce, AsksForAPlaceholderWhereTheNameIsCut) {
  failure.record.client_hello_facts.flags |= ClientHelloFacts::server_name_truncated;
  EXPECT_THAT(line(), HasSubstr(" -servername SERVER_NAME "));
}

TEST_F(Reproduce, GivesACertificateOnlyWhereTheClientDid) {
  EXPECT_THAT(line(), Not(HasSubstr("-cert")));
  failure.record.client_certificate = ClientCertificate::empty;
  EXPECT_THAT(line(), Not(HasSubstr("-cert")));
  failure.record.client_certificate = ClientCertificate::inferred_sent;
  EXPECT_THAT(line(), HasSubstr(" -cert CLIENT.pem -key CLIENT.key "));
}

TEST_F(Reproduce, SendsStatusRequestAndFallback) {
  failure.record.client_hello_facts.flags |=
      ClientHelloFacts::status_request_present | ClientHelloFacts::fallback_scsv;
  EXPECT_THAT(line(), EndsWith(" -fallback_scsv -status </dev/null"));
}

TEST_F(Reproduce, StartsWithTheUpgrade) {
  failure.record.starttls = StartTls::smtp;
  EXPECT_THAT(line(), HasSubstr(" -connect 198.51.100.5:443 -starttls smtp "));
  failure.record.starttls = StartTls::xmpp;
  EXPECT_THAT(line(), HasSubstr(" -starttls xmpp -name www.example.com "));
  failure.record.starttls = StartTls::http_connect;
  EXPECT_THAT(line(), HasSubstr(" -proxy 198.51.100.5:443 -connect www.example.com:443 "));
  failure.record.starttls = StartTls::socks;
  EXPECT_EQ(line(), "curl -v --socks5-hostname 198.51.100.5:443 https://www.example.com/");
  failure.record.starttls = StartTls::rdp;
  EXPECT_EQ(line(), "");
}

TEST_F(Reproduce, StaysShort) {
  enrich::ClientOffer& long_offer = offer();
  long_offer.cipher_suites.clear();
  for (unsigned code = 0x0001; code < 0xd000; ++code) {
    const auto suite = static_cast<std::uint16_t>(code);
    if (!openssl_cipher_suite(suite).empty()) long_offer.cipher_suites.push_back(suite);
  }
  EXPECT_LE(line().size(), 1000u);
  EXPECT_THAT(line(), Not(HasSubstr("-sigalgs")));
  EXPECT_THAT(line(), HasSubstr("-groups"));
  EXPECT_THAT(line(), EndsWith(" </dev/null"));
}

TEST_F(Reproduce, RepeatsTheNearestHelloThatSucceeded) {
  failure.without_name();
  auto succeeding = std::make_shared<enrich::ClientOffer>(test::usual_offer());
  succeeding->supported_versions = {0x0304};
  SuccessfulHello succeeded;
  succeeded.offer = succeeding;
  succeeded.max_version = 0x0304;
  succeeded.server_name_present = true;
  succeeded.client_certificate = true;
  const std::string working = reproduce_command(failure.facts().handshake, succeeded);
  EXPECT_THAT(working, StartsWith("openssl s_client -connect 198.51.100.5:443 -servername "
                                  "SERVER_NAME -tls1_3 "));
  EXPECT_THAT(working, HasSubstr(" -cert CLIENT.pem "));
}

TEST(ReproduceWithoutHello, ShowsThePort) {
  test::Failure failure(OutcomeKind::refused, Party::server, Stage::tcp);
  failure.record.client_hello = UnixNanos{};
  EXPECT_EQ(reproduce_command(failure.facts().handshake), "nc -vz -w 5 198.51.100.5 443");
  failure.record.outcome.kind = OutcomeKind::unanswered;
  EXPECT_EQ(reproduce_command(failure.facts().handshake), "nc -vz -w 5 198.51.100.5 443");
}

TEST(ReproduceWithoutHello, SpeaksAsTheClientDid) {
  test::Failure failure(OutcomeKind::no_hello, Party::client, Stage::tcp);
  failure.record.client_hello = UnixNanos{};
  EXPECT_EQ(reproduce_command(failure.facts().handshake), "");
  failure.record.client_service.service = Service::http;
  EXPECT_EQ(reproduce_command(failure.facts().handshake), "curl -v http://198.51.100.5:443/");
  failure.record.client_service.service = Service::ssh;
  EXPECT_EQ(reproduce_command(failure.facts().handshake), "nc -v 198.51.100.5 443");
}

TEST(ReproduceWithoutHello, AsksForTheUpgrade) {
  test::Failure failure(OutcomeKind::starttls_refused, Party::server, Stage::tcp);
  failure.record.client_hello = UnixNanos{};
  failure.record.starttls = StartTls::imap;
  EXPECT_EQ(reproduce_command(failure.facts().handshake),
            "openssl s_client -connect 198.51.100.5:443 -starttls imap </dev/null");
}

TEST(ReproduceWithoutHello, HasNothingForDatagrams) {
  test::Failure failure(OutcomeKind::unanswered, Party::none, Stage::tcp);
  failure.record.client_hello = UnixNanos{};
  failure.record.transport = Transport::udp;
  EXPECT_EQ(reproduce_command(failure.facts().handshake), "");
}

}  // namespace
}  // namespace shakedown::diagnose
