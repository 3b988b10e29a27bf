// SPDX-License-Identifier: Apache-2.0
//
// Gives the input to parse_certificate as a message body. Checks that certificates lie inside the
// input one after another, that none is empty, and that the entries are exactly what the
// certificates were cut from: reading them again gives the same certificates.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

#include "tls/certificate.h"

namespace {

using namespace shakedown;
using namespace shakedown::tls;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input(data, size);
  const CertificateList list = parse_certificate(input);
  require(list.count <= kCertificateCountMax);
  std::size_t entries_size = 0;
  for (const Bytes certificate : list.view()) {
    require(!certificate.empty());
    entries_size += 3 + certificate.size();
  }
  require(list.entries.size() == entries_size);
  require(entries_size <= size);

  std::vector<std::uint8_t> again = {static_cast<std::uint8_t>(entries_size >> 16),
                                     static_cast<std::uint8_t>(entries_size >> 8),
                                     static_cast<std::uint8_t>(entries_size)};
  again.insert(again.end(), list.entries.begin(), list.entries.end());
  const CertificateList second = parse_certificate(again);
  require(second.status == ParseStatus::ok && second.count == list.count);
  for (std::size_t i = 0; i < list.count; ++i) {
    require(std::ranges::equal(list.view()[i], second.view()[i]));
  }
  return 0;
}
