// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Makes a segment of one worker as the data plane does it, maps it a second time as
//            control does it, and sends one record through its ring.
// Units:     none
// Ownership: All of it goes before the function returns; nothing has a name.
// Threading: One thread.
// Limits:    segment_size(1).
// Failure:   A sentence.
// RFC:       none
#pragma once

#include <string>

namespace shakedown::doctor {

[[nodiscard]] std::string attach_ring();

}  // namespace shakedown::doctor
