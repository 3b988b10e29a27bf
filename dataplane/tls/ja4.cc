// SPDX-License-Identifier: Apache-2.0
#include "tls/ja4.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "shakedown/limits.h"
#include "shakedown/tls_types.h"
#include "tls/digest.h"
#include "tls/extension_block.h"
#include "tls/text_writer.h"

namespace shakedown::tls {
namespace {

constexpr std::size_t kCountMax = 99;
constexpr std::size_t kCodeTextBytes = 5;  // four digits and a separator

using Hash = std::array<std::uint8_t, 6>;

template <std::size_t capacity>
class Codes {
 public:
  void add_unless_grease(std::uint16_t code) noexcept {
    if (!is_grease(code) && size_ < capacity) codes_[size_++] = code;
  }
  void sort() noexcept { std::sort(codes_.begin(), codes_.begin() + size_); }

  [[nodiscard]] std::uint8_t capped_size() const noexcept {
    return static_cast<std::uint8_t>(std::min<std::size_t>(size_, kCountMax));
  }
  [[nodiscard]] std::span<const std::uint16_t> view() const noexcept {
    return std::span<const std::uint16_t>(codes_).first(size_);
  }

 private:
  std::array<std::uint16_t, capacity> codes_;
  std::uint16_t size_ = 0;
};

/// In hex, joined by ','.
template <class Range>
void put_joined(TextWriter& writer, const Range& codes) noexcept {
  bool first = true;
  for (const std::uint16_t code : codes) {
    if (!first) writer.put(',');
    first = false;
    writer.put_hex(code);
  }
}

/// The first 12 hex digits of SHA-256; zeros for no text at all.
Hash hash_of(std::span<const char> text) noexcept {
  Hash hash{};
  if (text.empty()) return hash;
  const std::array<std::uint8_t, 32> digest = sha256(text);
  std::copy_n(digest.begin(), hash.size(), hash.begin());
  return hash;
}

void add_suites(const ClientHello& hello, Ja4& out) noexcept {
  Codes<kCipherSuiteCountMax> suites;
  for_each_code(hello.cipher_suites, [&](std::uint16_t suite) { suites.add_unless_grease(suite); });
  suites.sort();
  std::array<char, kCipherSuiteCountMax * kCodeTextBytes> text;
  TextWriter writer(text);
  put_joined(writer, suites.view());
  out.cipher_count = suites.capped_size();
  out.cipher_hash = hash_of(writer.text());
}

/// server_name and ALPN are counted but not hashed: the other fields already tell about them.
bool is_hashed(std::uint16_t extension) noexcept {
  const ExtensionType type{extension};
  return type != ExtensionType::server_name &&
         type != ExtensionType::application_layer_protocol_negotiation;
}

void add_extensions(const ClientHello& hello, Ja4& out) noexcept {
  Codes<kExtensionCountMax> all;
  Codes<kExtensionCountMax> hashed;
  for (unsigned i = 0; i < hello.extension_count; ++i) {
    const std::uint16_t extension = hello.extension_types[i];
    all.add_unless_grease(extension);
    if (is_hashed(extension)) hashed.add_unless_grease(extension);
  }
  hashed.sort();
  Codes<kSignatureSchemeCountMax> schemes;
  for_each_code(hello.signature_algorithms,
                [&](std::uint16_t scheme) { schemes.add_unless_grease(scheme); });

  std::array<char, (kExtensionCountMax + kSignatureSchemeCountMax) * kCodeTextBytes> text;
  TextWriter writer(text);
  put_joined(writer, hashed.view());
  if (!schemes.view().empty()) {
    writer.put('_');
    put_joined(writer, schemes.view());
  }
  out.extension_count = all.capped_size();
  out.extension_hash = hash_of(writer.text());
}

/// The highest number, not the newest version: drafts stand above TLS 1.3 here, as in other
/// programs.
std::uint16_t highest_number(const ClientHello& hello) noexcept {
  std::uint16_t highest = 0;
  for_each_code(hello.supported_versions, [&](std::uint16_t version) {
    if (!is_grease(version)) highest = std::max(highest, version);
  });
  return highest != 0 ? highest : hello.legacy_version;
}

constexpr bool is_alphanumeric(std::uint8_t byte) {
  const auto lower = static_cast<std::uint8_t>(byte | 0x20);
  return (byte >= '0' && byte <= '9') || (lower >= 'a' && lower <= 'z');
}

/// First and last character of the first protocol name, or first and last hex digit of it.
std::array<char, 2> alpn_characters(Bytes alpn) noexcept {
  ByteReader list(alpn);
  ByteReader name;
  if (!list.read_vector8(name) || name.empty()) return {'0', '0'};
  const std::uint8_t first = name.rest().front();
  const std::uint8_t last = name.rest().back();
  if (is_alphanumeric(first) && is_alphanumeric(last)) {
    return {static_cast<char>(first), static_cast<char>(last)};
  }
  constexpr char kDigits[] = "0123456789abcdef";
  return {kDigits[first >> 4], kDigits[last & 15]};
}

}  // namespace

Ja4 ja4(const ClientHello& hello) noexcept {
  Ja4 out;
  out.version = highest_number(hello);
  out.server_name = hello.has(ClientHelloFacts::server_name_present) ? 1 : 0;
  out.alpn = alpn_characters(hello.alpn);
  out.present = 1;
  add_suites(hello, out);
  add_extensions(hello, out);
  return out;
}

}  // namespace shakedown::tls
