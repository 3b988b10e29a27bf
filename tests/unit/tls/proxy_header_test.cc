// SPDX-License-Identifier: Apache-2.0
#include "tls/proxy_header.h"

#include <gtest/gtest.h>

#include "byte_writer.h"

namespace shakedown::tls {
namespace {

using test_support::bytes_of;

TEST(ProxyHeader, ALineEndsWithItsNewline) {
  const auto line = bytes_of("PROXY TCP4 192.0.2.1 198.51.100.1 50000 443\r\n");
  auto with_more = line;
  with_more.push_back(0x16);
  EXPECT_EQ(proxy_header_size(line), line.size());
  EXPECT_EQ(proxy_header_size(with_more), line.size());
}

TEST(ProxyHeader, ALineThatDoesNotEndIsNone) {
  EXPECT_EQ(proxy_header_size(bytes_of("PROXY TCP4 192.0.2.1")), 0u);
  EXPECT_EQ(proxy_header_size(bytes_of("PROX")), 0u);
  EXPECT_EQ(proxy_header_size({}), 0u);
}

TEST(ProxyHeader, ALineMayHaveItsLongestLengthAndNoByteMore) {
  auto line = bytes_of("PROXY ");
  line.resize(kProxyLineBytesMax - 1, 'x');
  line.push_back('\n');
  EXPECT_EQ(proxy_header_size(line), kProxyLineBytesMax);
  line.insert(line.begin() + 6, 'x');
  EXPECT_EQ(proxy_header_size(line), 0u);
}

TEST(ProxyHeader, TheBinaryFormSaysItsLength) {
  test_support::Bytes header{0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51,
                             0x55, 0x49, 0x54, 0x0a, 0x21, 0x11, 0x00, 0x03, 1, 2, 3};
  EXPECT_EQ(proxy_header_size(header), header.size());
  header.pop_back();
  EXPECT_EQ(proxy_header_size(header), 0u);
  header[11] = 0;
  EXPECT_EQ(proxy_header_size(header), 0u);
}

}  // namespace
}  // namespace shakedown::tls
