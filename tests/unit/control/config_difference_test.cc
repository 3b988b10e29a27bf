// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "config/difference.h"
#include "config_reading.h"

namespace shakedown::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kAll =
    "sensor: {name: a}\n"
    "ports: [{af_xdp: eth1, queues: 2}, {af_xdp: eth2}]\n"
    "workers: {count: 2, cpus: 2-3, main_cpu: 1, distribution: queues, busy_poll: off}\n"
    "handshakes: {silence_timeout: 5, syn_timeout: 5, watch_ports: 443, followed_max: 1000}\n"
    "overload: {shed: on}\n"
    "memory: {hugepages: off}\n"
    "output: {events: e, all: off, health: h}\n"
    "control: {user: a, socket: s, socket_group: g, log_level: info}\n"
    "diagnosis: {wait: 3s, system_roots: off, roots: r, crls: c, profiles: p, server_profiles: 100,"
    " name_profiles: 200, clients: 300, expires_soon: 14d, half_life: 1d}\n"
    "watchlists: {a: [x.example]}\n";

/// What must be restarted for when one text of kAll is replaced by another.
std::vector<std::string> changed(const std::string& from, const std::string& to) {
  std::string text = kAll;
  const std::size_t place = text.find(from);
  if (place == std::string::npos) return {"not there: " + from};
  text.replace(place, from.size(), to);
  const Configuration now = configuration_of(text);
  if (now.sensor.name && now.sensor.name->starts_with("refused")) return {*now.sensor.name};
  return needs_restart(configuration_of(kAll), now);
}

TEST(ConfigDifference, IsNothingBetweenEquals) {
  EXPECT_THAT(needs_restart(configuration_of(kAll), configuration_of(kAll)), IsEmpty());
  EXPECT_THAT(needs_restart(Configuration{}, Configuration{}), IsEmpty());
  EXPECT_THAT(changed("[{af_xdp: eth1, queues: 2}", "[{queues: 2, 'af_xdp': eth1}"), IsEmpty());
  EXPECT_THAT(changed("half_life: 1d", "half_life: 24h"), IsEmpty());
}

TEST(ConfigDifference, IsNothingForWhatCanBeReloaded) {
  EXPECT_THAT(changed("name: a", "name: b"), IsEmpty());
  EXPECT_THAT(changed("events: e", "events: '-'"), IsEmpty());
  EXPECT_THAT(changed("all: off", "all: on"), IsEmpty());
  EXPECT_THAT(changed("health: h", "health: i"), IsEmpty());
  EXPECT_THAT(changed("log_level: info", "log_level: debug"), IsEmpty());
  EXPECT_THAT(changed("wait: 3s", "wait: 4s"), IsEmpty());
  EXPECT_THAT(changed("system_roots: off", "system_roots: on"), IsEmpty());
  EXPECT_THAT(changed("roots: r,", "roots: [r, s],"), IsEmpty());
  EXPECT_THAT(changed("crls: c", "crls: d"), IsEmpty());
  EXPECT_THAT(changed("expires_soon: 14d", "expires_soon: 15d"), IsEmpty());
  EXPECT_THAT(changed("x.example", "y.example"), IsEmpty());
}

TEST(ConfigDifference, NamesEachSettingThatNeedsARestart) {
  EXPECT_THAT(changed("{af_xdp: eth1, queues: 2}, ", ""), ElementsAre("ports"));
  EXPECT_THAT(changed("queues: 2", "queues: 4"), ElementsAre("ports"));
  EXPECT_THAT(changed("count: 2", "count: 1"), ElementsAre("workers.count"));
  EXPECT_THAT(changed("cpus: 2-3", "cpus: '3,2'"), ElementsAre("workers.cpus"));
  EXPECT_THAT(changed("main_cpu: 1", "main_cpu: 0"), ElementsAre("workers.main_cpu"));
  EXPECT_THAT(changed("distribution: queues", "distribution: auto"),
              ElementsAre("workers.distribution"));
  EXPECT_THAT(changed("busy_poll: off", "busy_poll: on"), ElementsAre("workers.busy_poll"));
  EXPECT_THAT(changed("silence_timeout: 5", "silence_timeout: 6"),
              ElementsAre("handshakes.silence_timeout"));
  EXPECT_THAT(changed("syn_timeout: 5", "syn_timeout: 6"), ElementsAre("handshakes.syn_timeout"));
  EXPECT_THAT(changed("watch_ports: 443", "watch_ports: [443, 8443]"),
              ElementsAre("handshakes.watch_ports"));
  EXPECT_THAT(changed("followed_max: 1000", "followed_max: 1001"),
              ElementsAre("handshakes.followed_max"));
  EXPECT_THAT(changed("shed: on", "shed: off"), ElementsAre("overload.shed"));
  EXPECT_THAT(changed("hugepages: off", "hugepages: auto"), ElementsAre("memory.hugepages"));
  EXPECT_THAT(changed("user: a", "user: b"), ElementsAre("control.user"));
  EXPECT_THAT(changed("socket: s", "socket: t"), ElementsAre("control.socket"));
  EXPECT_THAT(changed("socket_group: g", "socket_group: h"), ElementsAre("control.socket_group"));
  EXPECT_THAT(changed("profiles: p", "profiles: q"), ElementsAre("diagnosis.profiles"));
  EXPECT_THAT(changed("server_profiles: 100", "server_profiles: 101"),
              ElementsAre("diagnosis.server_profiles"));
  EXPECT_THAT(changed("name_profiles: 200", "name_profiles: 201"),
              ElementsAre("diagnosis.name_profiles"));
  EXPECT_THAT(changed("clients: 300", "clients: 301"), ElementsAre("diagnosis.clients"));
  EXPECT_THAT(changed("half_life: 1d", "half_life: 2d"), ElementsAre("diagnosis.half_life"));
}

TEST(ConfigDifference, CountsWhatIsTakenOut) {
  EXPECT_THAT(changed("memory: {hugepages: off}\n", ""), ElementsAre("memory.hugepages"));
}

TEST(ConfigDifference, StandsInTheOrderOfTheDocumentation) {
  const Configuration none;
  EXPECT_THAT(
      needs_restart(configuration_of(kAll), none),
      ElementsAre("ports", "workers.count", "workers.cpus", "workers.main_cpu",
                  "workers.distribution", "workers.busy_poll", "handshakes.silence_timeout",
                  "handshakes.syn_timeout", "handshakes.watch_ports", "handshakes.followed_max",
                  "overload.shed", "memory.hugepages", "control.user", "control.socket",
                  "control.socket_group", "diagnosis.profiles", "diagnosis.server_profiles",
                  "diagnosis.name_profiles", "diagnosis.clients", "diagnosis.half_life"));
}

}  // namespace
}  // namespace shakedown::config
