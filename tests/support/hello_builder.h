// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Builds ClientHello and ServerHello messages, well formed unless the test says
//            otherwise, so that a test shows only the field that it is about.
// Units:     sizes are bytes; versions, suites, groups and schemes are wire numbers or contract
//            enums.
// Ownership: builders are values: copy one, change a field, build both.
// Threading: none.
// Limits:    those of the wire's length prefixes.
// Failure:   none. A malformed message is made by giving extension() a wrong body, or by changing
//            the bytes that build() returned.
// RFC:       RFC 8446 §4.1, §4.2; RFC 5246 §7.4.1; RFC 6066; RFC 7301; RFC 8701; RFC 6101 §E
//            (SSLv2).
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "byte_writer.h"

namespace shakedown::test_support {

struct Extension {
  uint16_t type = 0;
  Bytes body{};
};

struct KeyShareEntry {
  Code16 group{};
  Bytes key_exchange{};
};

using Random32 = std::array<uint8_t, 32>;

/// The n-th (0-15) of the sixteen two-byte GREASE values. RFC 8701 §2.
[[nodiscard]] constexpr uint16_t grease_value(unsigned n) {
  return static_cast<uint16_t>(0x0a0a + 0x1010 * (n & 0xf));
}

/// A random that depends on `seed` only; seeds differ in the first byte too.
[[nodiscard]] Random32 make_random(uint64_t seed);

/// The random that marks a HelloRetryRequest. RFC 8446 §4.1.3.
[[nodiscard]] const Random32& hello_retry_request_random();

/// A key share of the size which `group` has in that direction; GREASE and unknown groups get one
/// byte.
[[nodiscard]] KeyShareEntry client_key_share(Code16 group, uint64_t seed = 7);
[[nodiscard]] KeyShareEntry server_key_share(Code16 group, uint64_t seed = 8);

/// Fresh: TLS 1.2 legacy_version, fixed random, empty session id, two suites, null compression, and
/// no extensions block at all. Setters of known extensions replace that extension where it stands,
/// or put it at the end; extension() always appends, so that duplicates can be made.
class ClientHelloBuilder {
 public:
  ClientHelloBuilder();

  /// What OpenSSL's s_client sends when told to speak TLS 1.2 only; no SNI when the name is empty.
  [[nodiscard]] static ClientHelloBuilder tls12(std::string_view server_name = "www.example.com");
  /// What OpenSSL 3 sends by default: TLS 1.3 and 1.2, x25519 key share, compatibility session id.
  [[nodiscard]] static ClientHelloBuilder tls13(std::string_view server_name = "www.example.com");

  ClientHelloBuilder& legacy_version(Code16 version);
  ClientHelloBuilder& random(const Random32& random);
  ClientHelloBuilder& session_id(Bytes session_id);
  ClientHelloBuilder& cipher_suites(std::vector<Code16> suites);
  ClientHelloBuilder& compression_methods(Bytes methods);

  ClientHelloBuilder& server_name(std::string_view name);
  ClientHelloBuilder& supported_versions(const std::vector<Code16>& versions);
  ClientHelloBuilder& supported_groups(const std::vector<Code16>& groups);
  ClientHelloBuilder& signature_algorithms(const std::vector<Code16>& schemes);
  ClientHelloBuilder& ec_point_formats(const Bytes& formats = {0});
  ClientHelloBuilder& alpn(const std::vector<std::string>& protocols);
  /// Key shares of the right sizes for these groups; an empty list asks for a HelloRetryRequest.
  ClientHelloBuilder& key_share(const std::vector<Code16>& groups);
  ClientHelloBuilder& key_share_entries(const std::vector<KeyShareEntry>& entries);
  ClientHelloBuilder& psk_key_exchange_modes(const Bytes& modes = {1});
  /// Must be the last extension of a legal hello. RFC 8446 §4.2.11.
  ClientHelloBuilder& pre_shared_key(size_t identity_size = 192, size_t binder_size = 32);
  ClientHelloBuilder& early_data();
  ClientHelloBuilder& cookie(const Bytes& cookie);
  ClientHelloBuilder& session_ticket(Bytes ticket = {});
  ClientHelloBuilder& extended_master_secret();
  ClientHelloBuilder& encrypt_then_mac();
  ClientHelloBuilder& renegotiation_info();
  ClientHelloBuilder& status_request();
  ClientHelloBuilder& signed_certificate_timestamp();
  ClientHelloBuilder& post_handshake_auth();
  ClientHelloBuilder& record_size_limit(uint16_t limit = 0x4001);
  ClientHelloBuilder& compress_certificate();
  ClientHelloBuilder& application_settings();
  ClientHelloBuilder& delegated_credentials();
  /// Extension 0xfe0d with an outer ClientHello structure and a payload of this size; also sent as
  /// GREASE.
  ClientHelloBuilder& encrypted_client_hello(size_t payload_size = 144);
  ClientHelloBuilder& grease_extension(uint16_t value, Bytes body = {});
  /// Pads the whole message, header included, to this size; does nothing when it is as long
  /// already.
  ClientHelloBuilder& padding_to(size_t message_size);
  ClientHelloBuilder& padding(size_t size);
  ClientHelloBuilder& extension(Code16 type, Bytes body);
  ClientHelloBuilder& without_extension(Code16 type);
  /// Writes the extensions block even when there is no extension in it.
  ClientHelloBuilder& with_empty_extensions_block();

  [[nodiscard]] const Bytes& session_id_value() const { return session_id_; }
  /// For tests that reorder, duplicate or damage extensions.
  [[nodiscard]] std::vector<Extension>& extensions() { return extensions_; }

  /// The body alone, without the four bytes of the handshake header.
  [[nodiscard]] Bytes body() const;
  /// The whole handshake message.
  [[nodiscard]] Bytes build() const;

 private:
  ClientHelloBuilder& put(uint16_t type, Bytes body);

  uint16_t legacy_version_ = 0x0303;
  Random32 random_;
  Bytes session_id_;
  std::vector<Code16> cipher_suites_;
  Bytes compression_methods_{0};
  std::vector<Extension> extensions_;
  bool empty_extensions_block_ = false;
};

/// Fresh: TLS 1.2, fixed random, empty session id, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, no
/// extensions.
class ServerHelloBuilder {
 public:
  ServerHelloBuilder();

  [[nodiscard]] static ServerHelloBuilder tls12(Code16 cipher_suite = 0xc02f);
  /// TLS 1.3 through supported_versions, with an x25519 key share.
  [[nodiscard]] static ServerHelloBuilder tls13(Code16 cipher_suite = 0x1301);
  /// HelloRetryRequest that asks for `selected_group`.
  [[nodiscard]] static ServerHelloBuilder hello_retry_request(Code16 selected_group,
                                                              Code16 cipher_suite = 0x1301);

  ServerHelloBuilder& legacy_version(Code16 version);
  ServerHelloBuilder& random(const Random32& random);
  ServerHelloBuilder& session_id(Bytes session_id);
  ServerHelloBuilder& cipher_suite(Code16 suite);
  ServerHelloBuilder& compression_method(uint8_t method);

  ServerHelloBuilder& supported_version(Code16 version);
  ServerHelloBuilder& key_share(Code16 group);
  ServerHelloBuilder& selected_group(Code16 group);
  ServerHelloBuilder& cookie(const Bytes& cookie);
  ServerHelloBuilder& alpn(std::string_view protocol);
  ServerHelloBuilder& pre_shared_key(uint16_t selected_identity = 0);
  ServerHelloBuilder& server_name_acknowledged();
  ServerHelloBuilder& extended_master_secret();
  ServerHelloBuilder& renegotiation_info();
  ServerHelloBuilder& session_ticket();
  ServerHelloBuilder& status_request();
  ServerHelloBuilder& ec_point_formats();
  ServerHelloBuilder& extension(Code16 type, Bytes body);
  ServerHelloBuilder& without_extension(Code16 type);
  ServerHelloBuilder& with_empty_extensions_block();

  [[nodiscard]] std::vector<Extension>& extensions() { return extensions_; }
  [[nodiscard]] Bytes body() const;
  [[nodiscard]] Bytes build() const;

 private:
  ServerHelloBuilder& put(uint16_t type, Bytes body);

  uint16_t legacy_version_ = 0x0303;
  Random32 random_;
  Bytes session_id_;
  uint16_t cipher_suite_ = 0xc02f;
  uint8_t compression_method_ = 0;
  std::vector<Extension> extensions_;
  bool empty_extensions_block_ = false;
};

/// ClientHello in the SSLv2 format, its two-byte record header included. RFC 5246 §E.2.
[[nodiscard]] Bytes sslv2_client_hello(Code16 version, const std::vector<uint32_t>& cipher_specs,
                                       BytesView session_id = {}, size_t challenge_size = 32);

}  // namespace shakedown::test_support
