// SPDX-License-Identifier: Apache-2.0
#include "port/port_name.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace shakedown::port {
namespace {

struct KnownDriver {
  PortDriver driver;
  std::string_view name;
  /// What users call it besides, without "net", "af" and "eth" in front.
  std::array<std::string_view, 3> aliases;
};

constexpr KnownDriver kDrivers[] = {
    {PortDriver::af_packet, "af_packet", {"packet"}},
    {PortDriver::af_xdp, "af_xdp", {"xdp"}},
    {PortDriver::tap, "tap", {"tap", "tuntap"}},
    {PortDriver::nic, "nic", {"nic", "mlx5", "dpdk"}},
    {PortDriver::pci, "pci", {"pci", "vfio", "vfiopci"}},
};
constexpr std::string_view kListOfDrivers = "there are af_packet, af_xdp, nic, pci and tap";

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

PortNameResult refuse(PortNameStatus status, std::string sentence) {
  return {status, {}, std::move(sentence)};
}

PortNameResult refuse_driver(std::string_view driver, std::string_view interface) {
  const std::string letters = letters_of(driver);
  std::string sentence = "unknown driver " + printable(driver) + "; ";
  if (letters == "pcap" || letters == "file") {
    return refuse(PortNameStatus::unknown_driver, sentence + "capture files are read with --read");
  }
  for (const KnownDriver& known : kDrivers) {
    const bool is_meant =
        !letters.empty() &&
        std::any_of(known.aliases.begin(), known.aliases.end(),
                    [&](std::string_view alias) { return alias.starts_with(letters); });
    if (!is_meant) continue;
    return refuse(
        PortNameStatus::unknown_driver,
        sentence + "did you mean " + PortName{known.driver, printable(interface)}.text() + "?");
  }
  return refuse(PortNameStatus::unknown_driver, sentence.append(kListOfDrivers));
}

/// DPDK's device arguments give these a meaning, and have no quoting.
bool can_be_argument(std::string_view interface) {
  return std::all_of(interface.begin(), interface.end(), [](char letter) {
    const auto code = static_cast<unsigned char>(letter);
    return code > 0x20 && code != 0x7f &&
           std::string_view(",=[]()\"'\\/:").find(letter) == std::string_view::npos;
  });
}

PortNameResult parse_interface(PortDriver driver, std::string_view interface,
                               std::string_view text) {
  if (interface.empty()) {
    return refuse(PortNameStatus::bad_interface,
                  "no interface is named in " + printable(text) + "; `ip link` lists them");
  }
  if (interface.size() > kInterfaceNameMax) {
    return refuse(PortNameStatus::bad_interface,
                  "there is no interface " + printable(interface) +
                      ": their names have at most 15 characters; `ip link` lists them");
  }
  if (!can_be_argument(interface) || interface == "." || interface == "..") {
    return refuse(PortNameStatus::bad_interface,
                  "interface " + printable(interface) +
                      " has a character in its name that DPDK cannot take; give it another name "
                      "(ip link set ... name ...)");
  }
  return {PortNameStatus::ok, {driver, std::string(interface)}, {}};
}

/// Whether `text` is as `shape`, in which x stands for a hexadecimal digit.
bool has_shape(std::string_view text, std::string_view shape) {
  return std::equal(text.begin(), text.end(), shape.begin(), shape.end(),
                    [](char letter, char wanted) {
                      if (wanted != 'x') return letter == wanted;
                      return std::isxdigit(static_cast<unsigned char>(letter)) != 0;
                    });
}

/// "0000:3b:00.0", of which the domain may be missing. Small letters, as the kernel writes it.
PortNameResult parse_address(std::string_view text) {
  std::string address(text);
  std::transform(address.begin(), address.end(), address.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  if (std::count(address.begin(), address.end(), ':') == 1) address.insert(0, "0000:");
  // Some machines have domains of more than 16 bits.
  const std::size_t domain = std::min(address.find(':'), address.size());
  const bool fits = domain >= 4 && domain <= 8 && address.back() <= '7' &&
                    has_shape(address, std::string(domain, 'x') + ":xx:xx.x");
  if (!fits) {
    return refuse(PortNameStatus::bad_interface,
                  printable(text) +
                      " is no address of a card; they look like 0000:3b:00.0, and `lspci -D` "
                      "lists them");
  }
  return {PortNameStatus::ok, {PortDriver::pci, std::move(address)}, {}};
}

}  // namespace

std::string_view name_of(PortDriver driver) {
  for (const KnownDriver& known : kDrivers) {
    if (known.driver == driver) return known.name;
  }
  return {};
}

std::string printable(std::string_view text) {
  std::string out(text.substr(0, 64));
  for (char& letter : out) {
    const auto code = static_cast<unsigned char>(letter);
    if (code < 0x20 || code >= 0x7f) letter = '?';
  }
  return out;
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
  for (const KnownDriver& known : kDrivers) {
    if (driver != known.name) continue;
    return known.driver == PortDriver::pci ? parse_address(interface)
                                           : parse_interface(known.driver, interface, text);
  }
  return refuse_driver(driver, interface);
}

}  // namespace shakedown::port
