// SPDX-License-Identifier: Apache-2.0
#include "export/event_id.h"

#include <openssl/sha.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "export/text.h"

namespace shakedown::exporting {

namespace {

/// Numbers in network byte order, so that every machine makes the same name.
class HashInput {
 public:
  void put(const IpAddress& address) {
    std::memcpy(bytes_.data() + size_, address.bytes.data(), address.bytes.size());
    size_ += address.bytes.size();
  }
  template <class Int>
  void put(Int number) {
    for (std::size_t i = sizeof number; i-- > 0;) {
      bytes_[size_++] = static_cast<std::uint8_t>((number >> (8 * i)) & 0xff);
    }
  }
  [[nodiscard]] std::array<std::uint8_t, SHA256_DIGEST_LENGTH> sha256() const {
    std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
    SHA256(bytes_.data(), size_, digest.data());
    return digest;
  }

 private:
  std::array<std::uint8_t, 2 + 2 * (16 + 2) + 8 + 2> bytes_{};
  std::size_t size_ = 0;
};

}  // namespace

std::string event_id(const HandshakeRecord& record) {
  HashInput input;
  input.put(static_cast<std::uint8_t>(record.family));
  input.put(static_cast<std::uint8_t>(record.transport));
  input.put(record.client_address);
  input.put(record.client_port);
  input.put(record.server_address);
  input.put(record.server_port);
  input.put(static_cast<std::uint64_t>(record.first_seen.value));
  input.put(record.instance);
  return hex_text(input.sha256().data(), kEventIdSize / 2);
}

}  // namespace shakedown::exporting
