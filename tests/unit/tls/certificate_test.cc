// SPDX-License-Identifier: Apache-2.0
#include "tls/certificate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>

#include "certificates.h"
#include "message_builder.h"

namespace shakedown::tls {
namespace {

using test_support::ByteWriter;
using test_support::CertificateChain;
using Wire = test_support::Bytes;

constexpr std::size_t kMessageHeaderBytes = 4;

Wire body_of(const CertificateChain& chain) {
  const Wire message = test_support::certificate(chain);
  return Wire(message.begin() + kMessageHeaderBytes, message.end());
}

TEST(CertificateTest, CutsAChainIntoItsCertificates) {
  const CertificateChain& chain = test_support::rsa_chain();
  const Wire body = body_of(chain);
  const CertificateList list = parse_certificate(body);
  ASSERT_EQ(list.status, ParseStatus::ok);
  ASSERT_EQ(list.count, chain.size());
  for (std::size_t i = 0; i < chain.size(); ++i) {
    EXPECT_TRUE(std::ranges::equal(list.view()[i], chain[i]));
  }
  EXPECT_TRUE(std::ranges::equal(list.entries, Bytes(body).subspan(3)));
}

TEST(CertificateTest, AcceptsTheEmptyListOfAClientWithoutCertificate) {
  const Wire body = body_of({});
  const CertificateList list = parse_certificate(body);
  EXPECT_EQ(list.status, ParseStatus::ok);
  EXPECT_EQ(list.count, 0);
  EXPECT_TRUE(list.view().empty());
}

TEST(CertificateTest, AcceptsAsManyCertificatesAsTheLimit) {
  const Wire body = body_of(CertificateChain(kCertificateCountMax, Wire{1}));
  EXPECT_EQ(parse_certificate(body).status, ParseStatus::ok);
  EXPECT_EQ(parse_certificate(body).count, kCertificateCountMax);
}

TEST(CertificateTest, KeepsTheFirstCertificatesAboveTheLimit) {
  const Wire body = body_of(CertificateChain(kCertificateCountMax + 1, Wire{1}));
  const CertificateList list = parse_certificate(body);
  EXPECT_EQ(list.status, ParseStatus::over_limit);
  EXPECT_EQ(list.count, kCertificateCountMax);
  EXPECT_EQ(list.entries.size(), 4 * kCertificateCountMax);
}

TEST(CertificateTest, RejectsAnEmptyCertificate) {
  const Wire body = body_of({Wire{1}, Wire{}});
  const CertificateList list = parse_certificate(body);
  EXPECT_EQ(list.status, ParseStatus::malformed);
  EXPECT_EQ(list.count, 1);
}

TEST(CertificateTest, RejectsACertificateThatRunsPastTheList) {
  const Wire body = {0, 0, 9, 0, 0, 1, 0xaa, 0, 0, 3, 0xbb, 0xcc};
  const CertificateList list = parse_certificate(body);
  EXPECT_EQ(list.status, ParseStatus::malformed);
  EXPECT_EQ(list.count, 1);
  EXPECT_EQ(list.entries.size(), 4u);
}

TEST(CertificateTest, RejectsAListTooShortForALength) {
  const Wire body = {0, 0, 2, 0, 0};
  EXPECT_EQ(parse_certificate(body).status, ParseStatus::malformed);
}

TEST(CertificateTest, RejectsBytesAfterTheListAndKeepsTheList) {
  Wire body = body_of({Wire{1, 2}});
  body.push_back(0);
  const CertificateList list = parse_certificate(body);
  EXPECT_EQ(list.status, ParseStatus::malformed);
  EXPECT_EQ(list.count, 1);
}

TEST(CertificateTest, DoesNotBelieveHostileLengths) {
  const Wire list = {0xff, 0xff, 0xff, 0, 0, 1, 7};
  EXPECT_EQ(parse_certificate(list).status, ParseStatus::need_more);
  EXPECT_EQ(parse_certificate(list).count, 1);
  const Wire certificate = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 7};
  EXPECT_EQ(parse_certificate(certificate).status, ParseStatus::malformed);
  EXPECT_EQ(parse_certificate(certificate).count, 0);
}

TEST(CertificateTest, AnswersNeedMoreWhereverTheBodyIsCut) {
  const CertificateChain& chain = test_support::ecdsa_chain();
  const Wire body = body_of(chain);
  for (std::size_t size = 0; size < body.size(); ++size) {
    const CertificateList list = parse_certificate(Bytes(body).first(size));
    EXPECT_EQ(list.status, ParseStatus::need_more) << size;
    EXPECT_EQ(list.count != 0, size >= 6 + chain.front().size()) << size;
  }
}

}  // namespace
}  // namespace shakedown::tls
