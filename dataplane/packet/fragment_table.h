// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The Defragmenter, on DPDK's rte_ip_frag. What that leaves to its callers is here: pieces
//            are copied, so that packet buffers go back to their ports at once; copies that a mirror
//            shows are left out, as rte_ip_frag would give up the packet over them; what it does not
//            understand is adapted (fragment_piece.h).
// Units:     Bytes; UnixNanos, by the packet clock, so that expiry depends on the packets alone.
// Ownership: Owns all its memory, which lies in DPDK's heap: it must end before EAL does.
// Threading: created by one thread, used by one thread; the only writer of its counters.
// Limits:    The constants of the class. What goes first when room is short is the oldest.
// Failure:   create() returns a sentence. Of pieces: fragments_received = fragments_reassembled +
//            _duplicated + _expired + _refused + _held, after each add().
// RFC:       RFC 791 §3.2, RFC 8200 §4.5. RFC 5722 §4: pieces that overlap are given up with their
//            packet; those that come later can never make it whole. A piece is identified as by the
//            hosts: addresses, protocol (IPv4) and identification, whatever VLAN or tunnel it came
//            through, as connections are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "packet/defragmenter.h"
#include "shakedown/counters.h"
#include "shakedown/limits.h"

struct rte_ip_frag_death_row;
struct rte_ip_frag_tbl;
struct rte_mbuf;
struct rte_mempool;

namespace shakedown::packet {

struct FragmentPiece;

class FragmentTable final : public Defragmenter {
 public:
  /// Linux gives IPv4 30 seconds, RFC 8200 §4.5 and Suricata 60, RFC 791 §3.2 15. Pieces of one
  /// packet are milliseconds apart; what decides is how soon IPv4's 16 bits of identification come
  /// round (RFC 4963 §2), after which an orphan spoils another packet.
  static constexpr std::int64_t kTimeoutNanos = 30 * kNanosPerSecond;
  /// Buffers for pieces that wait, and bytes of one. A longer piece takes several.
  static constexpr unsigned kBufferCount = 1024;
  static constexpr std::uint16_t kBufferBytes = 2048;
  /// What rte_ip_frag is built for: RTE_LIBRTE_IP_FRAG_MAX_FRAG. Seven make 9000 bytes of 1500.
  static constexpr unsigned kPiecesPerPacketMax = 8;
  /// Pieces that are remembered to know their copies by.
  static constexpr unsigned kKnownPieceCount = 4096;
  /// A packet can be whole once for each encapsulation and once within the last.
  static constexpr unsigned kNestingMax = kTunnelDepthMax + 1;
  /// Whole packets given back at once.
  static constexpr unsigned kWholePacketCount = kNestingMax + 3;

  /// `seed` is random per start, so that no one outside can make a piece look like another's copy.
  FragmentTable(CounterBlock& counters, std::uint64_t seed) : counters_(counters), seed_(seed) {}
  ~FragmentTable() override;

  /// Empty on success, else one sentence. `number` differs from those of others in the process.
  [[nodiscard]] std::string_view create(unsigned number = 0);
  /// What create() takes of DPDK's memory.
  [[nodiscard]] static std::size_t bytes_needed();

  /// Of a packet of which the snap length cut a piece, what lies behind the cut is not given back,
  /// and counts as payload_missing when it is decoded.
  [[nodiscard]] Bytes add(const PacketView& piece, UnixNanos clock) noexcept override;
  /// True: the next packet can be made whole however deeply its pieces are nested.
  [[nodiscard]] bool has_room() const noexcept override {
    return whole_count_ + kNestingMax <= kWholePacketCount;
  }
  void forget_whole_packets() noexcept override { whole_count_ = 0; }

 private:
  struct KnownPiece {
    std::uint64_t digest = 0;
    UnixNanos time;  ///< zero: empty
  };

  [[nodiscard]] bool is_known(std::uint64_t digest, UnixNanos clock) const noexcept;
  void remember(std::uint64_t digest, UnixNanos clock) noexcept;

  [[nodiscard]] rte_mbuf* copy_of(const PacketView& view, const FragmentPiece& piece,
                                  std::uint64_t clock) noexcept;
  [[nodiscard]] bool take_buffers(rte_mbuf** out, unsigned count, std::uint64_t clock) noexcept;
  [[nodiscard]] rte_mbuf* reassemble(rte_mbuf* piece, bool is_ipv6, std::uint64_t clock) noexcept;
  [[nodiscard]] Bytes take_whole(rte_mbuf* whole, bool is_ipv6) noexcept;
  void expire(std::uint64_t clock, Counter reason) noexcept;
  unsigned free_given_up(Counter reason) noexcept;
  void count_gone(unsigned count, Counter reason) noexcept;

  CounterBlock& counters_;
  std::uint64_t seed_;
  rte_mempool* pool_ = nullptr;
  rte_ip_frag_tbl* table_ = nullptr;
  rte_ip_frag_death_row* given_up_ = nullptr;
  KnownPiece* known_ = nullptr;
  std::uint8_t* whole_packets_ = nullptr;
  unsigned whole_count_ = 0;
  unsigned held_count_ = 0;
};

}  // namespace shakedown::packet
