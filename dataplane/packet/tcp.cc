// SPDX-License-Identifier: Apache-2.0
//
// The TCP header, and the two options of a SYN that say something about the path.
#include "packet/layer.h"

namespace shakedown::packet {

namespace {

constexpr std::size_t kTcpHeaderBytes = 20;
/// The data offset is four bits of 32-bit words, so that the constant cannot be exceeded.
static_assert(kTcpHeaderBytes + kTcpOptionBytesMax == 15 * 4);

/// RFC 9293 §3.2, RFC 7323 §2.2: kind(1), [length(1) of the whole option, body]. Options that
/// contradict themselves end the list, as receivers do; the segment is none the worse for it.
void read_syn_options(ByteReader options, PacketView& out) noexcept {
  constexpr std::uint8_t kEndOfList = 0;
  constexpr std::uint8_t kNoOperation = 1;
  constexpr std::uint8_t kMss = 2;
  constexpr std::uint8_t kWindowScale = 3;
  for (unsigned i = 0; i < kTcpOptionBytesMax; ++i) {
    std::uint8_t kind = 0;
    if (!options.read_u8(kind) || kind == kEndOfList) return;
    if (kind == kNoOperation) continue;
    std::uint8_t length = 0;
    Bytes body;
    if (!options.read_u8(length) || length < 2 || !options.read_bytes(length - 2u, body)) return;
    ByteReader value(body);
    if (kind == kMss && length == 4 && !value.read_u16(out.mss)) return;
    if (kind == kWindowScale && length == 3 && !value.read_u8(out.window_scale)) return;
  }
}

}  // namespace

// RFC 9293 §3.1
Layer read_tcp(Walk& walk) noexcept {
  ByteReader& rest = walk.rest;
  PacketView& out = walk.out;
  std::uint16_t offset_and_flags = 0;
  if (!rest.read_u16(out.source_port) || !rest.read_u16(out.destination_port) ||
      !rest.read_u32(out.seq.value) || !rest.read_u32(out.ack.value) ||
      !rest.read_u16(offset_and_flags) || !rest.read_u16(out.window) || !rest.skip(4)) {
    return stop(walk, DecodeStatus::tcp_malformed);
  }
  const std::size_t header_bytes = (offset_and_flags >> 12) * std::size_t{4};
  Bytes options;
  if (header_bytes < kTcpHeaderBytes || !rest.read_bytes(header_bytes - kTcpHeaderBytes, options)) {
    return stop(walk, DecodeStatus::tcp_malformed);
  }
  out.tcp_flags = static_cast<std::uint8_t>(offset_and_flags & 0xff);
  out.option_bytes = static_cast<std::uint8_t>(header_bytes - kTcpHeaderBytes);
  out.payload = rest.rest();
  out.payload_missing = walk.missing;
  out.mss = 0;
  out.window_scale = 255;
  if (out.has(tcp_flag::syn)) read_syn_options(ByteReader(options), out);
  return stop(walk, DecodeStatus::tcp);
}

}  // namespace shakedown::packet
