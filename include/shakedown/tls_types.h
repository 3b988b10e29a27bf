// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The numbers of TLS under the names that the RFCs give them.
// Units:     Code points as on the wire.
// Ownership: Values.
// Threading: Values.
// Limits:    All enumerations are open: a value without a name is kept, handed on and printed in
//            hex.
// Failure:   None; an unknown value is never an error by itself.
// RFC:       RFC 8446 §4, §5.1, §6, appendix B; RFC 5246 §7.2, §7.4; RFC 6066; RFC 7301; RFC 8701
//            (GREASE).
#pragma once

#include <cstdint>

namespace shakedown {

enum class ContentType : std::uint8_t {
  change_cipher_spec = 20,
  alert = 21,
  handshake = 22,
  application_data = 23,
  heartbeat = 24
};

enum class HandshakeType : std::uint8_t {
  hello_request = 0,
  client_hello = 1,
  server_hello = 2,
  hello_verify_request = 3,
  new_session_ticket = 4,
  end_of_early_data = 5,
  hello_retry_request = 6,  ///< only drafts of TLS 1.3 put it on the wire
  encrypted_extensions = 8,
  certificate = 11,
  server_key_exchange = 12,
  certificate_request = 13,
  server_hello_done = 14,
  certificate_verify = 15,
  client_key_exchange = 16,
  finished = 20,
  certificate_url = 21,
  certificate_status = 22,
  supplemental_data = 23,
  key_update = 24,
  compressed_certificate = 25,
  message_hash = 254
};

enum class AlertLevel : std::uint8_t { none = 0, warning = 1, fatal = 2 };

enum class AlertDescription : std::uint8_t {
  close_notify = 0,
  unexpected_message = 10,
  bad_record_mac = 20,
  decryption_failed = 21,
  record_overflow = 22,
  decompression_failure = 30,
  handshake_failure = 40,
  no_certificate = 41,
  bad_certificate = 42,
  unsupported_certificate = 43,
  certificate_revoked = 44,
  certificate_expired = 45,
  certificate_unknown = 46,
  illegal_parameter = 47,
  unknown_ca = 48,
  access_denied = 49,
  decode_error = 50,
  decrypt_error = 51,
  too_many_cids_requested = 52,
  export_restriction = 60,
  protocol_version = 70,
  insufficient_security = 71,
  internal_error = 80,
  inappropriate_fallback = 86,
  user_canceled = 90,
  no_renegotiation = 100,
  missing_extension = 109,
  unsupported_extension = 110,
  certificate_unobtainable = 111,
  unrecognized_name = 112,
  bad_certificate_status_response = 113,
  bad_certificate_hash_value = 114,
  unknown_psk_identity = 115,
  certificate_required = 116,
  general_error = 117,
  no_application_protocol = 120,
  ech_required = 121
};

/// ProtocolVersion of the record layer and the hellos. SSLv2 is written 0x0002 as on its wire.
enum class ProtocolVersion : std::uint16_t {
  unknown = 0,
  ssl2 = 0x0002,
  ssl3 = 0x0300,
  tls10 = 0x0301,
  tls11 = 0x0302,
  tls12 = 0x0303,
  tls13 = 0x0304
};

/// TLS 1.3 or one of its drafts and experiments (0x7fNN drafts, 0x7eNN Google's, 0xfbNN
/// Facebook's).
[[nodiscard]] constexpr bool is_tls13_family(ProtocolVersion version) {
  const auto code = static_cast<std::uint16_t>(version);
  const auto high = code >> 8;
  return version == ProtocolVersion::tls13 || high == 0x7f || high == 0x7e || high == 0xfb;
}

enum class ExtensionType : std::uint16_t {
  server_name = 0,
  max_fragment_length = 1,
  status_request = 5,
  supported_groups = 10,
  ec_point_formats = 11,
  signature_algorithms = 13,
  application_layer_protocol_negotiation = 16,
  signed_certificate_timestamp = 18,
  padding = 21,
  encrypt_then_mac = 22,
  extended_master_secret = 23,
  compress_certificate = 27,
  session_ticket = 35,
  pre_shared_key = 41,
  early_data = 42,
  supported_versions = 43,
  cookie = 44,
  psk_key_exchange_modes = 45,
  certificate_authorities = 47,
  post_handshake_auth = 49,
  signature_algorithms_cert = 50,
  key_share = 51,
  next_protocol_negotiation = 13172,
  encrypted_server_name = 0xffce,
  encrypted_client_hello = 0xfe0d,
  renegotiation_info = 0xff01
};

/// RFC 8701 §2: 0x0a0a, 0x1a1a ... 0xfafa, wherever a 16-bit code point is offered.
[[nodiscard]] constexpr bool is_grease(std::uint16_t code) {
  return (code & 0x0f0f) == 0x0a0a && (code >> 8) == (code & 0xff);
}

}  // namespace shakedown
