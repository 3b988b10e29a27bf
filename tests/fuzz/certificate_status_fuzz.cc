// SPDX-License-Identifier: Apache-2.0
//
// Gives the input to parse_certificate_status as a message body. Checks that a response is there
// with `ok` only, lies inside the input, and that writing it again gives the same input.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "tls/certificate_status.h"

namespace {

using namespace shakedown;
using namespace shakedown::tls;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input(data, size);
  const CertificateStatus status = parse_certificate_status(input);
  const std::size_t response_size = status.response.size();
  if (status.status != ParseStatus::ok || status.status_type != 1) {
    require(response_size == 0);
    return 0;
  }
  std::vector<std::uint8_t> again = {1, static_cast<std::uint8_t>(response_size >> 16),
                                     static_cast<std::uint8_t>(response_size >> 8),
                                     static_cast<std::uint8_t>(response_size)};
  again.insert(again.end(), status.response.begin(), status.response.end());
  require(response_size > 0 && std::ranges::equal(again, input));
  return 0;
}
