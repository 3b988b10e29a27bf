// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What the Elastic Common Schema lacks: the `shakedown` object of the handshake event.
// Units:     none
// Ownership: Writes to the caller's JsonWriter.
// Threading: One thread.
// Limits:    none
// Failure:   A field that is not known is absent.
// RFC:       none; design.md section 7.
#pragma once

#include "enrich/handshake.h"
#include "export/handshake_event.h"
#include "export/json_writer.h"

namespace shakedown::exporting {

void write_shakedown(JsonWriter& json, const enrich::Handshake& handshake,
                     const EventContext& context, const Conclusion& conclusion);

/// subject, issuer, not_before, not_after, as members of the object that is open.
void write_certificate_fields(JsonWriter& json, const enrich::Certificate& certificate);

}  // namespace shakedown::exporting
