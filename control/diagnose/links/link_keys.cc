// SPDX-License-Identifier: Apache-2.0
#include "diagnose/links/link_keys.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <cstring>
#include <random>

namespace shakedown::diagnose {

namespace {

/// What is hashed, put side by side without padding.
struct AddressBytes {
  std::array<std::uint8_t, 16> address;
  std::uint16_t port;
  std::uint8_t family;
  std::uint8_t transport;
};
static_assert(sizeof(AddressBytes) == 20);

AddressBytes client_bytes(const HandshakeRecord& record) {
  return {record.client_address.bytes, 0, static_cast<std::uint8_t>(record.family), 0};
}

AddressBytes network_bytes(const HandshakeRecord& record) {
  AddressBytes bytes = client_bytes(record);
  const std::size_t kept = record.family == IpFamily::ipv4 ? 3 : 6;
  std::memset(bytes.address.data() + kept, 0, bytes.address.size() - kept);
  return bytes;
}

AddressBytes endpoint_bytes(const HandshakeRecord& record) {
  return {record.server_address.bytes, record.server_port, static_cast<std::uint8_t>(record.family),
          static_cast<std::uint8_t>(record.transport)};
}

std::uint64_t hash(const AddressBytes& bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(&bytes, sizeof bytes, seed);
}

std::uint32_t mark(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }

std::uint64_t random_seed() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

}  // namespace

LinkKeys::LinkKeys() : seed_(random_seed()) {}

std::uint64_t LinkKeys::client(const HandshakeRecord& record) const {
  return hash(client_bytes(record), seed_);
}
std::uint64_t LinkKeys::client_network(const HandshakeRecord& record) const {
  return hash(network_bytes(record), seed_);
}
std::uint64_t LinkKeys::text(std::string_view text) const {
  return XXH3_64bits_withSeed(text.data(), text.size(), seed_);
}
std::uint64_t LinkKeys::pair(std::uint64_t a, std::uint64_t b) const {
  const std::array<std::uint64_t, 2> both = {a, b};
  return XXH3_64bits_withSeed(both.data(), sizeof both, seed_);
}

std::uint64_t name_hash(std::string_view name) {
  if (name.empty()) return 0;
  std::array<char, kFoldedNameMax> folded;
  if (name.size() <= folded.size()) {
    for (std::size_t i = 0; i < name.size(); ++i) {
      const char letter = name[i];
      folded[i] = letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter | 0x20) : letter;
    }
    const std::size_t size = name.back() == '.' ? name.size() - 1 : name.size();
    name = {folded.data(), size};
  }
  const std::uint64_t hash = XXH3_64bits(name.data(), name.size());
  return hash == 0 ? 1 : hash;
}

std::uint32_t client_mark(const HandshakeRecord& record) {
  return mark(hash(client_bytes(record), 0));
}
std::uint32_t client_network_mark(const HandshakeRecord& record) {
  return mark(hash(network_bytes(record), 0));
}
std::uint32_t endpoint_mark(const HandshakeRecord& record) {
  return mark(hash(endpoint_bytes(record), 0));
}

std::uint32_t stack_mark(const Ja4& ja4) {
  if (ja4.present == 0) return 0;
  std::array<std::uint8_t, 16> bytes;
  std::memcpy(bytes.data(), ja4.cipher_hash.data(), 6);
  std::memcpy(bytes.data() + 6, ja4.extension_hash.data(), 6);
  std::memcpy(bytes.data() + 12, &ja4.version, 2);
  bytes[14] = ja4.cipher_count;
  bytes[15] = 0;  // the count of extensions says whether there is a name
  const std::uint32_t hash = mark(XXH3_64bits(bytes.data(), bytes.size()));
  return hash == 0 ? 1 : hash;
}

std::uint64_t record_digest(const HandshakeRecord& record) {
  const std::array<std::uint64_t, 4> facts = {
      static_cast<std::uint64_t>(record.order_time.value),
      static_cast<std::uint64_t>(record.first_seen.value), record.sequence,
      std::uint64_t{record.client_port} << 48 | std::uint64_t{record.server_port} << 32 |
          std::uint64_t{record.instance} << 16 | record.worker_index};
  return XXH3_64bits(facts.data(), sizeof facts);
}

}  // namespace shakedown::diagnose
