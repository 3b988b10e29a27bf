// SPDX-License-Identifier: Apache-2.0
#include "message_builder.h"

#include <array>

#include "deterministic_random.h"
#include "shakedown/tls_types.h"

namespace shakedown::test_support {
namespace {

void write_signature(ByteWriter& body, size_t size, bool with_scheme) {
  if (with_scheme) {
    body.u16(0x0804);
  }
  body.u16_bytes(opaque_bytes(size, 51));
}

void write_authorities(ByteWriter& body, const std::vector<Bytes>& authorities) {
  body.u16_vector([&](ByteWriter& list) {
    for (const Bytes& authority : authorities) {
      list.u16_bytes(authority);
    }
  });
}

}  // namespace

Bytes handshake_message(Code8 type, BytesView body) {
  ByteWriter writer;
  writer.reserve(body.size() + 4);
  writer.u8(type).u24_bytes(body);
  return writer.take();
}

Bytes hello_request() { return handshake_message(HandshakeType::hello_request, {}); }

Bytes certificate(const CertificateChain& chain) {
  ByteWriter body;
  body.u24_vector([&](ByteWriter& list) {
    for (const Bytes& der : chain) {
      list.u24_bytes(der);
    }
  });
  return handshake_message(HandshakeType::certificate, body.view());
}

Bytes certificate_tls13(const CertificateChain& chain) {
  ByteWriter body;
  body.u8(0).u24_vector([&](ByteWriter& list) {
    for (const Bytes& der : chain) {
      list.u24_bytes(der).u16(0);
    }
  });
  return handshake_message(HandshakeType::certificate, body.view());
}

Bytes certificate_status(BytesView ocsp_response) {
  constexpr uint8_t kOcsp = 1;
  ByteWriter body;
  body.u8(kOcsp).u24_bytes(ocsp_response);
  return handshake_message(HandshakeType::certificate_status, body.view());
}

Bytes server_key_exchange_ecdhe(Code16 named_group, size_t signature_size, bool with_scheme) {
  constexpr uint8_t kNamedCurve = 3;
  const size_t point_size = named_group == 0x001d ? 32 : named_group == 0x0018 ? 97 : 65;
  ByteWriter body;
  body.u8(kNamedCurve).u16(named_group).u8_bytes(opaque_bytes(point_size, 52));
  write_signature(body, signature_size, with_scheme);
  return handshake_message(HandshakeType::server_key_exchange, body.view());
}

Bytes server_key_exchange_dhe(size_t p_size, size_t signature_size, bool with_scheme) {
  ByteWriter body;
  body.u16_bytes(opaque_bytes(p_size, 53)).u16(1).u8(2).u16_bytes(opaque_bytes(p_size, 54));
  write_signature(body, signature_size, with_scheme);
  return handshake_message(HandshakeType::server_key_exchange, body.view());
}

Bytes certificate_request(const std::vector<Code16>& schemes,
                          const std::vector<Bytes>& authorities) {
  ByteWriter body;
  body.u8_bytes(std::array<uint8_t, 2>{1, 64});  // rsa_sign, ecdsa_sign
  body.u16_vector([&](ByteWriter& list) {
    for (const Code16 scheme : schemes) {
      list.u16(scheme);
    }
  });
  write_authorities(body, authorities);
  return handshake_message(HandshakeType::certificate_request, body.view());
}

Bytes certificate_request_legacy(const std::vector<Bytes>& authorities) {
  ByteWriter body;
  body.u8_bytes(std::array<uint8_t, 2>{1, 2});  // rsa_sign, dss_sign
  write_authorities(body, authorities);
  return handshake_message(HandshakeType::certificate_request, body.view());
}

Bytes server_hello_done() { return handshake_message(HandshakeType::server_hello_done, {}); }

Bytes client_key_exchange(size_t key_size, bool rsa) {
  ByteWriter body;
  const Bytes key = opaque_bytes(key_size, 55);
  if (rsa) {
    body.u16_bytes(key);
  } else {
    body.u8_bytes(key);
  }
  return handshake_message(HandshakeType::client_key_exchange, body.view());
}

Bytes certificate_verify(Code16 scheme, size_t signature_size) {
  ByteWriter body;
  body.u16(scheme).u16_bytes(opaque_bytes(signature_size, 56));
  return handshake_message(HandshakeType::certificate_verify, body.view());
}

Bytes new_session_ticket(size_t ticket_size, uint32_t lifetime_seconds) {
  ByteWriter body;
  body.u32(lifetime_seconds).u16_bytes(opaque_bytes(ticket_size, 57));
  return handshake_message(HandshakeType::new_session_ticket, body.view());
}

Bytes encrypted_extensions(std::string_view alpn) {
  ByteWriter body;
  body.u16_vector([&](ByteWriter& extensions) {
    if (alpn.empty()) {
      return;
    }
    extensions.u16(ExtensionType::application_layer_protocol_negotiation);
    extensions.u16_vector([&](ByteWriter& extension) {
      extension.u16_vector(
          [&](ByteWriter& list) { list.u8_vector([&](ByteWriter& name) { name.text(alpn); }); });
    });
  });
  return handshake_message(HandshakeType::encrypted_extensions, body.view());
}

Bytes finished(size_t verify_data_size) {
  return handshake_message(HandshakeType::finished, opaque_bytes(verify_data_size, 58));
}

}  // namespace shakedown::test_support
