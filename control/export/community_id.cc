// SPDX-License-Identifier: Apache-2.0
#include "export/community_id.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <tuple>

namespace shakedown::exporting {

namespace {

constexpr std::uint8_t kProtocolTcp = 6;
constexpr std::uint8_t kProtocolUdp = 17;

/// Collects what is hashed: at most 2 + 16 + 16 + 2 + 2 + 2 bytes.
class HashInput {
 public:
  void put(const std::uint8_t* bytes, std::size_t size) {
    std::memcpy(bytes_.data() + size_, bytes, size);
    size_ += size;
  }
  void put_u8(std::uint8_t value) { put(&value, 1); }
  void put_u16(std::uint16_t value) {
    put_u8(static_cast<std::uint8_t>(value >> 8));
    put_u8(static_cast<std::uint8_t>(value & 0xff));
  }
  [[nodiscard]] std::array<std::uint8_t, SHA_DIGEST_LENGTH> sha1() const {
    std::array<std::uint8_t, SHA_DIGEST_LENGTH> digest{};
    SHA1(bytes_.data(), size_, digest.data());
    return digest;
  }

 private:
  std::array<std::uint8_t, 40> bytes_{};
  std::size_t size_ = 0;
};

}  // namespace

std::string community_id(const HandshakeRecord& record) {
  const auto client = std::tie(record.client_address, record.client_port);
  const auto server = std::tie(record.server_address, record.server_port);
  const auto& [low_address, low_port] = client < server ? client : server;
  const auto& [high_address, high_port] = client < server ? server : client;
  const std::size_t address_size = record.family == IpFamily::ipv6 ? 16 : 4;

  HashInput input;
  input.put_u16(0);  // the seed
  input.put(low_address.bytes.data(), address_size);
  input.put(high_address.bytes.data(), address_size);
  input.put_u8(record.transport == Transport::udp ? kProtocolUdp : kProtocolTcp);
  input.put_u8(0);
  input.put_u16(low_port);
  input.put_u16(high_port);
  const auto digest = input.sha1();

  std::array<unsigned char, 32> base64{};
  const int size = EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(digest.size()));
  return "1:" +
         std::string(reinterpret_cast<const char*>(base64.data()), static_cast<std::size_t>(size));
}

}  // namespace shakedown::exporting
