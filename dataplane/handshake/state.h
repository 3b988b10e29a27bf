// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What the state machine remembers of one handshake between packets, beside the record
//            it fills.
// Units:     UnixNanos, bytes.
// Ownership: Lives in the Connection.
// Threading: One worker.
// Limits:    kStateBytesMax.
// Failure:   none
// RFC:       RFC 8446 §4; RFC 5246 §7.3.
//
// Phases, and what moves them:
//
//   waiting_for_hello --ClientHello--> handshaking --both Finished--> established --window over--> done
//          |                               |                              |
//          | FIN, RST                      | FIN, RST, fatal alert,       | FIN, RST, data both ways
//          v                               | non-TLS reply                v
//        ended  <--------------------------+                            done
//          | linger over
//          v
//        done
//
// Forbidden: any phase back to an earlier one. `ended` never becomes `established`: the first
// ending counts, and what follows is a reaction to it. One thing may still be learned of an ending
// without a hello: that the hello was on its way.
#pragma once

#include <cstdint>

#include "shakedown/units.h"

namespace shakedown::handshake {

enum class Phase : std::uint8_t {
  waiting_for_hello,
  handshaking,
  established,  ///< both sides finished; is it kept?
  ended,        ///< the ending is known; a moment for late evidence
  done          ///< nothing more is wanted; the record can be pushed
};

/// Where the TLS 1.3 client is after the server's flight, as far as record lengths tell.
enum class ClientFlight : std::uint8_t {
  none,         ///< no encrypted record since the server's flight
  alert_sized,  ///< exactly an alert: rejection, if nothing contradicts
  short_record,  ///< too short for a Finished: rejection by a stack that pads, if the connection ends here
  certificate,  ///< an empty or full client certificate came first, maybe with all that belongs to it
  certificate_and_more,  ///< ... and a long record after it: CertificateVerify, or already data
  finished
};

/// What a TLS 1.3 server said after the client's flight, as far as record lengths tell.
enum class ServerReply : std::uint8_t {
  none,
  alert_sized,   ///< exactly an alert, and nothing else
  short_record,  ///< one record, too short for a session ticket: an alert by a stack that pads?
  conversation   ///< anything that a server says only to a client it has accepted, or out of order
};

struct State {
  enum Flag : std::uint32_t {
    client_ccs = 1u << 0,
    server_ccs = 1u << 1,
    client_finished = 1u << 2,
    server_finished = 1u << 3,
    client_fin = 1u << 4,
    server_fin = 1u << 5,
    client_rst = 1u << 6,
    server_rst = 1u << 7,
    lost_hard = 1u << 8,       ///< bytes are missing that may have held a message
    lost_truncated = 1u << 9,  ///< ... because of the snap length
    server_hello_done = 1u << 10,
    server_certificate = 1u << 11,
    client_warned =
        1u << 12,  ///< the last thing the client said in the clear was a non-fatal alert
    server_warned = 1u << 13,
    server_alert_sized = 1u << 14,  ///< TLS 1.3: the server's last encrypted record was alert-sized
    not_all_shown = 1u << 15,  ///< what was shown proves that something was not, or not in order
    client_hello_read = 1u << 16,
    server_hello_read = 1u << 17,
    alert_is_ending = 1u << 18,  ///< the latched outcome rests on an alert that could be read
    plaintext_first = 1u << 19,  ///< the connection began with something else than TLS
    over_limit = 1u << 20,
    undecodable = 1u << 21,
    watched = 1u << 22,               ///< on a watched port: reported even without a hello
    client_close_pending = 1u << 23,  ///< FIN or RST seen, bytes before it not yet
    server_close_pending = 1u << 24,
    client_ack_known = 1u << 25,
    server_ack_known = 1u << 26,
    not_tls = 1u << 27,        ///< the first bytes are not TLS, and the port is not watched
    client_is_low = 1u << 28,  ///< the client is the low endpoint of the flow key
    server_closed_first = 1u << 29,
    client_asks_for_hole = 1u << 30,  ///< acknowledged up to a hole after the hole had shown itself
    server_asks_for_hole = 1u << 31
  };

  UnixNanos last_progress;  ///< clock of the last packet that brought new payload
  UnixNanos phase_since;    ///< clock when the present phase began
  SeqNum client_acked;      ///< highest number the client acknowledged
  SeqNum server_acked;
  SeqNum
      client_end;  ///< number after the client's last byte; meaningful with client_fin or client_rst
  SeqNum server_end;
  std::uint32_t flags = 0;
  std::uint32_t session_id_digest = 0;
  std::uint16_t finished_record_length = 0;  ///< TLS 1.3; zero: not known
  std::uint16_t alert_record_length = 0;
  Phase phase : 4 = Phase::waiting_for_hello;
  ServerReply server_reply : 4 = ServerReply::none;
  ClientFlight client_flight = ClientFlight::none;
  std::uint8_t packets_past_hole =
      0;  ///< packets since the receiver acknowledged what the sensor misses
  char last_letter = 0;

  [[nodiscard]] bool has(std::uint32_t bits) const { return (flags & bits) != 0; }
  void set(std::uint32_t bits) { flags |= bits; }
  void clear(std::uint32_t bits) { flags &= ~bits; }
};

inline constexpr unsigned kStateBytesMax = 48;
static_assert(sizeof(State) <= kStateBytesMax);

}  // namespace shakedown::handshake
