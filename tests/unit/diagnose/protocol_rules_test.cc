// SPDX-License-Identifier: Apache-2.0
//
// The words of the protocol, and what they mean where.
#include "hello_failures.h"

namespace shakedown::diagnose {
namespace {

using namespace test;

std::optional<Finding> tells(Failure& failure, std::string_view rule) {
  return finding(protocol_rules(), rule, failure.facts());
}

Failure server_says_at_end(AlertDescription alert) {
  Failure failure(OutcomeKind::alert, Party::server, Stage::client_finished);
  failure.server_hello(0x0303).alert(alert, Party::server);
  return failure;
}

TEST(InappropriateFallback, IsCertainWithItsSignal) {
  Failure failure = refused_with(AlertDescription::inappropriate_fallback);
  EXPECT_EQ(tells(failure, "inappropriate_fallback.alert")->confidence, Confidence::likely);
  failure.record.client_hello_facts.flags |= ClientHelloFacts::fallback_scsv;
  EXPECT_EQ(tells(failure, "inappropriate_fallback.alert")->confidence, Confidence::certain);
}

TEST(NoRenegotiation, IsCertainAsTheLastWord) {
  Failure last(OutcomeKind::alert, Party::server, Stage::client_finished);
  last.alert(AlertDescription::no_renegotiation, Party::server);
  EXPECT_EQ(tells(last, "no_renegotiation.alert")->confidence, Confidence::certain);
  Failure earlier(OutcomeKind::closed, Party::client, Stage::client_finished);
  EXPECT_FALSE(tells(earlier, "no_renegotiation.alert"));
  earlier.alert(AlertDescription::no_renegotiation, Party::server, AlertLevel::warning);
  EXPECT_EQ(tells(earlier, "no_renegotiation.alert")->confidence, Confidence::likely);
}

TEST(NoRenegotiation, IsSeenInARefusedSecondHandshake) {
  Failure failure = server_says_at_end(AlertDescription::handshake_failure);
  EXPECT_FALSE(tells(failure, "no_renegotiation.refused"));
  failure.record.flags |= HandshakeRecord::renegotiation;
  EXPECT_EQ(tells(failure, "no_renegotiation.refused")->confidence, Confidence::likely);
}

TEST(ResumptionFailure, IsToldByAnUnknownIdentity) {
  Failure failure = refused_with(AlertDescription::unknown_psk_identity);
  const auto found = tells(failure, "resumption_failure.identity");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->confidence, Confidence::likely);
  edit_offer(failure).cipher_suites = {0x00a8};  // TLS_PSK_WITH_AES_128_GCM_SHA256
  EXPECT_NE(tells(failure, "resumption_failure.identity")->remedy.find("pre-shared key"),
            std::string::npos);
}

TEST(ResumptionFailure, IsLikelyAfterAServerHelloThatResumes) {
  Failure failure = server_says_at_end(AlertDescription::bad_record_mac);
  EXPECT_FALSE(tells(failure, "resumption_failure.resumed"));
  failure.record.server_hello_facts.flags |= ServerHelloFacts::resumed;
  EXPECT_EQ(tells(failure, "resumption_failure.resumed")->confidence, Confidence::likely);
  // ... which makes the other reading of the same word unsure.
  EXPECT_EQ(tells(failure, "decrypt_error.alert")->confidence, Confidence::possible);
  Failure closed(OutcomeKind::closed, Party::client, Stage::server_hello);
  closed.record.server_hello_facts.flags |= ServerHelloFacts::resumed;
  EXPECT_EQ(tells(closed, "resumption_failure.resumed")->confidence, Confidence::possible);
}

TEST(ResumptionFailure, IsShownByARetryWithoutTheSession) {
  Failure failure = ended_at_hello(OutcomeKind::reset);
  then_succeeds(failure);
  EXPECT_FALSE(tells(failure, "resumption_failure.retry"));
  failure.attempt.retry.no_resumption = true;
  EXPECT_EQ(tells(failure, "resumption_failure.retry")->confidence, Confidence::likely);
  failure.attempt.retry.lower_version = true;
  EXPECT_FALSE(tells(failure, "resumption_failure.retry"));
}

TEST(ResumptionFailure, IsLikelyWhenABinderDoesNotVerify) {
  Failure failure = refused_with(AlertDescription::decrypt_error);
  EXPECT_FALSE(tells(failure, "resumption_failure.refused"));
  EXPECT_TRUE(tells(failure, "decrypt_error.hello"));
  failure.record.client_hello_facts.flags |= ClientHelloFacts::psk_present;
  EXPECT_EQ(tells(failure, "resumption_failure.refused")->confidence, Confidence::likely);
}

TEST(ResumptionFailure, IsPossibleWhereOnlyThoseThatResumeFail) {
  Failure failure = ended_at_hello(OutcomeKind::closed);
  const KnownServer known(failure);
  failure.record.client_hello_facts.flags |= ClientHelloFacts::session_ticket_present;
  failure.server.fingerprint_succeeded = true;
  EXPECT_EQ(tells(failure, "resumption_failure.profile")->confidence, Confidence::possible);
  failure.server.successes_resumed = 2.0f;
  EXPECT_FALSE(tells(failure, "resumption_failure.profile"));
}

TEST(Downgrade, IsLikelyWhenTheClientSaysSoAtTheMark) {
  Failure failure = client_leaves_with(AlertDescription::illegal_parameter);
  EXPECT_FALSE(tells(failure, "downgrade.sentinel"));
  failure.record.server_hello_facts.flags |= ServerHelloFacts::downgrade_sentinel;
  EXPECT_EQ(tells(failure, "downgrade.sentinel")->confidence, Confidence::likely);
  EXPECT_FALSE(tells(failure, "protocol_error.parameter"));
  offer_up_to(failure, 0x0303);
  EXPECT_FALSE(tells(failure, "downgrade.sentinel"));
}

TEST(DiffieHellman, IsTooSmallBelowWhatClientsAskFor) {
  Failure failure = client_leaves_with(AlertDescription::handshake_failure);
  for (const auto& [bits, applies] : {std::pair<std::uint16_t, bool>{0, false},
                                      {512, true},
                                      {1024, true},
                                      {2047, true},
                                      {2048, false}}) {
    failure.record.server_hello_facts.dh_prime_bits = bits;
    EXPECT_EQ(tells(failure, "dh_key_too_small.flight").has_value(), applies) << bits;
  }
}

TEST(DiffieHellman, IsOnlyPossibleWithoutAWordAboveWhatAllRefuse) {
  Failure failure(OutcomeKind::closed, Party::client, Stage::server_hello_done);
  failure.server_hello(0x0303, 0x009e);
  failure.record.server_hello_facts.dh_prime_bits = 1024;
  EXPECT_EQ(tells(failure, "dh_key_too_small.flight")->confidence, Confidence::possible);
  failure.record.server_hello_facts.dh_prime_bits = 1023;
  EXPECT_EQ(tells(failure, "dh_key_too_small.flight")->confidence, Confidence::likely);
}

TEST(DiffieHellman, IsNotWhatAlertsAboutCertificatesMean) {
  Failure failure = client_leaves_with(AlertDescription::unknown_ca);
  failure.record.server_hello_facts.dh_prime_bits = 1024;
  EXPECT_FALSE(tells(failure, "dh_key_too_small.flight"));
}

TEST(DecryptError, IsCertainOfAServerWithNothingElseToVerify) {
  for (const AlertDescription alert :
       {AlertDescription::bad_record_mac, AlertDescription::decrypt_error}) {
    Failure failure = server_says_at_end(alert);
    EXPECT_EQ(tells(failure, "decrypt_error.alert")->confidence, Confidence::certain);
  }
}

TEST(DecryptError, MayBeAboutACertificateOfEitherSide) {
  Failure client = client_leaves_with(AlertDescription::decrypt_error);
  const auto chain = tells(client, "decrypt_error.alert");
  EXPECT_EQ(chain->confidence, Confidence::likely);
  EXPECT_TRUE(is_alike(*chain, Cause::untrusted_ca));
  Failure server = server_says_at_end(AlertDescription::decrypt_error);
  server.record.client_certificate = ClientCertificate::sent;
  const auto key = tells(server, "decrypt_error.alert");
  EXPECT_EQ(key->confidence, Confidence::likely);
  EXPECT_TRUE(is_alike(*key, Cause::client_certificate_rejected));
}

TEST(ProtocolError, IsCertainOfAWordAboutFormAfterTheServerHello) {
  for (const AlertDescription alert :
       {AlertDescription::unexpected_message, AlertDescription::record_overflow,
        AlertDescription::unsupported_extension, AlertDescription::decompression_failure}) {
    Failure failure = client_leaves_with(alert);
    EXPECT_EQ(tells(failure, "protocol_error.alert")->confidence, Confidence::certain);
  }
}

TEST(ProtocolError, IsNotCertainWhereACertificateMayBeMeant) {
  // GnuTLS calls an empty certificate list of the client's a message that does not parse.
  Failure server = server_says_at_end(AlertDescription::decode_error);
  server.record.client_certificate = ClientCertificate::empty;
  const auto found = tells(server, "protocol_error.alert");
  EXPECT_EQ(found->confidence, Confidence::possible);
  EXPECT_TRUE(is_alike(*found, Cause::client_certificate_missing));
  Failure client = client_leaves_with(AlertDescription::decode_error);
  EXPECT_EQ(tells(client, "protocol_error.alert")->confidence, Confidence::likely);
}

TEST(ProtocolError, IsCertainAtTheHelloOnlyWhereItIsMalformed) {
  Failure failure = refused_with(AlertDescription::decode_error);
  EXPECT_EQ(tells(failure, "protocol_error.alert")->confidence, Confidence::likely);
  failure.record.flags |= HandshakeRecord::malformed_hello;
  EXPECT_EQ(tells(failure, "protocol_error.alert")->confidence, Confidence::certain);
}

TEST(ProtocolError, GivesWayToIntoleranceWhereAHumblerHelloWorks) {
  Failure failure = refused_with(AlertDescription::decode_error);
  then_succeeds(failure);
  failure.attempt.retry.fewer_extensions = true;
  const auto found = tells(failure, "protocol_error.alert");
  EXPECT_EQ(found->confidence, Confidence::possible);
  EXPECT_TRUE(is_alike(*found, Cause::extension_intolerance));
}

TEST(ProtocolError, IsHardlySaidByAClientToWhomNobodySpoke) {
  Failure failure(OutcomeKind::alert, Party::client, Stage::client_hello);
  failure.alert(AlertDescription::unexpected_message, Party::client);
  const auto found = tells(failure, "protocol_error.alert");
  EXPECT_EQ(found->confidence, Confidence::possible);
  EXPECT_FALSE(found->against.empty());
}

TEST(ProtocolError, NamesTheExtensionsThatTls13Demands) {
  Failure failure = refused_with(AlertDescription::missing_extension);
  EXPECT_EQ(tells(failure, "protocol_error.extension")->confidence, Confidence::likely);
  edit_offer(failure).key_share_groups = {};
  const auto found = tells(failure, "protocol_error.extension");
  EXPECT_EQ(found->confidence, Confidence::certain);
  EXPECT_TRUE(says(found->evidence, "without key_share"));
}

TEST(ProtocolError, LeavesAMissingNameToItsOwnRule) {
  Failure failure = refused_with(AlertDescription::missing_extension);
  failure.without_name();
  EXPECT_FALSE(tells(failure, "protocol_error.extension"));
}

TEST(ProtocolError, IsSeenInAMalformedHelloThatIsRefused) {
  Failure failure = ended_at_hello(OutcomeKind::closed);
  EXPECT_FALSE(tells(failure, "protocol_error.hello"));
  failure.record.flags |= HandshakeRecord::malformed_hello;
  EXPECT_EQ(tells(failure, "protocol_error.hello")->confidence, Confidence::likely);
  failure.record.flags |= HandshakeRecord::capture_gap;
  EXPECT_FALSE(tells(failure, "protocol_error.hello"));
}

TEST(ProtocolError, IsASuiteThatWasNotOffered) {
  Failure failure = client_leaves_with(AlertDescription::illegal_parameter);
  EXPECT_FALSE(tells(failure, "protocol_error.suite"));
  failure.server_hello(0x0303, 0x0035);
  EXPECT_EQ(tells(failure, "protocol_error.suite")->confidence, Confidence::likely);
}

TEST(ProtocolError, IsSecureRenegotiationThatWasNotAnswered) {
  Failure failure = client_leaves_with(AlertDescription::handshake_failure);
  EXPECT_FALSE(tells(failure, "protocol_error.unanswered"));
  failure.record.client_hello_facts.flags |= ClientHelloFacts::renegotiation_info;
  EXPECT_EQ(tells(failure, "protocol_error.unanswered")->confidence, Confidence::likely);
  failure.record.server_hello_facts.flags |= ServerHelloFacts::renegotiation_info;
  EXPECT_FALSE(tells(failure, "protocol_error.unanswered"));
  failure.record.client_hello_facts.flags |= ClientHelloFacts::extended_master_secret;
  EXPECT_EQ(tells(failure, "protocol_error.unanswered")->confidence, Confidence::possible);
}

TEST(ProtocolError, IsLessSureOfAParameterWhereACertificateIsBad) {
  Failure failure = client_leaves_with(AlertDescription::illegal_parameter);
  EXPECT_EQ(tells(failure, "protocol_error.parameter")->confidence, Confidence::likely);
  enrich::Assessment expired = good_assessment();
  expired.expired = true;
  failure.certificate(expired);
  EXPECT_EQ(tells(failure, "protocol_error.parameter")->confidence, Confidence::possible);
}

TEST(ProtocolError, IsToldOfEncryptedClientHello) {
  Failure failure = client_leaves_with(AlertDescription::ech_required);
  EXPECT_TRUE(tells(failure, "protocol_error.ech"));
}

}  // namespace
}  // namespace shakedown::diagnose
