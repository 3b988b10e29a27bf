// SPDX-License-Identifier: Apache-2.0
#include "cli/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "cli/explain_command.h"
#include "cli/programs.h"

namespace shakedown::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Words = std::vector<std::string>;

ExplainCommand parsed(Words words) {
  words.insert(words.begin(), "explain");
  const Command command = parse_arguments(words);
  if (const auto* notice = std::get_if<Notice>(&command)) {
    ADD_FAILURE() << notice->text;
    return {};
  }
  return std::get<ExplainCommand>(command);
}

std::string refused(Words words) {
  words.insert(words.begin(), "explain");
  const Command command = parse_arguments(words);
  const auto* notice = std::get_if<Notice>(&command);
  if (notice == nullptr) return "was not refused";
  EXPECT_EQ(notice->exit_code, kExitBadUse);
  return notice->text;
}

TEST(ExplainArguments, NameTheSubjectAndThenTheCaptures) {
  const ExplainCommand alone = parsed({"192.0.2.7"});
  EXPECT_EQ(alone.subject, "192.0.2.7");
  EXPECT_THAT(alone.read.files, IsEmpty());
  EXPECT_FALSE(alone.events_path);
  const ExplainCommand captures = parsed({"api.example.com", "a.pcap", "b.pcap", "-c", "s.yaml"});
  EXPECT_THAT(captures.read.files, ElementsAre("a.pcap", "b.pcap"));
  EXPECT_EQ(captures.read.config, "s.yaml");
  EXPECT_EQ(parsed({"192.0.2.7", "--events", "e.ndjson", "--top", "3"}).events_path, "e.ndjson");
  EXPECT_EQ(parsed({"192.0.2.7", "--socket", "s"}).socket, "s");
}

TEST(ExplainArguments, HandOnWhatADiagnosisRestsOn) {
  const ExplainCommand command =
      parsed({"192.0.2.7", "--roots", "r1", "--roots", "-r2", "--crls", "c", "--no-system-roots",
              "--profiles", "p.db", "--diagnosis-wait", "0.5", "a.pcap"});
  EXPECT_THAT(command.read.files, ElementsAre("a.pcap"));
  const Words words = control_words("control", command.read);
  EXPECT_EQ(words, (Words{"control", "--roots", "r1", "--roots", "./-r2", "--no-system-roots",
                          "--crls", "c", "--profiles", "p.db", "--diagnosis-wait", "0.5"}));
}

TEST(ExplainArguments, AreRefusedWithWhatToDo) {
  EXPECT_THAT(refused({}), HasSubstr("what is to be explained is missing: the id of an event"));
  EXPECT_THAT(refused({"a b"}), HasSubstr("'a b' is nothing that can be explained: give the id"));
  EXPECT_THAT(refused({"192.0.2.7", "a.pcap", "--events", "e"}),
              HasSubstr("contradict each other"));
  EXPECT_THAT(refused({"192.0.2.7", "a.pcap", "--socket", "s"}),
              HasSubstr("--socket asks a sensor"));
  EXPECT_THAT(refused({"192.0.2.7", "--markdown"}), HasSubstr("--markdown goes with --rules"));
  EXPECT_THAT(refused({"192.0.2.7", "--rules"}), HasSubstr("takes nothing else"));
  EXPECT_THAT(refused({"--rules", "--json", "--markdown"}), HasSubstr("contradict each other"));
  EXPECT_THAT(refused({"192.0.2.7", "--evnts", "e"}), HasSubstr("'--evnts'; did you mean '--events'"));
  EXPECT_THAT(refused({"192.0.2.7", "--diagnosis-wait", "31"}),
              HasSubstr("must be a time from 0 to 30s"));
  EXPECT_THAT(refused({"192.0.2.7", "--diagnosis-wait", "-1"}),
              HasSubstr("must be a time from 0 to 30s"));
  EXPECT_THAT(refused({"192.0.2.7", "--top", "0"}), HasSubstr("--top"));
}

class ExplainFileTest : public testing::Test {
 protected:
  ExplainFileTest() : path_(testing::TempDir() + "/explain_events.ndjson") {}
  ~ExplainFileTest() override { std::filesystem::remove(path_); }

  ExplainResult of(const std::string& text, const std::string& subject = "192.0.2.7") {
    std::ofstream(path_) << text;
    ExplainCommand command;
    command.subject = subject;
    command.events_path = path_;
    return explain(command);
  }
  static std::string event() {
    return R"({"@timestamp":"2025-11-20T14:05:00.1Z","event":{"dataset":"shakedown.handshake",)"
           R"("id":"00112233445566aa","outcome":"failure"},"source":{"ip":"192.0.2.7","port":1},)"
           R"("destination":{"ip":"198.51.100.5","port":443},"shakedown":{"outcome":{"kind":"reset",)"
           R"("name":"reset_after_client_hello","by":"server","stage":"client_hello"},)"
           R"("cause":{"id":"server_overload","confidence":"likely"}}})";
  }

  std::string path_;
};

TEST_F(ExplainFileTest, TellsWhatItsEventsSay) {
  const ExplainResult result = of(event() + "\n");
  EXPECT_EQ(result.exit_code, kExitOk) << result.error;
  EXPECT_THAT(result.output, HasSubstr("The handshake failed because the server cannot keep up"));
}

TEST_F(ExplainFileTest, DoesNotNeedANewlineAtTheEnd) {
  EXPECT_EQ(of(event()).exit_code, kExitOk);
  EXPECT_THAT(of(event() + "\n" + event()).output, HasSubstr("192.0.2.7: 2 failed"));
}

TEST_F(ExplainFileTest, SaysThatNothingIsKnown) {
  const ExplainResult result = of(event() + "\n", "192.0.2.8");
  EXPECT_EQ(result.exit_code, kExitNothing);
  EXPECT_EQ(result.error, "");
  EXPECT_THAT(result.output, HasSubstr("Nothing is known of 192.0.2.8"));
  EXPECT_EQ(of("").exit_code, kExitNothing);
}

TEST_F(ExplainFileTest, RefusesWhatHoldsNoEvents) {
  const ExplainResult result = of("PNG\nno\n");
  EXPECT_EQ(result.exit_code, kExitBadUse);
  EXPECT_THAT(result.error, HasSubstr("holds no events"));
  ExplainCommand command;
  command.subject = "192.0.2.7";
  command.events_path = "/nowhere/e.ndjson";
  EXPECT_THAT(explain(command).error, HasSubstr("cannot open /nowhere/e.ndjson: No such file"));
}

TEST_F(ExplainFileTest, ReadsLinesOfAnyLength) {
  const std::string long_line =
      R"({"event":{"dataset":"other"},"x":")" + std::string(200'000, 'x') + "\"}";
  const ExplainResult result = of(long_line + "\n" + event() + "\n" + long_line);
  EXPECT_EQ(result.exit_code, kExitOk);
}

TEST(Explain, PrintsTheRulesInThreeForms) {
  ExplainCommand command;
  command.rules = true;
  EXPECT_THAT(explain(command).output, HasSubstr("  concludes: "));
  command.json = true;
  EXPECT_THAT(explain(command).output, HasSubstr("\"rules\":["));
  command.json = false;
  command.markdown = true;
  EXPECT_THAT(explain(command).output, HasSubstr("|---|---|"));
}

TEST(Explain, SaysThatThereIsNoSensorAndWhatElseToDo) {
  ExplainCommand command;
  command.subject = "192.0.2.7";
  command.socket = "/nowhere/control.sock";
  const ExplainResult result = explain(command);
  EXPECT_EQ(result.exit_code, kExitBadUse);
  EXPECT_THAT(result.error, HasSubstr("no sensor runs here"));
}

}  // namespace
}  // namespace shakedown::cli
