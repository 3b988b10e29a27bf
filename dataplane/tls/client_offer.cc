// SPDX-License-Identifier: Apache-2.0
#include "tls/client_offer.h"

#include <algorithm>
#include <array>

#include "shakedown/tls_types.h"
#include "tls/extension_block.h"

namespace shakedown::tls {
namespace {

class OfferWriter {
 public:
  explicit OfferWriter(std::span<std::uint8_t> out) noexcept : out_(out) {}

  void put_u16(std::uint16_t value) noexcept {
    if (out_.size() - size_ < 2) {
      fits_ = false;
      return;
    }
    put_at(size_, value);
    size_ += 2;
  }

  /// A vector of code points without GREASE; `visit_all(add)` calls add for each of them.
  template <class VisitAll>
  void put_codes(VisitAll visit_all) noexcept {
    const std::size_t length_at = size_;
    put_u16(0);
    visit_all([&](std::uint16_t code) {
      if (!is_grease(code)) put_u16(code);
    });
    if (fits_) put_at(length_at, static_cast<std::uint16_t>(size_ - length_at - 2));
  }

  void put_codes(Bytes list) noexcept {
    put_codes([&](auto add) { for_each_code(list, add); });
  }

  /// Protocol names without GREASE; RFC 8701 §3.1 reserves the names of two equal bytes 0x?a.
  void put_protocol_names(Bytes alpn) noexcept {
    const std::size_t length_at = size_;
    put_u16(0);
    ByteReader list(alpn);
    ByteReader name;
    while (list.read_vector8(name)) {
      std::uint16_t code = 0;
      ByteReader copy = name;
      if (name.remaining() == 2 && copy.read_u16(code) && is_grease(code)) continue;
      put_name(name.rest());
    }
    if (fits_) put_at(length_at, static_cast<std::uint16_t>(size_ - length_at - 2));
  }

  /// Zero when something did not fit.
  [[nodiscard]] std::size_t finish() const noexcept { return fits_ ? size_ : 0; }

 private:
  void put_at(std::size_t offset, std::uint16_t value) noexcept {
    out_[offset] = static_cast<std::uint8_t>(value >> 8);
    out_[offset + 1] = static_cast<std::uint8_t>(value & 0xff);
  }

  void put_name(Bytes name) noexcept {
    if (out_.size() - size_ < 1 + name.size()) {
      fits_ = false;
      return;
    }
    out_[size_++] = static_cast<std::uint8_t>(name.size());
    std::copy(name.begin(), name.end(), out_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += name.size();
  }

  std::span<std::uint8_t> out_;
  std::size_t size_ = 0;
  bool fits_ = true;
};

}  // namespace

std::size_t encode_client_offer(const ClientHello& hello, std::span<std::uint8_t> out) noexcept {
  std::array<std::uint16_t, kExtensionCountMax> extensions = hello.extension_types;
  const auto extensions_end = extensions.begin() + hello.extension_count;
  std::sort(extensions.begin(), extensions_end);

  OfferWriter writer(out);
  writer.put_u16(hello.legacy_version);
  writer.put_codes(hello.cipher_suites);
  writer.put_codes([&](auto add) { std::for_each(extensions.begin(), extensions_end, add); });
  writer.put_codes(hello.supported_versions);
  writer.put_codes(hello.supported_groups);
  writer.put_codes([&](auto add) {
    std::for_each_n(hello.key_share_groups.begin(), hello.key_share_count, add);
  });
  writer.put_codes(hello.signature_algorithms);
  writer.put_protocol_names(hello.alpn);
  return writer.finish();
}

std::size_t encode_client_offer(const Sslv2ClientHello& hello,
                                std::span<std::uint8_t> out) noexcept {
  constexpr unsigned kEmptyListCount = 6;
  OfferWriter writer(out);
  writer.put_u16(hello.version);
  writer.put_codes([&](auto add) {
    ByteReader specs(hello.cipher_specs);
    std::uint32_t spec = 0;
    while (specs.read_u24(spec)) {
      if (spec <= 0xffff) add(static_cast<std::uint16_t>(spec));
    }
  });
  for (unsigned i = 0; i < kEmptyListCount; ++i) writer.put_u16(0);
  return writer.finish();
}

}  // namespace shakedown::tls
