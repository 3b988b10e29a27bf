// SPDX-License-Identifier: Apache-2.0
//
// Copies of packets. A mirror that takes both the ingress and the egress of a switch, or two switches
// of one path, shows a packet again: same headers from IP's identification on, same bytes, another
// TTL, MAC address or VLAN.
//
// A copy is never more than what was there before, so that taking a repetition for a copy costs
// nothing but a count, with two exceptions: a pure acknowledgment is repeated in order to say that
// something out of order has arrived, and a closed socket resets each segment anew. Where no IPID
// tells, these are copies only while the other side has sent nothing that they could be about.
#include <algorithm>
#include <cstdlib>

#include "path/ending.h"
#include "path/side.h"

namespace shakedown::path {

namespace {

namespace tcp_flag = packet::tcp_flag;

/// Times of seen packets are kept in these. An entry's time repeats after 8 s.
constexpr std::int64_t kTimeUnitNanos = 125 * kNanosPerMicro;
/// How late a copy may come. With an IPID that is its packet's own there is no hurry; but 200 ms is the
/// shortest timeout after which a sender repeats (RFC 6298 §2.4 has 1 s), and some send one IPID only.
constexpr int kCopyUnitsMax = 100 * kNanosPerMilli / kTimeUnitNanos;
/// Without one (IPv6; IPv4 with DF, RFC 6864 §4.1) a copy must come before anybody could have
/// repeated anything.
constexpr int kNamelessCopyUnitsMax = 2 * kNanosPerMilli / kTimeUnitNanos;

/// Payload bytes from either end that go into the digest: what was cut differently by the snap length,
/// or forged under the same numbers, is not the same.
constexpr std::size_t kSampleBytes = 8;

std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
  const std::uint64_t product = (a ^ b) * 0x9e3779b97f4a7c15u;
  return product ^ product >> 29;
}

std::uint64_t sample(Bytes bytes) noexcept {
  ByteReader reader(bytes);
  std::uint64_t value = 0;
  if (reader.read_u64(value)) return value;
  std::uint8_t byte = 0;
  while (reader.read_u8(byte)) value = value << 8 | byte;
  return value;
}

std::uint32_t digest_of(const packet::PacketView& view) noexcept {
  const std::uint64_t numbers = std::uint64_t{view.seq.value} << 32 | view.ack.value;
  const std::uint64_t header = std::uint64_t{view.ip_id} << 48 | std::uint64_t{view.window} << 32 |
                               std::uint64_t{view.tcp_flags} << 24 |
                               std::uint64_t{view.option_bytes} << 16;
  const std::uint64_t sizes = std::uint64_t{view.payload_missing} << 32 | view.payload.size();
  std::uint64_t digest = mix(mix(numbers, 0x2545f4914f6cdd1du), header);
  digest = mix(digest, sizes);
  if (!view.payload.empty()) {
    const std::size_t size = std::min(view.payload.size(), kSampleBytes);
    digest = mix(digest, sample(view.payload.first(size)));
    digest = mix(digest, sample(view.payload.last(size)));
  }
  return static_cast<std::uint32_t>(digest >> 32);
}

std::uint16_t units_of(UnixNanos time) noexcept {
  return static_cast<std::uint16_t>(time.value / kTimeUnitNanos);
}

/// Copies say what the TTL of a side's packets is at the other places of the mirror. An ending whose
/// copy has a TTL that this side is known by was only seen from elsewhere.
void note_ttl_of_copy(SideTrace& side, const packet::PacketView& view) noexcept {
  constexpr auto kTtl = static_cast<std::uint16_t>(~(weight::ttl | path_evidence::ttl_differs));
  if (view.has(tcp_flag::rst | tcp_flag::fin)) {
    if (ttl_distance(side, view.ttl) >= kTtlDistanceMin) return;
    std::uint16_t& evidence = view.has(tcp_flag::rst) ? side.reset_evidence : side.fin_evidence;
    evidence &= kTtl;
  } else if (!view.has(tcp_flag::syn) && side.has(SideTrace::packets_seen)) {
    side.ttl_min = std::min(side.ttl_min, view.ttl);
    side.ttl_max = std::max(side.ttl_max, view.ttl);
  }
}

bool is_copy(const SideTrace& side, const SeenPackets& seen, std::size_t entry,
             const packet::PacketView& view, std::uint16_t time) noexcept {
  const int distance = std::abs(static_cast<std::int16_t>(time - seen.times[entry]));
  if (view.ip_id != 0 && !side.has(SideTrace::id_repeats)) return distance < kCopyUnitsMax;
  if (distance >= kNamelessCopyUnitsMax) return false;
  return view.payload_length() != 0 || view.has(tcp_flag::syn | tcp_flag::fin) ||
         (seen.answered >> entry & 1) == 0;
}

}  // namespace

bool shown_before(Trace& trace, const packet::PacketView& view, Party from) noexcept {
  SeenPackets& seen = trace.seen;
  const bool from_client = from == Party::client;
  const std::uint32_t digest = digest_of(view);
  const std::uint16_t time = units_of(view.time);
  const auto ours = static_cast<std::uint16_t>(
      (from_client ? seen.from_client : ~unsigned{seen.from_client}) & seen.filled);
  for (std::size_t entry = 0; entry < kSeenCount; ++entry) {
    if (seen.digests[entry] != digest || (ours >> entry & 1) == 0) continue;
    SideTrace& side = trace.sides[index_of(from)];
    if (!is_copy(side, seen, entry, view, time)) continue;
    note_ttl_of_copy(side, view);
    count_up(trace.duplicate_count);
    return true;
  }
  const auto bit = static_cast<std::uint16_t>(1u << seen.next);
  const auto theirs = static_cast<std::uint16_t>(seen.filled & ~ours);
  seen.digests[seen.next] = digest;
  seen.times[seen.next] = time;
  seen.filled |= bit;
  seen.from_client = static_cast<std::uint16_t>(from_client ? seen.from_client | bit
                                                            : seen.from_client & ~unsigned{bit});
  seen.answered = static_cast<std::uint16_t>((seen.answered | theirs) & ~unsigned{bit});
  seen.next = static_cast<std::uint8_t>((seen.next + 1u) % kSeenCount);
  return false;
}

}  // namespace shakedown::path
