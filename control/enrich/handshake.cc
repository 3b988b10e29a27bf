// SPDX-License-Identifier: Apache-2.0
#include "enrich/handshake.h"

#include <algorithm>

namespace shakedown::enrich {

Handshake resolve(const HandshakeRecord& record, DefinitionStore& definitions, ChainJudge& judge) {
  Handshake handshake{
      .record = record,
      .offer = definitions.client_offer(record.offer_definition),
      .server_chain = definitions.certificate_chain(record.server_chain_definition, judge),
      .client_chain = definitions.certificate_chain(record.client_chain_definition, judge),
      .staple = definitions.ocsp_response(record.ocsp_definition),
      .server_name = {},
      .tags = {}};
  if (handshake.has(ClientHelloFacts::server_name_truncated)) {
    handshake.server_name = definitions.server_name(record.name_definition);
  }
  if (handshake.server_name.empty()) {
    const std::size_t size = std::min<std::size_t>(record.client_hello_facts.server_name_length,
                                                   record.server_name.size());
    handshake.server_name = {record.server_name.data(), size};
  }
  return handshake;
}

}  // namespace shakedown::enrich
