// SPDX-License-Identifier: Apache-2.0
#include "cli/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "shakedown/limits.h"

namespace shakedown::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ReadCommand read_of(const std::vector<std::string>& words) {
  const Command command = parse_arguments(words);
  if (const auto* notice = std::get_if<Notice>(&command)) ADD_FAILURE() << notice->text;
  const auto* read = std::get_if<ReadCommand>(&command);
  return read != nullptr ? *read : ReadCommand{};
}

RunCommand run_of(const std::vector<std::string>& words) {
  const Command command = parse_arguments(words);
  if (const auto* notice = std::get_if<Notice>(&command)) ADD_FAILURE() << notice->text;
  const auto* run = std::get_if<RunCommand>(&command);
  return run != nullptr ? *run : RunCommand{};
}

/// What is said about bad arguments; empty when they were accepted.
std::string refusal_of(const std::vector<std::string>& words) {
  const Command command = parse_arguments(words);
  const auto* notice = std::get_if<Notice>(&command);
  if (notice == nullptr || notice->exit_code != kExitBadUse) return {};
  return notice->text;
}

std::string help_of(const std::vector<std::string>& words) {
  const Command command = parse_arguments(words);
  const auto* notice = std::get_if<Notice>(&command);
  if (notice == nullptr || notice->exit_code != kExitOk) return {};
  return notice->text;
}

TEST(Arguments, ReadsSeveralFilesBetweenOptions) {
  const ReadCommand read = read_of({"read", "a.pcap", "--all", "b.pcap", "--workers", "4"});
  EXPECT_THAT(read.files, ElementsAre("a.pcap", "b.pcap"));
  EXPECT_TRUE(read.all);
  EXPECT_EQ(read.worker_count, 4u);
}

TEST(Arguments, LeavesDefaultsToTheProgramsThatOwnThem) {
  const ReadCommand read = read_of({"read", "a.pcap"});
  EXPECT_FALSE(read.config || read.health || read.check);
  EXPECT_FALSE(read.events || read.worker_count || read.top_count || read.silence_timeout ||
               read.syn_timeout || read.watch_ports || read.flow_count_max || read.color ||
               read.progress);
  EXPECT_FALSE(read.all || read.json || read.quiet || read.verbose);
}

TEST(Arguments, TakesADashAsStandardOutput) {
  EXPECT_EQ(read_of({"read", "a.pcap", "--events", "-"}).events, "-");
}

TEST(Arguments, TakesFilesThatLookLikeOptionsAfterTwoDashes) {
  EXPECT_THAT(read_of({"read", "--", "--all"}).files, ElementsAre("--all"));
}

TEST(Arguments, TakesWhatADiagnosisRestsOn) {
  const ReadCommand read =
      read_of({"read", "--roots", "a.pem", "--roots", "b", "a.pcap", "--crls", "c",
               "--no-system-roots", "--profiles", "p.db", "--diagnosis-wait", "500ms"});
  EXPECT_THAT(read.files, ElementsAre("a.pcap"));
  EXPECT_THAT(read.roots, ElementsAre("a.pem", "b"));
  EXPECT_THAT(read.crls, ElementsAre("c"));
  EXPECT_TRUE(read.no_system_roots);
  EXPECT_EQ(read.profiles, "p.db");
  EXPECT_EQ(read.diagnosis_wait, "500ms");
  EXPECT_THAT(run_of({"run", "--port", "eth1", "--roots", "a"}).roots, ElementsAre("a"));
}

TEST(Arguments, AcceptsAWaitUpToTheLimitOnly) {
  for (const char* good : {"0", "30", "30s", "0.5m", "30000ms"}) {
    EXPECT_EQ(read_of({"read", "a", "--diagnosis-wait", good}).diagnosis_wait, good);
  }
  for (const char* bad : {"31", "30001ms", "1h", "-1", "soon", ""}) {
    EXPECT_THAT(refusal_of({"read", "a", "--diagnosis-wait", bad}),
                HasSubstr("--diagnosis-wait: must be a time from 0 to 30s, like 500ms"))
        << bad;
  }
}

TEST(Arguments, AcceptsWorkersUpToTheLimitOnly) {
  EXPECT_EQ(read_of({"read", "a", "--workers", "1"}).worker_count, 1u);
  EXPECT_EQ(read_of({"read", "a", "--workers", "64"}).worker_count, 64u);
  for (const char* bad : {"0", "65", "-1", "two", "", "1.5", "99999999999999999999"}) {
    EXPECT_THAT(refusal_of({"read", "a", "--workers", bad}), HasSubstr("--workers")) << bad;
  }
}

TEST(Arguments, AcceptsPositiveSecondsOnly) {
  EXPECT_EQ(read_of({"read", "a", "--silence-timeout", "0.001"}).silence_timeout, "0.001");
  EXPECT_EQ(read_of({"read", "a", "--silence-timeout", "86400"}).silence_timeout, "86400");
  for (const char* bad : {"0", "0.0009", "-1", "nan", "inf", "86401", "5s", ""}) {
    EXPECT_THAT(refusal_of({"read", "a", "--silence-timeout", bad}), HasSubstr("seconds")) << bad;
  }
}

TEST(Arguments, TakesTheTimeoutOfSynsForBothCommands) {
  EXPECT_EQ(read_of({"read", "a", "--syn-timeout", "3"}).syn_timeout, "3");
  EXPECT_EQ(run_of({"run", "--port", "eth1", "--syn-timeout", "0.5"}).syn_timeout, "0.5");
  EXPECT_THAT(refusal_of({"run", "--port", "eth1", "--syn-timeout", "0"}), HasSubstr("seconds"));
}

TEST(Arguments, AcceptsListsOfPortsOnly) {
  EXPECT_EQ(read_of({"read", "a", "--watch-port", "443"}).watch_ports, "443");
  EXPECT_EQ(read_of({"read", "a", "--watch-port", "1,65535"}).watch_ports, "1,65535");
  for (const char* bad : {"", "0", "65536", "443,", ",443", "443,,444", "https", "443 444"}) {
    EXPECT_THAT(refusal_of({"read", "a", "--watch-port", bad}), HasSubstr("ports")) << bad;
  }
}

TEST(Arguments, AcceptsTheThreeWordsForColorAndProgress) {
  for (const char* good : {"auto", "always", "never"}) {
    EXPECT_EQ(read_of({"read", "a", "--color", good}).color, good);
    EXPECT_EQ(read_of({"read", "a", "--progress", good}).progress, good);
  }
  EXPECT_THAT(refusal_of({"read", "a", "--color", "red"}), HasSubstr("auto, always or never"));
}

TEST(Arguments, TakesInterfacesWithAndWithoutTheirDriver) {
  const RunCommand run = run_of({"run", "--port", "eth1", "--port=af_xdp:eth2", "--busy-poll"});
  EXPECT_THAT(run.ports, ElementsAre("af_packet:eth1", "af_xdp:eth2"));
  EXPECT_TRUE(run.busy_poll);
}

TEST(Arguments, LeavesDefaultsOfRunToTheProgramsThatOwnThem) {
  const RunCommand run = run_of({"run", "--port", "eth1"});
  EXPECT_FALSE(run.events || run.worker_count || run.syn_timeout || run.color || run.progress);
  EXPECT_FALSE(run.busy_poll || run.all || run.json || run.quiet || run.verbose);
  EXPECT_FALSE(run.worker_cpus || run.main_cpu || run.distribution || run.hugepages || run.shed ||
               run.log_level || run.sensor_name || run.keep_rights);
  EXPECT_EQ(run.user + run.control_socket + run.socket_group, "");
}

TEST(Arguments, GivesRunTheOptionsOfRead) {
  const RunCommand run = run_of({"run",
                                 "--port",
                                 "eth1",
                                 "--events",
                                 "-",
                                 "--all",
                                 "--json",
                                 "--workers",
                                 "2",
                                 "--top",
                                 "9",
                                 "--quiet",
                                 "--watch-port",
                                 "443",
                                 "--color",
                                 "never",
                                 "--silence-timeout",
                                 "5",
                                 "--max-flows",
                                 "1000",
                                 "--progress",
                                 "never"});
  EXPECT_TRUE(run.all && run.json && run.quiet);
  EXPECT_EQ(run.events, "-");
  EXPECT_EQ(run.worker_count, 2u);
  EXPECT_EQ(run.top_count, 9u);
  EXPECT_EQ(run.watch_ports, "443");
  EXPECT_EQ(run.silence_timeout, "5");
  EXPECT_EQ(run.flow_count_max, "1000");
  EXPECT_EQ(run.color, "never");
  EXPECT_EQ(run.progress, "never");
}

TEST(Arguments, TakesPortsOfEveryKindWithTheirKeys) {
  const RunCommand run = run_of({"run", "--port", "eth1,link=a", "--port", "pci:3B:00.0,rss=inner",
                                 "--port", "tap:m0,queues=2,cpus=2;3"});
  EXPECT_THAT(run.ports, ElementsAre("af_packet:eth1,link=a", "pci:0000:3b:00.0,rss=inner",
                                     "tap:m0,queues=2,cpus=2-3"));
}

TEST(Arguments, TakesTheOptionsOfALiveRun) {
  const RunCommand run = run_of(
      {"run",         "--port",         "af_xdp:eth1",      "--worker-cpus", "2-3",    "--main-cpu",
       "0",           "--distribution", "queues",           "--hugepages",   "yes",    "--shed",
       "off",         "--keep-rights",  "--control-socket", "/run/s",        "--user", "nobody",
       "--log-level", "debug",          "--sensor",         "rack 7"});
  EXPECT_EQ(run.worker_cpus, "2-3");
  EXPECT_EQ(run.main_cpu, 0u);
  EXPECT_EQ(run.distribution, "queues");
  EXPECT_EQ(run.hugepages, "on");
  EXPECT_EQ(run.shed, "off");
  EXPECT_TRUE(run.keep_rights);
  EXPECT_EQ(run.control_socket, "/run/s");
  EXPECT_EQ(run.user, "nobody");
  EXPECT_EQ(run.log_level, "debug");
  EXPECT_EQ(run.sensor_name, "rack 7");
}

TEST(Arguments, RefusesValuesThatLiveOptionsCannotHave) {
  const auto refusal = [](const char* option, const std::string& value) {
    return refusal_of({"run", "--port", "eth1", option, value});
  };
  EXPECT_THAT(refusal("--worker-cpus", "5-2"), HasSubstr("--worker-cpus: must be processors"));
  EXPECT_THAT(refusal("--main-cpu", "1024"), HasSubstr("from 0 to 1023"));
  EXPECT_THAT(refusal("--distribution", "queue"), HasSubstr("did you mean 'queues'?"));
  EXPECT_THAT(refusal("--hugepages", "maybe"), HasSubstr("must be auto, on or off"));
  EXPECT_THAT(refusal("--shed", "auto"), HasSubstr("must be on or off"));
  EXPECT_THAT(refusal("--control-socket", std::string(108, 'a')), HasSubstr("has 108 bytes"));
  EXPECT_EQ(refusal("--control-socket", std::string(107, 'a')), "");
  EXPECT_EQ(refusal("--control-socket", "off"), "");
  EXPECT_THAT(refusal("--user", "a b"), HasSubstr("--user: must be 1 to 32 of"));
  EXPECT_THAT(refusal("--log-level", "warn"), HasSubstr("error, warning, info or debug"));
  EXPECT_THAT(refusal("--sensor", ""), HasSubstr("must be 1 to 255 bytes"));
}

TEST(Arguments, LeavesLiveOptionsToRun) {
  EXPECT_THAT(refusal_of({"read", "a.pcap", "--shed", "on"}), HasSubstr("unknown option '--shed'"));
}

TEST(Arguments, RefusesOptionsThatContradictEachOther) {
  EXPECT_THAT(refusal_of({"run", "--port", "eth1", "--main-cpu", "2", "--worker-cpus", "2-3"}),
              HasSubstr("processor 2 is for the main thread and for a worker"));
  EXPECT_THAT(refusal_of({"run", "--port", "eth1", "--workers", "3", "--worker-cpus", "2-3"}),
              HasSubstr("3 workers need 3 processors"));
  EXPECT_THAT(refusal_of({"run", "--port", "eth1", "--distribution", "queues"}),
              HasSubstr("is not for af_packet:eth1"));
  EXPECT_THAT(refusal_of({"run", "--port", "tap:t,filter=on"}),
              HasSubstr("shakedown: tap:t: 'filter' is for af_xdp; tap has none"));
}

TEST(Arguments, LeavesThePortsToTheConfiguration) {
  EXPECT_THAT(run_of({"run", "-c", "s.yaml"}).ports, IsEmpty());
}

TEST(Arguments, RefusesRunWithoutAPort) {
  EXPECT_THAT(refusal_of({"run"}), HasSubstr("no port was given: --port eth1"));
  EXPECT_THAT(refusal_of({"run", "--all"}), EndsWith("Try 'shakedown run --help'.\n"));
  EXPECT_THAT(refusal_of({"run", "--port"}), HasSubstr("--port needs a value"));
}

TEST(Arguments, RefusesTheSameInterfaceTwice) {
  EXPECT_THAT(refusal_of({"run", "--port", "eth1", "--port", "af_xdp:eth1"}),
              HasSubstr("the interface eth1 is given twice"));
}

TEST(Arguments, TakesPortsUpToTheLimitOnly) {
  std::vector<std::string> words = {"run"};
  for (unsigned i = 0; i < kPortCountMax; ++i) {
    words.insert(words.end(), {"--port", "eth" + std::to_string(i)});
  }
  EXPECT_EQ(run_of(words).ports.size(), kPortCountMax);
  words.insert(words.end(), {"--port", "more"});
  EXPECT_THAT(refusal_of(words), HasSubstr("at most 64 ports"));
}

TEST(Arguments, SuggestsTheDriverThatWasMeant) {
  EXPECT_THAT(refusal_of({"run", "--port", "afxdp:eth1"}), HasSubstr("did you mean 'af_xdp'?"));
  EXPECT_THAT(refusal_of({"run", "--port", "vhost:eth1"}),
              HasSubstr("--port: knows the drivers af_packet, af_xdp, nic, pci and tap, not "
                        "'vhost'\n"));
}

TEST(Arguments, ExplainsWhereInterfacesAndCapturesBelong) {
  EXPECT_THAT(refusal_of({"run", "eth1"}), HasSubstr("shakedown run --port eth1"));
  EXPECT_THAT(refusal_of({"run", "--port", "eth1", "eth2"}),
              HasSubstr("shakedown run --port eth2"));
  EXPECT_THAT(refusal_of({"run", "/dev/null"}), HasSubstr("shakedown read /dev/null"));
}

TEST(Arguments, SuggestsTheOptionOfRunThatWasMeant) {
  EXPECT_THAT(refusal_of({"run", "--prot", "eth1"}), HasSubstr("did you mean '--port'?"));
  EXPECT_THAT(refusal_of({"run", "--port", "eth1", "--busypoll"}),
              HasSubstr("did you mean '--busy-poll'?"));
}

TEST(Arguments, SuggestsTheCommandThatWasMeant) {
  EXPECT_THAT(refusal_of({"rnu"}), HasSubstr("did you mean 'run'?"));
  EXPECT_THAT(refusal_of({"raed", "a"}), HasSubstr("did you mean 'read'?"));
  EXPECT_THAT(refusal_of({"verison"}), HasSubstr("did you mean 'version'?"));
}

TEST(Arguments, SuggestsNothingForAWordThatIsNearNoCommand) {
  const std::string said = refusal_of({"frobnicate"});
  EXPECT_THAT(said, HasSubstr("there is no command 'frobnicate'"));
  EXPECT_THAT(said, Not(HasSubstr("did you mean")));
}

TEST(Arguments, ExplainsHowToReadAFileThatWasGivenAsACommand) {
  EXPECT_THAT(refusal_of({"/dev/null"}), HasSubstr("shakedown read /dev/null"));
}

TEST(Arguments, SuggestsTheOptionThatWasMeant) {
  EXPECT_THAT(refusal_of({"read", "a", "--evnts", "x"}), HasSubstr("did you mean '--events'?"));
  EXPECT_THAT(refusal_of({"read", "a", "--worker=2"}), HasSubstr("did you mean '--workers'?"));
  EXPECT_THAT(refusal_of({"read", "a", "-z"}), HasSubstr("unknown option '-z'"));
}

TEST(Arguments, RefusesAnOptionWithoutItsValue) {
  EXPECT_THAT(refusal_of({"read", "a", "--events"}), HasSubstr("--events needs a value"));
}

TEST(Arguments, RefusesReadWithoutACapture) {
  EXPECT_THAT(refusal_of({"read"}), HasSubstr("no capture was given"));
  EXPECT_THAT(refusal_of({"read", "--all"}), HasSubstr("no capture was given"));
}

TEST(Arguments, TakesAConfigurationUnderBothOfItsNames) {
  EXPECT_EQ(read_of({"read", "a", "-c", "s.yaml"}).config, "s.yaml");
  EXPECT_EQ(read_of({"read", "a", "--config=s.yaml"}).config, "s.yaml");
  EXPECT_EQ(run_of({"run", "--port", "eth1", "-c", "s.yaml"}).config, "s.yaml");
  EXPECT_THAT(refusal_of({"read", "a", "-c"}), HasSubstr("--config needs a value"));
  EXPECT_THAT(refusal_of({"read", "a", "--confg", "s"}), HasSubstr("did you mean '--config'?"));
}

TEST(Arguments, TakesAFileForTheHealthOfTheCapture) {
  EXPECT_EQ(read_of({"read", "a", "--health", "h.ndjson"}).health, "h.ndjson");
  EXPECT_EQ(run_of({"run", "--port", "eth1", "--health", "-"}).health, "-");
  EXPECT_THAT(refusal_of({"read", "a", "--health"}), HasSubstr("--health needs a value"));
}

TEST(Arguments, ChecksAConfigurationWithoutAnythingToRead) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"read", "--check", "-c", "s.yaml"},
        {"run", "-c", "s.yaml", "--check"},
        {"read", "a.pcap", "--check", "-c", "s.yaml"},
        {"run", "--port", "eth1", "--check", "-c", "s.yaml"}}) {
    const Command command = parse_arguments(words);
    const auto* check = std::get_if<CheckCommand>(&command);
    ASSERT_NE(check, nullptr) << words.front();
    EXPECT_EQ(check->config, "s.yaml");
  }
}

TEST(Arguments, RefusesToCheckNothing) {
  EXPECT_THAT(refusal_of({"read", "--check"}),
              HasSubstr("--check needs a configuration: --config FILE"));
  EXPECT_THAT(refusal_of({"run", "--port", "eth1", "--check"}),
              HasSubstr("--check needs a configuration: --config FILE"));
  EXPECT_THAT(refusal_of({"read", "--check", "-c", "s", "--al"}), HasSubstr("'--all'?"));
}

TEST(Arguments, RefusesQuietTogetherWithVerbose) {
  EXPECT_THAT(refusal_of({"read", "a", "--quiet", "--verbose"}), HasSubstr("contradict"));
  EXPECT_THAT(refusal_of({"run", "--port", "a", "--quiet", "--verbose"}), HasSubstr("contradict"));
}

TEST(Arguments, RefusesWordsAfterVersion) {
  EXPECT_THAT(refusal_of({"version", "now"}), HasSubstr("unknown argument 'now'"));
}

TEST(Arguments, EndsEveryRefusalWithAHint) {
  EXPECT_THAT(refusal_of({"read"}), EndsWith("Try 'shakedown read --help'.\n"));
  EXPECT_THAT(refusal_of({"frobnicate"}), EndsWith("Try 'shakedown --help'.\n"));
}

TEST(Arguments, PrintsHelpWithExamplesForEachCommand) {
  EXPECT_THAT(help_of({"--help"}), HasSubstr("shakedown read edge.pcap"));
  EXPECT_THAT(help_of({"read", "--help"}), HasSubstr("Exit status: 0 read to the end"));
  EXPECT_EQ(help_of({"help", "read"}), help_of({"read", "--help"}));
  EXPECT_THAT(help_of({"run", "--help"}), HasSubstr("shakedown run --port eth1"));
  EXPECT_THAT(help_of({"run", "--help"}), HasSubstr("Exit status: 0 ended by Ctrl-C"));
  EXPECT_THAT(help_of({"version", "--help"}), HasSubstr("Print the version"));
}

TEST(Arguments, ShowsHelpAndFailsWhenNothingIsAsked) {
  EXPECT_THAT(refusal_of({}), HasSubstr("Usage: shakedown"));
}

TEST(Arguments, KnowsTheVersionAsCommandAndAsOption) {
  EXPECT_TRUE(std::holds_alternative<VersionCommand>(parse_arguments({"version"})));
  EXPECT_TRUE(std::holds_alternative<VersionCommand>(parse_arguments({"--version"})));
}

}  // namespace
}  // namespace shakedown::cli
