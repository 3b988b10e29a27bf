// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The tables behind tls_names.h: a code point and its registered name.
// Units:     Code points as on the wire.
// Ownership: Constants with static lifetime.
// Threading: Constants.
// Limits:    none
// Failure:   none
// RFC:       The registries named in each table's file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>

namespace shakedown::exporting {

struct CodeName {
  std::uint16_t code;
  const char* name;
};

extern const CodeName kCipherSuiteNames[];
extern const std::size_t kCipherSuiteNamesCount;
extern const CodeName kNamedGroupNames[];
extern const std::size_t kNamedGroupNamesCount;
extern const CodeName kSignatureSchemeNames[];
extern const std::size_t kSignatureSchemeNamesCount;

}  // namespace shakedown::exporting
