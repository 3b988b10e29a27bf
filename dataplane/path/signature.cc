// SPDX-License-Identifier: Apache-2.0
#include "path/signature.h"

#include <algorithm>

#include "path/side.h"

namespace shakedown::path {

namespace {

using Signature = TamperingSignature;

/// A server that closes sooner did not wait for a client that was cut off.
constexpr std::uint32_t kNothingMicrosMin = 3'000'000;

Signature after_ack(unsigned rst, unsigned rst_ack) noexcept {
  if (rst != 0 && rst_ack != 0) return Signature::none;
  if (rst != 0) return rst == 1 ? Signature::ack_rst : Signature::ack_rst_rst;
  return rst_ack == 1 ? Signature::ack_rst_ack : Signature::ack_rst_ack_rst_ack;
}

Signature after_push(unsigned rst, unsigned rst_ack, const SideTrace& side) noexcept {
  if (rst != 0 && rst_ack != 0) return Signature::psh_rst_and_rst_ack;
  if (rst_ack != 0) {
    return rst_ack == 1 ? Signature::psh_rst_ack : Signature::psh_rst_ack_rst_ack;
  }
  if (rst == 1) return Signature::psh_rst;
  if (side.has(SideTrace::reset_zero)) return Signature::psh_rst_rst_zero;
  return side.has(SideTrace::resets_differ) ? Signature::psh_rst_different_rst
                                            : Signature::psh_rst_same_rst;
}

Signature after_data(unsigned rst, unsigned rst_ack) noexcept {
  if (rst != 0 && rst_ack != 0) return Signature::none;
  return rst != 0 ? Signature::data_rst : Signature::data_rst_ack;
}

Signature of_silence(const Trace& trace, const HandshakeRecord& record) noexcept {
  if (record.outcome.kind == OutcomeKind::unanswered) return Signature::syn_nothing;
  if (record.outcome.kind != OutcomeKind::silence) return Signature::none;
  return trace.client_flight_count <= 1 ? Signature::psh_nothing : Signature::none;
}

/// The client never said anything, until the server had enough: an answer to a FIN would be something.
bool nothing_after_ack(const Trace& trace, const HandshakeRecord& record) noexcept {
  return record.outcome.by == Party::server && trace.ending_delay_micros >= kNothingMicrosMin;
}

/// A connection that was never followed has no trace, but an ending in its record.
Signature of_opening(const Trace& trace, const HandshakeRecord& record, unsigned rst,
                     unsigned rst_ack) noexcept {
  namespace tcp_flag = packet::tcp_flag;
  const bool acked = record.outcome.kind != OutcomeKind::refused;
  if (rst == 0 && rst_ack == 0) {
    if ((record.ending.tcp_flags & tcp_flag::rst) == 0) {
      return acked && nothing_after_ack(trace, record) ? Signature::ack_nothing : Signature::none;
    }
    ((record.ending.tcp_flags & tcp_flag::ack) != 0 ? rst_ack : rst) = 1;
  }
  return signature_of({.client_acked = acked, .rst = rst, .rst_ack = rst_ack});
}

}  // namespace

TamperingSignature signature_of(const OpeningEnd& end) noexcept {
  if (end.rst == 0 && end.rst_ack == 0) {
    return end.client_acked ? Signature::ack_nothing : Signature::syn_nothing;
  }
  if (end.client_acked) return after_ack(end.rst, end.rst_ack);
  if (end.rst != 0 && end.rst_ack != 0) return Signature::syn_rst_and_rst_ack;
  return end.rst != 0 ? Signature::syn_rst : Signature::syn_rst_ack;
}

TamperingSignature signature_of(const Trace& trace, const HandshakeRecord& record) noexcept {
  switch (record.outcome.kind) {
    case OutcomeKind::reset:
    case OutcomeKind::refused:
    case OutcomeKind::no_hello:
      break;
    default:
      return of_silence(trace, record);
  }
  const SideTrace& side = trace.sides[index_of(trace.first_reset_from)];
  const bool reset = trace.first_reset_from != Party::none;
  const unsigned rst_ack = reset ? side.reset_ack_count : 0u;
  const unsigned rst = reset ? side.reset_count - rst_ack : 0u;
  if (trace.client_flight_count == 0) return of_opening(trace, record, rst, rst_ack);
  if (!reset) return Signature::none;
  return trace.client_flight_count == 1 ? after_push(rst, rst_ack, side) : after_data(rst, rst_ack);
}

}  // namespace shakedown::path
