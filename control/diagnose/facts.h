// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   All that a rule may ask about one failed handshake.
// Units:     As in the parts.
// Ownership: Views; valid for one diagnosis.
// Threading: One thread.
// Limits:    none
// Failure:   What is not known is empty or false, never a guess.
// RFC:       none
#pragma once

#include <cstdint>
#include <optional>

#include "diagnose/difference.h"
#include "diagnose/links/link_views.h"
#include "diagnose/profile/server_view.h"
#include "enrich/chain.h"
#include "enrich/handshake.h"

namespace shakedown::diagnose {

/// Where a chain was seen that a judgement rests on.
enum class ChainSource : std::uint8_t {
  none,
  wire,           ///< in this very handshake
  same_name,      ///< another client was shown it at this endpoint for this name
  same_endpoint,  ///< ... for another name, or for none
  same_client     ///< a client's own certificate, in another handshake of it
};

struct JudgedChain {
  ChainSource source = ChainSource::none;
  enrich::ChainPointer chain = nullptr;  ///< null with `none`
  enrich::Assessment assessment = {};
  std::int64_t age_nanos = 0;  ///< since it was last seen; zero on the wire

  [[nodiscard]] bool known() const { return source != ChainSource::none; }
};

struct Facts {
  const enrich::Handshake& handshake;
  const HandshakeRecord& record;  ///< of the same
  UnixNanos at;                   ///< the moment: of the ClientHello, else when it was first seen

  /// The one on the wire; else, where one must have been sent unseen, a profile's.
  JudgedChain server_certificate = {};
  JudgedChain client_certificate = {};
  ServerView server = {};
  Difference difference = {};
  AttemptView attempt = {};
  ClientView client = {};
  NameView name = {};

  /// The fatal alert that ended it, in the clear; nothing when there was none.
  [[nodiscard]] std::optional<AlertDescription> alert_from(Party party) const;
  [[nodiscard]] bool ended_by(Party party) const { return record.outcome.by == party; }
  [[nodiscard]] bool failed(OutcomeKind kind) const { return record.outcome.kind == kind; }
  [[nodiscard]] bool reached(Stage stage) const { return record.outcome.stage >= stage; }
  /// The server ended it, in whatever way, before it had answered the ClientHello.
  [[nodiscard]] bool refused_by_server_at_hello() const;
  /// The client ended it after it could have judged the server's certificate: by an alert that can
  /// be about certificates, by one that cannot be read, by FIN or RST, or late (late_rejection).
  [[nodiscard]] bool client_may_have_rejected() const;
  /// The server ended it after it could have judged the client's certificate.
  [[nodiscard]] bool server_may_have_rejected() const;
  /// TLS 1.3 or newer was negotiated: certificates are hidden.
  [[nodiscard]] bool tls13() const;
};

}  // namespace shakedown::diagnose
