// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The hosts behind generated traffic: clients with their software and distance, servers
//            with their names and certificate chains.
// Units:     times are nanoseconds.
// Ownership: the population owns its hosts; references stay valid.
// Threading: none.
// Limits:    kClientCount and kServerCount; every connection gets a tuple of its own while fewer
//            than kClientCount * 32768 are made.
// Failure:   none.
// RFC:       none; addresses are from private and documentation ranges.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client_profiles.h"
#include "deterministic_random.h"
#include "message_builder.h"
#include "tcp_conversation.h"

namespace shakedown::generator {

struct Client {
  test_support::IpAddress ipv4{};
  test_support::IpAddress ipv6{};
  size_t profile = 0;
  uint16_t next_port = 0;
  test_support::TcpHost tcp{};
};

struct Server {
  test_support::IpAddress ipv4{};
  test_support::IpAddress ipv6{};
  uint16_t port = 443;
  std::string name{};
  bool is_ecdsa = false;
  test_support::CertificateChain chain{};
  test_support::TcpHost tcp{};
};

enum class ClientClass : uint8_t { tls13, tls12_only, old };

class Population {
 public:
  explicit Population(uint64_t seed);

  [[nodiscard]] const Server& any_server(test_support::DeterministicRandom& random) const;
  [[nodiscard]] Client& any_client(ClientClass client_class,
                                   test_support::DeterministicRandom& random);
  /// Both hosts of a new connection, with a port that this client has not used.
  [[nodiscard]] test_support::TcpConversationOptions connect(
      Client& client, const Server& server, bool over_ipv6, uint64_t start_ns,
      test_support::DeterministicRandom& random);

 private:
  std::vector<Server> servers_;
  std::vector<Client> clients_[3];  // by ClientClass
};

}  // namespace shakedown::generator
