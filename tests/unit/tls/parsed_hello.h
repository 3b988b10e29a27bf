// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   A hello with the bytes that its views point into.
// Units:     None.
// Ownership: Owns the bytes; not to be copied.
// Threading: None.
// Limits:    None.
// Failure:   `status` is what the parser answered.
// RFC:       None.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "hello_builder.h"
#include "tls/client_hello.h"
#include "tls/server_hello.h"

namespace shakedown::tls {

using Wire = test_support::Bytes;

struct ParsedClientHello {
  explicit ParsedClientHello(Wire body) : bytes(std::move(body)) {
    status = parse_client_hello(bytes, hello);
  }
  explicit ParsedClientHello(const test_support::ClientHelloBuilder& builder)
      : ParsedClientHello(builder.body()) {}
  ParsedClientHello(const ParsedClientHello&) = delete;

  const ClientHello* operator->() const { return &hello; }

  Wire bytes;
  ClientHello hello;
  ParseStatus status = ParseStatus::malformed;
};

struct ParsedServerHello {
  explicit ParsedServerHello(Wire body, HandshakeType type = HandshakeType::server_hello)
      : bytes(std::move(body)) {
    status = parse_server_hello(bytes, type, hello);
  }
  explicit ParsedServerHello(const test_support::ServerHelloBuilder& builder)
      : ParsedServerHello(builder.body()) {}
  ParsedServerHello(const ParsedServerHello&) = delete;

  const ServerHello* operator->() const { return &hello; }

  Wire bytes;
  ServerHello hello;
  ParseStatus status = ParseStatus::malformed;
};

[[nodiscard]] inline std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

[[nodiscard]] inline std::vector<std::uint16_t> codes_of(Bytes list) {
  std::vector<std::uint16_t> codes;
  ByteReader reader(list);
  std::uint16_t code = 0;
  while (reader.read_u16(code)) codes.push_back(code);
  return codes;
}

}  // namespace shakedown::tls
