// SPDX-License-Identifier: Apache-2.0
//
// A machine that a test makes up: a folder with the files that the test writes, and answers that
// all say yes until the test says otherwise.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "doctor/checks.h"

namespace shakedown::doctor {

class MadeUpMachine {
 public:
  MadeUpMachine() {
    std::string folder = (std::filesystem::temp_directory_path() / "doctor-XXXXXX").string();
    root_ = mkdtemp(folder.data());
    machine.files = Files(root_.string());
    machine.probes = {[] { return ~std::uint64_t{0}; },
                      [] { return ~std::uint64_t{0}; },
                      [] {
                        return ClockState{true, true, 500};
                      },
                      [](const std::string&, const std::string&) {
                        return DiskState{true, true, std::uint64_t{1} << 40};
                      },
                      [this](const std::string& name) -> std::optional<InterfaceFacts> {
                        const auto found = interfaces.find(name);
                        if (found == interfaces.end()) return std::nullopt;
                        return found->second;
                      },
                      [] { return std::string("eth0, eth1"); },
                      [] { return 0; },
                      [] { return 0; },
                      [] { return std::string(); },
                      [this](const std::vector<std::string>& words) {
                        return words.back() == "--self-test" ? self_test : version;
                      },
                      [](const std::string&) { return true; },
                      [](const std::string&) { return true; },
                      [] { return std::string("6.1.0-18-amd64"); }};
  }
  ~MadeUpMachine() { std::filesystem::remove_all(root_); }
  MadeUpMachine(const MadeUpMachine&) = delete;
  MadeUpMachine& operator=(const MadeUpMachine&) = delete;

  void write(const std::string& path, const std::string& text) const {
    const std::filesystem::path file = root_.string() + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text << '\n';
  }
  void make_folder(const std::string& path) const {
    std::filesystem::create_directories(root_.string() + path);
  }
  void link(const std::string& path, const std::string& target) const {
    const std::filesystem::path file = root_.string() + path;
    std::filesystem::create_directories(file.parent_path());
    std::filesystem::create_symlink(target, file);
  }
  /// A PCI device with an interface and a driver of the kernel.
  void add_card(const std::string& interface, const std::string& address,
                const std::string& driver) const {
    write("/sys/bus/pci/devices/" + address + "/numa_node", "-1");
    link("/sys/bus/pci/devices/" + address + "/driver", "../../../bus/pci/drivers/" + driver);
    link("/sys/bus/pci/devices/" + address + "/subsystem", "../../../bus/pci");
    if (interface.empty()) return;
    link("/sys/class/net/" + interface + "/device",
         root_.string() + "/sys/bus/pci/devices/" + address);
  }

  Machine machine;
  std::map<std::string, InterfaceFacts> interfaces;
  ProgramAnswer version{0, "program " SHAKEDOWN_VERSION "\n"};
  ProgramAnswer self_test{0, R"({"grade":"ok","name":"rss","found":"both directions meet"})"
                             "\n"};

 private:
  std::filesystem::path root_;
};

/// A run with one port.
inline Input run_on(Driver driver, const std::string& name) {
  Input input;
  input.ports.push_back({driver, name});
  input.dataplane_program = "/x/shakedown-dataplane";
  input.control_program = "/x/shakedown-control";
  return input;
}

/// A good interface.
inline InterfaceFacts good_interface() {
  return {.up = true, .running = true, .ethernet = true, .mtu = 1500, .driver = "veth"};
}

/// The worst that was found.
inline Grade worst(const Findings& findings) {
  Grade grade = Grade::ok;
  for (const Finding& finding : findings) grade = std::max(grade, finding.grade);
  return grade;
}

/// All that was said, to look for words in.
inline std::string words(const Findings& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    text += finding.name + ": " + finding.found + "\n" + finding.repair + "\n";
  }
  return text;
}

}  // namespace shakedown::doctor
