// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   A HandshakeRecord together with the definitions it names: what every later step works
//            on.
// Units:     As in handshake_record.h.
// Ownership: Views of the record and of the store; valid until either changes.
// Threading: One thread.
// Limits:    none
// Failure:   A definition that is not there is null.
// RFC:       none
#pragma once

#include <span>
#include <string_view>

#include "enrich/definition_store.h"
#include "shakedown/handshake_record.h"

namespace shakedown::enrich {

struct Handshake {
  const HandshakeRecord& record;
  OfferPointer offer;
  ChainPointer server_chain;
  ChainPointer client_chain;
  Bytes staple = {};             ///< the OCSPResponse that the server stapled; empty: none seen
  std::string_view server_name;  ///< empty: none was sent
  /// The watchlists that the name is on; views of Watchlists, until its next match.
  std::span<const std::string_view> tags = {};

  [[nodiscard]] bool client_hello_seen() const { return record.client_hello.known(); }
  [[nodiscard]] bool server_hello_seen() const {
    return (record.server_hello_facts.flags & ServerHelloFacts::seen) != 0;
  }
  [[nodiscard]] bool has(HandshakeRecord::Flag flag) const { return (record.flags & flag) != 0; }
  [[nodiscard]] bool has(ClientHelloFacts::Flag flag) const {
    return (record.client_hello_facts.flags & flag) != 0;
  }
  [[nodiscard]] bool has(ServerHelloFacts::Flag flag) const {
    return (record.server_hello_facts.flags & flag) != 0;
  }
  /// Counts in the TLS failure rate: it ended one way or the other after a ClientHello, or after
  /// the request for an upgrade to TLS.
  [[nodiscard]] bool judged_tls() const {
    const OutcomeKind kind = record.outcome.kind;
    return kind == OutcomeKind::established ||
           (is_failure(kind) && kind != OutcomeKind::refused && kind != OutcomeKind::unanswered);
  }
};

[[nodiscard]] Handshake resolve(const HandshakeRecord& record, DefinitionStore& definitions,
                                ChainJudge& judge);

}  // namespace shakedown::enrich
