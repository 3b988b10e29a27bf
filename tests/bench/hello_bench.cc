// SPDX-License-Identifier: Apache-2.0
//
// What one connection costs in hellos: a ClientHello as browsers send it today (GREASE, shuffled
// extensions, a post-quantum key share), a ServerHello, a certificate chain.
#include <benchmark/benchmark.h>

#include <array>

#include "certificates.h"
#include "hello_builder.h"
#include "message_builder.h"
#include "tls/certificate.h"
#include "tls/client_hello.h"
#include "tls/client_offer.h"
#include "tls/ja3.h"
#include "tls/ja4.h"
#include "tls/server_hello.h"

namespace shakedown::tls {
namespace {

using test_support::ClientHelloBuilder;
using test_support::grease_value;
using test_support::ServerHelloBuilder;

test_support::Bytes browser_hello() {
  return ClientHelloBuilder()
      .session_id(test_support::Bytes(32, 7))
      .cipher_suites({grease_value(3), 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030,
                      0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035})
      .grease_extension(grease_value(1))
      .compress_certificate()
      .status_request()
      .supported_groups({grease_value(6), 0x11ec, 29, 23, 24})
      .psk_key_exchange_modes()
      .signature_algorithms({0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601})
      .server_name("www.example.com")
      .extended_master_secret()
      .signed_certificate_timestamp()
      .renegotiation_info()
      .encrypted_client_hello()
      .session_ticket()
      .ec_point_formats()
      .alpn({"h2", "http/1.1"})
      .application_settings()
      .key_share({grease_value(6), 0x11ec, 29})
      .supported_versions({grease_value(5), 0x0304, 0x0303})
      .grease_extension(grease_value(2), {0})
      .body();
}

void parse_browser_hello(benchmark::State& state) {
  const auto body = browser_hello();
  for (auto _ : state) {
    ClientHello hello;
    benchmark::DoNotOptimize(parse_client_hello(body, hello));
    benchmark::DoNotOptimize(hello);
  }
}
BENCHMARK(parse_browser_hello);

/// Runs `work(hello)` on one parsed hello.
template <class Work>
void with_browser_hello(benchmark::State& state, Work work) {
  const auto body = browser_hello();
  ClientHello hello;
  benchmark::DoNotOptimize(parse_client_hello(body, hello));
  for (auto _ : state) {
    benchmark::DoNotOptimize(hello);
    work(hello);
  }
}

void fill_client_facts(benchmark::State& state) {
  with_browser_hello(state, [](const ClientHello& hello) {
    ClientHelloFacts facts;
    fill_facts(hello, facts);
    benchmark::DoNotOptimize(facts);
  });
}
BENCHMARK(fill_client_facts);

void ja3_of_browser_hello(benchmark::State& state) {
  with_browser_hello(state, [](const ClientHello& hello) { benchmark::DoNotOptimize(ja3(hello)); });
}
BENCHMARK(ja3_of_browser_hello);

void ja4_of_browser_hello(benchmark::State& state) {
  with_browser_hello(state, [](const ClientHello& hello) { benchmark::DoNotOptimize(ja4(hello)); });
}
BENCHMARK(ja4_of_browser_hello);

void offer_of_browser_hello(benchmark::State& state) {
  std::array<std::uint8_t, kClientOfferBytesMax> out{};
  with_browser_hello(state, [&](const ClientHello& hello) {
    benchmark::DoNotOptimize(encode_client_offer(hello, out));
  });
}
BENCHMARK(offer_of_browser_hello);

void all_of_browser_hello(benchmark::State& state) {
  const auto body = browser_hello();
  std::array<std::uint8_t, kClientOfferBytesMax> out{};
  for (auto _ : state) {
    ClientHello hello;
    benchmark::DoNotOptimize(parse_client_hello(body, hello));
    ClientHelloFacts facts;
    fill_facts(hello, facts);
    benchmark::DoNotOptimize(facts);
    benchmark::DoNotOptimize(ja3(hello));
    benchmark::DoNotOptimize(ja4(hello));
    benchmark::DoNotOptimize(encode_client_offer(hello, out));
  }
}
BENCHMARK(all_of_browser_hello);

void parse_server_hello_of_tls13(benchmark::State& state) {
  const auto body =
      ServerHelloBuilder::tls13().session_id(test_support::Bytes(32, 7)).key_share(0x11ec).body();
  for (auto _ : state) {
    ServerHello hello;
    benchmark::DoNotOptimize(parse_server_hello(body, HandshakeType::server_hello, hello));
    benchmark::DoNotOptimize(hello);
  }
}
BENCHMARK(parse_server_hello_of_tls13);

void ja3s_of_tls13(benchmark::State& state) {
  const auto body = ServerHelloBuilder::tls13().body();
  ServerHello hello;
  benchmark::DoNotOptimize(parse_server_hello(body, HandshakeType::server_hello, hello));
  for (auto _ : state) {
    benchmark::DoNotOptimize(hello);
    benchmark::DoNotOptimize(ja3s(hello));
  }
}
BENCHMARK(ja3s_of_tls13);

void parse_chain(benchmark::State& state) {
  const auto message = test_support::certificate(test_support::rsa_chain());
  for (auto _ : state) benchmark::DoNotOptimize(parse_certificate(Bytes(message).subspan(4)));
}
BENCHMARK(parse_chain);

}  // namespace
}  // namespace shakedown::tls

BENCHMARK_MAIN();
