// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <linux/capability.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "doctor/checks.h"

namespace shakedown::doctor {
namespace {

struct Capability {
  unsigned number;
  const char* name;
};

/// What opening the ports takes. What is kept after that is less.
std::vector<Capability> needed_by(const Input& input, const Files& files) {
  std::vector<Capability> needed;
  const bool xdp = input.has(Driver::af_xdp);
  // Of NICs, those that share their device with the kernel.
  const bool kernel = xdp || input.has(Driver::af_packet) || input.has(Driver::nic);
  if (kernel) needed.push_back({CAP_NET_RAW, "CAP_NET_RAW"});
  if (kernel || input.has(Driver::tap)) needed.push_back({CAP_NET_ADMIN, "CAP_NET_ADMIN"});
  // CAP_BPF loads a program; finding the one of an interface by its number, as libxdp and we do it,
  // takes more.
  if (xdp) needed.push_back({CAP_SYS_ADMIN, "CAP_SYS_ADMIN"});
  // vfio without an IOMMU trusts only those who may touch the hardware anyway.
  if (input.has(Driver::pci) && files.list("/sys/kernel/iommu_groups").empty()) {
    needed.push_back({CAP_SYS_RAWIO, "CAP_SYS_RAWIO"});
  }
  return needed;
}

bool owns(std::uint64_t capabilities, unsigned number) { return (capabilities >> number & 1) != 0; }

struct Release {
  unsigned major = 0;
  unsigned minor = 0;
  auto operator<=>(const Release&) const = default;
};

Release parse_release(const std::string& text) {
  Release release;
  const char* const end = text.data() + text.size();
  const auto [dot, error] = std::from_chars(text.data(), end, release.major);
  if (error == std::errc{} && dot != end && *dot == '.') {
    std::from_chars(dot + 1, end, release.minor);
  }
  return release;
}

/// AF_XDP that says when it needs to be woken.
constexpr Release kXdpRelease{5, 4};

/// A line is the device, where it is mounted, and what it is.
bool bpf_is_mounted(const Files& files) {
  return files.read("/proc/mounts").value_or("").find(" /sys/fs/bpf bpf ") != std::string::npos;
}

Finding judge_load(KernelAnswer answer) {
  if (answer == 0) return {Grade::ok, "bpf", "an XDP program can be loaded"};
  return {Grade::fail, "bpf",
          fmt::format("the kernel refuses an XDP program: {}", std::strerror(answer)),
          answer == EPERM ? "run it as root"
                          : "use a kernel with CONFIG_BPF_SYSCALL and CONFIG_BPF_JIT"};
}

}  // namespace

Findings check_rights(const Machine& machine, const Input& input) {
  const std::uint64_t owned = machine.probes.capabilities();
  std::string missing;
  std::string there;
  for (const Capability& capability : needed_by(input, machine.files)) {
    std::string& list = owns(owned, capability.number) ? there : missing;
    list.append(list.empty() ? "" : ", ").append(capability.name);
  }
  if (!missing.empty()) {
    return {{Grade::fail, "rights", "the ports need " + missing,
             "run it as root: sudo shakedown run ..., or as a service: systemctl start "
             "shakedown"}};
  }
  if (there.empty()) return {{Grade::skip, "rights", "none are needed by these ports"}};
  return {{Grade::ok, "rights", there}};
}

Findings check_bpf(const Machine& machine, const Input& input) {
  if (!input.ports.empty() && !input.has(Driver::af_xdp)) {
    return {{Grade::skip, "bpf", "not needed: no af_xdp port"}};
  }
  const Files& files = machine.files;
  const std::string release = machine.probes.kernel_release();
  Findings findings;
  if (parse_release(release) < kXdpRelease) {
    findings.push_back({Grade::fail, "kernel", "Linux " + release + " is too old for af_xdp",
                        "use Linux 5.4 or later, or af_packet ports"});
  } else {
    findings.push_back({Grade::ok, "kernel", "Linux " + release});
  }
  findings.push_back(judge_load(machine.probes.load_xdp_program()));
  if (const KernelAnswer answer = machine.probes.make_xdp_socket(); answer != 0) {
    findings.push_back({Grade::fail, "xdp sockets",
                        fmt::format("cannot be made: {}", std::strerror(answer)),
                        answer == EPERM ? "run it as root, or with CAP_NET_RAW"
                                        : "use a kernel with CONFIG_XDP_SOCKETS"});
  } else {
    findings.push_back({Grade::ok, "xdp sockets", "can be made"});
  }
  if (files.exists("/sys/kernel/btf/vmlinux")) {
    findings.push_back({Grade::ok, "btf", "the kernel describes its types"});
  } else {
    findings.push_back({Grade::warn, "btf", "the kernel does not describe its types",
                        "use a kernel with CONFIG_DEBUG_INFO_BTF"});
  }
  if (bpf_is_mounted(files)) {
    findings.push_back({Grade::ok, "bpffs", "mounted at /sys/fs/bpf"});
  } else {
    findings.push_back({Grade::warn, "bpffs", "not mounted: bpftool finds no maps of ours",
                        "mount -t bpf bpf /sys/fs/bpf"});
  }
  if (input.ports.empty()) {
    // Nobody asked for af_xdp: nothing of this stops a run.
    for (Finding& finding : findings) {
      if (finding.grade == Grade::fail) finding.grade = Grade::warn;
    }
  }
  return findings;
}

}  // namespace shakedown::doctor
