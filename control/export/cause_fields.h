// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What was concluded about a handshake, as members of the `shakedown` object of its
//            event: `cause` of a failure, `warnings` of a success.
// Units:     none
// Ownership: Writes to the caller's JsonWriter.
// Threading: One thread.
// Limits:    Those of diagnosis.h.
// Failure:   What is empty is absent.
// RFC:       none; design.md section 7.
#pragma once

#include <span>

#include "diagnose/diagnosis.h"
#include "export/json_writer.h"

namespace shakedown::exporting {

/// The member `cause` of the object that is open.
void write_cause(JsonWriter& json, const diagnose::Diagnosis& diagnosis);
/// The member `warnings`; nothing when there are none.
void write_warnings(JsonWriter& json, std::span<const diagnose::Warning> warnings);

}  // namespace shakedown::exporting
