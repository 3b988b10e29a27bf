// SPDX-License-Identifier: Apache-2.0
#include "packet/fragment_piece.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace shakedown::packet {

namespace {

/// Sets `length` as the header has it, and everything of `out` that depends on the version. decode()
/// has checked what it needed to find the fragment.
bool read_ipv4(Bytes header, std::uint16_t& length, FragmentPiece& out) noexcept {
  constexpr std::uint16_t kMoreFragments = 0x2000;
  ByteReader reader(header);
  std::uint16_t id = 0;
  std::uint16_t flags_and_offset = 0;
  if (header.size() > out.header.size() || !reader.skip(2) || !reader.read_u16(length) ||
      !reader.read_u16(id) || !reader.read_u16(flags_and_offset) || !reader.skip(1) ||
      !reader.read_u8(out.protocol)) {
    return false;
  }
  out.id = id;
  out.more = (flags_and_offset & kMoreFragments) != 0;
  out.offset = static_cast<std::uint16_t>(flags_and_offset << 3);
  out.header_bytes = header.size();
  std::copy(header.begin(), header.end(), out.header.begin());
  return true;
}

bool read_ipv6(Bytes header, std::uint16_t& length, FragmentPiece& out) noexcept {
  constexpr std::uint16_t kOffset = 0xfff8;
  constexpr std::uint16_t kMoreFragments = 1;
  if (header.size() < kIpv6HeaderBytes + kFragmentHeaderBytes) return false;
  const Bytes fragment_header = header.last(kFragmentHeaderBytes);
  ByteReader reader(header);
  ByteReader fragment(fragment_header);
  std::uint16_t offset_and_more = 0;
  if (!reader.skip(4) || !reader.read_u16(length) || !fragment.skip(2) ||
      !fragment.read_u16(offset_and_more) || !fragment.read_u32(out.id)) {
    return false;
  }
  out.more = (offset_and_more & kMoreFragments) != 0;
  out.offset = offset_and_more & kOffset;
  out.header_bytes = kIpv6HeaderBytes + kFragmentHeaderBytes;
  auto* const behind = std::copy_n(header.begin(), kIpv6HeaderBytes, out.header.begin());
  std::copy(fragment_header.begin(), fragment_header.end(), behind);
  return true;
}

/// The extension headers in front of the fragment header are gone.
void adapt_ipv6_header(std::size_t share_bytes, FragmentPiece& out) noexcept {
  constexpr std::uint8_t kFragmentHeader = 44;
  const std::size_t payload_bytes = kFragmentHeaderBytes + share_bytes;
  out.header[4] = static_cast<std::uint8_t>(payload_bytes >> 8);
  out.header[5] = static_cast<std::uint8_t>(payload_bytes);
  out.header[6] = kFragmentHeader;
}

}  // namespace

bool read(const PacketView& view, FragmentPiece& out) noexcept {
  if (view.fragment.size() < view.fragment_header_bytes) return false;
  const Bytes header = view.fragment.first(view.fragment_header_bytes);
  out.share = view.fragment.subspan(view.fragment_header_bytes);
  out.is_ipv6 = view.family == IpFamily::ipv6;
  std::uint16_t length = 0;
  if (out.is_ipv6 ? !read_ipv6(header, length, out) : !read_ipv4(header, length, out)) return false;
  const std::size_t wire_bytes = length + (out.is_ipv6 ? kIpv6HeaderBytes : 0);
  // A length of zero, which hosts of segmenting cards write, has no business in a piece.
  if (length == 0 || wire_bytes < view.fragment.size()) return false;
  out.missing = static_cast<std::uint32_t>(wire_bytes - view.fragment.size());
  const std::size_t share_bytes = out.share.size() + out.missing;
  if (out.is_ipv6) adapt_ipv6_header(share_bytes, out);
  // RFC 8200 §4.5: a piece "is not a multiple of 8 octets and the M flag of that fragment is 1, then
  // that fragment must be discarded", and so must one that leads beyond 65,535 bytes.
  return share_bytes != 0 && (!out.more || share_bytes % 8 == 0) &&
         out.offset + share_bytes <= kIpPacketBytesMax;
}

std::uint64_t digest_of(const PacketView& view, const FragmentPiece& piece,
                        std::uint64_t seed) noexcept {
  struct Identity {
    IpAddress source;
    IpAddress destination;
    std::uint32_t id;
    std::uint32_t missing;
    std::uint16_t offset;
    std::uint8_t protocol;
    std::uint8_t version_and_more;
  };
  static_assert(std::has_unique_object_representations_v<Identity>);
  const Identity identity{
      view.source,
      view.destination,
      piece.id,
      piece.missing,
      piece.offset,
      piece.protocol,
      static_cast<std::uint8_t>((piece.is_ipv6 ? 2 : 0) | (piece.more ? 1 : 0))};
  const std::uint64_t of_identity = XXH3_64bits_withSeed(&identity, sizeof identity, seed);
  return XXH3_64bits_withSeed(piece.share.data(), piece.share.size(), of_identity);
}

IpAddress stand_in_for(const IpAddress& source, const FragmentPiece& piece,
                       std::uint64_t seed) noexcept {
  const XXH128_hash_t digest =
      XXH3_128bits_withSeed(source.bytes.data(), source.bytes.size(), seed + piece.protocol);
  IpAddress out;
  static_assert(sizeof digest == sizeof out.bytes);
  std::memcpy(out.bytes.data(), &digest, sizeof digest);
  return out;
}

}  // namespace shakedown::packet
