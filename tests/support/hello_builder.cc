// SPDX-License-Identifier: Apache-2.0
#include "hello_builder.h"

#include <algorithm>
#include <utility>

#include "deterministic_random.h"
#include "message_builder.h"
#include "shakedown/tls_types.h"

namespace shakedown::test_support {
namespace {

constexpr uint16_t kApplicationSettings = 17513;
constexpr uint16_t kRecordSizeLimit = 28;
constexpr uint16_t kDelegatedCredentials = 34;

constexpr uint16_t code_of(ExtensionType type) { return static_cast<uint16_t>(type); }

Bytes list_of_u16(const std::vector<Code16>& values, size_t prefix_size) {
  ByteWriter writer;
  const auto write_all = [&](ByteWriter& w) {
    for (const Code16 value : values) {
      w.u16(value);
    }
  };
  if (prefix_size == 1) {
    writer.u8_vector(write_all);
  } else {
    writer.u16_vector(write_all);
  }
  return writer.take();
}

Bytes alpn_body(const std::vector<std::string>& protocols) {
  ByteWriter writer;
  writer.u16_vector([&](ByteWriter& list) {
    for (const std::string& protocol : protocols) {
      list.u8_vector([&](ByteWriter& name) { name.text(protocol); });
    }
  });
  return writer.take();
}

/// Sizes of KeyShareEntry.key_exchange; the hybrid groups differ between the two directions,
/// because the client sends an encapsulation key and the server a ciphertext.
size_t key_exchange_size(uint16_t group, bool from_client) {
  switch (group) {
    case 0x0017:
      return 65;
    case 0x0018:
      return 97;
    case 0x0019:
      return 133;
    case 0x001d:
      return 32;
    case 0x001e:
      return 56;
    case 0x0100:
      return 256;
    case 0x11ec:  // X25519MLKEM768
    case 0x6399:  // X25519Kyber768Draft00
      return from_client ? 1216 : 1120;
    default:
      return 1;
  }
}

KeyShareEntry share_of(uint16_t group, bool from_client, uint64_t seed) {
  return {group, opaque_bytes(key_exchange_size(group, from_client), seed * 0x10000 + group)};
}

void write_key_share(ByteWriter& writer, const KeyShareEntry& entry) {
  writer.u16(entry.group).u16_bytes(entry.key_exchange);
}

void put_extension(std::vector<Extension>& extensions, uint16_t type, Bytes body) {
  const auto found = std::find_if(extensions.begin(), extensions.end(),
                                  [&](const Extension& e) { return e.type == type; });
  if (found != extensions.end()) {
    found->body = std::move(body);
  } else {
    extensions.push_back({type, std::move(body)});
  }
}

void remove_extension(std::vector<Extension>& extensions, uint16_t type) {
  std::erase_if(extensions, [&](const Extension& e) { return e.type == type; });
}

void write_extensions(ByteWriter& writer, const std::vector<Extension>& extensions, bool always) {
  if (extensions.empty() && !always) {
    return;
  }
  writer.u16_vector([&](ByteWriter& block) {
    for (const Extension& extension : extensions) {
      block.u16(extension.type).u16_bytes(extension.body);
    }
  });
}

}  // namespace

Random32 make_random(uint64_t seed) {
  Random32 random{};
  DeterministicRandom(seed).fill(random.data(), random.size());
  return random;
}

const Random32& hello_retry_request_random() {
  static constexpr Random32 kRandom{0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11,
                                    0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
                                    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e,
                                    0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};
  return kRandom;
}

KeyShareEntry client_key_share(Code16 group, uint64_t seed) { return share_of(group, true, seed); }
KeyShareEntry server_key_share(Code16 group, uint64_t seed) { return share_of(group, false, seed); }

ClientHelloBuilder::ClientHelloBuilder()
    : random_(make_random(1)), cipher_suites_{0xc02f, 0xc030} {}

ClientHelloBuilder ClientHelloBuilder::tls12(std::string_view server_name) {
  ClientHelloBuilder hello;
  hello.cipher_suites({0xc02c, 0xc030, 0x009f, 0xcca9, 0xcca8, 0xccaa, 0xc02b,
                       0xc02f, 0x009e, 0xc024, 0xc028, 0x006b, 0xc023, 0xc027,
                       0x0067, 0xc00a, 0xc014, 0x0039, 0xc009, 0xc013, 0x0033,
                       0x009d, 0x009c, 0x003d, 0x003c, 0x0035, 0x002f, 0x00ff});
  if (!server_name.empty()) {
    hello.server_name(server_name);
  }
  return hello.ec_point_formats({0, 1, 2})
      .supported_groups({0x001d, 0x0017, 0x001e, 0x0019, 0x0018})
      .session_ticket()
      .encrypt_then_mac()
      .extended_master_secret()
      .signature_algorithms({0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0809, 0x080a, 0x080b, 0x0804,
                             0x0805, 0x0806, 0x0401, 0x0501, 0x0601});
}

ClientHelloBuilder ClientHelloBuilder::tls13(std::string_view server_name) {
  ClientHelloBuilder hello = tls12(server_name);
  std::vector<Code16> suites{0x1302, 0x1303, 0x1301};
  suites.insert(suites.end(), hello.cipher_suites_.begin(), hello.cipher_suites_.end());
  return hello.cipher_suites(std::move(suites))
      .session_id(opaque_bytes(32, 3))
      .supported_versions({0x0304, 0x0303})
      .psk_key_exchange_modes()
      .key_share({0x001d});
}

ClientHelloBuilder& ClientHelloBuilder::legacy_version(Code16 version) {
  legacy_version_ = version;
  return *this;
}
ClientHelloBuilder& ClientHelloBuilder::random(const Random32& random) {
  random_ = random;
  return *this;
}
ClientHelloBuilder& ClientHelloBuilder::session_id(Bytes session_id) {
  session_id_ = std::move(session_id);
  return *this;
}
ClientHelloBuilder& ClientHelloBuilder::cipher_suites(std::vector<Code16> suites) {
  cipher_suites_ = std::move(suites);
  return *this;
}
ClientHelloBuilder& ClientHelloBuilder::compression_methods(Bytes methods) {
  compression_methods_ = std::move(methods);
  return *this;
}

ClientHelloBuilder& ClientHelloBuilder::server_name(std::string_view name) {
  ByteWriter writer;
  writer.u16_vector([&](ByteWriter& list) {
    list.u8(0).u16_vector([&](ByteWriter& host_name) { host_name.text(name); });
  });
  return put(code_of(ExtensionType::server_name), writer.take());
}
ClientHelloBuilder& ClientHelloBuilder::supported_versions(const std::vector<Code16>& versions) {
  return put(code_of(ExtensionType::supported_versions), list_of_u16(versions, 1));
}
ClientHelloBuilder& ClientHelloBuilder::supported_groups(const std::vector<Code16>& groups) {
  return put(code_of(ExtensionType::supported_groups), list_of_u16(groups, 2));
}
ClientHelloBuilder& ClientHelloBuilder::signature_algorithms(const std::vector<Code16>& schemes) {
  return put(code_of(ExtensionType::signature_algorithms), list_of_u16(schemes, 2));
}
ClientHelloBuilder& ClientHelloBuilder::ec_point_formats(const Bytes& formats) {
  ByteWriter writer;
  writer.u8_bytes(formats);
  return put(code_of(ExtensionType::ec_point_formats), writer.take());
}
ClientHelloBuilder& ClientHelloBuilder::alpn(const std::vector<std::string>& protocols) {
  return put(code_of(ExtensionType::application_layer_protocol_negotiation), alpn_body(protocols));
}
ClientHelloBuilder& ClientHelloBuilder::key_share(const std::vector<Code16>& groups) {
  std::vector<KeyShareEntry> entries;
  for (const Code16 group : groups) {
    entries.push_back(client_key_share(group));
  }
  return key_share_entries(entries);
}
ClientHelloBuilder& ClientHelloBuilder::key_share_entries(
    const std::vector<KeyShareEntry>& entries) {
  ByteWriter writer;
  writer.u16_vector([&](ByteWriter& list) {
    for (const KeyShareEntry& entry : entries) {
      write_key_share(list, entry);
    }
  });
  return put(code_of(ExtensionType::key_share), writer.take());
}
ClientHelloBuilder& ClientHelloBuilder::psk_key_exchange_modes(const Bytes& modes) {
  ByteWriter writer;
  writer.u8_bytes(modes);
  return put(code_of(ExtensionType::psk_key_exchange_modes), writer.take());
}
ClientHelloBuilder& ClientHelloBuilder::pre_shared_key(size_t identity_size, size_t binder_size) {
  ByteWriter writer;
  writer.u16_vector([&](ByteWriter& identities) {
    identities.u16_bytes(opaque_bytes(identity_size, 21)).u32(0x12345678);
  });
  writer.u16_vector([&](ByteWriter& binders) { binders.u8_bytes(opaque_bytes(binder_size, 22)); });
  return put(code_of(ExtensionType::pre_shared_key), writer.take());
}
ClientHelloBuilder& ClientHelloBuilder::early_data() {
  return put(code_of(ExtensionType::early_data), {});
}
ClientHelloBuilder& ClientHelloBuilder::cookie(const Bytes& cookie) {
  ByteWriter writer;
  writer.u16_bytes(cookie);
  return put(code_of(ExtensionType::cookie), writer.take());
}
ClientHelloBuilder& ClientHelloBuilder::session_ticket(Bytes ticket) {
  return put(code_of(ExtensionType::session_ticket), std::move(ticket));
}
ClientHelloBuilder& ClientHelloBuilder::extended_master_secret() {
  return put(code_of(ExtensionType::extended_master_secret), {});
}
ClientHelloBuilder& ClientHelloBuilder::encrypt_then_mac() {
  return put(code_of(ExtensionType::encrypt_then_mac), {});
}
ClientHelloBuilder& ClientHelloBuilder::renegotiation_info() {
  return put(code_of(ExtensionType::renegotiation_info), {0});
}
ClientHelloBuilder& ClientHelloBuilder::status_request() {
  return put(code_of(ExtensionType::status_request), {1, 0, 0, 0, 0});
}
ClientHelloBuilder& ClientHelloBuilder::signed_certificate_timestamp() {
  return put(code_of(ExtensionType::signed_certificate_timestamp), {});
}
ClientHelloBuilder& ClientHelloBuilder::post_handshake_auth() {
  return put(code_of(ExtensionType::post_handshake_auth), {});
}
ClientHelloBuilder& ClientHelloBuilder::record_size_limit(uint16_t limit) {
  ByteWriter writer;
  return put(kRecordSizeLimit, writer.u16(limit).take());
}
ClientHelloBuilder& ClientHelloBuilder::compress_certificate() {
  return put(code_of(ExtensionType::compress_certificate), {2, 0, 2});
}
ClientHelloBuilder& ClientHelloBuilder::application_settings() {
  return put(kApplicationSettings, alpn_body({"h2"}));
}
ClientHelloBuilder& ClientHelloBuilder::delegated_credentials() {
  return put(kDelegatedCredentials, list_of_u16({0x0403, 0x0503, 0x0603, 0x0203}, 2));
}
ClientHelloBuilder& ClientHelloBuilder::encrypted_client_hello(size_t payload_size) {
  ByteWriter writer;
  writer.u8(0).u16(1).u16(1).u8(0x42).u16_bytes(opaque_bytes(32, 31));
  writer.u16_bytes(opaque_bytes(payload_size, 32));
  return put(code_of(ExtensionType::encrypted_client_hello), writer.take());
}
ClientHelloBuilder& ClientHelloBuilder::grease_extension(uint16_t value, Bytes body) {
  return put(value, std::move(body));
}
ClientHelloBuilder& ClientHelloBuilder::padding_to(size_t message_size) {
  without_extension(ExtensionType::padding);
  const size_t present = build().size() + 4;
  return present > message_size ? *this : padding(message_size - present);
}
ClientHelloBuilder& ClientHelloBuilder::padding(size_t size) {
  return put(code_of(ExtensionType::padding), Bytes(size, 0));
}
ClientHelloBuilder& ClientHelloBuilder::extension(Code16 type, Bytes body) {
  extensions_.push_back({type, std::move(body)});
  return *this;
}
ClientHelloBuilder& ClientHelloBuilder::without_extension(Code16 type) {
  remove_extension(extensions_, type);
  return *this;
}
ClientHelloBuilder& ClientHelloBuilder::with_empty_extensions_block() {
  empty_extensions_block_ = true;
  return *this;
}
ClientHelloBuilder& ClientHelloBuilder::put(uint16_t type, Bytes body) {
  put_extension(extensions_, type, std::move(body));
  return *this;
}

Bytes ClientHelloBuilder::body() const {
  ByteWriter writer;
  writer.reserve(600);
  writer.u16(legacy_version_).bytes(random_).u8_bytes(session_id_);
  writer.u16_vector([&](ByteWriter& suites) {
    for (const Code16 suite : cipher_suites_) {
      suites.u16(suite);
    }
  });
  writer.u8_bytes(compression_methods_);
  write_extensions(writer, extensions_, empty_extensions_block_);
  return writer.take();
}

Bytes ClientHelloBuilder::build() const {
  return handshake_message(HandshakeType::client_hello, body());
}

ServerHelloBuilder::ServerHelloBuilder() : random_(make_random(2)) {}

ServerHelloBuilder ServerHelloBuilder::tls12(Code16 cipher_suite) {
  ServerHelloBuilder hello;
  return hello.cipher_suite(cipher_suite)
      .session_id(opaque_bytes(32, 4))
      .renegotiation_info()
      .ec_point_formats()
      .extended_master_secret();
}

ServerHelloBuilder ServerHelloBuilder::tls13(Code16 cipher_suite) {
  ServerHelloBuilder hello;
  return hello.cipher_suite(cipher_suite)
      .session_id(opaque_bytes(32, 3))
      .supported_version(ProtocolVersion::tls13)
      .key_share(0x001d);
}

ServerHelloBuilder ServerHelloBuilder::hello_retry_request(Code16 selected_group,
                                                           Code16 cipher_suite) {
  ServerHelloBuilder hello;
  return hello.random(hello_retry_request_random())
      .cipher_suite(cipher_suite)
      .session_id(opaque_bytes(32, 3))
      .supported_version(ProtocolVersion::tls13)
      .selected_group(selected_group);
}

ServerHelloBuilder& ServerHelloBuilder::legacy_version(Code16 version) {
  legacy_version_ = version;
  return *this;
}
ServerHelloBuilder& ServerHelloBuilder::random(const Random32& random) {
  random_ = random;
  return *this;
}
ServerHelloBuilder& ServerHelloBuilder::session_id(Bytes session_id) {
  session_id_ = std::move(session_id);
  return *this;
}
ServerHelloBuilder& ServerHelloBuilder::cipher_suite(Code16 suite) {
  cipher_suite_ = suite;
  return *this;
}
ServerHelloBuilder& ServerHelloBuilder::compression_method(uint8_t method) {
  compression_method_ = method;
  return *this;
}

ServerHelloBuilder& ServerHelloBuilder::supported_version(Code16 version) {
  ByteWriter writer;
  return put(code_of(ExtensionType::supported_versions), writer.u16(version).take());
}
ServerHelloBuilder& ServerHelloBuilder::key_share(Code16 group) {
  ByteWriter writer;
  write_key_share(writer, server_key_share(group));
  return put(code_of(ExtensionType::key_share), writer.take());
}
ServerHelloBuilder& ServerHelloBuilder::selected_group(Code16 group) {
  ByteWriter writer;
  return put(code_of(ExtensionType::key_share), writer.u16(group).take());
}
ServerHelloBuilder& ServerHelloBuilder::cookie(const Bytes& cookie) {
  ByteWriter writer;
  return put(code_of(ExtensionType::cookie), writer.u16_bytes(cookie).take());
}
ServerHelloBuilder& ServerHelloBuilder::alpn(std::string_view protocol) {
  return put(code_of(ExtensionType::application_layer_protocol_negotiation),
             alpn_body({std::string(protocol)}));
}
ServerHelloBuilder& ServerHelloBuilder::pre_shared_key(uint16_t selected_identity) {
  ByteWriter writer;
  return put(code_of(ExtensionType::pre_shared_key), writer.u16(selected_identity).take());
}
ServerHelloBuilder& ServerHelloBuilder::server_name_acknowledged() {
  return put(code_of(ExtensionType::server_name), {});
}
ServerHelloBuilder& ServerHelloBuilder::extended_master_secret() {
  return put(code_of(ExtensionType::extended_master_secret), {});
}
ServerHelloBuilder& ServerHelloBuilder::renegotiation_info() {
  return put(code_of(ExtensionType::renegotiation_info), {0});
}
ServerHelloBuilder& ServerHelloBuilder::session_ticket() {
  return put(code_of(ExtensionType::session_ticket), {});
}
ServerHelloBuilder& ServerHelloBuilder::status_request() {
  return put(code_of(ExtensionType::status_request), {});
}
ServerHelloBuilder& ServerHelloBuilder::ec_point_formats() {
  return put(code_of(ExtensionType::ec_point_formats), {3, 0, 1, 2});
}
ServerHelloBuilder& ServerHelloBuilder::extension(Code16 type, Bytes body) {
  extensions_.push_back({type, std::move(body)});
  return *this;
}
ServerHelloBuilder& ServerHelloBuilder::without_extension(Code16 type) {
  remove_extension(extensions_, type);
  return *this;
}
ServerHelloBuilder& ServerHelloBuilder::with_empty_extensions_block() {
  empty_extensions_block_ = true;
  return *this;
}
ServerHelloBuilder& ServerHelloBuilder::put(uint16_t type, Bytes body) {
  put_extension(extensions_, type, std::move(body));
  return *this;
}

Bytes ServerHelloBuilder::body() const {
  ByteWriter writer;
  writer.u16(legacy_version_).bytes(random_).u8_bytes(session_id_);
  writer.u16(cipher_suite_).u8(compression_method_);
  write_extensions(writer, extensions_, empty_extensions_block_);
  return writer.take();
}

Bytes ServerHelloBuilder::build() const {
  return handshake_message(HandshakeType::server_hello, body());
}

Bytes sslv2_client_hello(Code16 version, const std::vector<uint32_t>& cipher_specs,
                         BytesView session_id, size_t challenge_size) {
  ByteWriter body;
  body.u8(HandshakeType::client_hello).u16(version);
  body.u16(3 * cipher_specs.size()).u16(session_id.size()).u16(challenge_size);
  for (const uint32_t spec : cipher_specs) {
    body.u24(spec);
  }
  body.bytes(session_id).bytes(opaque_bytes(challenge_size, 41));

  // RFC 5246 §E.2: the highest bit of the length marks the two-byte header.
  ByteWriter whole;
  whole.u16(0x8000 | body.size()).bytes(body.view());
  return whole.take();
}

}  // namespace shakedown::test_support
