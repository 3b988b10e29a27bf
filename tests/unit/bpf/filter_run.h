// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Runs packets through the XDP program as the kernel would run it, without a wire: the
//            program is taken from XdpFilter as the driver takes it, attached to the loopback interface
//            of a network namespace of our own, and run by BPF_PROG_TEST_RUN.
// Units:     Bytes.
// Ownership: Owns program and filter; the namespace is the process's.
// Threading: One thread.
// Limits:    The kernel takes packets of kFrameBytesMin to kFrameBytesMax; queue 0 alone.
// Failure:   refusal() says why this process may not load programs; nothing else is then to be called.
// RFC:       none
#pragma once

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>

#include "packet/packet_view.h"
#include "port/xdp_filter.h"

struct bpf_object;

namespace shakedown::port {

/// An Ethernet header is the least that the kernel runs.
inline constexpr std::size_t kFrameBytesMin = 14;
/// A page without the room that the kernel wants before and behind a packet.
inline constexpr std::size_t kFrameBytesMax = 3400;
inline constexpr unsigned kLoopback = 1;

/// What became of a packet.
struct Verdict {
  PortCounter reason = PortCounter::end_of_list;
  bool redirected = false;
  bool dropped = false;
  /// What the program read of it; stale unless it was TCP.
  bpf::XdpTrace trace{};

  [[nodiscard]] std::string_view name() const {
    return kPortCounterDescriptions[static_cast<std::size_t>(reason)].name;
  }
  [[nodiscard]] bool passed() const { return name().starts_with("passed_"); }
  [[nodiscard]] bool is(PortCounter other) const { return reason == other; }
  /// Whether a TCP header was read.
  [[nodiscard]] bool is_tcp() const;
};

inline void PrintTo(PortCounter counter, std::ostream* out) {
  *out << kPortCounterDescriptions[static_cast<std::size_t>(counter)].name;
}

/// Options of a filter that keeps what it read.
[[nodiscard]] XdpFilterOptions traced();

class FilterRun {
 public:
  FilterRun();
  ~FilterRun();
  FilterRun(const FilterRun&) = delete;
  FilterRun& operator=(const FilterRun&) = delete;

  /// Empty, or why tests are to be skipped.
  [[nodiscard]] static std::string refusal();

  /// Loads and attaches the program, with a socket in queue 0. Empty on success, else a sentence.
  [[nodiscard]] std::string attach(bool with_socket = true);
  [[nodiscard]] std::string adopt(const XdpFilterOptions& options = traced());

  /// The program is run on exactly these bytes.
  [[nodiscard]] Verdict run(shakedown::Bytes frame);
  [[nodiscard]] XdpFilter& filter() { return filter_; }
  [[nodiscard]] std::uint64_t run_count() const { return run_count_; }
  [[nodiscard]] int program() const { return program_; }

 private:
  [[nodiscard]] XdpCounts raw_counts() const;

  XdpFilter filter_;
  bpf_object* object_ = nullptr;
  FileDescriptor socket_;
  int program_ = -1;
  int counters_ = -1;
  int trace_ = -1;
  XdpCounts before_{};
  std::uint64_t run_count_ = 0;
};

/// The flow that a packet of TCP belongs to, as the workers ask for it.
[[nodiscard]] ShuntRequest request_for(const packet::PacketView& view);

}  // namespace shakedown::port
