// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What repeats is sent once: certificate chains, ClientHello offers, over-long server
//            names. A definition is a header and a body in the worker's definition ring; records
//            name it by id.
// Units:     Sizes are bytes.
// Ownership: Values; the body is copied out of the ring by the reader.
// Threading: Written by one worker before the first record that names it, read by control. Control
//            drains the definition ring before it handles a record, so the definition is always
//            there first.
// Limits:    kDefinitionBodyMax. A body that is larger is not sent; the record then names none.
// Failure:   A full ring refuses the definition; the record that would name it carries
//            `definitions_refused`, the refusal is counted, and the next record tries again.
// RFC:       RFC 8446 §4.4.2 and RFC 5246 §7.4.2 (certificate_list).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "shakedown/bytes.h"

namespace shakedown {

enum class DefinitionKind : std::uint16_t {
  client_offer = 1,       ///< body: see below
  certificate_chain = 2,  ///< body: repeated `uint24 size, opaque DER[size]`, in the order sent
  server_name = 3,        ///< body: the name as sent
  ocsp_response = 4       ///< body: the OCSPResponse (RFC 6960 §4.2.1) of a CertificateStatus
};

/// An id is a keyed digest of kind and body. It is equal in all workers of one run, differs between
/// runs, and so never appears in what users see.
struct DefinitionHeader {
  std::uint64_t id = 0;
  std::uint32_t body_size = 0;
  DefinitionKind kind = DefinitionKind::client_offer;
  std::uint16_t reserved = 0;
};
static_assert(sizeof(DefinitionHeader) == 16);
static_assert(std::is_trivially_copyable_v<DefinitionHeader>);

/// Body of a client_offer. GREASE is left out everywhere. All numbers are uint16 in network byte
/// order.
///
///     struct {
///       uint16 legacy_version;
///       uint16 cipher_suites<0..2^16-1>;          // in the order offered
///       uint16 extensions<0..2^16-1>;             // ascending: clients shuffle them on purpose
///       uint16 supported_versions<0..2^16-1>;     // in the order offered, likewise below
///       uint16 supported_groups<0..2^16-1>;
///       uint16 key_share_groups<0..2^16-1>;
///       uint16 signature_algorithms<0..2^16-1>;
///       opaque alpn<0..2^16-1>;                   // ProtocolNameList of RFC 7301 without its length
///     } ClientOffer;
///
/// Vector lengths are bytes, as in the presentation language of RFC 8446 §3.4.
inline constexpr std::uint32_t kDefinitionBodyMax = 64 * 1024;
inline constexpr std::size_t kDefinitionMessageMax = sizeof(DefinitionHeader) + kDefinitionBodyMax;

/// Calls `visit(const DefinitionHeader&, Bytes body)` for each message of a row of them. False:
/// these bytes are not a row of messages, which nothing but broken memory can cause; what came
/// before the flaw was visited.
template <class Visit>
[[nodiscard]] bool for_each_definition(Bytes messages, Visit&& visit) {
  ByteReader rest(messages);
  while (!rest.empty()) {
    Bytes head;
    Bytes body;
    DefinitionHeader header;
    if (!rest.read_bytes(sizeof header, head)) return false;
    std::memcpy(&header, head.data(), sizeof header);
    if (header.body_size > kDefinitionBodyMax || !rest.read_bytes(header.body_size, body)) {
      return false;
    }
    visit(header, body);
  }
  return true;
}

}  // namespace shakedown
