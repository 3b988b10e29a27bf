// SPDX-License-Identifier: Apache-2.0
#include "tls/certificate.h"

#include <algorithm>

namespace shakedown::tls {
namespace {

///     opaque ASN.1Cert<1..2^24-1>;
///     struct {
///       ASN.1Cert certificate_list<0..2^24-1>;
///     } Certificate;
ParseStatus parse(Bytes body, CertificateList& out) noexcept {
  ByteReader reader(body);
  std::uint32_t unread = 0;  // of the list, by its own length; may be more than the body holds
  if (!reader.read_u24(unread)) return ParseStatus::need_more;
  const bool bytes_follow = reader.remaining() > unread;
  const Bytes list = reader.rest().first(std::min<std::size_t>(unread, reader.remaining()));
  reader = ByteReader(list);

  while (unread > 0) {
    constexpr std::uint32_t kHeaderBytes = 3;
    if (out.count == kCertificateCountMax) return ParseStatus::over_limit;
    std::uint32_t size = 0;
    Bytes certificate;
    if (unread < kHeaderBytes) return ParseStatus::malformed;
    if (!reader.read_u24(size)) return ParseStatus::need_more;
    if (size == 0 || size > unread - kHeaderBytes) return ParseStatus::malformed;
    if (!reader.read_bytes(size, certificate)) return ParseStatus::need_more;
    unread -= kHeaderBytes + size;
    out.certificates[out.count++] = certificate;
    out.entries = list.first(list.size() - reader.remaining());
  }
  return bytes_follow ? ParseStatus::malformed : ParseStatus::ok;
}

}  // namespace

CertificateList parse_certificate(Bytes body) noexcept {
  CertificateList list;
  list.status = parse(body, list);
  return list;
}

}  // namespace shakedown::tls
