// SPDX-License-Identifier: Apache-2.0
#include "tls/certificate_status.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "deterministic_random.h"
#include "message_builder.h"
#include "shakedown/limits.h"

namespace shakedown::tls {
namespace {

using test_support::opaque_bytes;
using Wire = test_support::Bytes;

constexpr std::size_t kMessageHeaderBytes = 4;

Wire body_of(const Wire& response) {
  const Wire message = test_support::certificate_status(response);
  return Wire(message.begin() + kMessageHeaderBytes, message.end());
}

TEST(CertificateStatusTest, GivesTheResponse) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{471}, kOcspResponseBytesMax}) {
    const Wire response = opaque_bytes(size);
    const Wire body = body_of(response);
    const CertificateStatus status = parse_certificate_status(body);
    EXPECT_EQ(status.status, ParseStatus::ok);
    EXPECT_EQ(status.status_type, 1);
    EXPECT_TRUE(std::ranges::equal(status.response, response));
  }
}

TEST(CertificateStatusTest, LeavesOtherTypesUnread) {
  for (const std::uint8_t type : {std::uint8_t{0}, std::uint8_t{2}, std::uint8_t{255}}) {
    const Wire multi = {type, 0, 0, 5, 0, 0, 2, 0x30, 0x00};
    const CertificateStatus status = parse_certificate_status(multi);
    EXPECT_EQ(status.status, ParseStatus::ok);
    EXPECT_EQ(status.status_type, type);
    EXPECT_TRUE(status.response.empty());
  }
}

TEST(CertificateStatusTest, RejectsAnEmptyResponse) {
  const CertificateStatus status = parse_certificate_status(Wire{1, 0, 0, 0});
  EXPECT_EQ(status.status, ParseStatus::malformed);
  EXPECT_TRUE(status.response.empty());
}

TEST(CertificateStatusTest, RejectsBytesAfterTheResponse) {
  const CertificateStatus status = parse_certificate_status(Wire{1, 0, 0, 1, 0x30, 0x00});
  EXPECT_EQ(status.status, ParseStatus::malformed);
  EXPECT_TRUE(status.response.empty());
}

TEST(CertificateStatusTest, EveryProperPrefixNeedsMore) {
  const Wire body = body_of(opaque_bytes(40));
  for (std::size_t size = 0; size < body.size(); ++size) {
    const CertificateStatus status = parse_certificate_status(Bytes(body).first(size));
    EXPECT_EQ(status.status, ParseStatus::need_more) << size;
    EXPECT_TRUE(status.response.empty()) << size;
  }
}

TEST(CertificateStatusTest, TakesNoLengthAtItsWord) {
  EXPECT_EQ(parse_certificate_status(Wire{1, 0xff, 0xff, 0xff, 0x30}).status,
            ParseStatus::need_more);
}

}  // namespace
}  // namespace shakedown::tls
