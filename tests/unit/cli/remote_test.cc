// SPDX-License-Identifier: Apache-2.0
#include "cli/remote.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <thread>

#include "cli/answer_fields.h"
#include "cli/arguments.h"
#include "cli/remote_command.h"
#include "cli/remote_connection.h"
#include "cli/text_table.h"

namespace shakedown::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

RemoteCommand remote_of(const std::vector<std::string>& words) {
  const Command command = parse_arguments(words);
  if (const auto* notice = std::get_if<Notice>(&command)) ADD_FAILURE() << notice->text;
  const auto* remote = std::get_if<RemoteCommand>(&command);
  return remote != nullptr ? *remote : RemoteCommand{};
}

std::string refusal_of(const std::vector<std::string>& words) {
  const Command command = parse_arguments(words);
  const auto* notice = std::get_if<Notice>(&command);
  return notice != nullptr && notice->exit_code == kExitBadUse ? notice->text : std::string();
}

std::string shown(const RemoteCommand& command, const std::string& line) {
  const RemoteResult result = show(command, line);
  EXPECT_EQ(result.error, "");
  EXPECT_EQ(result.exit_code, kExitOk);
  return result.output;
}

TEST(RemoteArguments, AreTakenFromTheCommandLine) {
  const RemoteCommand status = remote_of({"status", "--socket", "/run/a.sock", "--json"});
  EXPECT_EQ(status.name, "status");
  EXPECT_EQ(status.socket, "/run/a.sock");
  EXPECT_TRUE(status.json);
  const RemoteCommand counters = remote_of({"counters", "--all", "--workers"});
  EXPECT_TRUE(counters.all && counters.workers && !counters.json && !counters.socket);
  const RemoteCommand connection = remote_of({"connection", "[2001:db8::7]:1", "[2001:db8::1]:2"});
  EXPECT_EQ(connection.client, "[2001:db8::7]:1");
  EXPECT_EQ(connection.server, "[2001:db8::1]:2");
}

TEST(RemoteArguments, AreMadeIntoRequests) {
  EXPECT_EQ(request_of(remote_of({"queues"})), R"({"command":"queues"})");
  EXPECT_EQ(request_of(remote_of({"log-level", "debug"})),
            R"({"command":"log_level","level":"debug"})");
  EXPECT_EQ(request_of(remote_of({"connection", "192.0.2.7:1", "192.0.2.8:443"})),
            R"({"command":"connection","client":"192.0.2.7:1","server":"192.0.2.8:443"})");
}

TEST(RemoteArguments, AreRefusedBeforeASensorIsAsked) {
  EXPECT_THAT(refusal_of({"connection"}), HasSubstr("two ends of a connection"));
  EXPECT_THAT(refusal_of({"connection", "192.0.2.7:1"}), HasSubstr("two ends of a connection"));
  EXPECT_THAT(refusal_of({"connection", "192.0.2.7:1", "example.com:443"}),
              HasSubstr("'example.com:443' is no address with a port"));
  EXPECT_THAT(refusal_of({"connection", "192.0.2.7:1", "[2001:db8::1]:443"}),
              HasSubstr("one of the two addresses is IPv4"));
  EXPECT_THAT(refusal_of({"log-level"}), HasSubstr("a log level was expected"));
  EXPECT_THAT(refusal_of({"log-level", "loud"}), HasSubstr("'loud' is no log level"));
  EXPECT_THAT(refusal_of({"status", "--jsn"}), HasSubstr("did you mean '--json'"));
  EXPECT_THAT(refusal_of({"statsu"}), HasSubstr("did you mean 'status'"));
  EXPECT_THAT(refusal_of({"status", "--socket"}), HasSubstr("needs a value"));
}

TEST(RemoteArguments, ExplainThemselves) {
  for (const std::string& name : RemoteDeclaration::names()) {
    const Command command = parse_arguments({name, "--help"});
    const auto* notice = std::get_if<Notice>(&command);
    ASSERT_NE(notice, nullptr) << name;
    EXPECT_EQ(notice->exit_code, kExitOk);
    EXPECT_THAT(notice->text, HasSubstr("--socket PATH"));
  }
}

TEST(RemoteSockets, AreTheUsersAndThenTheMachines) {
  EXPECT_THAT(usual_sockets(true, "/run/user/0"), ElementsAre("/run/shakedown/control.sock"));
  EXPECT_THAT(usual_sockets(false, nullptr), ElementsAre("/run/shakedown/control.sock"));
  EXPECT_THAT(usual_sockets(false, "/run/user/7"),
              ElementsAre("/run/user/7/shakedown/control.sock", "/run/shakedown/control.sock"));
}

TEST(RemoteConnection, SaysWhatToDoWithoutASensor) {
  const RemoteAnswer answer = ask_sensor("/nonexistent/control.sock", "{}", 1s);
  EXPECT_EQ(answer.exit_code, kExitBadUse);
  EXPECT_THAT(answer.error, HasSubstr("no sensor runs here"));
  EXPECT_THAT(answer.error, HasSubstr("/nonexistent/control.sock"));
  EXPECT_THAT(ask_sensor(std::string(200, 'x'), "{}", 1s).error, HasSubstr("no sensor runs here"));
}

/// A socket with a file, at which the test answers.
class RemotePeerTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    path_ = (std::filesystem::temp_directory_path() /
             ("sd-" + std::string(info->name()).substr(0, 30) + std::to_string(getpid())))
                .string();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy(path_, address.sun_path);
    fd_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(listen(fd_, 1), 0);
  }
  void TearDown() override {
    close(fd_);
    std::filesystem::remove(path_);
  }
  /// Sends `text` to one client and ends the connection.
  std::thread answering(std::string text) const {
    return std::thread([fd = fd_, text = std::move(text)] {
      const int client = accept(fd, nullptr, nullptr);
      char request[256];
      EXPECT_GT(recv(client, request, sizeof request, 0), 0);
      for (std::size_t sent = 0; sent < text.size();) {
        const ssize_t size = send(client, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
        if (size <= 0) break;
        sent += static_cast<std::size_t>(size);
      }
      close(client);
    });
  }

  std::string path_;
  int fd_ = -1;
};

TEST_F(RemotePeerTest, TakesALineOfAnyLength) {
  const std::string line(300'000, 'x');
  std::thread peer = answering(line + "\nmore");
  EXPECT_EQ(ask_sensor(path_, "{}", 10s).line, line);
  peer.join();
}

TEST_F(RemotePeerTest, SaysThatTheAnswerWasBrokenOff) {
  std::thread peer = answering("{\"ok\":");
  const RemoteAnswer answer = ask_sensor(path_, "{}", 10s);
  peer.join();
  EXPECT_EQ(answer.exit_code, kExitBroken);
  EXPECT_THAT(answer.error, HasSubstr("ended the connection before it had answered"));
}

TEST_F(RemotePeerTest, WaitsForAnAnswerOnlySoLong) {
  const RemoteAnswer answer = ask_sensor(path_, "{}", 1s);
  EXPECT_EQ(answer.exit_code, kExitBroken);
  EXPECT_THAT(answer.error, HasSubstr("has not answered within 1 s"));
}

TEST_F(RemotePeerTest, KnowsASocketThatWasLeftBehind) {
  close(fd_);
  fd_ = -1;
  const RemoteAnswer answer = ask_sensor(path_, "{}", 1s);
  EXPECT_EQ(answer.exit_code, kExitBadUse);
  EXPECT_THAT(answer.error, HasSubstr("nobody answers at"));
}

TEST(RemoteAnswer, IsShownAsItCameWhenItIsAskedFor) {
  const RemoteCommand command{.name = "status", .json = true};
  EXPECT_EQ(shown(command, R"({"ok":true,"x":[1,2]})"), "{\"ok\":true,\"x\":[1,2]}\n");
  const RemoteResult refused = show(command, R"({"ok":false,"error":"no"})");
  EXPECT_EQ(refused.output, "{\"ok\":false,\"error\":\"no\"}\n");
  EXPECT_EQ(refused.exit_code, kExitBadUse);
}

TEST(RemoteAnswer, TellsWhatTheSensorRefused) {
  const RemoteResult refused = show({.name = "ports"}, R"({"ok":false,"error":"it is blind"})");
  EXPECT_EQ(refused.error, "it is blind");
  EXPECT_EQ(refused.exit_code, kExitBadUse);
  EXPECT_NE(show({.name = "ports"}, R"({"ok":false})").error, "");
}

TEST(RemoteAnswer, SaysThatTheSensorIsTooOld) {
  const RemoteResult old = show(
      {.name = "queues"},
      R"({"ok":false,"reason":"unknown_command","error":"there is no command","version":"0.0.9"})");
  EXPECT_THAT(old.error, HasSubstr("the sensor (version 0.0.9) does not know 'queues'"));
}

TEST(RemoteAnswer, IsNotTrusted) {
  EXPECT_EQ(show({.name = "status"}, "hello").exit_code, kExitBroken);
  EXPECT_EQ(show({.name = "status"}, "[]").exit_code, kExitBroken);
  EXPECT_EQ(show({.name = "status"}, "").exit_code, kExitBroken);
  const std::string text =
      shown({.name = "status"}, "{\"ok\":true,\"sensor\":\"a\\u001b[31m\\nb\"}");
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  // Fields of other kinds than expected are as good as absent.
  for (const std::string& name : RemoteDeclaration::names()) {
    for (
        const char* line :
        {R"({"ok":true})",
         R"({"ok":true,"ports":7,"counters":"x","queues":null,"workers":{},"taken":[1,null,{}]})",
         R"({"ok":true,"ports":[1,"a",null,{"filter":{"reasons":[{}]}}],"counters":[[]],"queues":[{}]})",
         R"({"ok":true,"data_plane":{"attached":true},"traffic":{"packets":-5},"blind":{"count":1}})",
         R"({"ok":true,"followed":"connection","worker":1,"deadline":4,"handshake":[]})"}) {
      shown({.name = name, .all = true, .workers = true}, line);
    }
  }
}

TEST(RemoteAnswer, ShowsCountersSortedAndWithoutZeros) {
  const std::string line =
      R"({"ok":true,"counters":[)"
      R"({"name":"few","unit":"packets","severity":"info","packet_fate":false,"sentence":"s","total":5,"workers":[2,3]},)"
      R"({"name":"many","unit":"packets","severity":"info","packet_fate":false,"sentence":"s","total":12345,"workers":[12345,0]},)"
      R"({"name":"none","unit":"packets","severity":"info","packet_fate":false,"sentence":"s","total":0,"workers":[0,0]},)"
      R"({"name":"lost","unit":"packets","severity":"loss","packet_fate":false,"sentence":"gone","total":1,"workers":[0,1]}],"ports":[]})";
  const std::string text = shown({.name = "counters"}, line);
  EXPECT_EQ(text,
            "Lost, or wrong\n"
            "  counter  total  unit     what it counts\n"
            "  lost         1  packets  gone\n"
            "Traffic\n"
            "  counter   total  unit     what it counts\n"
            "  many     12,345  packets  s\n"
            "  few           5  packets  s\n");
  EXPECT_THAT(shown({.name = "counters", .all = true}, line), HasSubstr("none"));
  EXPECT_THAT(shown({.name = "counters", .workers = true}, line), HasSubstr("worker 1"));
}

TEST(TextTable, LeavesOutColumnsWithoutContent) {
  TextTable table({{"a"}, {"b", TextTable::Align::right}, {"c"}});
  EXPECT_TRUE(table.empty());
  table.add({"1", "", "x"});
  table.add({"22"});
  EXPECT_EQ(table.text(0), "a   c\n1   x\n22\n");
}

TEST(AnswerFields, AreWrittenForPeople) {
  EXPECT_EQ(percent_text(0.0), "0 %");
  EXPECT_EQ(percent_text(0.0031), "0.31 %");
  EXPECT_EQ(percent_text(0.042), "4.2 %");
  EXPECT_EQ(percent_text(0.951), "95 %");
  EXPECT_EQ(duration_text(3.21), "3.2 s");
  EXPECT_EQ(duration_text(119.9), "119.9 s");
  EXPECT_EQ(duration_text(120.0), "2 min");
  EXPECT_EQ(duration_text(7200.0), "2 h 0 min");
  EXPECT_EQ(duration_text(3.0 * 86400 + 3600), "3 d 1 h");
  EXPECT_EQ(rate_text(12.34), "12.3");
  EXPECT_EQ(rate_text(1234567.8), "1,234,568");
}

}  // namespace
}  // namespace shakedown::cli
