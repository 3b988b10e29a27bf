// SPDX-License-Identifier: Apache-2.0
#include "config/difference.h"

namespace shakedown::config {

std::vector<std::string> needs_restart(const Configuration& running, const Configuration& now) {
  std::vector<std::string> names;
  const auto compare = [&names](const char* name, const auto& before, const auto& after) {
    if (before != after) names.emplace_back(name);
  };
  compare("ports", running.ports, now.ports);
  compare("workers.count", running.workers.count, now.workers.count);
  compare("workers.cpus", running.workers.cpus, now.workers.cpus);
  compare("workers.main_cpu", running.workers.main_cpu, now.workers.main_cpu);
  compare("workers.distribution", running.workers.distribution, now.workers.distribution);
  compare("workers.busy_poll", running.workers.busy_poll, now.workers.busy_poll);
  const HandshakeSettings& before = running.handshakes;
  const HandshakeSettings& after = now.handshakes;
  compare("handshakes.silence_timeout", before.silence_timeout, after.silence_timeout);
  compare("handshakes.syn_timeout", before.syn_timeout, after.syn_timeout);
  compare("handshakes.watch_ports", before.watch_ports, after.watch_ports);
  compare("handshakes.followed_max", before.followed_max, after.followed_max);
  compare("overload.shed", running.overload.shed, now.overload.shed);
  compare("memory.hugepages", running.memory.hugepages, now.memory.hugepages);
  compare("control.user", running.control.user, now.control.user);
  compare("control.socket", running.control.socket, now.control.socket);
  compare("control.socket_group", running.control.socket_group, now.control.socket_group);
  const DiagnosisSettings& known = running.diagnosis;
  const DiagnosisSettings& wanted = now.diagnosis;
  compare("diagnosis.profiles", known.profiles, wanted.profiles);
  compare("diagnosis.server_profiles", known.server_profiles, wanted.server_profiles);
  compare("diagnosis.name_profiles", known.name_profiles, wanted.name_profiles);
  compare("diagnosis.clients", known.clients, wanted.clients);
  compare("diagnosis.half_life", known.half_life_nanos, wanted.half_life_nanos);
  return names;
}

}  // namespace shakedown::config
