// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <linux/capability.h>

#include "doctor/checks.h"
#include "doctor/cpu_list.h"

namespace shakedown::doctor {
namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;
/// What a NIC with a few queues, its packet buffers and workers take.
constexpr std::uint64_t kHugeBytesWanted = 1024 * kMiB;
/// Rings of af_packet and buffers of af_xdp are locked; the data plane asks for as much.
constexpr std::uint64_t kLockedBytes = 128 * kMiB;

struct HugePages {
  std::uint64_t total_bytes = 0;
  std::uint64_t free_bytes = 0;
};

/// Of all sizes, below the folder of the machine or of one node.
HugePages huge_pages_in(const Files& files, const std::string& folder) {
  HugePages sum;
  constexpr std::string_view kPrefix = "hugepages-";
  for (const std::string& name : files.list(folder)) {
    if (!name.starts_with(kPrefix)) continue;
    const std::uint64_t size = std::strtoull(name.c_str() + kPrefix.size(), nullptr, 10) * 1024;
    const std::string path = folder + '/' + name;
    sum.total_bytes += size * files.read_number(path + "/nr_hugepages").value_or(0);
    sum.free_bytes += size * files.read_number(path + "/free_hugepages").value_or(0);
  }
  return sum;
}

std::string megabytes(std::uint64_t bytes) { return fmt::format("{} MiB", bytes / kMiB); }

const char* const kTakeHugePages =
    "echo 1024 > /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages (lasting: systemctl enable "
    "--now shakedown-hugepages)";

/// Nodes without a free page: a port there would use memory of another node.
Findings judge_nodes(const Files& files) {
  const auto nodes = parse_cpu_list(files.read("/sys/devices/system/node/online").value_or(""));
  Findings findings;
  if (nodes.size() <= 1) return findings;
  for (const unsigned node : nodes) {
    const std::string folder = fmt::format("/sys/devices/system/node/node{}/hugepages", node);
    if (huge_pages_in(files, folder).free_bytes != 0) continue;
    findings.push_back({Grade::warn, "hugepages",
                        fmt::format("node {} has none that are free", node),
                        fmt::format("echo 1024 > {}/hugepages-2048kB/nr_hugepages", folder)});
  }
  return findings;
}

}  // namespace

Findings check_hugepages(const Machine& machine, const Input& input) {
  const bool needed = input.hugepages == "on" || (input.hugepages == "auto" && input.has_nic());
  const HugePages pages = huge_pages_in(machine.files, "/sys/kernel/mm/hugepages");
  const std::string sizes =
      fmt::format("{} free of {}", megabytes(pages.free_bytes), megabytes(pages.total_bytes));
  if (!needed) {
    return {{Grade::skip, "hugepages",
             fmt::format(
                 "not needed: {}; {}",
                 input.hugepages == "off" ? "the configuration wants none" : "no nic or pci port",
                 sizes)}};
  }
  if (pages.free_bytes == 0) {
    return {{Grade::fail, "hugepages", "none are free (" + sizes + ")", kTakeHugePages}};
  }
  if (pages.free_bytes < kHugeBytesWanted) {
    return {
        {Grade::warn, "hugepages",
         fmt::format("{}; a NIC with its buffers may take {}", sizes, megabytes(kHugeBytesWanted)),
         kTakeHugePages}};
  }
  Findings findings = {{Grade::ok, "hugepages", sizes}};
  append(findings, judge_nodes(machine.files));
  return findings;
}

Findings check_memlock(const Machine& machine, const Input& input) {
  const std::uint64_t limit = machine.probes.locked_bytes_max();
  const bool exempt = (machine.probes.capabilities() >> CAP_IPC_LOCK & 1) != 0;
  const std::string found =
      limit == ~std::uint64_t{0} ? "no limit" : fmt::format("{} KiB", limit / 1024);
  if (exempt) return {{Grade::ok, "memlock", found + ", and CAP_IPC_LOCK, which has none"}};
  if (limit >= kLockedBytes) return {{Grade::ok, "memlock", found}};
  const bool needed = input.has(Driver::af_xdp) || input.has(Driver::af_packet) || input.has_nic();
  return {{needed ? Grade::fail : Grade::warn, "memlock",
           fmt::format("{}; ports lock up to {}", found, megabytes(kLockedBytes)),
           "ulimit -l unlimited (for good: LimitMEMLOCK=infinity in the unit)"}};
}

Findings check_ring(const Machine& machine) {
  if (const std::string error = machine.probes.attach_ring(); !error.empty()) {
    return {{Grade::fail, "ring", error,
             "allow memfd_create and sealing: they may be filtered by a container's seccomp "
             "profile"}};
  }
  return {{Grade::ok, "ring", "a segment was made, sealed, mapped and recognised"}};
}

}  // namespace shakedown::doctor
