// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Words that the sentences of several families of rules are made of.
// Units:     Nanoseconds.
// Ownership: Values.
// Threading: Pure.
// Limits:    none
// Failure:   none
// RFC:       none
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace shakedown::diagnose {

/// `1 client`, `212 clients`; of decayed counts the next whole number, and never zero.
[[nodiscard]] std::string counted(double count, std::string_view noun);
/// `40 ms`, `3 s`, `12 minutes`, `5 hours`, `9 days`.
[[nodiscard]] std::string duration_text(std::int64_t nanos);

}  // namespace shakedown::diagnose
