// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <sstream>
#include <string_view>
#include <thread>

#include "doctor/checks.h"
#include "doctor/cpu_list.h"

namespace shakedown::doctor {
namespace {

struct Flag {
  const char* in_cpuinfo;
  const char* name;
};

/// What this program is built for (x86-64-v2), which DPDK and Hyperscan need as well.
constexpr std::array<Flag, 5> kNeeded{{{"ssse3", "SSSE3"},
                                       {"sse4_1", "SSE4.1"},
                                       {"sse4_2", "SSE4.2"},
                                       {"popcnt", "POPCNT"},
                                       {"cx16", "CMPXCHG16B"}}};
/// What Hyperscan and DPDK use when it is there.
constexpr std::array<Flag, 4> kUsed{
    {{"avx2", "AVX2"}, {"avx512bw", "AVX-512"}, {"pclmulqdq", "PCLMULQDQ"}, {"aes", "AES-NI"}}};

const std::string kCpuFolder = "/sys/devices/system/cpu";

std::set<std::string> cpu_flags(const Files& files) {
  std::istringstream lines(files.read("/proc/cpuinfo").value_or(""));
  std::set<std::string> flags;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("flags")) continue;
    std::istringstream words(line.substr(std::min(line.find(':') + 1, line.size())));
    for (std::string word; words >> word;) flags.insert(word);
    return flags;
  }
  return flags;
}

template <std::size_t count>
std::string names_of(const std::array<Flag, count>& flags, const std::set<std::string>& owned,
                     bool there) {
  std::string names;
  for (const Flag& flag : flags) {
    if (owned.contains(flag.in_cpuinfo) != there) continue;
    names.append(names.empty() ? "" : ", ").append(flag.name);
  }
  return names;
}

Finding judge_isolation(const Files& files, const std::vector<unsigned>& cpus) {
  const auto isolated = parse_cpu_list(files.read(kCpuFolder + "/isolated").value_or(""));
  const auto tickless = parse_cpu_list(files.read(kCpuFolder + "/nohz_full").value_or(""));
  const std::string list = cpu_list_text(cpus);
  if (missing_cpus(cpus, isolated).empty() && missing_cpus(cpus, tickless).empty()) {
    return {Grade::ok, "isolation", fmt::format("processors {} are isolated and tickless", list)};
  }
  return {
      Grade::warn, "isolation",
      fmt::format("others may run on processors {} (isolated: {}; nohz_full: {})", list,
                  cpu_list_text(isolated), cpu_list_text(tickless)),
      fmt::format("on the kernel's command line: isolcpus={0} nohz_full={0} rcu_nocbs={0}", list)};
}

/// Two threads that never sleep on one core get half of it each.
Findings judge_siblings(const Files& files, const std::vector<unsigned>& cpus) {
  for (const unsigned cpu : cpus) {
    const auto siblings = parse_cpu_list(
        files.read(fmt::format("{}/cpu{}/topology/thread_siblings_list", kCpuFolder, cpu))
            .value_or(""));
    for (const unsigned other : siblings) {
      if (other <= cpu || !std::ranges::binary_search(cpus, other)) continue;
      return {{Grade::warn, "cores",
               fmt::format("processors {} and {} are threads of one core", cpu, other),
               "give each thread a core of its own: workers.cpus in the configuration"}};
    }
  }
  return {};
}

}  // namespace

Findings check_instructions(const Machine& machine) {
  const std::set<std::string> flags = cpu_flags(machine.files);
  if (flags.empty()) return {{Grade::skip, "processor", "its flags are not to be seen"}};
  if (const std::string missing = names_of(kNeeded, flags, false); !missing.empty()) {
    return {{Grade::fail, "processor", "lacks " + missing,
             "use a processor of 2009 or later; a virtual machine must be given its host's "
             "(host-passthrough)"}};
  }
  const std::string more = names_of(kUsed, flags, true);
  return {{Grade::ok, "processor",
           names_of(kNeeded, flags, true) + (more.empty() ? "" : "; also " + more)}};
}

Findings check_cpus(const Machine& machine, const Input& input) {
  const auto online = parse_cpu_list(machine.files.read(kCpuFolder + "/online").value_or(""));
  if (online.empty()) return {{Grade::skip, "processors", "which there are is not to be seen"}};
  // One of them looks after the others; several workers are fed by one more.
  const std::size_t threads = input.worker_count == 1 ? 1 : input.worker_count + 1;
  Findings findings;
  if (threads > online.size()) {
    findings.push_back(
        {Grade::warn, "processors",
         fmt::format("{} threads that read and follow packets share {} processors", threads,
                     online.size()),
         fmt::format("ask for fewer: --workers {}", std::max<std::size_t>(online.size() - 1, 1))});
  } else {
    findings.push_back({Grade::ok, "processors", fmt::format("{} online", online.size())});
  }
  const std::vector<unsigned> named = input.named_cpus();
  if (named.empty()) {
    findings.push_back({Grade::skip, "isolation", "no processors are named; threads float"});
    return findings;
  }
  if (const auto missing = missing_cpus(named, online); !missing.empty()) {
    return {{Grade::fail, "processors",
             fmt::format("{} of those named are not online; there are {}", cpu_list_text(missing),
                         cpu_list_text(online)),
             "name others: workers.cpus in the configuration, or --worker-cpus"}};
  }
  findings.push_back(judge_isolation(machine.files, named));
  append(findings, judge_siblings(machine.files, named));
  return findings;
}

Findings check_governor(const Machine& machine, const Input& input) {
  std::vector<unsigned> cpus = input.named_cpus();
  if (cpus.empty()) {
    cpus = parse_cpu_list(machine.files.read(kCpuFolder + "/online").value_or(""));
  }
  std::vector<unsigned> slow;
  bool seen = false;
  for (const unsigned cpu : cpus) {
    const auto governor =
        machine.files.read(fmt::format("{}/cpu{}/cpufreq/scaling_governor", kCpuFolder, cpu));
    if (!governor) continue;
    seen = true;
    if (*governor != "performance") slow.push_back(cpu);
  }
  if (!seen) return {{Grade::skip, "frequency", "not controlled by this kernel"}};
  if (slow.empty()) return {{Grade::ok, "frequency", "governor performance"}};
  const std::string list = cpu_list_text(slow);
  return {{Grade::warn, "frequency",
           fmt::format("processors {} may be clocked down while packets come", list),
           fmt::format("cpupower -c {} frequency-set -g performance", list)}};
}

Findings check_numa(const Machine& machine, const Input& input) {
  const auto nodes =
      parse_cpu_list(machine.files.read("/sys/devices/system/node/online").value_or(""));
  if (nodes.size() <= 1) return {{Grade::ok, "numa", "one node"}};
  Findings findings;
  for (const Port& port : input.ports) {
    const std::string folder = port.driver == Driver::pci
                                   ? "/sys/bus/pci/devices/" + port.name
                                   : "/sys/class/net/" + port.name + "/device";
    // -1, which is no number here: the device belongs to no node.
    const auto node = machine.files.read_number(folder + "/numa_node");
    if (!node) continue;
    const auto local = parse_cpu_list(
        machine.files.read(fmt::format("/sys/devices/system/node/node{}/cpulist", *node))
            .value_or(""));
    const std::vector<unsigned>& cpus = port.cpus.empty() ? input.worker_cpus : port.cpus;
    std::vector<unsigned> sorted = cpus;
    std::ranges::sort(sorted);
    const auto far = missing_cpus(sorted, local);
    const bool named = !cpus.empty();
    if (named && far.empty()) {
      findings.push_back({Grade::ok, "numa",
                          fmt::format("{} and its processors are on node {}", port.name, *node)});
      continue;
    }
    findings.push_back(
        {Grade::warn, "numa",
         named ? fmt::format("{} is on node {}, processors {} are not", port.name, *node,
                             cpu_list_text(far))
               : fmt::format("{} is on node {}; workers may run on another", port.name, *node),
         fmt::format("take processors of node {}: --worker-cpus {}", *node, cpu_list_text(local))});
  }
  if (findings.empty()) {
    findings.push_back(
        {Grade::ok, "numa", fmt::format("{} nodes; no port belongs to one", nodes.size())});
  }
  return findings;
}

}  // namespace shakedown::doctor
