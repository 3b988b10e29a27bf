// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Plays the packets of one connection into a path::Trace, as two ordinary hosts would send
//            them: counting IPIDs, timestamps, own TTLs. A test says only what is odd.
// Units:     Milliseconds; sequence numbers count from the first byte of each side.
// Ownership: Values.
// Threading: None.
// Limits:    None.
// Failure:   None.
// RFC:       None.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <optional>
#include <ostream>
#include <vector>

#include "path/trace.h"

namespace shakedown {

inline void PrintTo(TamperingSignature signature, std::ostream* out) {
  *out << "signature " << static_cast<int>(signature);
}

}  // namespace shakedown

namespace shakedown::path {

inline void PrintTo(Party party, std::ostream* out) {
  constexpr std::array<const char*, 4> kNames{"none", "client", "server", "path"};
  *out << kNames[static_cast<std::size_t>(party)];
}

namespace tcp_flag = packet::tcp_flag;
namespace evidence = path_evidence;

inline constexpr std::uint8_t kAck = tcp_flag::ack;
inline constexpr std::uint8_t kPush = tcp_flag::ack | tcp_flag::psh;
inline constexpr std::uint8_t kFinAck = tcp_flag::fin | tcp_flag::ack;
inline constexpr std::uint8_t kRst = tcp_flag::rst;
inline constexpr std::uint8_t kRstAck = tcp_flag::rst | tcp_flag::ack;

inline constexpr std::uint32_t kHello = 517;  ///< bytes of the ClientHello
inline constexpr std::uint32_t kClientIsn = 0xffffff00u;
inline constexpr std::uint32_t kServerIsn = 0x20000000u;
inline constexpr double kRoundTripMillis = 30;  ///< to the server
inline constexpr std::uint8_t kClientTtl = 63;
inline constexpr std::uint8_t kServerTtl = 52;

struct Segment {
  Party from = Party::client;
  std::uint8_t flags = kAck;
  std::uint32_t seq = 0;  ///< 0: the first byte of the sender
  std::uint32_t ack = 0;
  std::uint32_t length = 0;
  std::optional<std::uint16_t> ip_id = std::nullopt;  ///< else the next one of the sender
  std::optional<std::uint8_t> ttl = std::nullopt;
  std::uint16_t window = 501;
  std::uint8_t options = 12;
  std::uint8_t fill = 0x16;
  std::optional<std::uint32_t> ack_number = std::nullopt;  ///< raw, instead of `ack`
};

inline Segment from_client(Segment segment) {
  segment.from = Party::client;
  return segment;
}
inline Segment from_server(Segment segment) {
  segment.from = Party::server;
  return segment;
}

class Wire {
 public:
  Wire() {
    record.server_address.bytes = {198, 51, 100, 20};
    record.client_address.bytes = {192, 0, 2, 10};
    record.client_tcp.mss = 1460;
    record.server_tcp.mss = 1460;
  }

  /// SYN at 0, SYN-ACK at 30 ms, and the client's ACK, which no trace sees, right after it.
  Wire& open(double round_trip_millis = kRoundTripMillis, bool syn_repeated = false) {
    begin(trace, {.syn = time(0),
                  .syn_ack = time(round_trip_millis),
                  .client_isn = SeqNum{kClientIsn},
                  .server_isn = SeqNum{kServerIsn},
                  .client_ttl = kClientTtl,
                  .server_ttl = kServerTtl,
                  .syn_repeated = syn_repeated});
    return at(round_trip_millis + 1);
  }
  /// As open(), and the hello at 40 ms.
  Wire& open_and_hello() { return open().at(40).send(hello()); }
  /// The server's first flight, acknowledged; its own acknowledgment of the hello at 70 ms comes first.
  Wire& server_flight() {
    at(70).send(server_ack());
    send({.from = Party::server, .flags = kAck, .ack = kHello, .length = 1448});
    send({.from = Party::server, .flags = kPush, .seq = 1448, .ack = kHello, .length = 700});
    return after(0.5).send({.seq = kHello, .ack = 2148});
  }

  [[nodiscard]] static Segment hello() { return {.flags = kPush, .length = kHello}; }
  [[nodiscard]] static Segment server_ack() { return {.from = Party::server, .ack = kHello}; }

  [[nodiscard]] static UnixNanos time(double millis) {
    return {1'768'478'400'000'000'000 + static_cast<std::int64_t>(millis * kNanosPerMilli)};
  }
  Wire& at(double millis) {
    now_ = millis;
    return *this;
  }
  Wire& after(double millis) { return at(now_ + millis); }

  [[nodiscard]] packet::PacketView view(const Segment& segment) {
    const bool client = segment.from == Party::client;
    packet::PacketView view;
    view.time = time(now_);
    view.family = ipv6 ? IpFamily::ipv6 : IpFamily::ipv4;
    view.tcp_flags = segment.flags;
    view.ttl = segment.ttl.value_or(client ? kClientTtl : kServerTtl);
    const bool syn = (segment.flags & tcp_flag::syn) != 0;
    view.seq = SeqNum{(client ? kClientIsn : kServerIsn) + segment.seq + (syn ? 0 : 1)};
    view.ack = SeqNum{(client ? kServerIsn : kClientIsn) + segment.ack + 1};
    if ((segment.flags & kAck) == 0) view.ack = SeqNum{};
    if (segment.ack_number) view.ack = SeqNum{*segment.ack_number};
    std::uint16_t& ip_id = ip_ids_[client ? 0 : 1];
    view.ip_id = ipv6 ? std::uint16_t{0} : segment.ip_id.value_or(ip_id++);
    view.window = segment.window;
    view.option_bytes = segment.options;
    payload_.assign(segment.length, segment.fill);
    view.payload = Bytes(payload_);
    return view;
  }

  /// As the worker does it. `shown` tells whether it was taken for a copy.
  Wire& send(const Segment& segment) {
    const packet::PacketView packet = view(segment);
    shown = shown_before(trace, packet, segment.from);
    if (!shown) observe(trace, packet, segment.from);
    return *this;
  }

  PathFacts conclude_as(OutcomeKind kind, Party by) {
    record.outcome = {.kind = kind, .by = by, .stage = Stage::client_hello};
    conclude(trace, record);
    return record.path;
  }
  PathFacts reset_by_server() { return conclude_as(OutcomeKind::reset, Party::server); }
  PathFacts silence_of_server() { return conclude_as(OutcomeKind::silence, Party::server); }

  Trace trace;
  HandshakeRecord record;
  bool ipv6 = false;
  bool shown = false;

 private:
  double now_ = 0;
  std::array<std::uint16_t, 2> ip_ids_{7'000, 20'000};
  std::vector<std::uint8_t> payload_;
};

}  // namespace shakedown::path
