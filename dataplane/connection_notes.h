// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What a worker remembers of a followed connection beside its TLS: what its packets
//            looked like, and what was said before TLS.
// Units:     As in its parts.
// Ownership: Lies in an array beside the flow table, under the slot of its connection.
// Threading: One worker.
// Limits:    Those of its parts.
// Failure:   none
// RFC:       none
#pragma once

#include "path/trace.h"
#include "service/dialogue.h"

namespace shakedown {

struct ConnectionNotes {
  path::Trace trace;
  service::Dialogue dialogue;

  /// The next bytes belong to the talk before TLS, and are read in order.
  [[nodiscard]] bool in_dialogue() const {
    return dialogue.kind != StartTls::none && dialogue.progress <= service::Progress::asked;
  }
};

}  // namespace shakedown
