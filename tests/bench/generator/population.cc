// SPDX-License-Identifier: Apache-2.0
#include "population.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "certificates.h"

namespace shakedown::generator {
namespace {

using test_support::Bytes;
using test_support::CertificateChain;
using test_support::DeterministicRandom;
using test_support::IpAddress;
using test_support::kMicrosecond;
using test_support::kMillisecond;

constexpr size_t kServerCount = 400;
constexpr size_t kClientCount = 6000;
constexpr uint16_t kFirstEphemeralPort = 32768;

IpAddress ipv4_address(uint32_t value) {
  IpAddress address;
  for (size_t i = 0; i < 4; ++i) {
    address.bytes[i] = static_cast<uint8_t>(value >> (24 - 8 * i));
  }
  return address;
}

IpAddress ipv6_address(uint16_t network, uint32_t host) {
  IpAddress address = test_support::address("2001:db8::");
  address.bytes[4] = static_cast<uint8_t>(network >> 8);
  address.bytes[5] = static_cast<uint8_t>(network);
  for (size_t i = 0; i < 4; ++i) {
    address.bytes[12 + i] = static_cast<uint8_t>(host >> (24 - 8 * i));
  }
  return address;
}

/// The same certificates under another serial number: a chain that no cache has seen. The twelve
/// bytes of every serial in certs/ begin with 5A.
CertificateChain with_serial(CertificateChain chain, uint64_t serial) {
  constexpr std::array<uint8_t, 3> kSerialStart{0x02, 0x0c, 0x5a};
  for (Bytes& der : chain) {
    const auto found =
        std::search(der.begin(), der.end(), kSerialStart.begin(), kSerialStart.end());
    if (found == der.end()) {
      continue;
    }
    for (std::ptrdiff_t i = 0; i < 8; ++i) {
      found[3 + i] = static_cast<uint8_t>(serial >> (8 * i));
    }
  }
  return chain;
}

std::string server_name(size_t index) {
  static constexpr std::array<const char*, 12> kServices{
      "www", "api",   "login", "cdn-edge", "img",      "shop",
      "m",   "files", "auth",  "graphql",  "payments", "telemetry-ingest"};
  static constexpr std::array<const char*, 5> kDomains{"example.com", "example.net", "example.org",
                                                       "eu.example.com", "static.example.net"};
  return fmt::format("{}{}.{}", kServices[index % kServices.size()], index / kServices.size(),
                     kDomains[index % kDomains.size()]);
}

ClientClass class_of(size_t profile) {
  if (profile >= first_old_profile()) {
    return ClientClass::old;
  }
  return client_profiles()[profile].offers_tls13() ? ClientClass::tls13 : ClientClass::tls12_only;
}

}  // namespace

Population::Population(uint64_t seed) {
  DeterministicRandom random(seed ^ 0x706f70756c617465ULL);
  for (size_t i = 0; i < kServerCount; ++i) {
    Server server;
    const uint32_t network = i < 200 ? 0xcb007100U : 0xc6336400U;  // 203.0.113.0, 198.51.100.0
    const auto host = static_cast<uint32_t>(i % 200 + 10);
    server.ipv4 = ipv4_address(network + host);
    server.ipv6 = ipv6_address(0x5e00, static_cast<uint32_t>(i + 1));
    server.port = random.chance(0.05) ? 8443 : 443;
    server.name = server_name(i);
    server.is_ecdsa = random.chance(0.35);
    server.chain = with_serial(
        server.is_ecdsa ? test_support::ecdsa_chain() : test_support::rsa_chain(), random.next());
    server.tcp.mac = {0x02, 0x53, 0, 0, static_cast<uint8_t>(i >> 8), static_cast<uint8_t>(i)};
    server.tcp.response_time_ns = random.between(300 * kMicrosecond, 8 * kMillisecond);
    servers_.push_back(std::move(server));
  }
  for (size_t i = 0; i < kClientCount; ++i) {
    Client client;
    client.ipv4 = ipv4_address(0x0a000000U + static_cast<uint32_t>(random.below(200) << 16) +
                               static_cast<uint32_t>(i));
    client.ipv6 = ipv6_address(static_cast<uint16_t>(0xc000 + random.below(500)),
                               static_cast<uint32_t>(i + 1));
    client.profile = random.below(client_profiles().size());
    client.next_port = static_cast<uint16_t>(kFirstEphemeralPort + random.below(32768));
    client.tcp.mac = {0x02, 0x43, 0, 0, static_cast<uint8_t>(i >> 8), static_cast<uint8_t>(i)};
    client.tcp.timestamps = random.chance(0.8);
    client.tcp.ttl = static_cast<uint8_t>((random.chance(0.4) ? 128 : 64) - random.between(4, 20));
    client.tcp.mss = static_cast<uint16_t>(random.chance(0.2) ? 1380 : 1460);
    client.tcp.response_time_ns = random.between(2 * kMillisecond, 70 * kMillisecond);
    clients_[static_cast<size_t>(class_of(client.profile))].push_back(client);
  }
}

const Server& Population::any_server(DeterministicRandom& random) const {
  // The smaller of two draws: some servers are busy and many are not.
  return servers_[std::min(random.below(servers_.size()), random.below(servers_.size()))];
}

Client& Population::any_client(ClientClass client_class, DeterministicRandom& random) {
  auto& pool = clients_[static_cast<size_t>(client_class)];
  return pool[random.below(pool.size())];
}

test_support::TcpConversationOptions Population::connect(Client& client, const Server& server,
                                                         bool over_ipv6, uint64_t start_ns,
                                                         DeterministicRandom& random) {
  test_support::TcpConversationOptions options;
  options.client = client.tcp;
  options.client.endpoint = {over_ipv6 ? client.ipv6 : client.ipv4, client.next_port};
  options.client.initial_sequence = static_cast<uint32_t>(random.next());
  options.server = server.tcp;
  options.server.endpoint = {over_ipv6 ? server.ipv6 : server.ipv4, server.port};
  options.server.initial_sequence = static_cast<uint32_t>(random.next());
  options.server.timestamps = options.client.timestamps;
  options.start_ns = start_ns;
  options.piggyback_acks = random.chance(0.75);
  client.next_port = client.next_port == 0xffff ? kFirstEphemeralPort
                                                : static_cast<uint16_t>(client.next_port + 1);
  return options;
}

}  // namespace shakedown::generator
