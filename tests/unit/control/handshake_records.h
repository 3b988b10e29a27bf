// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   HandshakeRecords by hand, so that a test shows only the fields under test.
// Units:     As in handshake_record.h.
// Ownership: Values.
// Threading: Values.
// Limits:    none
// Failure:   none
// RFC:       none
#pragma once

#include <algorithm>
#include <string_view>

#include "shakedown/handshake_record.h"

namespace shakedown::test {

inline constexpr std::int64_t kStart = 1'763'647'501'123'456'789;  // 2025-11-20T14:05:01.123456789Z

inline IpAddress ipv4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
  IpAddress address;
  address.bytes = {a, b, c, d};
  return address;
}

inline void set_name(HandshakeRecord& record, std::string_view name) {
  record.client_hello_facts.flags |= ClientHelloFacts::server_name_present;
  record.client_hello_facts.server_name_length = static_cast<std::uint8_t>(name.size());
  std::copy(name.begin(), name.end(), record.server_name.begin());
}

/// A TLS handshake between 192.0.2.7:50123 and 198.51.100.5:443 with both hellos.
inline HandshakeRecord a_handshake(OutcomeKind kind = OutcomeKind::established,
                                   Stage stage = Stage::established) {
  HandshakeRecord record;
  record.family = IpFamily::ipv4;
  record.client_address = ipv4(192, 0, 2, 7);
  record.server_address = ipv4(198, 51, 100, 5);
  record.client_port = 50123;
  record.server_port = 443;
  record.order_time = UnixNanos{kStart + 50 * kNanosPerMilli};
  record.first_seen = UnixNanos{kStart};
  record.client_hello = UnixNanos{kStart + 1 * kNanosPerMilli};
  record.server_hello = UnixNanos{kStart + 2 * kNanosPerMilli};
  record.end = UnixNanos{kStart + 41 * kNanosPerMilli};
  record.outcome = {.kind = kind, .by = Party::none, .stage = stage};
  record.flags = HandshakeRecord::client_seen | HandshakeRecord::server_seen;
  record.client_hello_facts.legacy_version = 0x0303;
  record.client_hello_facts.max_version = 0x0304;
  record.server_hello_facts.flags = ServerHelloFacts::seen;
  record.server_hello_facts.selected_version = 0x0303;
  record.server_hello_facts.cipher_suite = 0xc02f;
  record.server_hello_facts.named_group = 0x001d;
  return record;
}

inline void add_alert(HandshakeRecord& record, AlertFact alert) {
  record.alerts[record.alert_count++] = alert;
}

}  // namespace shakedown::test
