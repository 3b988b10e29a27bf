// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "handshake_records.h"
#include "serve/protocol.h"

namespace shakedown::serve {
namespace {

using testing::HasSubstr;

Request accepted(std::string_view line) {
  auto parsed = parse_request(line);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    ADD_FAILURE() << line << ": " << refusal->sentence;
    return {};
  }
  return std::get<Request>(parsed);
}

Refusal refused(std::string_view line) {
  const auto parsed = parse_request(line);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) return *refusal;
  ADD_FAILURE() << line << " was accepted";
  return {};
}

TEST(Endpoint, ReadsBothFamilies) {
  const auto four = parse_endpoint("192.0.2.7:50123");
  ASSERT_TRUE(four);
  EXPECT_EQ(four->family, IpFamily::ipv4);
  EXPECT_EQ(four->address, test::ipv4(192, 0, 2, 7));
  EXPECT_EQ(four->port, 50123);
  const auto six = parse_endpoint("[2001:db8::1]:443");
  ASSERT_TRUE(six);
  EXPECT_EQ(six->family, IpFamily::ipv6);
  EXPECT_EQ(six->address.bytes[0], 0x20);
  EXPECT_EQ(six->address.bytes[15], 1);
  EXPECT_EQ(six->port, 443);
}

TEST(Endpoint, KeepsToTheLimitsOfPorts) {
  EXPECT_EQ(parse_endpoint("192.0.2.7:0")->port, 0);
  EXPECT_EQ(parse_endpoint("192.0.2.7:65535")->port, 65535);
  EXPECT_FALSE(parse_endpoint("192.0.2.7:65536"));
  EXPECT_FALSE(parse_endpoint("192.0.2.7:-1"));
  EXPECT_FALSE(parse_endpoint("192.0.2.7: 1"));
  EXPECT_FALSE(parse_endpoint("192.0.2.7:1 "));
}

TEST(Endpoint, RefusesEverythingElse) {
  for (const std::string_view text :
       {"", ":", "192.0.2.7", "192.0.2.7:", ":443", "192.0.2:443", "192.0.2.256:443",
        "2001:db8::1:443", "[2001:db8::1]", "[2001:db8::1]443", "[192.0.2.7]:443",
        "[fe80::1%eth0]:443", "www.example.com:443", "[", "[]:1", "[:443"}) {
    EXPECT_FALSE(parse_endpoint(text)) << text;
  }
  EXPECT_FALSE(parse_endpoint(std::string_view("192.0.2.7\0x:443", 15)));
}

TEST(Request, ReadsThoseWithoutArguments) {
  EXPECT_TRUE(std::holds_alternative<StatusRequest>(accepted(R"({"command":"status"})")));
  EXPECT_TRUE(std::holds_alternative<CountersRequest>(accepted(R"({"command":"counters"})")));
  EXPECT_TRUE(std::holds_alternative<PortsRequest>(accepted(R"({"command":"ports"})")));
  EXPECT_TRUE(std::holds_alternative<QueuesRequest>(accepted(R"({"command":"queues"})")));
  EXPECT_TRUE(std::holds_alternative<ReloadRequest>(accepted(" {\"command\" : \"reload\"}\r")));
}

TEST(Request, ReadsTheEndsOfAConnection) {
  const Request request = accepted(connection_request_line("192.0.2.7:1", "198.51.100.5:443"));
  const auto& connection = std::get<ConnectionRequest>(request);
  EXPECT_EQ(connection.client, *parse_endpoint("192.0.2.7:1"));
  EXPECT_EQ(connection.server, *parse_endpoint("198.51.100.5:443"));
}

TEST(Request, RefusesEndsThatAreNone) {
  EXPECT_THAT(refused(R"({"command":"connection"})").sentence, HasSubstr("'client' is missing"));
  EXPECT_THAT(refused(R"({"command":"connection","client":"192.0.2.7:1"})").sentence,
              HasSubstr("'server' is missing"));
  EXPECT_THAT(refused(connection_request_line("192.0.2.7:1", "example.com:443")).sentence,
              HasSubstr("'example.com:443' is no address with a port"));
  EXPECT_THAT(refused(connection_request_line("192.0.2.7:1", "[2001:db8::1]:443")).sentence,
              HasSubstr("one of the two addresses is IPv4"));
  EXPECT_EQ(refused(R"({"command":"connection","client":1,"server":2})").reason, "malformed");
}

TEST(Request, ReadsLogLevels) {
  for (const std::string name : {"error", "warning", "info", "debug"}) {
    const Request request = accepted(log_level_request_line(name));
    EXPECT_NE(std::get<LogLevelRequest>(request).level, LogLevel::unset);
  }
  EXPECT_EQ(refused(log_level_request_line("unset")).reason, "bad_value");
  EXPECT_EQ(refused(log_level_request_line("")).reason, "bad_value");
  EXPECT_EQ(refused(R"({"command":"log_level"})").reason, "malformed");
}

TEST(Request, NamesEachCommandAsItIsWritten) {
  for (const std::string name : {"status", "counters", "ports", "queues", "reload"}) {
    EXPECT_EQ(command_name(accepted(request_line(name))), name);
  }
  EXPECT_EQ(command_name(accepted(log_level_request_line("info"))), "log_level");
  EXPECT_EQ(command_name(accepted(connection_request_line("1.2.3.4:1", "1.2.3.5:1"))),
            "connection");
}

TEST(Request, SaysWhichCommandWasPerhapsMeant) {
  const Refusal refusal = refused(R"({"command":"counter"})");
  EXPECT_EQ(refusal.reason, "unknown_command");
  EXPECT_EQ(refusal.sentence, "there is no command 'counter'; did you mean 'counters'?");
}

TEST(Request, RefusesMembersThatNobodyKnows) {
  EXPECT_THAT(refused(R"({"command":"status","verbose":true})").sentence,
              HasSubstr("no member 'verbose'"));
  EXPECT_THAT(refused(R"({"command":"reload","path":"/etc/shadow"})").sentence,
              HasSubstr("no member 'path'"));
}

TEST(Request, RefusesWhatIsNoRequest) {
  for (const std::string_view line :
       {"", " ", "status", "{", "{}", "[]", "[{\"command\":\"status\"}]", "null", "1", "\"status\"",
        "{\"command\":null}", "{\"command\":[\"status\"]}", "{\"command\":\"status\"}x",
        "{\"command\":\"status\",}", "{'command':'status'}", "\xff\xfe", "{\"command\":\"\xff\"}",
        "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}"}) {
    EXPECT_EQ(refused(line).reason, "malformed") << line;
  }
}

TEST(Request, SurvivesDeepNesting) {
  EXPECT_EQ(refused(std::string(60'000, '[')).reason, "malformed");
  EXPECT_EQ(refused(std::string(60'000, '{')).reason, "malformed");
}

TEST(Request, KeepsToItsSize) {
  const std::string head = R"({"command":"status")";
  const auto padded = [&head](std::size_t size) {
    return head + std::string(size - head.size() - 1, ' ') + "}";
  };
  accepted(padded(kRequestBytesMax - 1));
  accepted(padded(kRequestBytesMax));
  EXPECT_EQ(refused(padded(kRequestBytesMax + 1)).reason, "too_large");
}

TEST(Request, AnswersWithPrintableSentences) {
  const Refusal refusal = refused("{\"command\":\"\\u001b[31m\\u0000\"}");
  for (const char letter : refusal.sentence) EXPECT_GE(letter, ' ');
  EXPECT_EQ(refusal_line({"busy", "say \"please\""}),
            "{\"ok\":false,\"reason\":\"busy\",\"error\":\"say \\\"please\\\"\",\"version\":\"" +
                std::string(SHAKEDOWN_VERSION) + "\"}");
}

}  // namespace
}  // namespace shakedown::serve
