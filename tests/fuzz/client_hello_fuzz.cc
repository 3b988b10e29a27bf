// SPDX-License-Identifier: Apache-2.0
//
// Gives the input to parse_client_hello as a message body and whatever comes out to fill_facts,
// ja3, ja4, render_ja4 and encode_client_offer; then to parse_sslv2_client_hello and its followers.
// Checks that views stay inside the input, that lists obey their limits, and that a longer buffer
// is never needed.
#include <array>
#include <cstdlib>

#include "shakedown/ja4_text.h"
#include "tls/client_hello.h"
#include "tls/client_offer.h"
#include "tls/ja3.h"
#include "tls/ja4.h"
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

void check_client_hello(Bytes input) {
  ClientHello hello;
  const ParseStatus status = parse_client_hello(input, hello);
  require(hello.truncated == (status == ParseStatus::need_more));
  for (const Bytes view : {hello.random, hello.session_id, hello.cipher_suites,
                           hello.compression_methods, hello.server_name, hello.supported_versions,
                           hello.supported_groups, hello.signature_algorithms,
                           hello.ec_point_formats, hello.alpn, hello.psk_key_exchange_modes}) {
    require_inside(view, input);
  }
  require(hello.cipher_suites.size() <= 2 * kCipherSuiteCountMax);
  require(hello.cipher_suites.size() % 2 == 0);
  require(hello.extension_count <= kExtensionCountMax);
  require(hello.key_share_count <= kNamedGroupCountMax);
  require(hello.alpn.size() <= kAlpnBytesMax);

  ClientHelloFacts facts;
  fill_facts(hello, facts);
  require(facts.server_name_length <= hello.server_name.size());

  std::array<char, kJa3TextMax> text;
  require(write_ja3_text(hello, text) <= text.size());
  (void)ja3(hello);
  (void)render_ja4(ja4(hello), Transport::tcp);
  std::array<std::uint8_t, kClientOfferBytesMax> offer;
  require(encode_client_offer(hello, offer) != 0);
}

void check_sslv2_client_hello(Bytes input) {
  Sslv2ClientHello hello;
  const ParseStatus status = parse_sslv2_client_hello(input, hello);
  require(hello.truncated == (status == ParseStatus::need_more));
  for (const Bytes view : {hello.cipher_specs, hello.session_id, hello.challenge}) {
    require_inside(view, input);
  }
  ClientHelloFacts facts;
  fill_facts(hello, facts);
  std::array<std::uint8_t, kClientOfferBytesMax> offer;
  require(encode_client_offer(hello, offer) != 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input(data, size);
  check_client_hello(input);
  check_sslv2_client_hello(input);
  return 0;
}
