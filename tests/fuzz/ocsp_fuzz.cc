// SPDX-License-Identifier: Apache-2.0
//
// Method: the input is a chain of two certificates as in a definition (leaf and issuer), then an
// OCSPResponse. It goes through read_staple, whose answer must not depend on bytes that are not part
// of it and must hold together: what is unusable is unusable at any moment.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "enrich/certificate_reader.h"
#include "enrich/staple.h"
#include "shakedown/limits.h"

using namespace shakedown;

namespace {

void require(bool good) {
  if (!good) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const enrich::QuietErrors quiet;
  ByteReader reader{Bytes(data, size)};
  ByteReader leaf_der;
  ByteReader issuer_der;
  if (!reader.read_vector24(leaf_der) || !reader.read_vector24(issuer_der)) return 0;
  const enrich::X509Pointer leaf = enrich::parse_certificate(leaf_der.rest());
  const enrich::X509Pointer issuer = enrich::parse_certificate(issuer_der.rest());
  if (leaf == nullptr || issuer == nullptr) return 0;
  const enrich::StapleAnswer answer = enrich::read_staple(reader.rest(), *leaf, *issuer);
  const enrich::StapleAnswer again = enrich::read_staple(reader.rest(), *leaf, *issuer);
  require(answer.status == again.status && answer.next_update == again.next_update);
  require(answer.status != enrich::Staple::none && answer.status != enrich::Staple::expired);
  for (const std::int64_t at :
       {std::int64_t{1}, std::int64_t{1'717'286'400'000'000'000}, kEndOfTime.value}) {
    const enrich::Staple said = answer.at(UnixNanos{at});
    require(answer.status != enrich::Staple::unusable || said == enrich::Staple::unusable);
    require(answer.status == enrich::Staple::revoked || said != enrich::Staple::revoked);
  }
  return 0;
}
