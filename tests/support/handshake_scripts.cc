// SPDX-License-Identifier: Apache-2.0
#include "handshake_scripts.h"

#include <algorithm>
#include <utility>

#include "certificates.h"
#include "deterministic_random.h"
#include "record_builder.h"
#include "shakedown/tls_types.h"

namespace shakedown::test_support {
namespace {

/// How the records of a cipher suite grow: explicit nonce and tag, or IV, MAC and padding.
struct CipherShape {
  size_t hash_size = 32;
  size_t tag_size = 16;
  size_t explicit_nonce_size = 8;  // TLS 1.2 AEAD; the IV of CBC suites since TLS 1.1
  size_t cbc_mac_size = 0;         // not zero = CBC
};

CipherShape shape_of(uint16_t cipher_suite, uint16_t version) {
  switch (cipher_suite) {
    case 0x1302:  // AES-256-GCM with SHA-384
      return {.hash_size = 48};
    case 0x1305:  // AES-128-CCM-8
      return {.tag_size = 8};
    case 0xcca8:
    case 0xcca9:  // ChaCha20-Poly1305 has no explicit nonce: RFC 7905 §2
      return {.explicit_nonce_size = 0};
    case 0x002f:
    case 0x0035:
    case 0xc013:
    case 0xc014:
    case 0xc009:
    case 0xc00a:  // AES-CBC with SHA-1; the IV is on the wire since TLS 1.1
      return {.explicit_nonce_size = version >= 0x0302 ? size_t{16} : size_t{0},
              .cbc_mac_size = 20};
    default:
      return {};
  }
}

constexpr size_t kMessageHeaderSize = 4;
constexpr size_t kAlertSize = 2;
constexpr size_t kTls12VerifyDataSize = 12;
constexpr size_t kTls13SignatureSize = 256;
constexpr size_t kTls13TicketSize = 235;

}  // namespace

Bytes Dialogue::bytes_from(Side side) const {
  Bytes all;
  for (const Step& step : steps) {
    if (step.kind == Step::Kind::data && step.from == side) {
      all.insert(all.end(), step.bytes.begin(), step.bytes.end());
    }
  }
  return all;
}

HandshakeParameters HandshakeParameters::tls12(std::string_view server_name) {
  HandshakeParameters p;
  p.client_hello = ClientHelloBuilder::tls12(server_name);
  p.chain = rsa_chain();
  return p;
}

HandshakeParameters HandshakeParameters::tls13(std::string_view server_name) {
  HandshakeParameters p = tls12(server_name);
  p.client_hello = ClientHelloBuilder::tls13(server_name);
  p.version = 0x0304;
  p.cipher_suite = 0x1301;
  return p;
}

HandshakeScript::HandshakeScript(HandshakeParameters parameters)
    : parameters_(std::move(parameters)) {}

uint16_t HandshakeScript::record_version() const {
  return is_tls13() ? uint16_t{kTls12} : parameters_.version;
}

size_t HandshakeScript::sealed_size(size_t plaintext_size) const {
  const CipherShape shape = shape_of(parameters_.cipher_suite, parameters_.version);
  if (is_tls13()) {
    return plaintext_size + 1 + shape.tag_size;  // the inner content type: RFC 8446 §5.2
  }
  if (shape.cbc_mac_size != 0) {
    constexpr size_t kBlockSize = 16;
    const size_t padded =
        (plaintext_size + shape.cbc_mac_size) / kBlockSize * kBlockSize + kBlockSize;
    return shape.explicit_nonce_size + padded;
  }
  return shape.explicit_nonce_size + plaintext_size + shape.tag_size;
}

Bytes HandshakeScript::sealed(Code8 content_type, size_t plaintext_size) {
  // Every protected record of TLS 1.3 says application_data: RFC 8446 §5.2.
  const Code8 outer = is_tls13() ? Code8(ContentType::application_data) : content_type;
  return encrypted_record(outer, sealed_size(plaintext_size), next_seed(), record_version());
}

HandshakeScript& HandshakeScript::client_hello() {
  // The first record says 1.0 whatever follows, for the sake of old servers: RFC 8446 §5.1.
  const uint16_t version = parameters_.version == 0x0300 ? 0x0300 : 0x0301;
  return data(Side::client, handshake_record(parameters_.client_hello.build(), version));
}

HandshakeScript& HandshakeScript::hello_retry(Code16 group) {
  const ServerHelloBuilder retry =
      ServerHelloBuilder::hello_retry_request(group, parameters_.cipher_suite);
  data(Side::server, concatenate({handshake_record(retry.build()), change_cipher_spec_record()}));
  parameters_.named_group = group;
  ClientHelloBuilder second = parameters_.client_hello;
  second.key_share({group});
  retried_ = true;
  return data(Side::client,
              concatenate({change_cipher_spec_record(), handshake_record(second.build())}));
}

Bytes HandshakeScript::server_hello(bool resumed) {
  ServerHelloBuilder hello = is_tls13() ? ServerHelloBuilder::tls13(parameters_.cipher_suite)
                                        : ServerHelloBuilder::tls12(parameters_.cipher_suite);
  hello.random(make_random(next_seed()));
  if (is_tls13()) {
    hello.key_share(parameters_.named_group);
    if (resumed) {
      hello.pre_shared_key();
    }
    return hello.build();
  }
  hello.legacy_version(parameters_.version).session_id(opaque_bytes(32, next_seed()));
  if (resumed) {
    hello.session_id(parameters_.client_hello.session_id_value());
  }
  if (parameters_.server_sends_ticket && !resumed) {
    hello.session_ticket();
  }
  if (!parameters_.alpn.empty()) {
    hello.alpn(parameters_.alpn);
  }
  // A server answers what was offered and nothing else; renegotiation_info may also have been
  // offered by a cipher suite number. RFC 5246 §7.4.1.4, RFC 5746 §3.4.
  const std::vector<Extension>& offered = parameters_.client_hello.extensions();
  std::erase_if(hello.extensions(), [&](const Extension& answer) {
    return answer.type != static_cast<uint16_t>(ExtensionType::renegotiation_info) &&
           std::none_of(offered.begin(), offered.end(),
                        [&](const Extension& offer) { return offer.type == answer.type; });
  });
  return hello.build();
}

Bytes HandshakeScript::tls13_server_records(bool resumed) {
  const CipherShape shape = shape_of(parameters_.cipher_suite, parameters_.version);
  std::vector<Bytes> records{handshake_record(server_hello(resumed))};
  if (!retried_) {
    records.push_back(change_cipher_spec_record());
  }
  records.push_back(sealed(ContentType::handshake, encrypted_extensions(parameters_.alpn).size()));
  if (!resumed) {
    if (parameters_.client_chain) {
      records.push_back(sealed(ContentType::handshake, 60));
    }
    records.push_back(sealed(ContentType::handshake, certificate_tls13(parameters_.chain).size()));
    const size_t signature_size = parameters_.certificate_is_ecdsa ? 71 : kTls13SignatureSize;
    records.push_back(
        sealed(ContentType::handshake, certificate_verify(0x0804, signature_size).size()));
  }
  records.push_back(sealed(ContentType::handshake, kMessageHeaderSize + shape.hash_size));
  return concatenate(records);
}

Bytes HandshakeScript::tls12_server_records() {
  const bool has_schemes = parameters_.version >= 0x0303;
  std::vector<Bytes> messages{server_hello(false), certificate(parameters_.chain)};
  if (!parameters_.ocsp_response.empty()) {
    messages.push_back(certificate_status(parameters_.ocsp_response));
  }
  if (!uses_rsa_key_exchange()) {
    messages.push_back(server_key_exchange_ecdhe(
        parameters_.named_group, parameters_.certificate_is_ecdsa ? 71 : 256, has_schemes));
  }
  if (parameters_.client_chain) {
    messages.push_back(has_schemes ? certificate_request() : certificate_request_legacy());
  }
  messages.push_back(server_hello_done());
  return separate_records(messages, record_version());
}

bool HandshakeScript::uses_rsa_key_exchange() const { return parameters_.cipher_suite < 0x0100; }

HandshakeScript& HandshakeScript::server_flight() {
  return data(Side::server, is_tls13() ? tls13_server_records(false) : tls12_server_records());
}

HandshakeScript& HandshakeScript::server_resumed_flight() {
  if (is_tls13()) {
    return data(Side::server, tls13_server_records(true));
  }
  return data(Side::server,
              concatenate({handshake_record(server_hello(true), record_version()),
                           change_cipher_spec_record(record_version()), tls12_finished()}));
}

Bytes HandshakeScript::tls12_finished() {
  return sealed(ContentType::handshake, kMessageHeaderSize + kTls12VerifyDataSize);
}

HandshakeScript& HandshakeScript::client_flight() {
  std::vector<Bytes> records;
  const CipherShape shape = shape_of(parameters_.cipher_suite, parameters_.version);
  const auto& chain = parameters_.client_chain;
  if (is_tls13()) {
    if (!retried_) {
      records.push_back(change_cipher_spec_record());
    }
    if (chain) {
      records.push_back(sealed(ContentType::handshake, certificate_tls13(*chain).size()));
    }
    if (chain && !chain->empty()) {
      records.push_back(sealed(ContentType::handshake, certificate_verify().size()));
    }
    records.push_back(sealed(ContentType::handshake, kMessageHeaderSize + shape.hash_size));
    return data(Side::client, concatenate(records));
  }
  std::vector<Bytes> messages;
  if (chain) {
    messages.push_back(certificate(*chain));
  }
  const size_t point_size = parameters_.named_group == 0x001d ? 32 : 65;
  messages.push_back(uses_rsa_key_exchange() ? client_key_exchange(256, true)
                                             : client_key_exchange(point_size));
  if (chain && !chain->empty()) {
    messages.push_back(certificate_verify());
  }
  records.push_back(separate_records(messages, record_version()));
  records.push_back(change_cipher_spec_record(record_version()));
  records.push_back(tls12_finished());
  return data(Side::client, concatenate(records));
}

HandshakeScript& HandshakeScript::client_resumed_flight() {
  if (is_tls13()) {
    return client_flight();
  }
  return data(Side::client,
              concatenate({change_cipher_spec_record(record_version()), tls12_finished()}));
}

HandshakeScript& HandshakeScript::server_finish() {
  if (is_tls13()) {
    return data(Side::server, concatenate({sealed(ContentType::handshake, kTls13TicketSize),
                                           sealed(ContentType::handshake, kTls13TicketSize)}));
  }
  Bytes ticket;
  if (parameters_.server_sends_ticket) {
    ticket = handshake_record(new_session_ticket(), record_version());
  }
  return data(Side::server,
              concatenate({ticket, change_cipher_spec_record(record_version()), tls12_finished()}));
}

HandshakeScript& HandshakeScript::application_data() {
  data(Side::client, sealed(ContentType::application_data, parameters_.request_size));
  return data(Side::server, sealed(ContentType::application_data, parameters_.response_size));
}

HandshakeScript& HandshakeScript::finish() {
  if (parameters_.close_notify) {
    encrypted_alert(Side::client);
  }
  return fin(Side::client).fin(Side::server);
}

HandshakeScript& HandshakeScript::alert(Side from, Code8 description, Code8 level) {
  return data(from, alert_record(level, description, record_version()));
}

HandshakeScript& HandshakeScript::encrypted_alert(Side from) {
  return data(from, sealed(ContentType::alert, kAlertSize));
}

HandshakeScript& HandshakeScript::data(Side from, Bytes bytes) {
  dialogue_.steps.push_back({Step::Kind::data, from, std::move(bytes), 0});
  return *this;
}

HandshakeScript& HandshakeScript::fin(Side from) {
  dialogue_.steps.push_back({Step::Kind::fin, from, {}, 0});
  return *this;
}

HandshakeScript& HandshakeScript::rst(Side from) {
  dialogue_.steps.push_back({Step::Kind::rst, from, {}, 0});
  return *this;
}

HandshakeScript& HandshakeScript::wait(uint64_t nanoseconds) {
  dialogue_.steps.push_back({Step::Kind::wait, Side::client, {}, nanoseconds});
  return *this;
}

HandshakeScript& HandshakeScript::expect(std::string name, std::string by) {
  dialogue_.expected.name = std::move(name);
  dialogue_.expected.by = std::move(by);
  return *this;
}

HandshakeScript& HandshakeScript::expect_alert(std::string name, Side from, Code8 description) {
  const char* sender = from == Side::client ? "client" : "server";
  dialogue_.expected.alert_description = description.value();
  dialogue_.expected.alert_from = sender;
  return expect(std::move(name), sender);
}

}  // namespace shakedown::test_support
