// SPDX-License-Identifier: Apache-2.0
//
// What naming a service costs, once per side of a connection that is not plainly TLS, and what its
// dialogue costs until TLS begins. One core.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "service/dialogue.h"
#include "service/recogniser.h"

namespace {

using namespace shakedown;
using namespace shakedown::service;

using OwnedBytes = std::vector<std::uint8_t>;

OwnedBytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

const OwnedBytes kHttpReply = bytes_of(
    "HTTP/1.1 400 Bad Request\r\nServer: nginx/1.22.1\r\nDate: Fri, 20 Nov 2026 14:05:01 GMT\r\n"
    "Content-Type: text/html\r\nContent-Length: 255\r\nConnection: close\r\n\r\n<html>\r\n<head>"
    "<title>400 The plain HTTP request was sent to HTTPS port</title></head>\r\n<body>\r\n<center>"
    "<h1>400 Bad Request</h1></center>\r\n<center>The plain HTTP request was sent to HTTPS port"
    "</center>\r\n<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n");
const OwnedBytes kSshBanner = bytes_of("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2\r\n");
const OwnedBytes kHttpRequest = bytes_of(
    "GET /index.html HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: curl/7.88.1\r\nAccept: "
    "*/*\r\n\r\n");

OwnedBytes binary() {
  OwnedBytes bytes(512);
  std::uint32_t state = 1;
  for (std::uint8_t& byte : bytes)
    byte = static_cast<std::uint8_t>((state = state * 69069 + 1) >> 24);
  return bytes;
}

void recognise(benchmark::State& state, const OwnedBytes& bytes, Party from) {
  Database database;
  const std::string failure = database.create();
  if (!failure.empty()) return state.SkipWithError(failure.c_str());
  Recogniser recogniser(database);
  for (auto _ : state) benchmark::DoNotOptimize(recogniser.recognise(bytes, from));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(recognise, http_reply, kHttpReply, Party::server);
BENCHMARK_CAPTURE(recognise, ssh_banner, kSshBanner, Party::server);
BENCHMARK_CAPTURE(recognise, binary_reply, binary(), Party::server);
BENCHMARK_CAPTURE(recognise, http_request, kHttpRequest, Party::client);
BENCHMARK_CAPTURE(recognise, binary_client, binary(), Party::client);

void create_database(benchmark::State& state) {
  for (auto _ : state) {
    Database database;
    benchmark::DoNotOptimize(database.create());
  }
}
BENCHMARK(create_database)->Unit(benchmark::kMillisecond);

struct Turn {
  Party from;
  OwnedBytes bytes;
};

void converse(benchmark::State& state, StartTls kind, const std::vector<Turn>& turns) {
  for (auto _ : state) {
    Dialogue dialogue{.kind = kind};
    for (const Turn& turn : turns) {
      benchmark::DoNotOptimize(on_bytes(dialogue, turn.from, turn.bytes));
    }
  }
  state.SetItemsProcessed(state.iterations());
}

const std::vector<Turn> kSmtp = {
    {Party::server, bytes_of("220 mx.example.net ESMTP Postfix\r\n")},
    {Party::client, bytes_of("EHLO desktop.example.net\r\n")},
    {Party::server, bytes_of("250-mx.example.net\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n"
                             "250-STARTTLS\r\n250-ENHANCEDSTATUSCODES\r\n250 8BITMIME\r\n")},
    {Party::client, bytes_of("STARTTLS\r\n")},
    {Party::server, bytes_of("220 2.0.0 Ready to start TLS\r\n")},
};
const std::vector<Turn> kPostgresql = {
    {Party::client, {0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f}},
    {Party::server, {'S'}},
};
BENCHMARK_CAPTURE(converse, smtp, StartTls::smtp, kSmtp);
BENCHMARK_CAPTURE(converse, postgresql, StartTls::postgresql, kPostgresql);

/// A client that only talks, up to the limit.
const std::vector<Turn> kChatter = {{Party::client, OwnedBytes(kDialogueBytesMax, 'x')}};
BENCHMARK_CAPTURE(converse, sixteen_kilobytes, StartTls::smtp, kChatter);

}  // namespace

BENCHMARK_MAIN();
