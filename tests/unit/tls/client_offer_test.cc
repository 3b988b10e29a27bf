// SPDX-License-Identifier: Apache-2.0
#include "tls/client_offer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "parsed_hello.h"

namespace shakedown::tls {
namespace {

using test_support::ByteWriter;
using test_support::ClientHelloBuilder;
using test_support::Code16;
using test_support::grease_value;

Wire offer_of(const ClientHelloBuilder& builder) {
  const ParsedClientHello parsed(builder);
  Wire out(kClientOfferBytesMax);
  out.resize(encode_client_offer(parsed.hello, out));
  return out;
}

Wire list_of(const std::vector<unsigned>& codes) {
  ByteWriter writer;
  writer.u16_vector([&](ByteWriter& list) {
    for (const unsigned code : codes) list.u16(code);
  });
  return writer.take();
}

TEST(ClientOfferTest, WritesTheFormOfTheDefinition) {
  const Wire offer = offer_of(ClientHelloBuilder()
                                  .cipher_suites({0xc02f, 0x1301})
                                  .supported_versions({0x0304, 0x0303})
                                  .supported_groups({29, 23})
                                  .key_share({29})
                                  .signature_algorithms({0x0804, 0x0403})
                                  .alpn({"h2", "http/1.1"}));
  ByteWriter expected;
  expected.u16(0x0303)
      .bytes(list_of({0xc02f, 0x1301}))
      .bytes(list_of({10, 13, 16, 43, 51}))
      .bytes(list_of({0x0304, 0x0303}))
      .bytes(list_of({29, 23}))
      .bytes(list_of({29}))
      .bytes(list_of({0x0804, 0x0403}))
      .u16_vector([](ByteWriter& alpn) { alpn.text("\x02h2\x08http/1.1"); });
  EXPECT_EQ(offer, expected.take());
}

TEST(ClientOfferTest, WritesEmptyListsForAHelloWithoutExtensions) {
  const Wire offer = offer_of(ClientHelloBuilder().cipher_suites({0x002f}));
  ByteWriter expected;
  expected.u16(0x0303).bytes(list_of({0x002f})).fill(12, 0);
  EXPECT_EQ(offer, expected.take());
}

TEST(ClientOfferTest, IsTheSameForEveryOrderOfExtensionsNameAndGrease) {
  ClientHelloBuilder plain = ClientHelloBuilder::tls13("a.example").alpn({"h2"});
  ClientHelloBuilder other = ClientHelloBuilder::tls13("other.example").alpn({"h2"});
  std::reverse(other.extensions().begin(), other.extensions().end());
  other.random(test_support::make_random(99))
      .grease_extension(grease_value(4))
      .key_share({grease_value(2), 0x001d})
      .supported_versions({grease_value(7), 0x0304, 0x0303});
  EXPECT_EQ(offer_of(plain), offer_of(other));
}

TEST(ClientOfferTest, LeavesGreaseOutOfProtocolNames) {
  EXPECT_EQ(offer_of(ClientHelloBuilder().alpn({"\x1a\x1a", "h2"})),
            offer_of(ClientHelloBuilder().alpn({"h2"})));
}

TEST(ClientOfferTest, DiffersWhenTheOfferDiffers) {
  EXPECT_NE(offer_of(ClientHelloBuilder().cipher_suites({1, 2})),
            offer_of(ClientHelloBuilder().cipher_suites({2, 1})));
  EXPECT_NE(offer_of(ClientHelloBuilder().supported_groups({29})),
            offer_of(ClientHelloBuilder().supported_groups({23})));
}

TEST(ClientOfferTest, FitsExactlyOrNotAtAll) {
  const ParsedClientHello parsed(ClientHelloBuilder::tls13().alpn({"h2"}));
  Wire room(kClientOfferBytesMax);
  const std::size_t size = encode_client_offer(parsed.hello, room);
  ASSERT_GT(size, 0u);
  EXPECT_EQ(encode_client_offer(parsed.hello, std::span(room).first(size)), size);
  for (std::size_t less = 0; less < size; ++less) {
    EXPECT_EQ(encode_client_offer(parsed.hello, std::span(room).first(less)), 0u) << less;
  }
}

TEST(ClientOfferTest, HasRoomForTheLargestHelloWithinTheLimits) {
  const auto numbers = [](unsigned count) {
    std::vector<Code16> codes;
    for (unsigned i = 0; i < count; ++i) codes.emplace_back(0x8001 + i);
    return codes;
  };
  const std::string half(kAlpnBytesMax / 2 - 1, 'a');
  ClientHelloBuilder builder;
  builder.cipher_suites(numbers(kCipherSuiteCountMax))
      .supported_versions(numbers(kSupportedVersionCountMax))
      .supported_groups(numbers(kNamedGroupCountMax))
      .key_share(numbers(kNamedGroupCountMax))
      .signature_algorithms(numbers(kSignatureSchemeCountMax))
      .alpn({half, half});
  for (unsigned i = 5; i < kExtensionCountMax; ++i) builder.extension(0x9000 + i, {});
  EXPECT_EQ(offer_of(builder).size(), kClientOfferBytesMax);
}

TEST(ClientOfferTest, WritesTheTlsSuitesOfAnSslv2Hello) {
  const Wire record = test_support::sslv2_client_hello(0x0301, {0x010080, 0x00002f, 0x000a0a});
  Sslv2ClientHello hello;
  ASSERT_EQ(parse_sslv2_client_hello(Bytes(record).subspan(2), hello), ParseStatus::ok);
  std::array<std::uint8_t, 64> out{};
  const std::size_t size = encode_client_offer(hello, out);
  ByteWriter expected;
  expected.u16(0x0301).bytes(list_of({0x002f})).fill(12, 0);
  EXPECT_EQ(Wire(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size)), expected.take());
  EXPECT_EQ(encode_client_offer(hello, std::span(out).first(size - 1)), 0u);
}

}  // namespace
}  // namespace shakedown::tls
