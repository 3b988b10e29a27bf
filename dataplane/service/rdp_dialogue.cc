// SPDX-License-Identifier: Apache-2.0
//
// Remote desktop: one X.224 request and one confirmation, each in one TPKT (RFC 1006 §6), with the
// negotiation behind their fixed part.
#include "service/dialogue_steps.h"

namespace shakedown::service {
namespace {

enum RdpStep : std::uint8_t {
  in_header,
  before_negotiation,  ///< a cookie or routing token may come first, and ends with a line feed
  in_token,
  in_negotiation,
  wants_tls,  ///< the rest does not matter
  wants_none
};

constexpr std::uint8_t kTpktVersion = 3;
/// TPKT header, and the fixed part of the X.224 header.
constexpr std::size_t kHeaderBytes = 4 + 7;
constexpr std::size_t kNegotiationBytes = 8;
constexpr std::uint8_t kConnectionRequest = 0xe0;
constexpr std::uint8_t kConnectionConfirm = 0xd0;
constexpr std::uint8_t kNegotiationRequest = 1;
constexpr std::uint8_t kNegotiationResponse = 2;
constexpr std::uint8_t kNegotiationFailure = 3;

/// MS-RDPBCGR §2.2.1.1.1, §2.2.1.2.1, §2.2.1.2.2: type, flags, length, and a number in
/// little-endian order: the protocols that the client knows, the one that the server chose, or
/// why it chose none.
struct Negotiation {
  std::uint8_t type = 0;
  std::uint32_t number = 0;
};

Negotiation negotiation_of(Bytes bytes) {
  Negotiation result;
  ByteReader reader(bytes);
  if (!reader.read_u8(result.type) || !reader.skip(3)) return {};
  std::uint8_t byte = 0;
  for (unsigned shift = 0; shift < 32 && reader.read_u8(byte); shift += 8) {
    result.number |= std::uint32_t{byte} << shift;
  }
  return result;
}

/// True when the header is complete; `side.rest` is then what follows it.
bool take_header(Dialogue& dialogue, Party from, Side side, std::uint8_t byte) {
  if (side.held == 0 && byte != kTpktVersion) {
    if (!falls_silent(dialogue, from, byte)) decline(dialogue, 0);
    return false;
  }
  side.keep(byte);
  if (side.held < kHeaderBytes) return false;
  ByteReader reader(side.bytes());
  std::uint16_t size = 0;
  std::uint8_t type = 0;
  const bool read =
      reader.skip(2) && reader.read_u16(size) && reader.skip(1) && reader.read_u8(type);
  const bool expected =
      (type & 0xf0) == (from == Party::client ? kConnectionRequest : kConnectionConfirm);
  // A packet without negotiation is that of older clients and servers, which know no TLS.
  if (!read || !expected || size <= kHeaderBytes) {
    decline(dialogue, 0);
    return false;
  }
  side.rest = static_cast<std::uint16_t>(size - kHeaderBytes);
  side.step = before_negotiation;
  side.held = 0;
  return true;
}

void on_client_rest(Side side, std::uint8_t byte) {
  switch (side.step) {
    case before_negotiation:
      side.step = byte == kNegotiationRequest ? in_negotiation : in_token;
      if (side.step == in_negotiation) side.keep(byte);
      return;
    case in_token:
      if (byte == '\n') side.step = in_negotiation;
      return;
    case in_negotiation: {
      side.keep(byte);
      if (side.held < kNegotiationBytes) return;
      const Negotiation request = negotiation_of(side.bytes());
      const bool tls = request.type == kNegotiationRequest && request.number != 0;
      side.step = tls ? wants_tls : wants_none;
      return;
    }
    default:
      return;
  }
}

void on_confirmation(Dialogue& dialogue, Bytes bytes) {
  if (bytes.size() < kNegotiationBytes) return decline(dialogue, 0);
  const Negotiation answer = negotiation_of(bytes);
  if (answer.type == kNegotiationFailure) {
    return decline(dialogue, static_cast<std::uint16_t>(answer.number));
  }
  // Every protocol but zero, that of RDP itself, begins with TLS.
  if (answer.type != kNegotiationResponse || answer.number == 0) return decline(dialogue, 0);
  dialogue.progress = Progress::accepted;
}

}  // namespace

void rdp_step(Dialogue& dialogue, Party from, std::uint8_t byte) noexcept {
  if (from == Party::server && dialogue.progress != Progress::asked) {
    return answer_unasked(dialogue);
  }
  const Side side = side_of(dialogue, from);
  if (side.step == in_header) {
    (void)take_header(dialogue, from, side, byte);
    return;
  }
  if (from == Party::client) {
    on_client_rest(side, byte);
  } else {
    side.keep(byte);
  }
  if (--side.rest > 0) return;
  if (from == Party::server) return on_confirmation(dialogue, side.bytes());
  dialogue.progress = side.step == wants_tls ? Progress::asked : Progress::over;
}

}  // namespace shakedown::service
