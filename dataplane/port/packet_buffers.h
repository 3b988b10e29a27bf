// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The packet buffers (mbufs) of the process: one pool, and the two stamps that each
//            buffer carries beside its bytes. For the .cc files of this folder; nothing else sees
//            DPDK's types.
// Units:     Buffers; UnixNanos.
// Ownership: The pool lives until the end of the process. A buffer belongs to whoever took it last
//            from a port or ring.
// Threading: Created by the main thread. Each stamp is written by the thread that polls the port,
//            before the buffer goes into a ring.
// Limits:    A packet takes one buffer up to kBufferRoomBytes, else a chain of up to
//            kChainLengthMax.
// Failure:   create() returns a sentence. The pool covers everything that can be in flight (see
//            buffers_needed), so that a port never lacks a buffer: net_pcap would lose the packet.
// RFC:       none
#pragma once

#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "packet/stray_sink.h"
#include "shakedown/bytes.h"
#include "shakedown/limits.h"
#include "shakedown/units.h"

namespace shakedown::port {

/// Packets on Ethernet fit into one buffer; only super-segments of offloading hosts are chained.
inline constexpr std::uint16_t kBufferRoomBytes = 2048;
inline constexpr std::uint16_t kBufferDataBytes = kBufferRoomBytes + RTE_PKTMBUF_HEADROOM;
/// net_pcap counts the bytes of a chain in 16 bits, so that even a longer packet takes no more than
/// this.
inline constexpr unsigned kChainLengthMax = (65'535 + kBufferRoomBytes) / kBufferRoomBytes + 1;
/// Buffers that each thread's private cache can hold back from the others.
inline constexpr unsigned kBufferCacheSize = 256;
inline constexpr unsigned kBufferCacheHeld = kBufferCacheSize + kBufferCacheSize / 2;
/// Places in the ring between the distributor and a worker.
inline constexpr unsigned kWorkerRingSize = 1024;

/// Packets asked of one of `port_count` ports at a time: fewer with many ports, as each holds some
/// back while they are put in order of time.
[[nodiscard]] constexpr unsigned port_burst_size(unsigned port_count) {
  const unsigned share = kBurstSize / port_count;
  return share < 4 ? 4 : share;
}

/// Buffers that af_xdp lends to the kernel for each queue, and takes back packet by packet.
inline constexpr unsigned kXdpLentBuffers = 2048;
/// Buffers in which net_tap receives the next packet of a queue; longer packets are cut.
inline constexpr unsigned kTapChainLength = 8;

/// Packets that one worker may have waiting for another, and their buffers.
inline constexpr unsigned kStrayRingSize = 256;
inline constexpr unsigned kStrayBuffersMax = 512;
/// Such packets that a worker takes at once.
inline constexpr unsigned kStrayBurstSize = 8;

/// Buffers that may lie between the distributor and the workers before it waits for them. A piece
/// that completes an IP packet is replaced by the whole, which is a chain at most as long as any
/// other packet's; the last burst handed out counts as if all of it were such chains.
[[nodiscard]] constexpr unsigned handed_out_max(unsigned worker_count) {
  return worker_count < 2 ? 0 : worker_count * kWorkerRingSize + kBurstSize * kChainLengthMax;
}

/// The pool's size: what ports hold back, one burst in the making, what is handed out, and the
/// caches of all threads.
[[nodiscard]] constexpr unsigned buffers_needed(unsigned port_count, unsigned worker_count) {
  const unsigned pending = port_count * port_burst_size(port_count) * kChainLengthMax;
  const unsigned in_the_making = kBurstSize * kChainLengthMax;
  return pending + in_the_making + handed_out_max(worker_count) +
         (worker_count + 2) * kBufferCacheHeld;
}

/// The same for interfaces, whose packets take one buffer each, and which hold none back but those
/// that `xdp_queue_count` queues of af_xdp have lent to the kernel.
[[nodiscard]] constexpr unsigned live_buffers_needed(unsigned xdp_queue_count,
                                                     unsigned worker_count) {
  return kBurstSize + handed_out_max(worker_count) + (worker_count + 2) * kBufferCacheHeld +
         xdp_queue_count * (kXdpLentBuffers + kBurstSize);
}

/// What a queue of another kind holds: `waiting` buffers in the device, and a burst of packets of
/// `chain_length` buffers each.
[[nodiscard]] constexpr unsigned queue_buffers_needed(unsigned waiting, unsigned chain_length) {
  return waiting + kBurstSize * chain_length;
}

/// What lies between workers that read queues of their own, for each worker.
[[nodiscard]] constexpr unsigned stray_buffers_needed() {
  return kStrayBuffersMax + kStrayBurstSize * kChainLengthMax;
}

enum class BufferLayout : std::uint8_t {
  /// Buffers may cross pages, which takes half the memory.
  packed,
  /// None does: a network card that writes into them directly knows pages, not addresses.
  within_pages,
  /// In huge pages, which few buffers could cross; none does.
  huge_pages
};

class PacketBuffers {
 public:
  PacketBuffers() = default;
  ~PacketBuffers();
  PacketBuffers(const PacketBuffers&) = delete;
  PacketBuffers& operator=(const PacketBuffers&) = delete;

  /// At memory node `node`, where the cards are; -1: wherever there is memory. Empty on success, else
  /// one sentence.
  [[nodiscard]] std::string create(unsigned count, BufferLayout layout = BufferLayout::packed,
                                   int node = -1);
  /// What create() takes of DPDK's memory.
  [[nodiscard]] static std::size_t bytes_needed(unsigned count,
                                                BufferLayout layout = BufferLayout::packed);

  [[nodiscard]] rte_mempool* pool() const { return pool_; }
  [[nodiscard]] UnixNanos time_of(const rte_mbuf* buffer) const noexcept;
  [[nodiscard]] UnixNanos clock_of(const rte_mbuf* buffer) const noexcept {
    return *RTE_MBUF_DYNFIELD(buffer, clock_offset_, const UnixNanos*);
  }
  /// Kept in whole microseconds, as net_pcap does.
  void set_time(rte_mbuf* buffer, UnixNanos time) const noexcept {
    *RTE_MBUF_DYNFIELD(buffer, time_offset_, rte_mbuf_timestamp_t*) =
        static_cast<rte_mbuf_timestamp_t>(time.value / kNanosPerMicro);
  }
  void set_clock(rte_mbuf* buffer, UnixNanos clock) const noexcept {
    *RTE_MBUF_DYNFIELD(buffer, clock_offset_, UnixNanos*) = clock;
  }

  /// What the device left in the place of the time, in its own ticks.
  [[nodiscard]] std::uint64_t raw_stamp_of(const rte_mbuf* buffer) const noexcept {
    return *RTE_MBUF_DYNFIELD(buffer, time_offset_, const rte_mbuf_timestamp_t*);
  }
  /// Set by drivers in buffers that have such a stamp.
  [[nodiscard]] std::uint64_t raw_stamp_flag() const noexcept { return raw_stamp_flag_; }
  /// The device knew better than the clock when the packet came, and set_time() was told.
  void set_stamped(rte_mbuf* buffer) const noexcept { buffer->ol_flags |= stamped_flag_; }
  [[nodiscard]] bool is_stamped(const rte_mbuf* buffer) const noexcept {
    return (buffer->ol_flags & stamped_flag_) != 0;
  }

  // What the distributor does with pieces of IP packets. Drivers clear the flags of each buffer.
  void set_absorbed(rte_mbuf* piece) const noexcept { piece->ol_flags |= absorbed_flag_; }
  [[nodiscard]] bool is_absorbed(const rte_mbuf* buffer) const noexcept {
    return (buffer->ol_flags & absorbed_flag_) != 0;
  }
  /// A chain with the bytes of `whole`, and port and stamps of the piece that completed it. The pool
  /// covers it.
  [[nodiscard]] rte_mbuf* reassembled(Bytes whole, const rte_mbuf* last_piece) const noexcept;
  /// The same for a packet that one worker hands to another: none when there are no buffers for it.
  [[nodiscard]] rte_mbuf* copy_of(const packet::Stray& stray) const noexcept;
  [[nodiscard]] bool is_reassembled(const rte_mbuf* buffer) const noexcept {
    return (buffer->ol_flags & reassembled_flag_) != 0;
  }
  /// Captured bytes of the piece that completed it.
  [[nodiscard]] static std::uint32_t captured_bytes_of(const rte_mbuf* reassembled) noexcept {
    return reassembled->hash.usr;
  }
  [[nodiscard]] bool is_plain(const rte_mbuf* buffer) const noexcept {
    return (buffer->ol_flags & (absorbed_flag_ | reassembled_flag_)) == 0;
  }

 private:
  [[nodiscard]] rte_mbuf* chain_of(Bytes bytes) const noexcept;

  rte_mempool* pool_ = nullptr;
  std::size_t time_offset_ = 0;
  std::size_t clock_offset_ = 0;
  std::uint64_t absorbed_flag_ = 0;
  std::uint64_t reassembled_flag_ = 0;
  std::uint64_t stamped_flag_ = 0;
  std::uint64_t raw_stamp_flag_ = 0;
};

/// Copies a packet, chained or not, to `out`, which has room for kPacketBytesMax: what is longer is
/// cut. Returns the number of bytes.
[[nodiscard]] std::size_t copy_in_one_piece(const rte_mbuf* packet, std::uint8_t* out) noexcept;

/// net_pcap stamps in microseconds, whatever the file has. Zero and less, which stand for "not
/// seen" everywhere else, become the first nanosecond; what lies past the year 2262 becomes its
/// last instant.
[[nodiscard]] constexpr UnixNanos nanos_of_micros(std::uint64_t stamp) noexcept {
  const auto micros = static_cast<std::int64_t>(stamp);
  if (micros <= 0) return UnixNanos{1};
  if (micros > (kEndOfTime.value - 1) / kNanosPerMicro) return UnixNanos{kEndOfTime.value - 1};
  return UnixNanos{micros * kNanosPerMicro};
}

inline UnixNanos PacketBuffers::time_of(const rte_mbuf* buffer) const noexcept {
  return nanos_of_micros(*RTE_MBUF_DYNFIELD(buffer, time_offset_, const rte_mbuf_timestamp_t*));
}

}  // namespace shakedown::port
