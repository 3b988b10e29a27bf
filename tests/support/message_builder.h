// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Builds the handshake messages other than the hellos. Keys, signatures and tickets are
//            opaque bytes of the size that a test asks for; only their framing is real.
// Units:     sizes are bytes.
// Ownership: every function returns a message of its own, handshake header included.
// Threading: none.
// Limits:    those of the wire's length prefixes.
// Failure:   none.
// RFC:       RFC 5246 §7.4; RFC 6066 §8; RFC 5077 §3.3; RFC 8446 §4.3, §4.4, §4.6.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "byte_writer.h"

namespace shakedown::test_support {

/// DER certificates, the leaf first.
using CertificateChain = std::vector<Bytes>;

[[nodiscard]] Bytes handshake_message(Code8 type, BytesView body);

[[nodiscard]] Bytes hello_request();
/// Certificate of TLS 1.2 and older; an empty chain is the answer of a client that has none.
[[nodiscard]] Bytes certificate(const CertificateChain& chain);
/// Certificate of TLS 1.3, which travels encrypted; for the sizes of records.
[[nodiscard]] Bytes certificate_tls13(const CertificateChain& chain);
[[nodiscard]] Bytes certificate_status(BytesView ocsp_response);
/// ECDHE with a named curve; `with_scheme` writes the signature scheme that only TLS 1.2 has.
[[nodiscard]] Bytes server_key_exchange_ecdhe(Code16 named_group = 0x001d,
                                              size_t signature_size = 256, bool with_scheme = true);
/// Finite field DHE with a prime of `p_size` bytes.
[[nodiscard]] Bytes server_key_exchange_dhe(size_t p_size, size_t signature_size = 256,
                                            bool with_scheme = true);
[[nodiscard]] Bytes certificate_request(const std::vector<Code16>& schemes = {0x0401, 0x0403,
                                                                              0x0804},
                                        const std::vector<Bytes>& authorities = {});
/// CertificateRequest of TLS 1.1 and older, without supported_signature_algorithms.
[[nodiscard]] Bytes certificate_request_legacy(const std::vector<Bytes>& authorities = {});
[[nodiscard]] Bytes server_hello_done();
/// ECDHE by default (one length byte and the point); `rsa` writes the two-byte length of an RSA
/// one.
[[nodiscard]] Bytes client_key_exchange(size_t key_size = 32, bool rsa = false);
[[nodiscard]] Bytes certificate_verify(Code16 scheme = 0x0804, size_t signature_size = 256);
[[nodiscard]] Bytes new_session_ticket(size_t ticket_size = 192, uint32_t lifetime_seconds = 7200);
[[nodiscard]] Bytes encrypted_extensions(std::string_view alpn = {});
[[nodiscard]] Bytes finished(size_t verify_data_size = 12);

}  // namespace shakedown::test_support
