// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The machine as the checks see it: files below a root, which tests replace by a folder
//            of their own, and questions to the kernel that no file answers, which tests replace by
//            answers. Nothing here changes anything.
// Units:     Bytes, as named.
// Ownership: Values.
// Threading: One thread.
// Limits:    kProgramPatience for a program that is asked something.
// Failure:   What cannot be read is empty; checks say "not to be seen".
// RFC:       none
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "doctor/interface_facts.h"

namespace shakedown::doctor {

inline constexpr std::chrono::seconds kProgramPatience{20};

/// Files of /proc, /sys, /etc and /dev, named by their absolute paths.
class Files {
 public:
  explicit Files(std::string root = {}) : root_(std::move(root)) {}

  /// Without the white space around it.
  [[nodiscard]] std::optional<std::string> read(const std::string& path) const;
  [[nodiscard]] std::optional<std::uint64_t> read_number(const std::string& path) const;
  [[nodiscard]] bool exists(const std::string& path) const;
  /// Names in a folder, sorted.
  [[nodiscard]] std::vector<std::string> list(const std::string& path) const;
  /// The last part of what a symbolic link points to; empty: there is none.
  [[nodiscard]] std::string link_name(const std::string& path) const;

 private:
  std::string root_;
};

struct ClockState {
  bool known = false;
  bool synchronised = false;
  std::int64_t error_us = 0;  ///< what the kernel believes it to be off by, at most
};

struct DiskState {
  bool folder_exists = false;
  bool writable = false;  ///< the file when it is there, else its folder
  std::uint64_t free_bytes = 0;
};

struct ProgramAnswer {
  int exit_code = -1;  ///< -1: it could not be started or did not end
  std::string output;
};

/// What the kernel says to a question: zero is yes, everything else its errno.
using KernelAnswer = int;

struct Probes {
  std::function<std::uint64_t()> capabilities;      ///< effective ones, a bit each
  std::function<std::uint64_t()> locked_bytes_max;  ///< all ones: no limit
  std::function<ClockState()> clock;
  /// `user` is who writes it; empty: whoever asks.
  std::function<DiskState(const std::string& file, const std::string& user)> disk;
  std::function<std::optional<InterfaceFacts>(const std::string& name)> interface;
  /// All but the loopback, ", " between them.
  std::function<std::string()> interface_names;
  /// Whether an XDP program of two instructions may be loaded; it is attached to nothing.
  std::function<KernelAnswer()> load_xdp_program;
  std::function<KernelAnswer()> make_xdp_socket;
  /// Empty, or a sentence.
  std::function<std::string()> attach_ring;
  std::function<ProgramAnswer(const std::vector<std::string>& words)> run;
  std::function<bool(const std::string& name)> has_user;
  std::function<bool(const std::string& name)> has_group;
  std::function<std::string()> kernel_release;
};

struct Machine {
  Files files;
  Probes probes;
};

/// The one that this runs on.
[[nodiscard]] Machine this_machine();

}  // namespace shakedown::doctor
