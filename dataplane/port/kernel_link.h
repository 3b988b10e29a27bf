// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What the kernel knows of an interface while it is being read: its link, and what it
//            dropped on the way to a TAP. Asked through descriptors that are opened at the start, so
//            that no rights are needed later.
// Units:     Mb/s, packets.
// Ownership: Owns its descriptors.
// Threading: Main thread.
// Limits:    Belongs to the network namespace in which it was opened.
// Failure:   What cannot be asked is unknown, or zero.
// RFC:       none
#pragma once

#include <cstdint>
#include <string>

#include "port/capture_probe.h"
#include "shakedown/shm_layout.h"

namespace shakedown::port {

class KernelLink {
 public:
  void open(const std::string& interface);
  void close() noexcept;

  [[nodiscard]] LinkState state() const noexcept;
  /// Zero: not known.
  [[nodiscard]] std::uint64_t speed_mbps() const noexcept;
  /// Packets that others sent into the interface, and that nobody took out in time.
  [[nodiscard]] std::uint64_t sent_dropped() const noexcept;

  [[nodiscard]] bool set_mtu(unsigned mtu) const noexcept;
  /// Of packets that wait for whoever reads a TAP, for each of its queues.
  [[nodiscard]] bool set_queue_length(unsigned count) const noexcept;

 private:
  std::string interface_;
  FileDescriptor socket_;
  FileDescriptor statistics_;  ///< of all interfaces, as text
};

/// The field of `name` in the text of /proc/net/dev that counts what was dropped when sent.
[[nodiscard]] std::uint64_t sent_dropped_in(std::string_view text, std::string_view name);

}  // namespace shakedown::port
