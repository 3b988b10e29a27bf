// SPDX-License-Identifier: Apache-2.0
#include "tls/server_key_exchange.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "tls/cipher_suite.h"

namespace shakedown::tls {
namespace {

enum class Parameters : std::uint8_t { none, dh, ecdh };

struct Layout {
  bool psk_identity_hint = false;
  Parameters parameters = Parameters::none;
};

Layout layout_of(std::uint16_t cipher_suite) noexcept {
  switch (key_exchange_of(cipher_suite)) {
    case KeyExchange::dhe:
    case KeyExchange::dh_anon:
      return {false, Parameters::dh};
    case KeyExchange::ecdhe:
    case KeyExchange::ecdh_anon:
      return {false, Parameters::ecdh};
    case KeyExchange::dhe_psk:
      return {true, Parameters::dh};
    case KeyExchange::ecdhe_psk:
      return {true, Parameters::ecdh};
    default:
      return {};
  }
}

///     struct {
///       ECCurveType curve_type;
///       NamedCurve namedcurve;  // for curve_type named_curve
///     } ECParameters;
ParseStatus read_ecdh(ByteReader reader, ServerKeyExchange& out) noexcept {
  constexpr std::uint8_t kExplicitPrime = 1;
  constexpr std::uint8_t kExplicitChar2 = 2;
  constexpr std::uint8_t kNamedCurve = 3;
  std::uint8_t type = 0;
  if (!reader.read_u8(type)) return ParseStatus::need_more;
  if (type == kExplicitPrime || type == kExplicitChar2) {
    out.explicit_curve = true;
    return ParseStatus::ok;
  }
  if (type != kNamedCurve) return ParseStatus::malformed;
  return reader.read_u16(out.named_group) ? ParseStatus::ok : ParseStatus::need_more;
}

/// Size of an uncompressed point, or of an X25519 or X448 share; zero for other groups.
std::size_t point_size_of(std::uint16_t named_group) noexcept {
  switch (named_group) {
    case 0x0017:  // secp256r1
      return 65;
    case 0x0018:  // secp384r1
      return 97;
    case 0x0019:  // secp521r1
      return 133;
    case 0x001d:  // x25519
      return 32;
    case 0x001e:  // x448
      return 56;
    default:
      return 0;
  }
}

/// Impostors of TLS make up suites and copy the rest: a point of the size that its group has tells
/// the layout.
bool looks_like_ecdh(ByteReader reader) noexcept {
  ServerKeyExchange ignored;
  ByteReader point;
  if (read_ecdh(reader, ignored) != ParseStatus::ok || ignored.named_group == 0) return false;
  return reader.skip(3) && reader.read_vector8(point) &&
         point.remaining() == point_size_of(ignored.named_group);
}

///     struct {
///       opaque dh_p<1..2^16-1>;  // only its first bytes are needed
///       opaque dh_g<1..2^16-1>;
///       opaque dh_Ys<1..2^16-1>;
///     } ServerDHParams;
ParseStatus read_dh(ByteReader reader, ServerKeyExchange& out) noexcept {
  std::uint16_t size = 0;
  if (!reader.read_u16(size)) return ParseStatus::need_more;
  const Bytes captured = reader.rest().first(std::min<std::size_t>(size, reader.remaining()));
  const auto first =
      std::find_if(captured.begin(), captured.end(), [](std::uint8_t byte) { return byte != 0; });
  if (first == captured.end()) {
    return captured.size() == size ? ParseStatus::malformed : ParseStatus::need_more;
  }
  const auto zero_bytes = static_cast<std::size_t>(first - captured.begin());
  const std::size_t bits =
      8 * (size - zero_bytes) - static_cast<std::size_t>(std::countl_zero(*first));
  constexpr std::size_t kBitsMax = std::numeric_limits<std::uint16_t>::max();
  out.dh_prime_bits = static_cast<std::uint16_t>(std::min(bits, kBitsMax));
  return ParseStatus::ok;
}

}  // namespace

ServerKeyExchange parse_server_key_exchange(Bytes body, std::uint16_t cipher_suite) noexcept {
  ServerKeyExchange out;
  ByteReader reader(body);
  Layout layout = layout_of(cipher_suite);
  if (key_exchange_of(cipher_suite) == KeyExchange::unknown && looks_like_ecdh(reader)) {
    layout.parameters = Parameters::ecdh;
  }
  ByteReader hint;
  if (layout.psk_identity_hint && !reader.read_vector16(hint)) {
    out.status = ParseStatus::need_more;
    return out;
  }
  if (layout.parameters == Parameters::ecdh) out.status = read_ecdh(reader, out);
  if (layout.parameters == Parameters::dh) out.status = read_dh(reader, out);
  return out;
}

}  // namespace shakedown::tls
