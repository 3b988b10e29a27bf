// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Which port the user means: DRIVER:NAME, the beginning of what he writes after --port.
// Units:     none
// Ownership: Values.
// Threading: Main thread.
// Limits:    kInterfaceNameMax.
// Failure:   PortNameStatus names the kind; `sentence` is what to print.
// RFC:       none
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace shakedown::port {

/// Characters of an interface's name (IFNAMSIZ, less the NUL).
inline constexpr std::size_t kInterfaceNameMax = 15;

enum class PortDriver : std::uint8_t {
  af_packet,  ///< a copy of every packet, on any interface
  af_xdp,     ///< takes the packets away from the interface; those that come in, no others
  tap,        ///< an interface that we make, for others to mirror into
  nic,        ///< a card by the kernel's name of it
  pci         ///< a card by its address on the bus
};

[[nodiscard]] std::string_view name_of(PortDriver driver);

/// Whether DPDK drives the card itself, without the kernel.
[[nodiscard]] constexpr bool is_card(PortDriver driver) {
  return driver == PortDriver::nic || driver == PortDriver::pci;
}

struct PortName {
  PortDriver driver = PortDriver::af_packet;
  std::string interface;  ///< or the address of a card, with its domain

  bool operator==(const PortName&) const = default;
  /// As the user wrote it, but for addresses of cards without their domain.
  [[nodiscard]] std::string text() const;
};

enum class [[nodiscard]] PortNameStatus : std::uint8_t{ok, no_driver, unknown_driver,
                                                       bad_interface};

struct PortNameResult {
  PortNameStatus status = PortNameStatus::ok;
  PortName name;         ///< when ok
  std::string sentence;  ///< when not ok
};

[[nodiscard]] PortNameResult parse_port_name(std::string_view text);

/// Safe to show on a terminal, and not too long.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace shakedown::port
