// SPDX-License-Identifier: Apache-2.0
#include "tls/certificate_status.h"

namespace shakedown::tls {
namespace {

constexpr std::uint8_t kOcsp = 1;

///     struct {
///       CertificateStatusType status_type;
///       select (status_type) {
///         case ocsp: OCSPResponse;
///       } response;
///     } CertificateStatus;
///     opaque OCSPResponse<1..2^24-1>;
ParseStatus parse(Bytes body, CertificateStatus& out) noexcept {
  ByteReader reader(body);
  ByteReader response;
  if (!reader.read_u8(out.status_type)) return ParseStatus::need_more;
  if (out.status_type != kOcsp) return ParseStatus::ok;
  if (!reader.read_vector24(response)) return ParseStatus::need_more;
  if (response.empty() || !reader.empty()) return ParseStatus::malformed;
  out.response = response.rest();
  return ParseStatus::ok;
}

}  // namespace

CertificateStatus parse_certificate_status(Bytes body) noexcept {
  CertificateStatus status;
  status.status = parse(body, status);
  return status;
}

}  // namespace shakedown::tls
