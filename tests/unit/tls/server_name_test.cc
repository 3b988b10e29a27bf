// SPDX-License-Identifier: Apache-2.0
#include "tls/server_name.h"

#include <gtest/gtest.h>

#include <string_view>

#include "parsed_hello.h"

namespace shakedown::tls {
namespace {

using test_support::ByteWriter;
using test_support::ClientHelloBuilder;
using Flag = ClientHelloFacts::Flag;

/// A list with one entry.
Wire list_of(std::string_view name, unsigned type = 0) {
  ByteWriter writer;
  writer.u16_vector([&](ByteWriter& list) {
    list.u8(type).u16_vector([&](ByteWriter& entry) { entry.text(name); });
  });
  return writer.take();
}

ServerNameCheck check_of(const Wire& data) {
  Bytes name;
  return read_server_name_list(data, name);
}

TEST(ServerNameTest, FindsTheHostName) {
  const Wire data = list_of("www.example.com");
  Bytes name;
  EXPECT_EQ(read_server_name_list(data, name), ServerNameCheck::ok);
  EXPECT_EQ(text_of(name), "www.example.com");
}

TEST(ServerNameTest, AcceptsWhatClientsSend) {
  for (const std::string_view name :
       {"localhost", "a", "xn--bcher-kva.example", "_dmarc.example", "UPPER.example",
        "dot.example.", "1.2.3.4.example", "999.1.1.1", "1.2.3", "1.2.3.4.5"}) {
    EXPECT_EQ(check_of(list_of(name)), ServerNameCheck::ok) << name;
  }
}

TEST(ServerNameTest, TellsAddressLiteralsFromNames) {
  for (const std::string_view name : {"192.0.2.1", "255.255.255.255", "0.0.0.0", "2001:db8::1",
                                      "::1", "[2001:db8::1]", "::ffff:192.0.2.1"}) {
    EXPECT_EQ(check_of(list_of(name)), ServerNameCheck::ip_literal) << name;
  }
}

TEST(ServerNameTest, TellsBytesThatNoNameHas) {
  for (const std::string_view name : {"a b", "a/b",
                                      "b\xc3\xbc"
                                      "cher.example",
                                      "host:443", "*.example", "a\nb", "256.1.1.1:1"}) {
    EXPECT_EQ(check_of(list_of(name)), ServerNameCheck::not_a_name) << name;
  }
  EXPECT_EQ(check_of(list_of(std::string_view("a\0b", 3))), ServerNameCheck::not_a_name);
}

TEST(ServerNameTest, RefusesBrokenLists) {
  EXPECT_EQ(check_of({}), ServerNameCheck::malformed);
  EXPECT_EQ(check_of({0}), ServerNameCheck::malformed);
  EXPECT_EQ(check_of({0, 0}), ServerNameCheck::malformed);
  EXPECT_EQ(check_of({0, 1, 0}), ServerNameCheck::malformed);
  EXPECT_EQ(check_of({0, 4, 0, 0, 2, 'a'}), ServerNameCheck::malformed);
  EXPECT_EQ(check_of({0, 5, 0, 0, 1, 'a'}), ServerNameCheck::malformed);
  EXPECT_EQ(check_of({0, 4, 0, 0, 1, 'a', 0}), ServerNameCheck::malformed);
  EXPECT_EQ(check_of({0, 4, 0, 0, 1, 'a'}), ServerNameCheck::ok);
}

TEST(ServerNameTest, RefusesAnEmptyName) {
  EXPECT_EQ(check_of(list_of("")), ServerNameCheck::malformed);
}

TEST(ServerNameTest, RefusesAListWithoutHostName) {
  EXPECT_EQ(check_of(list_of("a.example", 1)), ServerNameCheck::malformed);
}

TEST(ServerNameTest, FindsTheHostNameBehindAnotherType) {
  const Wire data = {0, 8, 7, 0, 1, 'x', 0, 0, 1, 'a'};
  Bytes name;
  EXPECT_EQ(read_server_name_list(data, name), ServerNameCheck::ok);
  EXPECT_EQ(text_of(name), "a");
}

TEST(ServerNameTest, FlagsFollowTheCheck) {
  const ParsedClientHello good(ClientHelloBuilder().server_name("a.example"));
  EXPECT_TRUE(good->has(Flag::server_name_present));
  EXPECT_FALSE(good->has(Flag::server_name_malformed));
  EXPECT_FALSE(good->has(Flag::server_name_is_ip));

  const ParsedClientHello literal(ClientHelloBuilder().server_name("192.0.2.1"));
  EXPECT_TRUE(literal->has(Flag::server_name_is_ip));
  EXPECT_FALSE(literal->has(Flag::server_name_malformed));
  EXPECT_EQ(text_of(literal->server_name), "192.0.2.1");

  const ParsedClientHello odd(ClientHelloBuilder().server_name("a b"));
  EXPECT_TRUE(odd->has(Flag::server_name_malformed));
  EXPECT_FALSE(odd->malformed_extension);
  EXPECT_EQ(text_of(odd->server_name), "a b");

  const ParsedClientHello empty(ClientHelloBuilder().extension(0, {}));
  EXPECT_TRUE(empty->has(Flag::server_name_present));
  EXPECT_TRUE(empty->has(Flag::server_name_malformed));
  EXPECT_TRUE(empty->malformed_extension);
}

}  // namespace
}  // namespace shakedown::tls
