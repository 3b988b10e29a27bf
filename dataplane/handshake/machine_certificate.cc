// SPDX-License-Identifier: Apache-2.0
//
// What the peers show of themselves in TLS 1.2 and older: certificate chains, and the OCSP response
// stapled to the server's. Both repeat, so they are sent once and named by the record.
#include <algorithm>
#include <limits>

#include "handshake/machine.h"
#include "tls/certificate.h"
#include "tls/certificate_status.h"

namespace shakedown::handshake {

void Machine::read_certificate(Exchange& exchange, Direction direction,
                               const tls::Message& message) noexcept {
  HandshakeRecord& record = exchange.record;
  if (!message.complete_body) return;
  const tls::CertificateList list = tls::parse_certificate(message.body);
  if (list.status == ParseStatus::malformed) counters_.add(Counter::tls_malformed);
  if (direction == Direction::server_to_client) {
    constexpr std::size_t kMost = std::numeric_limits<std::uint16_t>::max();
    exchange.state.set(State::server_certificate);
    record.server_certificate_count = list.count;
    record.server_chain_bytes = static_cast<std::uint16_t>(std::min(list.entries.size(), kMost));
    record.server_chain_definition =
        define(record, DefinitionKind::certificate_chain, list.entries);
    return;
  }
  record.client_certificate = list.count == 0 ? ClientCertificate::empty : ClientCertificate::sent;
  record.client_chain_definition = define(record, DefinitionKind::certificate_chain, list.entries);
}

void Machine::read_certificate_status(HandshakeRecord& record,
                                      const tls::Message& message) noexcept {
  record.server_hello_facts.flags |= ServerHelloFacts::ocsp_staple_seen;
  if (message.length > tls::kCertificateStatusBytesMax) {
    counters_.add(Counter::definitions_oversized);
    return;
  }
  // A server sends one (RFC 6066 §8); what comes after the first is not worth a place in the ring.
  if (!message.complete_body || record.ocsp_definition != 0) return;
  const tls::CertificateStatus status = tls::parse_certificate_status(message.body);
  if (status.status != ParseStatus::ok) counters_.add(Counter::tls_malformed);
  record.ocsp_definition = define(record, DefinitionKind::ocsp_response, status.response);
}

}  // namespace shakedown::handshake
