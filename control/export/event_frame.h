// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What all events begin with, whatever they are about: the objects `event` and `observer` of
//            the Elastic Common Schema.
// Units:     none
// Ownership: Writes to the caller's JsonWriter.
// Threading: One thread.
// Limits:    none
// Failure:   none
// RFC:       none
#pragma once

#include <optional>
#include <string_view>

#include "export/handshake_event.h"
#include "export/json_writer.h"

namespace shakedown::exporting {

/// Opens `event`; the caller adds what is its own, and ends the object.
void begin_event(JsonWriter& json, std::string_view kind, std::string_view type,
                 std::string_view dataset);

/// `port`: index of the interface that it came through; none, or one that is no interface: not
/// named.
void write_observer(JsonWriter& json, const EventContext& context, std::optional<unsigned> port);

}  // namespace shakedown::exporting
