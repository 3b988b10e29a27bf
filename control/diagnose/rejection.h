// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Whether a client may have turned down the server's certificate: one notion for the rules
//            and for what is remembered of clients.
// Units:     none
// Ownership: Values.
// Threading: Pure.
// Limits:    none
// Failure:   none
// RFC:       RFC 8446 §6.2, RFC 5246 §7.2.2 for what the alerts mean.
#pragma once

#include <optional>

#include "enrich/handshake.h"

namespace shakedown::diagnose {

/// The alert of `party` that ended the handshake, in the clear: its first fatal one, else its last
/// warning but close_notify. Nothing where it ended otherwise or by somebody else.
[[nodiscard]] std::optional<AlertDescription> ending_alert(const HandshakeRecord& record,
                                                           Party party);

/// TLS 1.3 or newer was negotiated: certificates are hidden.
[[nodiscard]] bool negotiated_tls13(const enrich::Handshake& handshake);

/// The client ended it after it could have judged the server's certificate: by an alert that can be
/// about certificates, by one that cannot be read, by FIN or RST, or late (late_rejection). Where a
/// session was resumed there was no certificate to judge, unless it was rejected late.
[[nodiscard]] bool client_rejected(const enrich::Handshake& handshake);

}  // namespace shakedown::diagnose
