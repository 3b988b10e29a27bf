// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>
#include <filesystem>

#include "doctor/checks.h"

namespace shakedown::doctor {
namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;
/// Below this a day of failures may not fit.
constexpr std::uint64_t kDiskWanted = 1024 * kMiB;
/// Below this nothing does.
constexpr std::uint64_t kDiskNeeded = 16 * kMiB;
constexpr std::int64_t kClockErrorMaxUs = 1'000'000;

Finding judge_synchronisation(const ClockState& clock) {
  if (!clock.known) return {Grade::skip, "clock", "whether it is right is not to be seen"};
  if (!clock.synchronised) {
    return {Grade::warn, "clock", "nothing keeps it right; dates of certificates are judged by it",
            "timedatectl set-ntp true"};
  }
  if (clock.error_us > kClockErrorMaxUs) {
    return {Grade::warn, "clock",
            fmt::format("may be off by {:.1f} s", static_cast<double>(clock.error_us) / 1e6),
            "chronyc tracking, or timedatectl timesync-status"};
  }
  return {Grade::ok, "clock",
          fmt::format("synchronised, at most {:.1f} ms off",
                      static_cast<double>(clock.error_us) / 1e3)};
}

Finding judge_source(const Files& files) {
  const std::string folder = "/sys/devices/system/clocksource/clocksource0";
  const auto source = files.read(folder + "/current_clocksource");
  if (!source) return {Grade::skip, "clocksource", "not to be seen"};
  // Both are read without a call into the kernel, as often as once a burst.
  for (const char* const fast : {"tsc", "kvm-clock", "hyperv_clocksource_tsc_page"}) {
    if (*source == fast) return {Grade::ok, "clocksource", *source};
  }
  return {Grade::warn, "clocksource",
          *source + ": each look at the clock is a call into the kernel",
          fmt::format("echo tsc > {}/current_clocksource", folder)};
}

Finding judge_output(const Machine& machine, const std::string& path, const std::string& user) {
  const DiskState disk = machine.probes.disk(path, user);
  const std::string folder = std::filesystem::path(path).parent_path().string();
  if (!disk.folder_exists) {
    return {Grade::fail, "output", fmt::format("the folder of {} is not there", path),
            "mkdir -p " + folder};
  }
  if (!disk.writable) {
    const std::string shown = folder.empty() ? "." : folder;
    if (user.empty()) {
      return {Grade::fail, "output", fmt::format("{} cannot be written", path), "ls -ld " + shown};
    }
    return {Grade::fail, "output", fmt::format("{} cannot be written by {}", path, user),
            fmt::format("chown {} {}, if it is for these files alone", user, shown)};
  }
  const std::string room = fmt::format("{}: {} MiB free", path, disk.free_bytes / kMiB);
  if (disk.free_bytes >= kDiskWanted) return {Grade::ok, "output", room};
  return {disk.free_bytes < kDiskNeeded ? Grade::fail : Grade::warn, "output", room,
          "make room, or have the files rotated (logrotate)"};
}

/// The unit's file; empty: there is none.
std::string unit_path(const Files& files) {
  for (const char* const folder :
       {"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system",
        "/usr/lib/systemd/system", "/lib/systemd/system"}) {
    const std::string path = std::string(folder) + "/shakedown.service";
    if (files.exists(path)) return path;
  }
  return {};
}

}  // namespace

Findings check_clock(const Machine& machine) {
  return {judge_synchronisation(machine.probes.clock()), judge_source(machine.files)};
}

Findings check_outputs(const Machine& machine, const Input& input) {
  Findings findings;
  for (const std::string& path : input.output_files) {
    if (path != "-") findings.push_back(judge_output(machine, path, input.user));
  }
  if (findings.empty()) findings.push_back({Grade::skip, "output", "no files are written"});
  return findings;
}

Findings check_accounts(const Machine& machine, const Input& input) {
  Findings findings;
  if (!input.user.empty()) {
    const bool there = machine.probes.has_user(input.user);
    findings.push_back({there ? Grade::ok : Grade::fail, "user",
                        fmt::format("{} {}", input.user, there ? "exists" : "does not exist"),
                        there ? "" : "useradd --system --no-create-home " + input.user});
  }
  if (!input.group.empty()) {
    const bool there = machine.probes.has_group(input.group);
    findings.push_back({there ? Grade::ok : Grade::fail, "group",
                        fmt::format("{} {}", input.group, there ? "exists" : "does not exist"),
                        there ? "" : "groupadd --system " + input.group});
  }
  if (findings.empty()) {
    findings.push_back({Grade::skip, "user", "none is configured for control"});
  }
  return findings;
}

Findings check_unit(const Machine& machine) {
  if (!machine.files.exists("/run/systemd/system")) {
    return {{Grade::skip, "service", "systemd does not run here"}};
  }
  const std::string path = unit_path(machine.files);
  if (path.empty()) {
    return {{Grade::skip, "service", "shakedown.service is not installed (meson install)"}};
  }
  const bool enabled =
      machine.files.exists("/etc/systemd/system/multi-user.target.wants/shakedown.service");
  return {{Grade::ok, "service",
           path + (enabled ? ", starts at boot"
                           : ", does not start at boot (systemctl enable shakedown)")}};
}

}  // namespace shakedown::doctor
