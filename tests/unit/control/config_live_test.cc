// SPDX-License-Identifier: Apache-2.0
//
// The sections for live runs but `ports`: what they accept, their limits, and what they say about
// mistakes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "config_reading.h"

namespace shakedown::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// The one problem of a text; "none" or "several" otherwise.
std::string problem_of(const std::string& text) {
  const auto problems = problems_of(text);
  if (problems.size() == 1) return problems.front();
  return problems.empty() ? "none" : "several: " + problems[0] + " and " + problems[1];
}

TEST(ConfigLive, ReadsEverySection) {
  const Configuration all = configuration_of(
      "sensor: { name: rack 7 }\n"
      "ports: [{ af_packet: eth1 }]\n"
      "workers: { count: 2, cpus: [2, 3], main_cpu: 1, distribution: distributor, busy_poll: on }\n"
      "handshakes:\n"
      "  silence_timeout: 5\n"
      "  syn_timeout: 0.5\n"
      "  watch_ports: [443, 8443]\n"
      "  followed_max: 1000\n"
      "overload: { shed: off }\n"
      "memory: { hugepages: on }\n"
      "output: { events: e.ndjson, all: yes, health: '-' }\n"
      "control: { user: shakedown, socket: s.sock, socket_group: adm, log_level: debug }\n");
  EXPECT_EQ(all.sensor.name, "rack 7");
  EXPECT_EQ(all.ports.size(), 1u);
  EXPECT_EQ(all.workers.count, 2u);
  EXPECT_THAT(all.workers.cpus, ElementsAre(2, 3));
  EXPECT_EQ(all.workers.main_cpu, 1u);
  EXPECT_EQ(all.workers.distribution, "distributor");
  EXPECT_EQ(all.workers.busy_poll, true);
  EXPECT_EQ(all.handshakes.silence_timeout, "5");
  EXPECT_EQ(all.handshakes.syn_timeout, "0.5");
  EXPECT_THAT(all.handshakes.watch_ports, ElementsAre(443, 8443));
  EXPECT_EQ(all.handshakes.followed_max, 1000u);
  EXPECT_EQ(all.overload.shed, false);
  EXPECT_EQ(all.memory.hugepages, "on");
  EXPECT_EQ(all.output.events, "e.ndjson");
  EXPECT_EQ(all.output.all, true);
  EXPECT_EQ(all.output.health, "-");
  EXPECT_EQ(all.control.user, "shakedown");
  EXPECT_EQ(all.control.socket, "s.sock");
  EXPECT_EQ(all.control.socket_group, "adm");
  EXPECT_EQ(all.control.log_level, "debug");
}

TEST(ConfigLive, SetsNothingThatIsNotThere) {
  for (const char* text : {"", "sensor:\nworkers: {}\nhandshakes: ~\noverload:\n", "ports:\n"}) {
    const Configuration none = configuration_of(text);
    EXPECT_EQ(none.sensor, SensorSettings{}) << text;
    EXPECT_THAT(none.ports, IsEmpty()) << text;
    EXPECT_EQ(none.workers, WorkerSettings{}) << text;
    EXPECT_EQ(none.handshakes, HandshakeSettings{}) << text;
    EXPECT_EQ(none.overload, OverloadSettings{}) << text;
    EXPECT_EQ(none.memory, MemorySettings{}) << text;
    EXPECT_EQ(none.output, OutputSettings{}) << text;
    EXPECT_EQ(none.control, ControlSettings{}) << text;
  }
}

TEST(ConfigLive, SaysAllProblemsAtOnce) {
  EXPECT_THAT(problems_of("workers:\n"
                          "  count: two\n"
                          "  cpu: 2\n"
                          "memory: { hugepages: maybe }\n"
                          "overlaod: {}\n"),
              ElementsAre("s.yaml:2:10: 'count' must be a whole number from 1 to 64, not 'two'",
                          "s.yaml:3:3: unknown key 'cpu'; did you mean 'cpus'?",
                          "s.yaml:4:22: 'hugepages' must be auto, on or off, not 'maybe'",
                          "s.yaml:5:1: unknown key 'overlaod'; did you mean 'overload'?"));
}

TEST(ConfigLive, RefusesSectionsOfAnotherShape) {
  for (const char* name :
       {"sensor", "workers", "handshakes", "overload", "memory", "output", "control"}) {
    EXPECT_THAT(problem_of(std::string(name) + ": on\n"),
                HasSubstr(std::string("'") + name + "' must be keys with values, not text"));
    EXPECT_THAT(problem_of(std::string(name) + ": [a]\n"), HasSubstr("not a list"));
    EXPECT_THAT(problem_of(std::string(name) + ": {naem: x}\n"), HasSubstr("unknown key 'naem'"));
  }
}

TEST(ConfigLive, RefusesValuesOfAnotherShape) {
  EXPECT_EQ(problem_of("workers: { count: [2] }\n"),
            "s.yaml:1:19: 'count' must be one value, not a list");
  EXPECT_THAT(problem_of("workers:\n  count:\n"), HasSubstr("'count' must be one value, not "
                                                            "nothing"));
  EXPECT_THAT(problem_of("handshakes: { watch_ports: [443, [8443]] }\n"),
              HasSubstr("'watch_ports' must be a list of single values, not a list"));
}

TEST(ConfigLive, TakesWordsForOnAndOff) {
  for (const char* word : {"on", "true", "yes"}) {
    EXPECT_EQ(configuration_of(std::string("overload: {shed: ") + word + "}").overload.shed, true);
    EXPECT_EQ(configuration_of(std::string("memory: {hugepages: ") + word + "}").memory.hugepages,
              "on");
  }
  for (const char* word : {"off", "false", "no"}) {
    EXPECT_EQ(configuration_of(std::string("overload: {shed: ") + word + "}").overload.shed, false);
    EXPECT_EQ(configuration_of(std::string("memory: {hugepages: ") + word + "}").memory.hugepages,
              "off");
    EXPECT_EQ(configuration_of(std::string("control: {socket: ") + word + "}").control.socket,
              "off");
  }
  for (const char* word : {"On", "1", "enabled", "''"}) {
    EXPECT_THAT(problem_of(std::string("overload: {shed: ") + word + "}"),
                HasSubstr("'shed' must be on or off, not '"));
  }
}

TEST(ConfigLive, TakesWorkersUpToTheLimitOnly) {
  EXPECT_EQ(configuration_of("workers: {count: 1}").workers.count, 1u);
  EXPECT_EQ(configuration_of("workers: {count: 64}").workers.count, 64u);
  for (const char* bad : {"0", "65", "-1", "1.5", "''", "0x2", "99999999999999999999"}) {
    EXPECT_THAT(problem_of(std::string("workers: {count: ") + bad + "}"),
                HasSubstr("'count' must be a whole number from 1 to 64"))
        << bad;
  }
}

TEST(ConfigLive, TakesProcessorsAsTextAndAsList) {
  const auto cpus_of = [](const char* text) {
    return configuration_of(std::string("workers: {cpus: ") + text + "}").workers.cpus;
  };
  EXPECT_THAT(cpus_of("2-5"), ElementsAre(2, 3, 4, 5));
  EXPECT_THAT(cpus_of("'4,2-3'"), ElementsAre(4, 2, 3));
  EXPECT_THAT(cpus_of("[4, 2, 3]"), ElementsAre(4, 2, 3));
  EXPECT_THAT(cpus_of("[0, 1022-1023]"), ElementsAre(0, 1022, 1023));
  EXPECT_THAT(cpus_of("7"), ElementsAre(7));
  for (const char* bad : {"1024", "5-2", "2-", "-2", "'2,,3'", "[]", "'2,2'", "[1-3, 2]", "all"}) {
    EXPECT_THAT(problem_of(std::string("workers: {cpus: ") + bad + "}"),
                HasSubstr("'cpus' must be processors from 0 to 1023, each once, like 2-5,8, not '"))
        << bad;
  }
}

TEST(ConfigLive, SuggestsTheWordThatWasMeant) {
  EXPECT_EQ(problem_of("workers: {distribution: queue}"),
            "s.yaml:1:25: 'distribution' must be auto, queues or distributor, not 'queue'; did you "
            "mean 'queues'?");
  EXPECT_THAT(problem_of("control: {log_level: warn}"), HasSubstr("error, warning, info or debug"));
  EXPECT_THAT(problem_of("control: {log_level: inof}"), HasSubstr("did you mean 'info'?"));
}

TEST(ConfigLive, TakesSecondsFromAMillisecondToADay) {
  for (const char* good : {"0.001", "86400", "1e1", "15"}) {
    EXPECT_EQ(configuration_of(std::string("handshakes: {silence_timeout: ") + good + "}")
                  .handshakes.silence_timeout,
              good);
  }
  for (const char* bad : {"0", "0.0009", "86401", "5s", "nan", "inf", "-1", "''"}) {
    EXPECT_THAT(problem_of(std::string("handshakes: {syn_timeout: ") + bad + "}"),
                HasSubstr("'syn_timeout' must be seconds from 0.001 to 86400"))
        << bad;
  }
}

TEST(ConfigLive, TakesWatchedPortsFromOneToTheLast) {
  const auto ports_of = [](const char* text) {
    return configuration_of(std::string("handshakes: {watch_ports: ") + text + "}")
        .handshakes.watch_ports;
  };
  EXPECT_THAT(ports_of("443"), ElementsAre(443));
  EXPECT_THAT(ports_of("'443,8443'"), ElementsAre(443, 8443));
  EXPECT_THAT(ports_of("[1, 65535]"), ElementsAre(1, 65535));
  for (const char* bad : {"0", "65536", "[443, https]", "[]", "443-445", "[0]", "[70000]"}) {
    EXPECT_THAT(problem_of(std::string("handshakes: {watch_ports: ") + bad + "}"),
                HasSubstr("'watch_ports' must be ports from 1 to 65535"))
        << bad;
  }
}

TEST(ConfigLive, TakesWatchedPortsUpToTheLimitOnly) {
  std::string list = "1";
  for (std::size_t i = 1; i < kWatchPortCountMax; ++i) list += ", " + std::to_string(i + 1);
  EXPECT_THAT(problems_of("handshakes: {watch_ports: [" + list + "]}"), IsEmpty());
  EXPECT_THAT(problem_of("handshakes: {watch_ports: [" + list + ", 7]}"),
              HasSubstr("'watch_ports' has more than 1000 ports"));
}

TEST(ConfigLive, TakesFollowedHandshakesUpToTheLimitOnly) {
  EXPECT_EQ(configuration_of("handshakes: {followed_max: 16777216}").handshakes.followed_max,
            1u << 24);
  EXPECT_THAT(problem_of("handshakes: {followed_max: 16777217}"), HasSubstr("from 1 to 16777216"));
  EXPECT_THAT(problem_of("handshakes: {followed_max: 0}"), HasSubstr("from 1 to 16777216"));
}

TEST(ConfigLive, FindsFilesBesideTheConfiguration) {
  const Reading reading =
      read_from({{"/etc/shakedown/s.yaml",
                  "output: {events: log/e.ndjson, health: /var/h}\ncontrol: {socket: run/s}\n"}},
                "/etc/shakedown/s.yaml");
  ASSERT_THAT(reading.problems.lines(), IsEmpty());
  EXPECT_EQ(reading.configuration.output.events, "/etc/shakedown/log/e.ndjson");
  EXPECT_EQ(reading.configuration.output.health, "/var/h");
  EXPECT_EQ(reading.configuration.control.socket, "/etc/shakedown/run/s");
}

TEST(ConfigLive, TakesADashForStandardOutputWhereverTheFileIs) {
  const Reading reading = read_from({{"etc/s.yaml", "output: {events: '-'}\n"}}, "etc/s.yaml");
  EXPECT_EQ(reading.configuration.output.events, "-");
}

TEST(ConfigLive, RefusesFilesWithoutAName) {
  EXPECT_EQ(problem_of("output: {events: ''}\n"),
            "s.yaml:1:18: 'events' must be the name of a file, not ''");
  EXPECT_THAT(problem_of("output: {health: \"a\\nb\"}\n"), HasSubstr("not 'a\\x0ab'"));
  EXPECT_THAT(problem_of("control: {socket: ''}\n"), HasSubstr("must be the name of a file"));
}

TEST(ConfigLive, TakesSocketsAsLongAsTheKernelDoes) {
  const std::string longest = "/" + std::string(kSocketPathSizeMax - 1, 'a');
  EXPECT_EQ(configuration_of("control: {socket: " + longest + "}").control.socket, longest);
  EXPECT_THAT(problem_of("control: {socket: " + longest + "b}"),
              HasSubstr("'socket' has 108 bytes with its folders, and the path of a socket can "
                        "have 107"));
}

TEST(ConfigLive, CountsTheFoldersOfASocket) {
  const std::string name(kSocketPathSizeMax - 4, 'a');
  const std::string text = "control: {socket: " + name + "}";
  EXPECT_THAT(read_from({{"etc/s.yaml", text}}, "etc/s.yaml").problems.lines(), IsEmpty());
  EXPECT_EQ(read_from({{"etc1/s.yaml", text}}, "etc1/s.yaml").problems.lines().size(), 1u);
}

TEST(ConfigLive, TakesNamesOfUsersThatCanBe) {
  for (const char* good : {"shakedown", "_s", "a-b.c", "X1"}) {
    EXPECT_EQ(configuration_of(std::string("control: {user: ") + good + "}").control.user, good);
  }
  const std::string longest(kAccountNameSizeMax, 'a');
  EXPECT_EQ(configuration_of("control: {socket_group: " + longest + "}").control.socket_group,
            longest);
  for (const std::string& bad : std::vector<std::string>{"''", "-a", "a b", "a/b", longest + "a"}) {
    EXPECT_THAT(problem_of("control: {user: " + bad + "}"), HasSubstr("'user' must be 1 to 32 of"))
        << bad;
  }
}

TEST(ConfigLive, TakesNamesOfSensorsUpToTheLimitOnly) {
  const std::string longest(kSensorNameSizeMax, 'a');
  EXPECT_EQ(configuration_of("sensor: {name: " + longest + "}").sensor.name, longest);
  EXPECT_THAT(problem_of("sensor: {name: " + longest + "a}"), HasSubstr("1 to 255 bytes"));
  EXPECT_THAT(problem_of("sensor: {name: ''}"), HasSubstr("1 to 255 bytes"));
  EXPECT_THAT(problem_of("sensor: {name: \"a\\tb\"}"), HasSubstr("without control characters"));
}

TEST(ConfigLive, RefusesMoreWorkersThanProcessors) {
  EXPECT_THAT(problems_of("workers: {count: 2, cpus: 2-3}"), IsEmpty());
  EXPECT_THAT(problems_of("workers: {count: 2, cpus: 2-5}"), IsEmpty());
  EXPECT_EQ(problem_of("workers: {count: 3, cpus: 2-3}"),
            "s.yaml:1:27: 3 workers need 3 processors, and there are 2: 2-3");
}

TEST(ConfigLive, RefusesMoreProcessorsThanThereCanBeWorkers) {
  EXPECT_THAT(problems_of("workers: {cpus: 0-63}"), IsEmpty());
  EXPECT_EQ(problem_of("workers: {cpus: 0-64}"),
            "s.yaml:1:17: 65 processors for at most 64 workers");
}

TEST(ConfigLive, RefusesAProcessorForTheMainThreadAndAWorker) {
  EXPECT_THAT(problems_of("workers: {main_cpu: 1, cpus: 2-3}"), IsEmpty());
  EXPECT_THAT(problem_of("workers: {main_cpu: 3, cpus: 2-3}"),
              HasSubstr("s.yaml:1:21: processor 3 is for the main thread and for a worker"));
  EXPECT_THAT(problem_of("workers: {main_cpu: 3}\nports: [{af_xdp: eth1, cpus: 2-3}]\n"),
              HasSubstr("s.yaml:2:30: processor 3 is for the main thread and for a worker"));
}

TEST(ConfigLive, RefusesQueuesOfAfPacket) {
  EXPECT_THAT(problems_of("workers: {distribution: queues}\nports: [{af_xdp: eth1}]\n"), IsEmpty());
  EXPECT_THAT(problem_of("workers: {distribution: queues}\nports: [{af_packet: eth1}]\n"),
              HasSubstr("s.yaml:1:25: 'distribution: queues' is not for af_packet:eth1"));
}

TEST(ConfigLive, RefusesCardsWithoutHugePages) {
  EXPECT_THAT(problems_of("memory: {hugepages: off}\nports: [{af_xdp: eth1}]\n"), IsEmpty());
  EXPECT_EQ(problem_of("memory: {hugepages: off}\nports: [{nic: eth1}]\n"),
            "s.yaml:1:21: nic:eth1 cannot be read without huge pages");
}

TEST(ConfigLive, RefusesAGroupForASocketThatIsOff) {
  EXPECT_EQ(problem_of("control: {socket: off, socket_group: adm}"),
            "s.yaml:1:38: a socket that is off has no group");
}

}  // namespace
}  // namespace shakedown::config
