// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Community ID version 1, the flow hash that Zeek, Suricata and Elastic agree on.
// Units:     Ports in host byte order.
// Ownership: Values.
// Threading: Values.
// Limits:    none
// Failure:   none
// RFC:       none; https://github.com/corelight/community-id-spec, seed 0.
#pragma once

#include <string>

#include "shakedown/handshake_record.h"

namespace shakedown::exporting {

/// `1:LQU9qZlK+B5F3KDmev6m5PMibrg=`
[[nodiscard]] std::string community_id(const HandshakeRecord& record);

}  // namespace shakedown::exporting
