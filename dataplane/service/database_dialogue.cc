// SPDX-License-Identifier: Apache-2.0
//
// PostgreSQL and MySQL.
#include <limits>

#include "service/dialogue_steps.h"

namespace shakedown::service {
namespace {

// --- PostgreSQL: the client's first message is a request for encryption, or it starts the session.

constexpr std::size_t kRequestBytes = 8;
constexpr std::uint32_t kSslRequest = 80877103;
constexpr std::uint32_t kGssEncRequest = 80877104;

void on_postgresql_client_byte(Dialogue& dialogue, std::uint8_t byte) {
  const Side side = side_of(dialogue, Party::client);
  // No first message is so long that its length begins with anything but zero. Newer servers also
  // take TLS without a request.
  if (side.held == 0 && byte != 0) {
    if (!falls_silent(dialogue, Party::client, byte)) dialogue.progress = Progress::over;
    return;
  }
  side.keep(byte);
  if (side.held < kRequestBytes) return;
  ByteReader reader(side.bytes());
  std::uint32_t length = 0;
  std::uint32_t code = 0;
  const bool complete = reader.read_u32(length) && reader.read_u32(code);
  side.held = 0;
  if (complete && length == kRequestBytes && code == kSslRequest) {
    dialogue.progress = Progress::asked;
  } else if (complete && length == kRequestBytes && code == kGssEncRequest &&
             dialogue.due < std::numeric_limits<std::uint8_t>::max()) {
    ++dialogue.due;
  } else {
    dialogue.progress = Progress::over;
  }
}

/// Each request is answered with one byte: yes or no, or E for an error message of a server that
/// does not know the request.
void on_postgresql_server_byte(Dialogue& dialogue, std::uint8_t byte) {
  if (falls_silent(dialogue, Party::server, byte)) return;
  if (dialogue.due > 0) {
    --dialogue.due;
    if (byte != 'N') decline(dialogue, 0);
    return;
  }
  if (dialogue.progress != Progress::asked) return answer_unasked(dialogue);
  if (byte != 'S') return decline(dialogue, 0);
  dialogue.progress = Progress::accepted;
}

// --- MySQL: the server greets with its capabilities; the client that wants TLS sends the beginning
// of its answer, and goes on in TLS without waiting.

enum MysqlServerStep : std::uint8_t { in_start, in_version, in_capabilities, done };

constexpr std::size_t kHeaderBytes = 4;
constexpr std::uint8_t kProtocolVersion = 10;
/// thread id, auth-plugin-data-part-1, filler; then the lower two bytes of the capabilities.
constexpr std::size_t kCapabilitiesOffset = 4 + 8 + 1;
/// CLIENT_SSL in the second of the bytes of the capabilities, which are little-endian.
constexpr std::uint8_t kClientSsl = 0x08;
/// Payload of SSLRequest of protocol 4.1, and of the one before.
constexpr std::uint8_t kSslRequestBytes = 32;
constexpr std::uint8_t kShortSslRequestBytes = 5;

void on_mysql_server_byte(Dialogue& dialogue, std::uint8_t byte) {
  const Side side = side_of(dialogue, Party::server);
  switch (side.step) {
    case in_start:
      side.keep(byte);
      if (side.held <= kHeaderBytes) return;
      // An error message in place of the greeting: the server does not want this client.
      if (byte != kProtocolVersion) return decline(dialogue, 0);
      side.step = in_version;
      return;
    case in_version:
      if (byte != 0) return;
      side.step = in_capabilities;
      side.held = 0;
      return;
    case in_capabilities:
      side.keep(byte);
      if (side.held <= kCapabilitiesOffset + 1) return;
      side.step = done;
      // Without it, clients that insist on TLS go away without a word.
      if ((byte & kClientSsl) == 0) decline(dialogue, 0);
      return;
    default:
      return;
  }
}

void on_mysql_client_byte(Dialogue& dialogue, std::uint8_t byte) {
  constexpr std::size_t kCapabilitiesEnd = kHeaderBytes + 2;
  constexpr std::uint8_t kHandshake = 0x16;
  constexpr std::uint8_t kTlsMajor = 0x03;
  const Side side = side_of(dialogue, Party::client);
  side.keep(byte);
  if (side.held < kCapabilitiesEnd) return;
  const Bytes packet = side.bytes();
  const std::uint8_t size = packet[0];
  if (side.held == kCapabilitiesEnd) {
    if (size == kHandshake && packet[1] == kTlsMajor) {
      dialogue.flags |= DialogueFlags::silent;
      return;
    }
    const bool known_size = (size == kSslRequestBytes || size == kShortSslRequestBytes) &&
                            packet[1] == 0 && packet[2] == 0;
    if (!known_size || (packet[5] & kClientSsl) == 0) {
      dialogue.progress = Progress::over;
      return;
    }
  }
  if (packet.size() == kHeaderBytes + size) dialogue.progress = Progress::accepted;
}

}  // namespace

void postgresql_step(Dialogue& dialogue, Party from, std::uint8_t byte) noexcept {
  if (from == Party::client) return on_postgresql_client_byte(dialogue, byte);
  on_postgresql_server_byte(dialogue, byte);
}

void mysql_step(Dialogue& dialogue, Party from, std::uint8_t byte) noexcept {
  if (from == Party::client) return on_mysql_client_byte(dialogue, byte);
  on_mysql_server_byte(dialogue, byte);
}

}  // namespace shakedown::service
