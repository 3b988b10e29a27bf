// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What the user writes after --port: DRIVER:INTERFACE.
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

enum class KernelDriver : std::uint8_t {
  af_packet,  ///< a copy of every packet, on any interface
  af_xdp      ///< takes the packets away from the interface; those that come in, no others
};

[[nodiscard]] std::string_view name_of(KernelDriver driver);

struct PortName {
  KernelDriver driver = KernelDriver::af_packet;
  std::string interface;

  bool operator==(const PortName&) const = default;
  /// As the user wrote it.
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

}  // namespace shakedown::port
