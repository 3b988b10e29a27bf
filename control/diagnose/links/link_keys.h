// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Under what clients, networks, servers and names are remembered.
// Units:     Keys: 64 bits, with a seed that is random per memory, for tables that strangers fill.
//            Marks: 32 bits without a seed, for small sets whose size users see: the same in every
//            run.
// Ownership: Values.
// Threading: Pure.
// Limits:    Names are compared without regard to case and to a dot at the end up to kFoldedNameMax
//            bytes; longer ones, which DNS does not have, as they are.
// Failure:   Two marks may be equal by chance (2^-32) or on purpose; a count is then too small by
//            one.
// RFC:       RFC 4343 (case of names)
#pragma once

#include <cstdint>
#include <string_view>

#include "enrich/handshake.h"
#include "shakedown/handshake_record.h"

namespace shakedown::diagnose {

inline constexpr std::size_t kFoldedNameMax = 255;

class LinkKeys {
 public:
  LinkKeys();

  [[nodiscard]] std::uint64_t client(const HandshakeRecord& record) const;
  /// /24 or /48 of the client's address.
  [[nodiscard]] std::uint64_t client_network(const HandshakeRecord& record) const;
  [[nodiscard]] std::uint64_t text(std::string_view text) const;
  [[nodiscard]] std::uint64_t pair(std::uint64_t a, std::uint64_t b) const;

 private:
  std::uint64_t seed_;
};

/// Without a seed, because rules see it; zero: no name.
[[nodiscard]] std::uint64_t name_hash(std::string_view name);

[[nodiscard]] std::uint32_t client_mark(const HandshakeRecord& record);
[[nodiscard]] std::uint32_t client_network_mark(const HandshakeRecord& record);
/// Address, port and transport of the server.
[[nodiscard]] std::uint32_t endpoint_mark(const HandshakeRecord& record);
/// Of the JA4 without its letters for name and ALPN, which change with what is asked for; zero: no
/// hello was read.
[[nodiscard]] std::uint32_t stack_mark(const Ja4& ja4);
[[nodiscard]] constexpr std::uint32_t name_mark(std::uint64_t name_hash) {
  return static_cast<std::uint32_t>(name_hash >> 32 ^ name_hash);
}

/// Tells one record from all others of a client.
[[nodiscard]] std::uint64_t record_digest(const HandshakeRecord& record);

/// The moment of a handshake: of its ClientHello, else when it was first seen.
[[nodiscard]] inline UnixNanos moment_of(const HandshakeRecord& record) {
  return record.client_hello.known() ? record.client_hello : record.first_seen;
}

/// How far two times lie apart, whichever is the later; hostile times saturate.
[[nodiscard]] constexpr std::int64_t distance(UnixNanos a, UnixNanos b) {
  const UnixNanos late = a > b ? a : b;
  const UnixNanos early = a > b ? b : a;
  std::int64_t nanos = 0;
  return __builtin_sub_overflow(late.value, early.value, &nanos) ? kEndOfTime.value : nanos;
}

/// A session of before is offered: by ticket, PSK, or a session id, which TLS 1.3 fills for
/// middleboxes only (RFC 8446 §4.1.2).
[[nodiscard]] inline bool offers_resumption(const ClientHelloFacts& hello) {
  if ((hello.flags & (ClientHelloFacts::session_ticket_present | ClientHelloFacts::psk_present)) !=
      0) {
    return true;
  }
  return hello.session_id_length != 0 && !is_tls13_family(ProtocolVersion{hello.max_version});
}

}  // namespace shakedown::diagnose
