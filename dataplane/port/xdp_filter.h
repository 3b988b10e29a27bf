// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The XDP program below an af_xdp port, which drops in the kernel what cannot matter: lends
//            it to the driver as a file, finds it again when the driver has attached it, says what it
//            is to do, tells it of decided connections, and reads its counters. See bpf/filter.bpf.c
//            for what the program does and docs/xdp_filter.md for why that is safe.
// Units:     Flows, packets.
// Ownership: Owns the file in memory, descriptors of the program's maps, and their pins. The program
//            itself belongs to the interface; the driver detaches it. A killed process leaves program and
//            pins behind, which the next start on that interface replaces.
// Threading: Main thread, all of it.
// Limits:    kXdpFlowCapacity decided flows by default, the least recently seen one goes first;
//            kXdpShuntBatch of them in one call of the kernel.
// Failure:   prepare() and adopt() return the reason; the port then works without the filter, if it is
//            attached at all: a program that was not adopted passes everything. shunt() tells how many
//            the kernel took.
// RFC:       none
//
// In this order:
//
//   XdpFilter filter;
//   filter.prepare();                             // before the driver is asked for the port
//   ... "xdp_prog=" + filter.program_path() ...   // in the driver's arguments; the port is started
//   filter.adopt(index, name, options);           // from here on it drops
//   filter.shunt(requests); filter.counts();      // any number of times
//   filter.close();                               // before or after the port; the pins go
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "bpf/filter.h"
#include "port/capture_probe.h"
#include "shakedown/port_counters.h"
#include "shunt.h"

namespace shakedown::port {

/// Decided flows that a filter remembers, by default.
inline constexpr std::uint32_t kXdpFlowCapacity = 256 * 1024;
/// Written in one call.
inline constexpr std::size_t kXdpShuntBatch = 256;

using XdpCounts = std::array<std::uint64_t, kXdpCounterCount>;

struct XdpFilterOptions {
  std::uint32_t flow_capacity = kXdpFlowCapacity;
  bpf::XdpTreatment tunnels = bpf::SHAKEDOWN_XDP_OPEN;
  bool fragments_pass = true;
  bool quic_passes = true;
  /// Where QUIC is looked for; zero behind the last, none: at any UDP port.
  std::array<std::uint16_t, SHAKEDOWN_XDP_QUIC_PORT_COUNT_MAX> quic_ports{};
  /// A decided connection that shows the beginning of a handshake passes for so long, or until it is
  /// decided anew.
  std::uint64_t reopened_nanos = 15'000'000'000;
  /// For tests: keep what was read of the last packet.
  bool traces = false;
};

/// Whether `name` is that of the program, as the kernel tells it of an interface.
[[nodiscard]] bool is_filter_program(const std::string& name);

class XdpFilter {
 public:
  XdpFilter() = default;
  ~XdpFilter() { close(); }
  XdpFilter(const XdpFilter&) = delete;
  XdpFilter& operator=(const XdpFilter&) = delete;

  /// Makes program_path() stand for the program. Empty on success, else why not.
  [[nodiscard]] std::string prepare();
  /// For the driver's argument `xdp_prog=`; good until adopt() or close().
  [[nodiscard]] std::string program_path() const;

  /// The port was started with program_path(): takes the program over. Empty on success, else why
  /// not, and the program goes on to pass everything.
  [[nodiscard]] std::string adopt(unsigned interface_index, const std::string& interface_name,
                                  const XdpFilterOptions& options);
  [[nodiscard]] bool is_active() const { return counters_.is_open(); }
  /// Why the maps are not pinned; empty when they are. Nothing depends on the pins.
  [[nodiscard]] const std::string& remark() const { return remark_; }

  /// From here on the packets of these flows need not come. Returns how many were written; the rest
  /// the kernel refused.
  [[nodiscard]] unsigned shunt(std::span<const ShuntRequest> requests) noexcept;
  /// The opposite, for a flow whose endpoints are used anew. Returns how many had been there.
  unsigned forget(std::span<const ShuntRequest> requests) noexcept;

  /// Packets by reason since the program was attached, in the order of PortCounter; zero when there
  /// is no filter.
  [[nodiscard]] XdpCounts counts() noexcept;

  void close() noexcept;

  /// Memory of the kernel that counts as ours.
  [[nodiscard]] static std::size_t budget_bytes(const XdpFilterOptions& options);

 private:
  [[nodiscard]] std::string find_maps(unsigned interface_index);
  [[nodiscard]] std::string make_flows(std::uint32_t capacity);
  [[nodiscard]] std::string configure(const XdpFilterOptions& options);
  void pin(const std::string& interface_name);
  void unpin() noexcept;
  [[nodiscard]] unsigned write(std::size_t count) noexcept;

  FileDescriptor file_;      ///< the program, as the driver reads it
  FileDescriptor config_;    ///< sd_config
  FileDescriptor counters_;  ///< sd_counters
  FileDescriptor slot_;      ///< sd_flows, which holds flows_
  FileDescriptor flows_;     ///< the decided flows
  std::string pin_folder_;
  std::string remark_;
  bool has_batches_ = true;                ///< the kernel takes many flows in one call
  std::vector<bpf::XdpCounters> per_cpu_;  ///< made in adopt()
  std::array<bpf::XdpFlowKey, kXdpShuntBatch> keys_{};
  std::array<bpf::XdpFlow, kXdpShuntBatch> values_{};
};

}  // namespace shakedown::port
