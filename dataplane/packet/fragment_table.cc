// SPDX-License-Identifier: Apache-2.0
#include "packet/fragment_table.h"

// rte_ip_frag_table_del_expired_entries has stood unchanged, and "experimental", since DPDK 18.08.
#define ALLOW_EXPERIMENTAL_API
#include <rte_errno.h>
#include <rte_ip_frag.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <span>

#include "packet/fragment_piece.h"
#include "packet/reassembled_header.h"

namespace shakedown::packet {

namespace {

static_assert(FragmentTable::kPiecesPerPacketMax == RTE_LIBRTE_IP_FRAG_MAX_FRAG);

constexpr unsigned kPoolFlags =
    RTE_MEMPOOL_F_NO_IOVA_CONTIG | RTE_MEMPOOL_F_SP_PUT | RTE_MEMPOOL_F_SC_GET;

/// The table finds a packet in one of two buckets. Each packet holds at least one buffer, so that it
/// never needs more places than there are buffers; twice as many keep the buckets from filling up.
constexpr unsigned kBucketEntries = 16;
constexpr unsigned kBucketCount = FragmentTable::kBufferCount / kBucketEntries;
/// Of DPDK's private structures, rounded up.
constexpr std::size_t kTableEntryBytes = 256;
constexpr std::size_t kTableHeadBytes = 512;

constexpr unsigned kKnownWays = 4;
static_assert(FragmentTable::kKnownPieceCount % kKnownWays == 0);

/// Stands beside each buffer.
struct BufferMark {
  IpAddress source;           ///< of the piece which begins here
  std::uint32_t missing = 0;  ///< bytes that the snap length cut off it
  bool begins_piece = false;
};
constexpr std::uint16_t kMarkBytes = RTE_ALIGN(sizeof(BufferMark), RTE_MBUF_PRIV_ALIGN);
/// The headroom holds what is put in front of the IP packet.
static_assert(kReassembledHeaderBytes <= RTE_PKTMBUF_HEADROOM);
constexpr unsigned kDataBytes = RTE_PKTMBUF_HEADROOM + FragmentTable::kBufferBytes;
constexpr unsigned kElementBytes = sizeof(rte_mbuf) + kMarkBytes + kDataBytes;
constexpr unsigned kBuffersPerPieceMax =
    (kIpPacketBytesMax + kIpv6HeaderBytes + kFragmentHeaderBytes) / FragmentTable::kBufferBytes + 1;

BufferMark& mark_of(rte_mbuf* buffer) noexcept {
  return *static_cast<BufferMark*>(rte_mbuf_to_priv(buffer));
}

struct ChainSize {
  unsigned pieces = 0;
  std::size_t wire_bytes = 0;  ///< with what the snap length cut off
};

/// A packet that could not be made whole may come back with some of its pieces chained already.
ChainSize size_of(rte_mbuf* chain) noexcept {
  ChainSize size;
  for (rte_mbuf* buffer = chain; buffer != nullptr; buffer = buffer->next) {
    const BufferMark& mark = mark_of(buffer);
    if (mark.begins_piece) ++size.pieces;
    size.wire_bytes += std::size_t{buffer->data_len} + mark.missing;
  }
  return size;
}

/// Copies into a chain that has room for it.
class ChainWriter {
 public:
  explicit ChainWriter(rte_mbuf* head) : head_(head), last_(head) {}

  void write(Bytes bytes) noexcept {
    while (!bytes.empty()) {
      const std::size_t room = FragmentTable::kBufferBytes - std::size_t{last_->data_len};
      if (room == 0) {
        last_ = last_->next;
        continue;
      }
      const auto size = static_cast<std::uint16_t>(std::min(room, bytes.size()));
      std::memcpy(rte_pktmbuf_mtod_offset(last_, std::uint8_t*, last_->data_len), bytes.data(),
                  size);
      last_->data_len = static_cast<std::uint16_t>(last_->data_len + size);
      head_->pkt_len += size;
      bytes = bytes.subspan(size);
    }
  }

 private:
  rte_mbuf* head_;
  rte_mbuf* last_;
};

}  // namespace

FragmentTable::~FragmentTable() {
  if (table_ != nullptr) rte_ip_frag_table_destroy(table_);
  rte_free(given_up_);
  rte_free(known_);
  rte_free(whole_packets_);
  rte_mempool_free(pool_);
}

std::string_view FragmentTable::create(unsigned number) {
  // Where the cards are there may be the only memory.
  constexpr int kSocket = SOCKET_ID_ANY;
  std::array<char, 32> name{};
  std::snprintf(name.data(), name.size(), "fragments%u", number);
  pool_ = rte_mempool_create_empty(name.data(), kBufferCount, kElementBytes, 0,
                                   sizeof(rte_pktmbuf_pool_private), kSocket, kPoolFlags);
  if (pool_ == nullptr) return "DPDK has no memory for pieces of IP packets";
  rte_pktmbuf_pool_private room{};
  room.mbuf_data_room_size = kDataBytes;
  room.mbuf_priv_size = kMarkBytes;
  rte_pktmbuf_pool_init(pool_, &room);
  if (rte_mempool_populate_default(pool_) < 0) return "DPDK has no memory for pieces of IP packets";
  rte_mempool_obj_iter(pool_, rte_pktmbuf_init, nullptr);

  table_ =
      rte_ip_frag_table_create(kBucketCount, kBucketEntries, kBufferCount, kTimeoutNanos, kSocket);
  given_up_ = static_cast<rte_ip_frag_death_row*>(
      rte_zmalloc("fragments given up", sizeof(rte_ip_frag_death_row), 0));
  known_ = static_cast<KnownPiece*>(
      rte_zmalloc("known fragments", kKnownPieceCount * sizeof(KnownPiece), RTE_CACHE_LINE_SIZE));
  whole_packets_ = static_cast<std::uint8_t*>(
      rte_malloc("whole packets", kWholePacketCount * kPacketBytesMax, RTE_CACHE_LINE_SIZE));
  if (table_ == nullptr || given_up_ == nullptr || known_ == nullptr || whole_packets_ == nullptr) {
    return "DPDK has no memory to put IP packets together";
  }
  return {};
}

std::size_t FragmentTable::bytes_needed() {
  rte_mempool_objsz size{};
  const std::size_t element = rte_mempool_calc_obj_size(kElementBytes, kPoolFlags, &size);
  // The pool's ring of free buffers has a power of two of places, one of which is always free.
  constexpr std::size_t kRingBytes = std::size_t{2} * kBufferCount * sizeof(void*);
  constexpr std::size_t kHeapMargin = 4096;  // heads of the heap's blocks
  return kBufferCount * element + kRingBytes + sizeof(rte_mempool) +
         std::size_t{2} * kBufferCount * kTableEntryBytes + kTableHeadBytes +
         sizeof(rte_ip_frag_death_row) + kKnownPieceCount * sizeof(KnownPiece) +
         kWholePacketCount * kPacketBytesMax + kHeapMargin;
}

Bytes FragmentTable::add(const PacketView& view, UnixNanos clock) noexcept {
  const auto now = static_cast<std::uint64_t>(std::max(clock.value, std::int64_t{0}));
  counters_.add(Counter::fragments_received);
  expire(now, Counter::fragments_expired);
  FragmentPiece piece;
  if (!read(view, piece)) {
    counters_.add(Counter::fragments_refused);
    return {};
  }
  const std::uint64_t digest = digest_of(view, piece, seed_);
  if (is_known(digest, clock)) {
    counters_.add(Counter::fragments_duplicated);
    return {};
  }
  rte_mbuf* const copy = copy_of(view, piece, now);
  if (copy == nullptr) {
    counters_.add(Counter::fragments_refused);
    return {};
  }
  ++held_count_;
  rte_mbuf* const whole = reassemble(copy, piece.is_ipv6, now);
  // Nothing can have expired now, so that what was given up contradicts this piece, or is this piece.
  const bool is_taken = free_given_up(Counter::fragments_refused) == 0;
  if (is_taken) remember(digest, clock);
  const Bytes out = whole == nullptr ? Bytes{} : take_whole(whole, piece.is_ipv6);
  counters_.set(Counter::fragments_held, held_count_);
  return out;
}

bool FragmentTable::is_known(std::uint64_t digest, UnixNanos clock) const noexcept {
  const UnixNanos oldest = add_saturating(clock, -kTimeoutNanos);
  const KnownPiece* const set = known_ + digest % (kKnownPieceCount / kKnownWays) * kKnownWays;
  return std::any_of(set, set + kKnownWays, [&](const KnownPiece& piece) {
    return piece.digest == digest && piece.time.known() && piece.time >= oldest;
  });
}

void FragmentTable::remember(std::uint64_t digest, UnixNanos clock) noexcept {
  KnownPiece* const set = known_ + digest % (kKnownPieceCount / kKnownWays) * kKnownWays;
  KnownPiece* const oldest =
      std::min_element(set, set + kKnownWays,
                       [](const KnownPiece& a, const KnownPiece& b) { return a.time < b.time; });
  *oldest = {digest, clock};
}

rte_mbuf* FragmentTable::copy_of(const PacketView& view, const FragmentPiece& piece,
                                 std::uint64_t clock) noexcept {
  std::array<rte_mbuf*, kBuffersPerPieceMax> buffers;
  const std::size_t bytes = piece.header_bytes + piece.share.size();
  const auto count = static_cast<unsigned>((bytes + kBufferBytes - 1) / kBufferBytes);
  if (!take_buffers(buffers.data(), count, clock)) return nullptr;
  for (unsigned i = 0; i < count; ++i) {
    buffers[i]->next = i + 1 < count ? buffers[i + 1] : nullptr;
    mark_of(buffers[i]) = {};
  }
  rte_mbuf* const head = buffers[0];
  head->nb_segs = static_cast<std::uint16_t>(count);
  mark_of(head) = {view.source, piece.missing, true};

  ChainWriter writer(head);
  writer.write(piece.header_view());
  // The source is put back when the packet is whole.
  const IpAddress stand_in = stand_in_for(view.source, piece, seed_);
  std::memcpy(rte_pktmbuf_mtod_offset(head, std::uint8_t*, source_offset(piece.is_ipv6)),
              stand_in.bytes.data(), source_bytes(piece.is_ipv6));
  writer.write(piece.share);
  const auto around = wire_of({.tunnel_kind = view.tunnel_kind,
                               .tunnel_depth = view.tunnel_depth,
                               .vlan_seen = view.vlan_seen,
                               .tunnel_id = view.tunnel_id,
                               .vlan_outer = view.vlan_outer,
                               .vlan_inner = view.vlan_inner});
  std::memcpy(rte_pktmbuf_prepend(head, around.size()), around.data(), around.size());
  head->l2_len = kReassembledHeaderBytes & 0x7f;
  head->l3_len = piece.header_bytes & 0x1ff;
  return head;
}

// When buffers run short, the time that pieces are kept is halved until some go, down to those that
// came at this very moment. So whoever floods us with pieces pushes out the oldest, not the newest.
bool FragmentTable::take_buffers(rte_mbuf** out, unsigned count, std::uint64_t clock) noexcept {
  constexpr auto kTimeout = static_cast<std::uint64_t>(kTimeoutNanos);
  std::uint64_t age = kTimeout;
  while (rte_pktmbuf_alloc_bulk(pool_, out, count) != 0) {
    if (age == 0) return false;
    age /= 2;
    expire(clock + kTimeout - age, Counter::fragments_refused);
  }
  return true;
}

rte_mbuf* FragmentTable::reassemble(rte_mbuf* piece, bool is_ipv6, std::uint64_t clock) noexcept {
  if (!is_ipv6) {
    auto* const header = rte_pktmbuf_mtod_offset(piece, rte_ipv4_hdr*, piece->l2_len);
    return rte_ipv4_frag_reassemble_packet(table_, given_up_, piece, clock, header);
  }
  auto* const header = rte_pktmbuf_mtod_offset(piece, rte_ipv6_hdr*, piece->l2_len);
  return rte_ipv6_frag_reassemble_packet(table_, given_up_, piece, clock, header,
                                         rte_ipv6_frag_get_ipv6_fragment_header(header));
}

Bytes FragmentTable::take_whole(rte_mbuf* whole, bool is_ipv6) noexcept {
  const std::size_t bytes_max =
      kReassembledHeaderBytes + kIpPacketBytesMax + (is_ipv6 ? kIpv6HeaderBytes : 0);
  static_assert(kReassembledHeaderBytes + kIpPacketBytesMax + kIpv6HeaderBytes <= kPacketBytesMax);
  const ChainSize size = size_of(whole);
  if (whole_count_ == kWholePacketCount || size.wire_bytes > bytes_max) {
    rte_pktmbuf_free(whole);
    count_gone(size.pieces, Counter::fragments_refused);
    return {};
  }
  std::uint8_t* const begin = whole_packets_ + whole_count_ * kPacketBytesMax;
  ++whole_count_;
  const IpAddress source = mark_of(whole).source;
  std::size_t used = 0;
  bool is_cut = false;  // in the piece that is being copied; IP's length counts what lies behind
  for (rte_mbuf* buffer = whole; buffer != nullptr; buffer = buffer->next) {
    if (mark_of(buffer).begins_piece) {
      if (is_cut) break;
      is_cut = mark_of(buffer).missing != 0;
    }
    std::memcpy(begin + used, rte_pktmbuf_mtod(buffer, const std::uint8_t*), buffer->data_len);
    used += buffer->data_len;
  }
  std::memcpy(begin + kReassembledHeaderBytes + source_offset(is_ipv6), source.bytes.data(),
              source_bytes(is_ipv6));
  rte_pktmbuf_free(whole);
  count_gone(size.pieces, Counter::fragments_reassembled);
  counters_.add(Counter::packets_reassembled);
  return {begin, used};
}

/// What began before `clock` less the timeout. The row has no place for all of the table at once.
void FragmentTable::expire(std::uint64_t clock, Counter reason) noexcept {
  do {
    rte_ip_frag_table_del_expired_entries(table_, given_up_, clock);
  } while (free_given_up(reason) != 0);
}

unsigned FragmentTable::free_given_up(Counter reason) noexcept {
  if (given_up_->cnt == 0) return 0;
  unsigned count = 0;
  for (rte_mbuf* const chain : std::span(given_up_->row, given_up_->cnt))
    count += size_of(chain).pieces;
  rte_ip_frag_free_death_row(given_up_, 0);
  count_gone(count, reason);
  return count;
}

void FragmentTable::count_gone(unsigned count, Counter reason) noexcept {
  held_count_ -= count;
  counters_.add(reason, count);
  counters_.set(Counter::fragments_held, held_count_);
}

}  // namespace shakedown::packet
