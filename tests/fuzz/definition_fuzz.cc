// SPDX-License-Identifier: Apache-2.0
//
// Method: the first byte chooses the kind of definition, the rest is its body. It goes through
// DefinitionStore into decode_client_offer and ChainJudge::chain_of, and the event made of it
// must be one line without bare control bytes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "enrich/handshake.h"
#include "export/handshake_event.h"

using namespace shakedown;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > kDefinitionBodyMax) return 0;
  const auto kind = static_cast<DefinitionKind>(1 + data[0] % 4);
  const Bytes body(data + 1, size - 1);
  const DefinitionHeader header{
      .id = 1, .body_size = static_cast<std::uint32_t>(body.size()), .kind = kind, .reserved = 0};
  enrich::DefinitionStore store;
  enrich::ChainJudge judge;
  store.add(header, body);

  HandshakeRecord record;
  record.client_hello = UnixNanos{1};
  record.client_hello_facts.flags =
      ClientHelloFacts::server_name_present | ClientHelloFacts::server_name_truncated;
  if (kind == DefinitionKind::client_offer) record.offer_definition = 1;
  if (kind == DefinitionKind::certificate_chain) record.server_chain_definition = 1;
  if (kind == DefinitionKind::server_name) record.name_definition = 1;
  if (kind == DefinitionKind::ocsp_response) record.ocsp_definition = 1;

  fmt::memory_buffer out;
  exporting::append_handshake_event(out, enrich::resolve(record, store, judge),
                                    {.sensor_name = "fuzz", .capture_names = {}});
  for (std::size_t i = 0; i < out.size(); ++i) {
    const bool newline_at_end = out[i] == '\n' && i + 1 == out.size();
    if (static_cast<std::uint8_t>(out[i]) < 0x20 && !newline_at_end) std::abort();
  }
  return 0;
}
