// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What is kept of a TCP connection that has been opened but has not said anything yet.
// Units:     In the names.
// Ownership: Values; they live in EmbryoTable.
// Threading: One worker.
// Limits:    One cache line, so that a flood of SYNs costs one line per SYN.
// Failure:   The SYN-ACK delay and the repeat count saturate.
// RFC:       RFC 9293 §3.5 (opening a connection), RFC 7323 §2.2 (window scale).
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "flow/flow_key.h"
#include "shakedown/units.h"

namespace shakedown::flow {

/// Where the mirror showed it first.
struct MirrorLink {
  std::uint32_t tunnel_id = 0;
  std::uint16_t vlan_outer = 0;
  std::uint16_t vlan_inner = 0;
  TunnelKind tunnel_kind = TunnelKind::none;
  std::uint8_t port_index = 0;
  std::uint16_t ip_id = 0;  ///< of the first packet, then of the last SYN that was counted
  std::uint8_t kept_share = 255;  ///< as HandshakeRecord has it
};

/// What ICMP said about it; meaningful with Embryo::icmp_seen.
struct IcmpNote {
  IpAddress sender;  ///< of the first error, as everything but the count
  std::uint16_t mtu = 0;
  IcmpError error = IcmpError::none;
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  std::uint8_t count = 0;  ///< saturating
};

struct Embryo {
  enum Flag : std::uint8_t {
    client_is_low = 1u << 0,  ///< the sender of the SYN is the low endpoint of the key
    ipv6 = 1u << 1,
    syn_seen = 1u << 2,
    syn_ack_seen = 1u << 3,
    client_ack_seen = 1u << 4,  ///< the client answered the SYN-ACK, or sent anything after it
    server_seen = 1u << 5,      ///< any packet of the server
    icmp_seen = 1u << 6,        ///< an ICMP error about it
    server_spoke = 1u << 7      ///< it said something that was not followed
  };
  static constexpr std::uint32_t kSynAckDelayMicrosMax = (1u << 24) - 1;
  /// RFC 7323 §2.3 allows shifts up to 14.
  static constexpr std::uint8_t kWindowScaleAbsent = 255;

  FlowKey key;
  std::uint8_t flags = 0;

  /// Microseconds from the SYN to the SYN-ACK, at least 1 and at most kSynAckDelayMicrosMax; 0:
  /// none seen.
  [[nodiscard]] std::uint32_t syn_ack_delay_micros() const noexcept {
    return std::uint32_t{delay_high_} << 16 | delay_low_;
  }
  void set_syn_ack_delay(std::int64_t nanos) noexcept {
    const auto micros = static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(nanos / kNanosPerMicro, 1, kSynAckDelayMicrosMax));
    delay_high_ = static_cast<std::uint8_t>(micros >> 16);
    delay_low_ = static_cast<std::uint16_t>(micros);
  }

 private:
  std::uint8_t delay_high_ = 0;
  std::uint16_t delay_low_ = 0;

 public:
  UnixNanos syn_time;
  SeqNum client_isn;
  SeqNum server_isn;
  std::uint16_t client_mss = 0;
  std::uint16_t server_mss = 0;
  std::uint8_t client_ttl = 0;
  std::uint8_t server_ttl = 0;

 private:
  /// Client in the low half, server in the high half; 15: option absent.
  std::uint8_t window_scales_ = 0xff;

 public:
  std::uint8_t syn_repeat_count = 0;

  [[nodiscard]] bool has(Flag flag) const noexcept { return (flags & flag) != 0; }
  void set(Flag flag) noexcept { flags = static_cast<std::uint8_t>(flags | flag); }

  /// As PacketView has them: kWindowScaleAbsent when the option was not there.
  [[nodiscard]] std::uint8_t client_window_scale() const noexcept {
    return unpack_scale(window_scales_ & 15);
  }
  [[nodiscard]] std::uint8_t server_window_scale() const noexcept {
    return unpack_scale(window_scales_ >> 4);
  }
  void set_client_window_scale(std::uint8_t scale) noexcept {
    window_scales_ = static_cast<std::uint8_t>((window_scales_ & 0xf0) | pack_scale(scale));
  }
  void set_server_window_scale(std::uint8_t scale) noexcept {
    window_scales_ = static_cast<std::uint8_t>((window_scales_ & 0x0f) | pack_scale(scale) << 4);
  }

  void count_syn_repeat() noexcept {
    if (syn_repeat_count != 0xff) ++syn_repeat_count;
  }

 private:
  [[nodiscard]] static std::uint8_t unpack_scale(int half) noexcept {
    return half == 15 ? kWindowScaleAbsent : static_cast<std::uint8_t>(half);
  }
  /// A shift above 14 is used as 14, as RFC 7323 §2.3 asks of receivers.
  [[nodiscard]] static int pack_scale(std::uint8_t scale) noexcept {
    return scale == kWindowScaleAbsent ? 15 : std::min<int>(scale, 14);
  }
};
static_assert(sizeof(Embryo) == 64);
static_assert(std::is_trivially_copyable_v<Embryo>);

}  // namespace shakedown::flow
