// SPDX-License-Identifier: Apache-2.0
//
// The command line and the configuration together: who says what.
#include "cli/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <variant>
#include <vector>

#include "cli/programs.h"

namespace shakedown::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kAll =
    "sensor: {name: file}\n"
    "ports: [{af_xdp: eth1, queues: 2}, {af_xdp: eth2, filter: off}]\n"
    "workers: {cpus: 2-3, main_cpu: 1, distribution: queues, busy_poll: on}\n"
    "handshakes: {silence_timeout: 5, syn_timeout: 6, watch_ports: [443, 8443], "
    "followed_max: 1000}\n"
    "overload: {shed: off}\n"
    "memory: {hugepages: on}\n"
    "output: {events: /f/events, all: on, health: /f/health}\n"
    "control: {user: file, socket: /f/socket, socket_group: group, log_level: info}\n"
    "watchlists: {a: [x.example]}\n";

class SettingsTest : public ::testing::Test {
 protected:
  SettingsTest() {
    std::string pattern = (fs::temp_directory_path() / "shakedown-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    path_ = folder_ / "s.yaml";
  }
  ~SettingsTest() override { fs::remove_all(folder_); }

  /// What becomes of `shakedown run -c FILE WORDS`.
  RunCommand run_with(const std::string& text, std::vector<std::string> words = {}) {
    RunCommand run = parsed<RunCommand>("run", text, std::move(words));
    problems_ = apply_configuration(run);
    return run;
  }
  ReadCommand read_with(const std::string& text, std::vector<std::string> words = {}) {
    ReadCommand read = parsed<ReadCommand>("read", text, std::move(words));
    problems_ = apply_configuration(read);
    return read;
  }

  fs::path folder_;
  std::string path_;
  std::vector<std::string> problems_;

 private:
  template <class SomeCommand>
  SomeCommand parsed(const char* name, const std::string& text, std::vector<std::string> words) {
    std::ofstream(path_) << text;
    words.insert(words.begin(), {name, "-c", path_});
    const Command command = parse_arguments(words);
    if (const auto* notice = std::get_if<Notice>(&command)) ADD_FAILURE() << notice->text;
    const auto* found = std::get_if<SomeCommand>(&command);
    return found == nullptr ? SomeCommand{} : *found;
  }
};

TEST_F(SettingsTest, TakesFromTheFileWhatTheCommandLineLeavesOpen) {
  const RunCommand run = run_with(kAll);
  EXPECT_THAT(problems_, IsEmpty());
  EXPECT_THAT(run.ports, ElementsAre("af_xdp:eth1,queues=2", "af_xdp:eth2,filter=off"));
  EXPECT_EQ(run.worker_count, 2u);
  EXPECT_EQ(run.worker_cpus, "2-3");
  EXPECT_EQ(run.main_cpu, 1u);
  EXPECT_EQ(run.distribution, "queues");
  EXPECT_TRUE(run.busy_poll);
  EXPECT_EQ(run.silence_timeout, "5");
  EXPECT_EQ(run.syn_timeout, "6");
  EXPECT_EQ(run.watch_ports, "443,8443");
  EXPECT_EQ(run.flow_count_max, "1000");
  EXPECT_EQ(run.shed, "off");
  EXPECT_EQ(run.hugepages, "on");
  EXPECT_EQ(run.events, "/f/events");
  EXPECT_TRUE(run.all);
  EXPECT_EQ(run.health, "/f/health");
  EXPECT_EQ(run.sensor_name, "file");
  EXPECT_EQ(run.log_level, "info");
  EXPECT_EQ(run.user, "file");
  EXPECT_EQ(run.control_socket, "/f/socket");
  EXPECT_EQ(run.socket_group, "group");
}

TEST_F(SettingsTest, LetsTheCommandLineBeatTheFile) {
  const RunCommand run = run_with(
      kAll, {"--port",        "tap:t", "--workers",        "1",        "--worker-cpus",     "7",
             "--main-cpu",    "0",     "--distribution",   "auto",     "--silence-timeout", "1",
             "--syn-timeout", "2",     "--watch-port",     "444",      "--max-flows",       "9",
             "--shed",        "on",    "--hugepages",      "auto",     "--events",          "-",
             "--health",      "h",     "--sensor",         "words",    "--log-level",       "error",
             "--user",        "words", "--control-socket", "/w/socket"});
  EXPECT_THAT(problems_, IsEmpty());
  EXPECT_THAT(run.ports, ElementsAre("tap:t"));
  EXPECT_EQ(run.worker_count, 1u);
  EXPECT_EQ(run.worker_cpus, "7");
  EXPECT_EQ(run.main_cpu, 0u);
  EXPECT_EQ(run.distribution, "auto");
  EXPECT_EQ(run.silence_timeout, "1");
  EXPECT_EQ(run.syn_timeout, "2");
  EXPECT_EQ(run.watch_ports, "444");
  EXPECT_EQ(run.flow_count_max, "9");
  EXPECT_EQ(run.shed, "on");
  EXPECT_EQ(run.hugepages, "auto");
  EXPECT_EQ(run.events, "-");
  EXPECT_EQ(run.health, "h");
  EXPECT_EQ(run.sensor_name, "words");
  EXPECT_EQ(run.log_level, "error");
  EXPECT_EQ(run.user, "words");
  EXPECT_EQ(run.control_socket, "/w/socket");
  EXPECT_EQ(run.socket_group, "group");
}

TEST_F(SettingsTest, GivesTheProgramsTheWordsOfBoth) {
  const RunCommand run = run_with(kAll, {"--shed", "on"});
  EXPECT_THAT(dataplane_words("d", run),
              ElementsAre("d", "--workers", "2", "--silence-timeout", "5", "--embryo-timeout", "6",
                          "--watch-port", "443,8443", "--max-flows", "1000", "--busy-poll",
                          "--worker-cpus", "2-3", "--main-cpu", "1", "--distribution", "queues",
                          "--hugepages", "on", "--shed", "on", "--log-level", "info", "--port",
                          "af_xdp:eth1,queues=2", "--port", "af_xdp:eth2,filter=off"));
  EXPECT_THAT(control_words("c", run),
              ElementsAre("c", "--config", path_, "--events", "/f/events", "--health", "/f/health",
                          "--all", "--sensor", "file", "--log-level", "info"));
}

TEST_F(SettingsTest, CountsTheProcessorsOfTheCommandLineAndNotThoseOfTheFile) {
  EXPECT_EQ(run_with(kAll, {"--worker-cpus", "4-7"}).worker_count, std::nullopt);
  EXPECT_THAT(problems_, IsEmpty());
  EXPECT_EQ(run_with(kAll, {"--workers", "1"}).worker_cpus, "2-3");
  EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(SettingsTest, RefusesWhatContradictsTheFile) {
  const auto problem_of = [this](std::vector<std::string> words) {
    static_cast<void>(run_with(kAll, std::move(words)));
    return problems_.size() == 1 ? problems_.front() : "none or several";
  };
  EXPECT_EQ(problem_of({"--workers", "3"}),
            "shakedown: 3 workers need 3 processors, and there are 2: 2-3");
  EXPECT_THAT(problem_of({"--main-cpu", "2"}), HasSubstr("shakedown: processor 2 is for the main"));
  EXPECT_THAT(problem_of({"--port", "eth1"}), HasSubstr("is not for af_packet:eth1"));
}

TEST_F(SettingsTest, AllowsASocketToBeTurnedOffThatHasAGroup) {
  const RunCommand run = run_with(kAll, {"--control-socket", "off"});
  EXPECT_THAT(problems_, IsEmpty());
  EXPECT_EQ(run.control_socket, "off");
  EXPECT_EQ(run.socket_group, "");
}

TEST_F(SettingsTest, WantsAPortFromOneOfTheTwo) {
  static_cast<void>(run_with("overload: {shed: on}\n"));
  EXPECT_THAT(problems_,
              ElementsAre("shakedown: no port was given: --port eth1 or 'ports' in " + path_));
  EXPECT_THAT(run_with("overload: {shed: on}\n", {"--port", "eth1"}).ports,
              ElementsAre("af_packet:eth1"));
  EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(SettingsTest, GivesAllProblemsOfTheFileAndChangesNothing) {
  const RunCommand run = run_with("ports: [{tap: t}]\nworkers: {count: 0}\nother: x\n");
  EXPECT_THAT(problems_, ElementsAre(HasSubstr(path_ + ":2:18: 'count' must be"),
                                     HasSubstr(path_ + ":3:1: unknown key 'other'")));
  EXPECT_THAT(run.ports, IsEmpty());
}

TEST_F(SettingsTest, RefusesAFileThatIsNotThere) {
  RunCommand run;
  run.config = folder_ / "none.yaml";
  EXPECT_THAT(apply_configuration(run), ElementsAre(HasSubstr("No such file")));
}

TEST_F(SettingsTest, NeedsNoFile) {
  RunCommand run;
  run.ports = {"af_packet:eth1"};
  EXPECT_THAT(apply_configuration(run), IsEmpty());
  run.ports.clear();
  EXPECT_THAT(apply_configuration(run), ElementsAre("shakedown: no port was given: --port eth1"));
  ReadCommand read;
  EXPECT_THAT(apply_configuration(read), IsEmpty());
}

TEST_F(SettingsTest, TellsReadOfHandshakesOnly) {
  const ReadCommand read = read_with(kAll, {"a.pcap", "--syn-timeout", "1"});
  EXPECT_THAT(problems_, IsEmpty());
  EXPECT_THAT(dataplane_words("d", read),
              ElementsAre("d", "--silence-timeout", "5", "--embryo-timeout", "1", "--watch-port",
                          "443,8443", "--max-flows", "1000", "--read", "a.pcap"));
  EXPECT_THAT(control_words("c", read), ElementsAre("c", "--config", path_));
}

TEST_F(SettingsTest, MakesPathsOfTheCommandLineAbsolute) {
  std::ofstream(folder_ / "ca.pem") << "x";
  const fs::path before = fs::current_path();
  fs::current_path(folder_);
  const ReadCommand read = read_with("", {"a.pcap", "--roots", "ca.pem", "--roots", ".", "--crls",
                                          "./ca.pem", "--profiles", "new.db"});
  fs::current_path(before);
  EXPECT_THAT(problems_, IsEmpty());
  const std::string root = fs::canonical(folder_).string();
  EXPECT_THAT(control_words("c", read),
              ElementsAre("c", "--config", path_, "--roots", root + "/ca.pem", "--roots",
                          root + "/", "--crls", root + "/ca.pem", "--profiles", root + "/new.db"));
}

TEST_F(SettingsTest, LooksForTheFilesOfADiagnosisBeforeAnythingIsStarted) {
  const std::string folder = folder_.string();
  static_cast<void>(read_with(
      "", {"a.pcap", "--roots", folder + "/no.pem", "--crls", "/dev/null", "--profiles", folder}));
  EXPECT_THAT(problems_,
              ElementsAre("shakedown: --roots names '" + folder + "/no.pem', which is not there",
                          "shakedown: --crls names '/dev/null', which is neither a file nor a "
                          "folder",
                          "shakedown: --profiles names '" + folder +
                              "', which is a folder; it must be a file"));
  static_cast<void>(read_with("", {"a.pcap", "--profiles", folder + "/none/p.db"}));
  EXPECT_THAT(problems_, ElementsAre("shakedown: --profiles names '" + folder +
                                     "/none/p.db', and there is no folder '" + folder + "/none'"));
  static_cast<void>(read_with("", {"a.pcap", "--roots", ""}));
  EXPECT_THAT(problems_, ElementsAre("shakedown: --roots must be the name of a file, not ''"));
}

TEST_F(SettingsTest, LooksForTheFilesThatTheConfigurationNames) {
  const std::string folder = folder_.string();
  const std::string text = "ports: [{tap: t}]\ndiagnosis: {roots: no.pem, profiles: none/p.db}\n";
  static_cast<void>(run_with(text));
  EXPECT_THAT(problems_,
              ElementsAre("shakedown: 'diagnosis.roots' of " + path_ + " names '" + folder +
                              "/no.pem', which is not there",
                          "shakedown: 'diagnosis.profiles' of " + path_ + " names '" + folder +
                              "/none/p.db', and there is no folder '" + folder + "/none'"));
  // What the command line says instead is looked for instead.
  static_cast<void>(run_with(text, {"--roots", folder, "--profiles", folder + "/p.db"}));
  EXPECT_THAT(problems_, IsEmpty());
  // What a sensor has learnt is none of a capture's.
  static_cast<void>(read_with(text, {"a.pcap", "--roots", folder}));
  EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(SettingsTest, RefusesToTrustNobody) {
  const std::string folder = folder_.string();
  static_cast<void>(read_with("", {"a.pcap", "--no-system-roots"}));
  EXPECT_THAT(problems_,
              ElementsAre("shakedown: --no-system-roots without --roots would trust nobody"));
  static_cast<void>(read_with("", {"a.pcap", "--no-system-roots", "--roots", folder}));
  EXPECT_THAT(problems_, IsEmpty());
  static_cast<void>(
      read_with("diagnosis: {roots: " + folder + "}\n", {"a.pcap", "--no-system-roots"}));
  EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(SettingsTest, TellsReadOfProblemsAnywhereInTheFile) {
  static_cast<void>(read_with("ports: eth1\n", {"a.pcap"}));
  EXPECT_THAT(problems_, ElementsAre(HasSubstr("'ports' must be a list of ports")));
}

}  // namespace
}  // namespace shakedown::cli
