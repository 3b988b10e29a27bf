// SPDX-License-Identifier: Apache-2.0
#include "tls/ja3.h"

#include "shakedown/tls_types.h"
#include "tls/digest.h"
#include "tls/extension_block.h"
#include "tls/text_writer.h"

namespace shakedown::tls {
namespace {

/// Numbers joined by '-'.
class JoinedList {
 public:
  explicit JoinedList(TextWriter& writer) noexcept : writer_(writer) {}

  void add(std::uint16_t code) noexcept {
    if (!first_) writer_.put('-');
    first_ = false;
    writer_.put_decimal(code);
  }
  void add_unless_grease(std::uint16_t code) noexcept {
    if (!is_grease(code)) add(code);
  }

 private:
  TextWriter& writer_;
  bool first_ = true;
};

void put_codes(TextWriter& writer, Bytes list) noexcept {
  JoinedList joined(writer);
  for_each_code(list, [&](std::uint16_t code) { joined.add_unless_grease(code); });
}

void put_octets(TextWriter& writer, Bytes list) noexcept {
  JoinedList joined(writer);
  for (const std::uint8_t octet : list) joined.add(octet);
}

}  // namespace

std::size_t write_ja3_text(const ClientHello& hello, std::span<char, kJa3TextMax> out) noexcept {
  TextWriter writer(out);
  writer.put_decimal(hello.legacy_version);
  writer.put(',');
  put_codes(writer, hello.cipher_suites);
  writer.put(',');
  JoinedList extensions(writer);
  for (unsigned i = 0; i < hello.extension_count; ++i) {
    extensions.add_unless_grease(hello.extension_types[i]);
  }
  writer.put(',');
  put_codes(writer, hello.supported_groups);
  writer.put(',');
  put_octets(writer, hello.ec_point_formats);
  return writer.size();
}

std::size_t write_ja3s_text(const ServerHello& hello, std::span<char, kJa3TextMax> out) noexcept {
  TextWriter writer(out);
  writer.put_decimal(hello.legacy_version);
  writer.put(',');
  writer.put_decimal(hello.cipher_suite);
  writer.put(',');
  JoinedList extensions(writer);
  for (unsigned i = 0; i < hello.extension_count; ++i) extensions.add(hello.extension_types[i]);
  return writer.size();
}

Ja3Digest ja3(const ClientHello& hello) noexcept {
  std::array<char, kJa3TextMax> text;
  const std::size_t size = write_ja3_text(hello, text);
  return md5(std::span<const char>(text).first(size));
}

Ja3Digest ja3s(const ServerHello& hello) noexcept {
  std::array<char, kJa3TextMax> text;
  const std::size_t size = write_ja3s_text(hello, text);
  return md5(std::span<const char>(text).first(size));
}

}  // namespace shakedown::tls
