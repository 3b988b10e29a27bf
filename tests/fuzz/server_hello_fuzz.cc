// SPDX-License-Identifier: Apache-2.0
//
// The first byte is a handshake type, the next two a cipher suite, the rest a message body. Gives
// the body to parse_server_hello and what comes out to fill_facts and ja3s; to
// parse_server_key_exchange with that suite; and to parse_sslv2_server_hello. Checks that views
// stay inside the input and lists obey their limits.
#include <array>
#include <cstdlib>

#include "tls/ja3.h"
#include "tls/server_hello.h"
#include "tls/server_key_exchange.h"
#include "tls/sslv2_hello.h"

namespace {

using namespace shakedown;
using namespace shakedown::tls;

void require(bool holds) {
  if (!holds) std::abort();
}

void require_inside(Bytes view, Bytes input) {
  if (view.empty()) return;
  require(view.data() >= input.data());
  require(view.data() + view.size() <= input.data() + input.size());
}

void check_server_hello(Bytes body, HandshakeType type) {
  ServerHello hello;
  const ParseStatus status = parse_server_hello(body, type, hello);
  require(hello.truncated == (status == ParseStatus::need_more));
  for (const Bytes view : {hello.random, hello.session_id, hello.alpn}) require_inside(view, body);
  require(hello.extension_count <= kExtensionCountMax);
  ServerHelloFacts facts;
  fill_facts(hello, facts);
  require(facts.alpn_length <= facts.alpn.size());
  (void)ja3s(hello);
}

void check_sslv2_server_hello(Bytes body) {
  Sslv2ServerHello hello;
  const ParseStatus status = parse_sslv2_server_hello(body, hello);
  require(hello.truncated == (status == ParseStatus::need_more));
  for (const Bytes view : {hello.certificate, hello.cipher_specs, hello.connection_id}) {
    require_inside(view, body);
  }
  ServerHelloFacts facts;
  fill_facts(hello, facts);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader reader(Bytes(data, size));
  std::uint8_t type = 0;
  std::uint16_t suite = 0;
  if (!reader.read_u8(type) || !reader.read_u16(suite)) return 0;
  check_server_hello(reader.rest(), HandshakeType{type});
  check_sslv2_server_hello(reader.rest());
  (void)parse_server_key_exchange(reader.rest(), suite);
  return 0;
}
