// SPDX-License-Identifier: Apache-2.0
//
// The flows of Traffic that are not about handshakes: bulk data, other protocols, a SYN flood.
#include <algorithm>
#include <string>
#include <utility>

#include "record_builder.h"
#include "shakedown/tls_types.h"
#include "traffic.h"

namespace shakedown::generator {
namespace {

using test_support::Bytes;
using test_support::bytes_of;
using test_support::Dialogue;
using test_support::Endpoint;
using test_support::kMillisecond;
using test_support::Side;

constexpr size_t kRecordSizeMax = 16384 + 17;

/// Application data of about this size in records as large as they may be.
Bytes bulk_records(size_t size, uint64_t seed) {
  Bytes all;
  all.reserve(size + 100);
  while (all.size() < size) {
    const size_t body = std::min(kRecordSizeMax, size - all.size());
    const Bytes one = test_support::application_data_record(body, ++seed);
    all.insert(all.end(), one.begin(), one.end());
  }
  return all;
}

/// A DNS query for one name, type A; RFC 1035 §4.1.
Bytes dns_query(uint16_t id, const std::string& name) {
  test_support::ByteWriter writer;
  writer.u16(id).u16(0x0100).u16(1).u16(0).u16(0).u16(0);
  size_t begin = 0;
  while (begin < name.size()) {
    const size_t dot = std::min(name.find('.', begin), name.size());
    writer.u8_bytes(bytes_of(name.substr(begin, dot - begin)));
    begin = dot + 1;
  }
  writer.u8(0).u16(1).u16(1);
  return writer.take();
}

Bytes dns_answer(Bytes query, const Endpoint& server) {
  query[2] = 0x81;
  query[3] = 0x80;
  query[7] = 1;
  test_support::ByteWriter writer(std::move(query));
  writer.u16(0xc00c).u16(1).u16(1).u32(300).u16(4).bytes(
      test_support::BytesView(server.address.bytes.data(), 4));
  return writer.take();
}

}  // namespace

Flow Traffic::bulk(uint64_t start_ns) {
  const uint64_t draw = random_.below(10);
  if (draw < 6) {
    return bulk_tls(start_ns);
  }
  return draw < 8 ? bulk_tcp(start_ns) : udp(start_ns);
}

Flow Traffic::bulk_tls(uint64_t start_ns) {
  constexpr size_t kSegmentSize = 1400;
  const uint16_t version = random_.chance(shares_.tls13) ? 0x0304 : 0x0303;
  Plan made = plan(ClientClass::tls13, version, true, start_ns);
  const size_t size = random_.between(60, 140) * kSegmentSize;
  test_support::HandshakeScript script(made.parameters);
  Dialogue dialogue = script.client_hello()
                          .server_flight()
                          .client_flight()
                          .server_finish()
                          .data(Side::client, bulk_records(300, made.parameters.seed))
                          .data(Side::server, bulk_records(size, made.parameters.seed + 1))
                          .finish()
                          .take();
  return finish(std::move(made), std::move(dialogue));
}

Flow Traffic::bulk_tcp(uint64_t start_ns) {
  Client& client = population_.any_client(ClientClass::tls12_only, random_);
  const Server& server = population_.any_server(random_);
  auto tcp = population_.connect(client, server, random_.chance(shares_.ipv6), start_ns, random_);
  Dialogue dialogue;
  const auto say = [&](Side from, Bytes bytes) {
    dialogue.steps.push_back({test_support::Step::Kind::data, from, std::move(bytes), 0});
  };
  if (random_.chance(0.7)) {
    tcp.server.endpoint.port = 80;
    say(Side::client, bytes_of("GET /image.iso HTTP/1.1\r\nHost: " + server.name + "\r\n\r\n"));
    say(Side::server,
        bytes_of("HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n"));
    say(Side::server, random_.bytes(random_.between(50, 120) * 1400));
  } else {
    tcp.server.endpoint.port = 22;
    say(Side::server, bytes_of("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"));
    say(Side::client, bytes_of("SSH-2.0-OpenSSH_9.6\r\n"));
    for (uint64_t i = random_.between(20, 60); i > 0; --i) {
      say(i % 2 == 0 ? Side::client : Side::server, random_.bytes(random_.between(36, 600)));
    }
  }
  dialogue.steps.push_back({test_support::Step::Kind::fin, Side::client, {}, 0});
  dialogue.steps.push_back({test_support::Step::Kind::fin, Side::server, {}, 0});
  Flow flow;
  flow.frames = play(dialogue, std::move(tcp));
  (void)lose(flow.frames);
  return flow;
}

Flow Traffic::udp(uint64_t start_ns) {
  Client& client = population_.any_client(ClientClass::tls13, random_);
  const Server& server = population_.any_server(random_);
  const auto tcp = population_.connect(client, server, false, start_ns, random_);
  const Endpoint from = tcp.client.endpoint;
  Endpoint to = tcp.server.endpoint;
  Flow flow;
  uint64_t now_ns = start_ns;
  const auto say = [&](Side side, const Bytes& payload) {
    const Endpoint& source = side == Side::client ? from : to;
    const Endpoint& destination = side == Side::client ? to : from;
    flow.frames.push_back({now_ns, udp_frame(source, destination, payload), side, 0, 0});
  };
  if (random_.chance(0.5)) {
    to.port = 53;
    const Bytes query = dns_query(static_cast<uint16_t>(random_.next()), server.name);
    say(Side::client, query);
    now_ns += 5 * kMillisecond;
    say(Side::server, dns_answer(query, tcp.server.endpoint));
    return flow;
  }
  // RTP with payload type 0: 160 bytes of voice every 20 ms; RFC 3550 §5.1.
  to.port = 16384;
  for (uint64_t i = random_.between(40, 120); i > 0; --i) {
    Bytes packet = random_.bytes(172);
    packet[0] = 0x80;
    packet[1] = 0x00;
    say(i % 2 == 0 ? Side::client : Side::server, packet);
    now_ns += 10 * kMillisecond;
  }
  return flow;
}

Flow Traffic::flood(uint64_t start_ns) {
  constexpr double kRealShare = 0.005;
  constexpr double kAnsweredShare = 0.125;
  if (random_.chance(kRealShare)) {
    return handshake(start_ns);
  }
  auto options = test_support::TcpConversationOptions::ipv4();
  random_.fill(options.client.endpoint.address.bytes.data(), 4);
  // Class D and E addresses are no sources: the top bit pattern 111 is left out.
  options.client.endpoint.address.bytes[0] &= 0xbf;
  options.client.endpoint.address.bytes[0] |= 0x01;
  options.client.endpoint.port = static_cast<uint16_t>(random_.between(1024, 65535));
  options.client.initial_sequence = static_cast<uint32_t>(random_.next());
  options.client.timestamps = false;
  options.start_ns = start_ns;
  test_support::TcpConversation tcp(options);
  tcp.syn();
  if (random_.chance(kAnsweredShare)) {
    tcp.syn_ack();
  }
  Flow flow;
  flow.frames = tcp.take_frames();
  return flow;
}

}  // namespace shakedown::generator
