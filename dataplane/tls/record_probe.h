// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Does this look like TLS? Tests of bytes at hand that need no state.
// Units:     Bytes.
// Ownership: Views only.
// Threading: Pure functions.
// Limits:    kRecordBytesMax, kSslv2HelloBytesMax; at most kProbeRecordCountMax headers of a chain
//            are looked at.
// Failure:   False. Too few bytes to tell is false as well.
// RFC:       RFC 8446 §4, §5.1; RFC 5246 §E.2 (SSLv2 CLIENT-HELLO).
#pragma once

#include <cstddef>
#include <cstdint>

#include "shakedown/bytes.h"
#include "shakedown/tls_types.h"

namespace shakedown::tls {

/// An SSLv2 hello that is read. A CLIENT-HELLO has tens of bytes, a SERVER-HELLO carries one
/// certificate.
inline constexpr std::size_t kSslv2HelloBytesMax = 4095;
/// The same behind the header form with padding: so short that no text begins like one.
inline constexpr std::size_t kSslv2PaddedHelloBytesMax = 1023;
/// Record headers followed by plausible_record_start(): enough that chance has no part in it.
inline constexpr unsigned kProbeRecordCountMax = 4;
/// A message longer than this is taken for ciphertext. Stacks refuse certificate chains above 100
/// KB by default.
inline constexpr std::uint32_t kMessageBytesPlausibleMax = 128 * 1024;
/// More alerts than this in one readable record do not exist; such a record is taken for
/// ciphertext, whose shortest form (TLS 1.0 with a stream cipher and MD5) has 18 bytes.
inline constexpr std::uint16_t kAlertRecordBytesMax = 16;

/// The payload begins with a ClientHello, as TLS record or in SSLv2 format. As strict as the bytes
/// at hand allow; at least six are needed. For first payloads and for payloads of connections whose
/// beginning was not seen.
[[nodiscard]] bool plausible_client_hello(Bytes payload) noexcept;

/// A record begins here. Follows the lengths to further headers as far as the bytes reach.
[[nodiscard]] bool plausible_record_start(Bytes payload) noexcept;

/// Could a readable message begin with these 1 to 4 bytes, as first message of a record body of
/// `record_length`? Rejecting means: this is ciphertext.
[[nodiscard]] bool plausible_message_header(Bytes first_bytes,
                                            std::uint16_t record_length) noexcept;

/// The lengths inside an SSLv2 hello (from its msg-type byte on) agree with its size.
[[nodiscard]] bool consistent_sslv2_hello(Bytes body, bool from_server) noexcept;

}  // namespace shakedown::tls
