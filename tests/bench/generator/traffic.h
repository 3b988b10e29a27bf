// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Makes the flows of a generated capture one after another, each with its frames and
//            with what an observer should say about it.
// Units:     times are nanoseconds; shares are fractions of one.
// Ownership: a flow owns its frames.
// Threading: none.
// Limits:    none.
// Failure:   none.
// RFC:       RFC 9293, RFC 5246, RFC 8446.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "deterministic_random.h"
#include "handshake_scripts.h"
#include "population.h"
#include "tcp_conversation.h"
#include "truth.h"

namespace shakedown::generator {

struct Flow {
  test_support::Frames frames{};
  std::optional<Truth> truth{};  // none for traffic that is no TLS over TCP
};

struct TrafficShares {
  double failing = 0.05;
  double ipv6 = 0.10;
  double tls13 = 0.50;
  double split_hello = 0.10;
  double reordered_segments = 0.005;
  double repeated_segments = 0.003;
  double lost_frames = 0.0;
};

class Traffic {
 public:
  Traffic(uint64_t seed, const TrafficShares& shares);

  /// One TLS connection, complete or failing.
  [[nodiscard]] Flow handshake(uint64_t start_ns);
  /// A TLS download of about a hundred full segments, or a flow that is no TLS at all.
  [[nodiscard]] Flow bulk(uint64_t start_ns);
  /// A SYN from anywhere to the one victim; sometimes answered, never completed. Now and then a
  /// real connection, which the flood must not push out.
  [[nodiscard]] Flow flood(uint64_t start_ns);

 private:
  struct Plan {
    test_support::HandshakeParameters parameters;
    test_support::TcpConversationOptions tcp;
    std::string server_name;
  };

  [[nodiscard]] Plan plan(ClientClass client_class, uint16_t version, bool with_name,
                          uint64_t start_ns);
  [[nodiscard]] Flow finish(Plan plan, test_support::Dialogue dialogue);
  [[nodiscard]] Flow successful(uint64_t start_ns);
  [[nodiscard]] Flow failing(uint64_t start_ns);
  [[nodiscard]] Flow bulk_tls(uint64_t start_ns);
  [[nodiscard]] Flow bulk_tcp(uint64_t start_ns);
  [[nodiscard]] Flow udp(uint64_t start_ns);
  void disturb(test_support::Frames& frames);
  [[nodiscard]] size_t lose(test_support::Frames& frames);

  TrafficShares shares_;
  test_support::DeterministicRandom random_;
  Population population_;
};

}  // namespace shakedown::generator
