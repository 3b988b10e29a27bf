// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The segment that both processes map: one header, then one WorkerArea per worker. It is
//            a memfd that the data plane creates and hands to control over a unix socket, so that
//            it has no name and no crash can leave it behind.
// Units:     Bytes, UnixNanos.
// Ownership: The data plane creates and initialises it; it disappears with the last process that
//            maps it.
// Threading: Data plane writes everything but `ControlStatus`; control writes only that and the
//            reading end of the rings. `state` is published with release after all plain fields are
//            written.
// Limits:    kWorkerCountMax, kPortCountMax.
// Failure:   check_segment() names the first thing that is wrong; the caller does not touch the
//            rest then.
// RFC:       none
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "shakedown/counters.h"
#include "shakedown/event_ring.h"
#include "shakedown/inspection.h"
#include "shakedown/limits.h"
#include "shakedown/overload.h"
#include "shakedown/port_counters.h"
#include "shakedown/units.h"

namespace shakedown {

inline constexpr std::uint64_t kSegmentMagic = 0x4e574f44'454b4853;  // "SHKEDOWN" in memory
/// Raised by hand when the meaning of a field changes; layout_hash() notices the rest.
inline constexpr std::uint32_t kSegmentAbiVersion = 3;

enum class DataplaneState : std::uint32_t {
  starting = 0,
  running = 1,
  ended = 2,        ///< all input read, all records pushed
  interrupted = 3,  ///< asked to stop; what was seen so far is pushed
  failed = 4        ///< gave up; `error` says why
};

/// What is told on standard error, from this on. `unset`: as it was started.
enum class LogLevel : std::uint32_t { unset = 0, error = 1, warning = 2, info = 3, debug = 4 };

enum class RunMode : std::uint32_t {
  capture = 0,  ///< packet time, a full ring is waited for, nothing is dropped
  live = 1      ///< wall time, a full ring refuses
};

/// How packets come to workers.
enum class Distribution : std::uint32_t {
  single = 0,      ///< one worker reads everything
  queues = 1,      ///< each worker reads queues of its own: the ports hash symmetrically
  distributor = 2  ///< one thread reads all queues and hands packets out by their inner addresses
};

enum class LinkState : std::uint32_t { unknown = 0, up = 1, down = 2 };

/// What a port is, for reports and progress.
struct PortDescription {
  std::array<char, 256> name{};  ///< capture file name or device, NUL-terminated
  std::uint64_t size_bytes = 0;  ///< of a capture file; zero when live
  std::uint32_t link_type = 0;   ///< DLT of pcap
  std::uint16_t queue_count = 1;
  std::int16_t numa_node = -1;   ///< of the device; -1: none or not known
  std::array<char, 32> driver{};  ///< as DPDK names it, NUL-terminated
  std::array<char, 32> group{};   ///< name of the logical link that it is a part of; may be empty
  std::atomic<std::uint64_t> packets{0};  ///< of captures; live: the sum over its queues
  std::atomic<std::uint64_t> bytes{
      0};                             ///< captured bytes plus 16 a packet, comparable to size_bytes
  std::atomic<std::uint32_t> cut{0};  ///< 1: the file ended inside a packet
  std::atomic<LinkState> link_state{LinkState::unknown};
  std::atomic<std::uint64_t> link_speed_mbps{0};  ///< zero: not known
  std::atomic<std::uint32_t> filter_active{0};    ///< 1: packets come through the XDP program of ours
  std::uint32_t reserved = 0;
  PortCounterBlock counters;
};

/// One receiving queue of a live port, and who reads it.
struct QueueDescription {
  std::uint16_t port_index = 0;
  std::uint16_t queue = 0;   ///< of the device
  std::uint16_t worker = 0;  ///< Distribution::distributor: kDistributorReads
  std::uint16_t size = 0;    ///< places in the queue
  std::int32_t processor = -1;  ///< that its thread is bound to; -1: any
  std::uint32_t reserved = 0;
  std::atomic<std::uint64_t> packets{0};
  std::atomic<std::uint64_t> bytes{0};  ///< captured bytes plus 16 a packet
};
inline constexpr std::uint16_t kDistributorReads = 0xffff;
inline constexpr unsigned kQueueDescriptionCountMax = 256;

struct ControlStatus {
  std::atomic<std::uint32_t> generation{
      0};  ///< raised at each attach; workers then send definitions anew
  std::atomic<std::uint32_t> pid{0};
  std::atomic<std::int64_t> heartbeat{0};  ///< UnixNanos of the last turn
  std::atomic<LogLevel> log_level{LogLevel::unset};  ///< for the data plane to adopt
  alignas(64) InspectionQuestion question;
};

struct alignas(64) SegmentHeader {
  std::uint64_t magic = 0;
  std::uint32_t abi_version = 0;
  std::uint32_t header_size = 0;
  std::uint64_t layout_hash = 0;
  std::uint64_t total_size = 0;
  std::uint64_t worker_area_offset = 0;
  std::uint64_t worker_area_size = 0;
  std::uint64_t boot_generation = 0;  ///< differs between any two starts
  std::int64_t start_time = 0;        ///< UnixNanos
  std::uint32_t dataplane_pid = 0;
  std::uint32_t worker_count = 0;
  std::uint32_t port_count = 0;
  RunMode mode = RunMode::capture;
  std::uint64_t memory_budget_bytes = 0;

  std::atomic<DataplaneState> state{DataplaneState::starting};
  std::atomic<std::int64_t> heartbeat{0};     ///< UnixNanos, wall clock
  std::atomic<std::int64_t> packet_clock{0};  ///< newest packet time handed to the workers
  std::array<char, 256> error{};

  Distribution distribution = Distribution::single;
  std::uint32_t queue_count = 0;  ///< entries of `queues` that are filled
  OverloadStatus overload;
  ControlStatus control;
  std::array<PortDescription, kPortCountMax> ports;
  std::array<QueueDescription, kQueueDescriptionCountMax> queues;
};

struct alignas(64) WorkerArea {
  CounterBlock counters;
  /// No record with an earlier order_time will follow. UnixNanos; kEndOfTime after the last record.
  alignas(64) std::atomic<std::int64_t> watermark{0};
  alignas(64) InspectionAnswer answer;
  alignas(64) RecordRing records;
  alignas(64) DefinitionRing definitions;
};

/// A number that differs when anything both sides must agree on differs in size, order or count.
[[nodiscard]] constexpr std::uint64_t layout_hash() {
  std::uint64_t hash = 0xcbf29ce484222325;
  const auto mix = [&hash](std::uint64_t value) { hash = (hash ^ value) * 0x100000001b3; };
  mix(sizeof(SegmentHeader));
  mix(sizeof(WorkerArea));
  mix(sizeof(HandshakeRecord));
  mix(sizeof(DefinitionHeader));
  mix(kCounterCount);
  mix(sizeof(PortDescription));
  mix(sizeof(QueueDescription));
  for (const auto& counter : kCounterDescriptions) {
    for (const char letter : counter.name) mix(static_cast<std::uint64_t>(letter));
  }
  for (const auto& counter : kPortCounterDescriptions) {
    for (const char letter : counter.name) mix(static_cast<std::uint64_t>(letter));
  }
  mix(kRecordRingCapacity);
  mix(kDefinitionRingBytes);
  mix(kOutcomeKindCount);
  mix(BOOST_VERSION);
  return hash;
}

[[nodiscard]] constexpr std::size_t segment_size(unsigned worker_count) {
  return sizeof(SegmentHeader) + worker_count * sizeof(WorkerArea);
}

enum class [[nodiscard]] SegmentCheck : std::uint8_t{
    ok, too_small, wrong_magic, wrong_abi_version, wrong_layout, wrong_size, not_ready};

/// `mapped_size` is what fstat says of the memfd, not what the header claims.
[[nodiscard]] inline SegmentCheck check_segment(const SegmentHeader* header,
                                                std::size_t mapped_size) {
  if (mapped_size < sizeof(SegmentHeader)) return SegmentCheck::too_small;
  if (header->magic != kSegmentMagic) return SegmentCheck::wrong_magic;
  if (header->abi_version != kSegmentAbiVersion) return SegmentCheck::wrong_abi_version;
  if (header->layout_hash != layout_hash() || header->header_size != sizeof(SegmentHeader) ||
      header->worker_area_size != sizeof(WorkerArea)) {
    return SegmentCheck::wrong_layout;
  }
  if (header->worker_count == 0 || header->worker_count > kWorkerCountMax ||
      header->port_count > kPortCountMax || header->worker_area_offset != sizeof(SegmentHeader) ||
      header->total_size != segment_size(header->worker_count) ||
      mapped_size < header->total_size) {
    return SegmentCheck::wrong_size;
  }
  if (header->state.load(std::memory_order_acquire) == DataplaneState::starting) {
    return SegmentCheck::not_ready;
  }
  return SegmentCheck::ok;
}

[[nodiscard]] inline WorkerArea* worker_area(SegmentHeader* header, unsigned index) {
  auto* base = reinterpret_cast<std::byte*>(header);
  return reinterpret_cast<WorkerArea*>(base + sizeof(SegmentHeader) + index * sizeof(WorkerArea));
}

}  // namespace shakedown
