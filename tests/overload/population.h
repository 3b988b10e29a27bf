// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Many clients, each with its own rate and its own luck, and what becomes of each of
//            their handshakes: the truth that an overloaded sensor is measured by.
// Units:     Nanoseconds since the connection began; rates are relative.
// Ownership: Owns the frames of the scripts; a frame is copied and given its addresses when it is
//            sent.
// Threading: Constant after construction.
// Limits:    kConnectionCountMax connections a client, so that no endpoints are used twice.
// Failure:   none
// RFC:       none
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "deterministic_random.h"
#include "shakedown/handshake_record.h"
#include "tcp_conversation.h"

namespace shakedown::overload_test {

inline constexpr std::uint32_t kConnectionCountMax = 60'000;
/// One in so many clients speaks IPv6.
inline constexpr std::uint32_t kIpv6Every = 4;
/// Clients of a class are as many times as busy as those of the first, and fewer.
inline constexpr unsigned kRateClassCount = 4;

struct Script {
  std::string name;
  std::string outcome;
  std::string by;
  bool fails = false;
  test_support::Frames frames[2];  ///< over IPv4 and over IPv6; times from zero
};

/// The n-th connection of a client.
struct ConnectionId {
  std::uint32_t client = 0;
  std::uint32_t number = 0;

  auto operator<=>(const ConnectionId&) const = default;
};

class Population {
 public:
  explicit Population(std::uint32_t client_count);

  [[nodiscard]] std::uint32_t client_count() const { return client_count_; }
  /// Who begins the next connection.
  [[nodiscard]] std::uint32_t draw_client(test_support::DeterministicRandom& random) const;
  [[nodiscard]] unsigned rate_class_of(std::uint32_t client) const;
  [[nodiscard]] static bool is_ipv6(std::uint32_t client) { return client % kIpv6Every == 0; }

  [[nodiscard]] std::uint8_t script_of(ConnectionId id) const;
  [[nodiscard]] const Script& script(std::uint8_t index) const { return scripts_[index]; }
  [[nodiscard]] const test_support::Frames& frames_of(ConnectionId id, std::uint8_t script) const {
    return scripts_[script].frames[is_ipv6(id.client) ? 1 : 0];
  }
  [[nodiscard]] double packets_per_connection() const;

  /// Copies the frame and makes it one of this connection. Returns its size.
  static std::size_t write_frame(const test_support::TimedFrame& frame, ConnectionId id,
                                 std::span<std::uint8_t> out);

  [[nodiscard]] static IpAddress address_of(std::uint32_t client);
  /// Of a record of this population's traffic.
  [[nodiscard]] static ConnectionId id_of(const HandshakeRecord& record);

 private:
  std::uint32_t client_count_;
  std::vector<Script> scripts_;
  std::uint32_t good_count_ = 0;  ///< scripts that succeed stand before those that fail
  std::uint32_t class_begin_[kRateClassCount + 1] = {};
};

}  // namespace shakedown::overload_test
