// SPDX-License-Identifier: Apache-2.0
#include "port/port_name.h"

#include <algorithm>
#include <cctype>

namespace shakedown::port {
namespace {

constexpr KernelDriver kDrivers[] = {KernelDriver::af_packet, KernelDriver::af_xdp};

/// What is left of a driver's name without the ways in which it is written differently.
std::string letters_of(std::string_view text) {
  std::string out;
  for (const char letter : text) {
    const auto code = static_cast<unsigned char>(letter);
    if (std::isalnum(code) != 0) out += static_cast<char>(std::tolower(code));
  }
  for (const std::string_view prefix : {"net", "af", "eth"}) {
    if (out.starts_with(prefix)) out.erase(0, prefix.size());
  }
  return out;
}

std::string printable(std::string_view text) {
  std::string out(text.substr(0, 64));
  for (char& letter : out) {
    const auto code = static_cast<unsigned char>(letter);
    if (code < 0x20 || code >= 0x7f) letter = '?';
  }
  return out;
}

PortNameResult refuse(PortNameStatus status, std::string sentence) {
  return {status, {}, std::move(sentence)};
}

PortNameResult refuse_driver(std::string_view driver, std::string_view interface) {
  const std::string letters = letters_of(driver);
  std::string sentence = "unknown driver " + printable(driver) + "; ";
  if (letters == "pcap" || letters == "file") {
    return refuse(PortNameStatus::unknown_driver, sentence + "capture files are read with --read");
  }
  for (const KernelDriver known : kDrivers) {
    if (letters.empty() || !letters_of(name_of(known)).starts_with(letters)) continue;
    return refuse(PortNameStatus::unknown_driver,
                  sentence + "did you mean " + PortName{known, printable(interface)}.text() + "?");
  }
  return refuse(PortNameStatus::unknown_driver, sentence + "there are af_packet and af_xdp");
}

/// DPDK's device arguments give these a meaning, and have no quoting.
bool can_be_argument(std::string_view interface) {
  return std::all_of(interface.begin(), interface.end(), [](char letter) {
    const auto code = static_cast<unsigned char>(letter);
    return code > 0x20 && code != 0x7f &&
           std::string_view(",=[]()\"'\\/:").find(letter) == std::string_view::npos;
  });
}

}  // namespace

std::string_view name_of(KernelDriver driver) {
  return driver == KernelDriver::af_packet ? "af_packet" : "af_xdp";
}

std::string PortName::text() const { return std::string(name_of(driver)) + ":" + interface; }

PortNameResult parse_port_name(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    const std::string name = text.empty() ? "eth0" : printable(text);
    return refuse(PortNameStatus::no_driver,
                  "a port is DRIVER:INTERFACE; write af_packet:" + name + " or af_xdp:" + name);
  }
  const std::string_view driver = text.substr(0, colon);
  const std::string_view interface = text.substr(colon + 1);
  for (const KernelDriver known : kDrivers) {
    if (driver != name_of(known)) continue;
    if (interface.empty()) {
      return refuse(PortNameStatus::bad_interface,
                    "no interface is named in " + printable(text) + "; `ip link` lists them");
    }
    if (interface.size() > kInterfaceNameMax) {
      return refuse(PortNameStatus::bad_interface,
                    "there is no interface " + printable(interface) +
                        ": their names have at most 15 characters; `ip link` lists them");
    }
    if (!can_be_argument(interface)) {
      return refuse(PortNameStatus::bad_interface,
                    "interface " + printable(interface) +
                        " has a character in its name that DPDK cannot take; give it another name "
                        "(ip link set ... name ...)");
    }
    return {PortNameStatus::ok, {known, std::string(interface)}, {}};
  }
  return refuse_driver(driver, interface);
}

}  // namespace shakedown::port
