// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   A capture file in memory, and who sends what in it: the material that accidents are
//            made of.
// Units:     Nanoseconds since 1970.
// Ownership: A Capture owns its bytes; a Replay refers to them, and to copies that it owns itself.
// Threading: Values; any thread may read.
// Limits:    Files are held in memory whole.
// Failure:   load() returns nothing for what libpcap cannot read, or what has a link type that the
//            sensor does not know.
// RFC:       none
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "packet/link_type.h"
#include "shakedown/bytes.h"
#include "shakedown/handshake_record.h"

namespace shakedown::accidents {

struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;

  auto operator<=>(const Endpoint&) const = default;
};

/// Two endpoints, the lower one first: one name for both directions.
struct Endpoints {
  Endpoint low;
  Endpoint high;

  [[nodiscard]] static Endpoints of(const Endpoint& a, const Endpoint& b) {
    return a < b ? Endpoints{a, b} : Endpoints{b, a};
  }
  auto operator<=>(const Endpoints&) const = default;
};

enum class Sender : std::uint8_t { nobody, client, server };

struct Packet {
  std::uint64_t time_ns = 0;
  std::vector<std::uint8_t> bytes;
  bool is_tcp = false;
  Endpoint source;  ///< of the innermost packet; without ports unless `is_tcp`
  Endpoint destination;
  /// `nobody`: not TCP, and between addresses of which both have been clients.
  Sender sender = Sender::nobody;
  /// So many packets of these endpoints came before.
  std::uint32_t place = 0;
  std::uint32_t sequence_end = 0;  ///< behind the last byte of its payload
  bool has_payload = false;
  bool has_fin = false;
};

struct Capture {
  std::string name;
  packet::LinkType link_type{};
  std::vector<Packet> packets;

  [[nodiscard]] static std::optional<Capture> load(const std::filesystem::path& path);
  /// Tells each packet's sender: as the records have it, and where there is none, whoever sent the
  /// SYN, and else the higher port, is the client.
  void name_senders(const std::vector<HandshakeRecord>& records);
};

/// One packet as the sensor gets it.
struct Arrival {
  std::uint64_t time_ns = 0;
  Bytes bytes;
};

/// A capture after an accident.
struct Replay {
  std::vector<Arrival> arrivals;
  std::deque<std::vector<std::uint8_t>> own;  ///< bytes that no capture has
};

/// Captures of a folder, by name. Files are taken as they are.
[[nodiscard]] std::vector<std::filesystem::path> captures_in(const std::filesystem::path& folder);

/// Writes what the sensor gets, to be looked at with other programs. False: it could not be written.
[[nodiscard]] bool write(const Replay& replay, packet::LinkType link_type,
                         const std::filesystem::path& path);

}  // namespace shakedown::accidents
