// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The handshake state machine: messages, alerts, encrypted records, closings and time go
//            in, an Outcome comes out. It says what happened; why is decided by control.
// Units:     UnixNanos, bytes.
// Ownership: Holds scratch space for one hello; everything about a handshake is in its Exchange.
// Threading: One worker.
// Limits:    One transition per event; no loops over input beyond the parsers' own limits.
// Failure:   Whatever rests on bytes that were not seen becomes OutcomeKind::unseen with its
//            reason. Exceptions are endings that prove themselves: an alert that could be read, and
//            a reply that is not TLS.
// RFC:       RFC 8446 §4, §6; RFC 5246 §7; RFC 6066 §3 and §8. DTLS and QUIC are not handled here.
//
// state.h has the table of phases, message_rows.h the graph of messages, client_flight.h the rules
// for TLS 1.3.
#pragma once

#include <array>
#include <cstdint>

#include "handshake/definition_sink.h"
#include "handshake/exchange.h"
#include "handshake/timeouts.h"
#include "shakedown/counters.h"
#include "tls/client_hello.h"
#include "tls/client_offer.h"
#include "tls/fingerprint_cache.h"
#include "tls/record_events.h"
#include "tls/server_hello.h"

namespace shakedown::handshake {

enum class CloseKind : std::uint8_t { fin, rst };
enum class LossKind : std::uint8_t { missing, truncated };

/// Why a handshake is brought to its end from outside.
enum class EndReason : std::uint8_t {
  decided,      ///< Phase::done was reached
  timeout,      ///< its deadline passed
  answer_lost,  ///< the same, but who waits was not acknowledged and did not repeat itself
  capture_end,  ///< no more packets will come
  replaced,     ///< its endpoints were used again
  evicted       ///< its place was needed
};

class Machine {
 public:
  /// `seed`: of the fingerprint cache's keys.
  Machine(const Timeouts& timeouts, DefinitionSink& definitions, CounterBlock& counters,
          Arena& arena, std::uint64_t seed);

  [[nodiscard]] static constexpr std::size_t budget_bytes() {
    return tls::FingerprintCache::budget_bytes();
  }

  // --- events of the TLS streams, in the order of the bytes ---
  void on_message(Exchange& exchange, Direction direction, const tls::Message& message) noexcept;
  void on_sslv2_hello(Exchange& exchange, Direction direction, Bytes body) noexcept;
  void on_alert(Exchange& exchange, Direction direction, AlertLevel level,
                AlertDescription description) noexcept;
  void on_opaque_record(Exchange& exchange, Direction direction, ContentType type,
                        std::uint16_t length) noexcept;
  void on_change_cipher_spec(Exchange& exchange, Direction direction) noexcept;
  /// The server's first bytes after the ClientHello are not TLS.
  void on_non_tls_reply(Exchange& exchange) noexcept;
  /// The upgrade to TLS was asked for, and the server would not.
  void on_upgrade_refused(Exchange& exchange) const noexcept;
  void on_desync(Exchange& exchange, Direction direction) noexcept;
  /// Bytes are missing that may have held a message.
  void on_loss(Exchange& exchange, LossKind kind) noexcept;
  /// A ClientHello or Certificate longer than a limit was skipped.
  void on_over_limit(Exchange& exchange) noexcept;

  // --- events of TCP ---
  /// FIN, once all bytes before it were seen or given up; or RST.
  void on_close(Exchange& exchange, Direction direction, CloseKind kind) noexcept;

  /// When this handshake must be looked at again, if nothing happens before.
  [[nodiscard]] UnixNanos deadline(const State& state) const noexcept;

  /// Writes the final outcome into the record. `now` is the deadline, or the time of the last
  /// packet.
  void finalize(Exchange& exchange, EndReason reason) noexcept;

 private:
  void read_client_hello(Exchange& exchange, const tls::Message& message) noexcept;
  void read_server_hello(Exchange& exchange, const tls::Message& message) noexcept;
  void read_certificate(Exchange& exchange, Direction direction,
                        const tls::Message& message) noexcept;
  void read_certificate_status(HandshakeRecord& record, const tls::Message& message) noexcept;
  void enter(Exchange& exchange, Phase phase) const noexcept;
  void latch(Exchange& exchange, OutcomeKind kind, Party by) const noexcept;
  void note_finished(Exchange& exchange, Direction direction) noexcept;
  void note_completed_tls13(Exchange& exchange) noexcept;
  void on_opaque_tls13(Exchange& exchange, Direction direction, std::uint16_t length) noexcept;
  void on_server_record_tls13(Exchange& exchange, std::uint16_t length) noexcept;
  void on_client_record_tls13(Exchange& exchange, std::uint16_t length) noexcept;
  void on_client_record_after_flight(Exchange& exchange, std::uint16_t length) noexcept;
  void note_hello_after_close(Exchange& exchange) const noexcept;
  void on_opaque_classic(Exchange& exchange, Direction direction, ContentType type) noexcept;
  [[nodiscard]] std::uint64_t define(HandshakeRecord& record, DefinitionKind kind,
                                     Bytes body) noexcept;

  Timeouts timeouts_;
  DefinitionSink& definitions_;
  CounterBlock& counters_;
  tls::FingerprintCache fingerprints_;
  tls::ClientHello client_hello_;
  tls::ServerHello server_hello_;
  std::array<std::uint8_t, tls::kClientOfferBytesMax> offer_;
};

/// Appends to the history in Zeek's letters; an uninterrupted run of application data is one
/// letter.
void append_history(Exchange& exchange, Direction direction, char letter) noexcept;

/// Writes one more alert down, or that there was no room for it.
void append_alert(HandshakeRecord& record, const AlertFact& alert) noexcept;

/// An alert of which only the sender is known.
[[nodiscard]] constexpr AlertFact encrypted_alert_of(Party from) noexcept {
  return {AlertLevel::none, AlertDescription::close_notify, from, true};
}

}  // namespace shakedown::handshake
