// SPDX-License-Identifier: Apache-2.0
//
// libssl is asked once for everything: a table of ours would be that of another version.
#include "diagnose/openssl_names.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string_view>

#include "export/tls_names.h"
#include "shakedown/bytes.h"

namespace shakedown::diagnose {

namespace {

using Names = std::map<std::uint16_t, std::string>;

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using Context = std::unique_ptr<SSL_CTX, FreeContext>;
using Ssl = std::unique_ptr<SSL, FreeSsl>;

constexpr std::uint16_t kRenegotiationScsv = 0x00ff;  // RFC 5746 §3.3
constexpr std::uint16_t kFallbackScsv = 0x5600;       // RFC 7507 §2

/// The command sends these only when it is given a key or a password that both sides share.
bool needs_secret(const SSL_CIPHER* cipher) {
  const int key_exchange = SSL_CIPHER_get_kx_nid(cipher);
  const int authentication = SSL_CIPHER_get_auth_nid(cipher);
  return key_exchange == NID_kx_psk || key_exchange == NID_kx_rsa_psk ||
         key_exchange == NID_kx_ecdhe_psk || key_exchange == NID_kx_dhe_psk ||
         key_exchange == NID_kx_srp || authentication == NID_auth_psk ||
         authentication == NID_auth_srp;
}

Names cipher_suites_of(SSL_CTX* context) {
  Names names;
  if (SSL_CTX_set_cipher_list(context, "ALL:COMPLEMENTOFALL:@SECLEVEL=0") != 1) return names;
  // The two that the default leaves out are there to be asked for.
  static_cast<void>(SSL_CTX_set_ciphersuites(
      context,
      "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:"
      "TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256"));
  const STACK_OF(SSL_CIPHER)* ciphers = SSL_CTX_get_ciphers(context);
  for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); ++i) {
    const SSL_CIPHER* cipher = sk_SSL_CIPHER_value(ciphers, i);
    if (!needs_secret(cipher)) {
      names.emplace(SSL_CIPHER_get_protocol_id(cipher), SSL_CIPHER_get_name(cipher));
    }
  }
  return names;
}

Names named_groups_of(SSL_CTX* context) {
  Names names;
  const Ssl ssl(SSL_new(context));
  if (!ssl) return names;
  // Those that the registry has numbered: curves, finite fields, and hybrids of key encapsulation.
  constexpr std::pair<int, int> kRanges[] = {
      {1, 0x40}, {0x100, 0x110}, {0x200, 0x210}, {0x11e0, 0x11f0}};
  for (const auto& [begin, end] : kRanges) {
    for (int code = begin; code < end; ++code) {
      const char* name = SSL_group_to_name(ssl.get(), TLSEXT_nid_unknown | code);
      if (name == nullptr || SSL_CTX_set1_groups_list(context, name) != 1) continue;
      names.emplace(static_cast<std::uint16_t>(code), name);
    }
  }
  return names;
}

/// `RSA+SHA1` for what TLS 1.2 spells as a pair (RFC 5246 §7.4.1.4.1), else the registered name.
std::string signature_spelling(std::uint16_t code) {
  constexpr std::string_view kHashes[] = {"",       "MD5",    "SHA1",  "SHA224",
                                          "SHA256", "SHA384", "SHA512"};
  constexpr std::string_view kSignatures[] = {"", "RSA", "DSA", "ECDSA"};
  const unsigned hash = code >> 8;
  const unsigned signature = code & 0xff;
  if (hash == 0 || hash >= std::size(kHashes) || signature == 0 ||
      signature >= std::size(kSignatures)) {
    return std::string(exporting::registered_signature_scheme(code));
  }
  return fmt::format("{}+{}", kSignatures[signature], kHashes[hash]);
}

Names signature_schemes_of(SSL_CTX* context) {
  Names names;
  for (unsigned high = 0x01; high <= 0x08; ++high) {
    for (unsigned low = 0x01; low <= 0x1f; ++low) {
      const auto code = static_cast<std::uint16_t>(high << 8 | low);
      std::string name = signature_spelling(code);
      if (name.empty() || SSL_CTX_set1_sigalgs_list(context, name.c_str()) != 1) continue;
      names.emplace(code, std::move(name));
    }
  }
  return names;
}

/// What `uint16 codes<0..2^16-1>` holds, ascending, SCSVs left out.
std::vector<std::uint16_t> codes_in(ByteReader list) {
  std::vector<std::uint16_t> codes;
  std::uint16_t code = 0;
  while (list.read_u16(code)) {
    if (code != kRenegotiationScsv && code != kFallbackScsv) codes.push_back(code);
  }
  std::ranges::sort(codes);
  return codes;
}

/// The lists of one ClientHello record (RFC 8446 §4.1.2) that libssl has made.
OpensslDefaults read_hello(Bytes record) {
  constexpr std::size_t kRecordHeader = 5;
  constexpr std::size_t kMessageHeader = 4;
  constexpr std::size_t kVersionAndRandom = 2 + 32;
  constexpr std::uint16_t kSignatureAlgorithms = 13;
  OpensslDefaults defaults;
  ByteReader hello(record);
  Bytes skipped;
  ByteReader session_id, suites, compression, extensions;
  if (!hello.read_bytes(kRecordHeader + kMessageHeader + kVersionAndRandom, skipped) ||
      !hello.read_vector8(session_id) || !hello.read_vector16(suites) ||
      !hello.read_vector8(compression) || !hello.read_vector16(extensions)) {
    return defaults;
  }
  defaults.cipher_suites = codes_in(suites);
  std::uint16_t type = 0;
  ByteReader body, list;
  while (extensions.read_u16(type) && extensions.read_vector16(body)) {
    if (type == kSignatureAlgorithms && body.read_vector16(list)) {
      defaults.signature_algorithms = codes_in(list);
    }
  }
  return defaults;
}

OpensslDefaults make_defaults(int security_level) {
  const Context context(SSL_CTX_new(TLS_client_method()));
  if (!context) return {};
  SSL_CTX_set_security_level(context.get(), security_level);
  const Ssl ssl(SSL_new(context.get()));
  BIO* received = BIO_new(BIO_s_mem());
  BIO* sent = BIO_new(BIO_s_mem());
  if (!ssl || received == nullptr || sent == nullptr) {
    BIO_free(received);
    BIO_free(sent);
    return {};
  }
  SSL_set_bio(ssl.get(), received, sent);  // owns them from here on
  static_cast<void>(SSL_connect(ssl.get()));
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(sent, &bytes);
  if (size <= 0) return {};
  return read_hello(
      Bytes(reinterpret_cast<const std::uint8_t*>(bytes), static_cast<std::size_t>(size)));
}

struct Known {
  Names cipher_suites;
  Names named_groups;
  Names signature_schemes;
  std::array<OpensslDefaults, 2> defaults;

  Known() {
    // What the machine's configuration forbids, the reader's may allow; and reading it again is not
    // worth a file that may have gone by now.
    OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
    if (const Context context(SSL_CTX_new(TLS_client_method())); context) {
      cipher_suites = cipher_suites_of(context.get());
      named_groups = named_groups_of(context.get());
      signature_schemes = signature_schemes_of(context.get());
    }
    defaults = {make_defaults(1), make_defaults(2)};
    ERR_clear_error();
  }
};

const Known& known() {
  static const Known everything;
  return everything;
}

const std::string& name_in(const Names& names, std::uint16_t code) {
  static const std::string nothing;
  const auto found = names.find(code);
  return found == names.end() ? nothing : found->second;
}

}  // namespace

const std::string& openssl_cipher_suite(std::uint16_t code) {
  return name_in(known().cipher_suites, code);
}
const std::string& openssl_named_group(std::uint16_t code) {
  return name_in(known().named_groups, code);
}
const std::string& openssl_signature_scheme(std::uint16_t code) {
  return name_in(known().signature_schemes, code);
}
std::span<const OpensslDefaults> openssl_defaults() { return known().defaults; }

}  // namespace shakedown::diagnose
