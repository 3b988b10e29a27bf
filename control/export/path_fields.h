// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The members of the handshake event that tell about the path: `tampering_signature`,
//            `path_evidence`, `path`, `duplicates`.
// Units:     Times in microseconds (`_us`).
// Ownership: Writes to the caller's JsonWriter.
// Threading: One thread.
// Limits:    none
// Failure:   A field that is not known is absent, and so is `path` where neither a reset nor ICMP
//            nor evidence gives a reason to look at it.
// RFC:       none; design.md section 7.
#pragma once

#include "export/json_writer.h"
#include "shakedown/handshake_record.h"

namespace shakedown::exporting {

/// Members of the object that is open.
void write_path(JsonWriter& json, const HandshakeRecord& record);

}  // namespace shakedown::exporting
