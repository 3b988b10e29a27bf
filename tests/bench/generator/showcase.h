// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The small capture that comes with the project: a few dozen connections at the edge of
//            an invented datacenter, most of which succeed, and the rest of which fail in ways
//            worth seeing.
// Units:     none.
// Ownership: values.
// Threading: none.
// Limits:    below 150 KB as a capture file.
// Failure:   none.
// RFC:       none; addresses and names are from the documentation ranges (RFC 5737, RFC 3849, RFC
//            2606).
#pragma once

#include <vector>

#include "traffic.h"

namespace shakedown::generator {

/// In the order in which they begin.
[[nodiscard]] std::vector<Flow> showcase_flows();

}  // namespace shakedown::generator
