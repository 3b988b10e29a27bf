// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Everything the data plane saw of one handshake, in one fixed-size record.
// Units:     Times are UnixNanos; zero means not seen. Lengths are bytes.
// Ownership: Values; no pointers. What repeats (offers, certificate chains, over-long names) stands
//            in a Definition (definition.h) and is named here by its id.
// Threading: Written by one worker, copied through its ring, read by control.
// Limits:    512 bytes. Counters saturate.
// Failure:   A field that was not seen is zero; `flags` tells a zero that was seen from one that
//            was not.
// RFC:       RFC 8446, RFC 5246, RFC 6066 for the meaning of the TLS fields; RFC 9293 for the TCP
//            facts.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "shakedown/outcome.h"
#include "shakedown/path_facts.h"
#include "shakedown/service.h"
#include "shakedown/tls_types.h"
#include "shakedown/units.h"

namespace shakedown {

enum class IpFamily : std::uint8_t { none = 0, ipv4 = 4, ipv6 = 6 };

/// An IPv4 address stands in the first four bytes; the rest is zero.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  constexpr auto operator<=>(const IpAddress&) const = default;
};

enum class TunnelKind : std::uint8_t {
  none = 0,
  gre = 1,
  erspan = 2,
  vxlan = 3,
  geneve = 4,
  gtp_u = 5,
  ip_in_ip = 6,
  six_in_four = 7,
  pppoe = 8,
  mpls = 9,
  vn_tag = 10,
  e_tag = 11
};
inline constexpr unsigned kTunnelKindCount = 12;

enum class Transport : std::uint8_t { tcp = 0, udp = 1 };

/// One alert, in order of appearance.
struct AlertFact {
  AlertLevel level = AlertLevel::none;
  AlertDescription description = AlertDescription::close_notify;
  Party from = Party::none;
  /// The record type said alert, but level and description were encrypted and are not known.
  bool encrypted = false;
};
inline constexpr unsigned kAlertFactCount = 6;

/// What one TCP direction looked like. The first packet seen fills ttl, ip_id, window, mss and
/// window_scale.
struct TcpFacts {
  std::uint32_t segment_count = 0;  ///< packets with payload
  std::uint32_t payload_bytes = 0;
  std::uint16_t mss = 0;
  std::uint16_t window = 0;
  std::uint16_t ip_id = 0;
  std::uint8_t ttl = 0;
  std::uint8_t window_scale = 0;  ///< 255: option absent
  std::uint16_t retransmission_count = 0;
  std::uint16_t out_of_order_count = 0;
  std::uint16_t gap_count = 0;
  std::uint16_t packet_count = 0;
};
static_assert(sizeof(TcpFacts) == 24);

/// The packet that ended the connection (first RST, else first FIN), for path evidence.
struct EndingPacket {
  std::uint16_t ip_id = 0;
  std::uint16_t window = 0;
  std::uint16_t payload_length = 0;
  std::uint8_t ttl = 0;
  std::uint8_t tcp_flags = 0;  ///< as on the wire; zero: no such packet
  std::uint8_t rst_count_client = 0;
  std::uint8_t rst_count_server = 0;
  std::uint8_t data_after_rst = 0;  ///< segments with data from the side that had "reset"
  Party from = Party::none;
};
static_assert(sizeof(EndingPacket) == 12);

/// JA4 client fingerprint in binary; control renders the text form.
struct Ja4 {
  std::array<std::uint8_t, 6> cipher_hash{};
  std::array<std::uint8_t, 6> extension_hash{};
  std::uint16_t version = 0;           ///< highest offered, GREASE left out
  std::uint8_t cipher_count = 0;       ///< at most 99
  std::uint8_t extension_count = 0;    ///< at most 99
  std::array<char, 2> alpn{'0', '0'};  ///< the two characters of the text form
  std::uint8_t server_name = 0;        ///< 1: 'd', 0: 'i'
  std::uint8_t present = 0;
};
static_assert(sizeof(Ja4) == 20);

struct ClientHelloFacts {
  enum Flag : std::uint32_t {
    server_name_present = 1u << 0,
    server_name_malformed = 1u << 1,   ///< empty, not a host_name, or with bytes no name has
    server_name_truncated = 1u << 2,   ///< longer than the field; see name_definition
    ech_present = 1u << 3,
    esni_present = 1u << 4,
    session_ticket_present = 1u << 5,  ///< a non-empty ticket
    psk_present = 1u << 6,
    early_data_offered = 1u << 7,
    grease_present = 1u << 8,
    post_quantum_share = 1u << 9,
    status_request_present = 1u << 10,
    extended_master_secret = 1u << 11,
    renegotiation_info = 1u << 12,     ///< extension or SCSV
    fallback_scsv = 1u << 13,
    extensions_present = 1u << 14,
    sslv2_format = 1u << 15,
    second_hello_seen = 1u << 16,      ///< answered a HelloRetryRequest
    post_handshake_auth = 1u << 17,
    compress_certificate = 1u << 18,
    server_name_is_ip = 1u << 19,
    truncated_parse = 1u << 20         ///< the message was cut; later fields are not known
  };
  std::uint32_t flags = 0;
  std::uint16_t record_version = 0;
  std::uint16_t legacy_version = 0;
  std::uint16_t max_version = 0;  ///< highest of supported_versions without GREASE, else legacy_version
  std::uint16_t length = 0;       ///< of the handshake message body
  std::uint8_t segment_count = 0; ///< TCP segments that carried it
  std::uint8_t record_count = 0;  ///< records that carried it
  std::uint8_t session_id_length = 0;
  std::uint8_t cipher_count = 0;
  std::uint8_t extension_count = 0;
  std::uint8_t named_group_count = 0;
  std::uint8_t alpn_count = 0;
  std::uint8_t server_name_length = 0;
};
static_assert(sizeof(ClientHelloFacts) == 20);

struct ServerHelloFacts {
  enum Flag : std::uint32_t {
    seen = 1u << 0,
    hello_retry_request = 1u << 1,
    session_id_echoed = 1u << 2,
    psk_selected = 1u << 3,
    resumed = 1u << 4,
    ticket_promised = 1u << 5,       ///< session_ticket extension
    new_session_ticket_seen = 1u << 6,
    ocsp_staple_seen = 1u << 7,
    alpn_truncated = 1u << 8,
    extended_master_secret = 1u << 9,
    early_data_accepted = 1u << 10,  ///< inferred: application data flowed before the client's Finished
    renegotiation_info = 1u << 11,
    encrypt_then_mac = 1u << 12,
    downgrade_sentinel = 1u << 13,   ///< RFC 8446 §4.1.3
    sslv2_format = 1u << 14,
    heartbeat = 1u << 15
  };
  std::uint32_t flags = 0;
  std::uint16_t record_version = 0;
  std::uint16_t legacy_version = 0;
  std::uint16_t selected_version = 0;  ///< what was negotiated; zero: no ServerHello seen
  std::uint16_t cipher_suite = 0;
  std::uint16_t named_group = 0;  ///< of key_share, else of ServerKeyExchange; zero: none
  std::uint16_t dh_prime_bits = 0;
  std::uint16_t retry_group = 0;  ///< group asked for by HelloRetryRequest
  std::uint8_t alpn_length = 0;
  std::array<char, 15> alpn{};
};
static_assert(sizeof(ServerHelloFacts) == 36);

enum class ClientCertificate : std::uint8_t {
  not_requested = 0,
  requested = 1,       ///< CertificateRequest seen, no Certificate message seen
  empty = 2,           ///< an empty Certificate message
  sent = 3,
  inferred_empty = 4,  ///< TLS 1.3, from the record length
  inferred_sent = 5
};

/// The 512 bytes. Grouped by size so that there is no padding.
struct HandshakeRecord {
  enum Flag : std::uint32_t {
    inferred = 1u << 0,              ///< the outcome rests on record lengths, not on readable messages
    one_way = 1u << 1,               ///< one direction was never seen
    capture_gap = 1u << 2,           ///< bytes of the handshake are missing
    midstream = 1u << 3,             ///< the TCP handshake was not seen
    truncated = 1u << 4,             ///< by the snap length
    client_data_seen = 1u << 5,      ///< application data from the client (TLS <= 1.2: after Finished)
    server_data_seen = 1u << 6,
    late_rejection = 1u << 7,        ///< established, then closed by the client without a request
    after_plaintext = 1u << 8,       ///< other bytes came before the ClientHello (STARTTLS, proxy)
    malformed_hello = 1u << 9,
    close_notify_client = 1u << 10,
    close_notify_server = 1u << 11,
    renegotiation = 1u << 12,
    desync_client = 1u << 13,        ///< the direction stopped being TLS
    desync_server = 1u << 14,
    client_ack_beyond = 1u << 15,    ///< the client acknowledged server bytes that were never seen
    server_ack_beyond = 1u << 16,
    alerts_dropped = 1u << 17,       ///< more alerts than kAlertFactCount
    history_truncated = 1u << 18,
    definitions_refused = 1u << 19,  ///< a definition this record names did not fit its ring
    tuple_reused = 1u << 20,         ///< another connection with the same endpoints came before
    server_seen = 1u << 21,          ///< at least one packet of that side
    client_seen = 1u << 22,
    server_flight_seen = 1u << 23,   ///< TLS 1.3: at least one encrypted record after ServerHello
    tail_not_followed = 1u << 24     ///< decided at once for lack of time: a late rejection would not be known
  };

  // Identity and order.
  std::uint64_t sequence = 0;  ///< per worker, counted from 1
  UnixNanos order_time;  ///< clock of the decision; not before the last watermark of its worker
  // Times of the handshake.
  UnixNanos first_seen;
  UnixNanos syn;
  UnixNanos syn_ack;
  UnixNanos client_hello;
  UnixNanos server_hello;
  UnixNanos last_flight;  ///< last handshake message or alert of either side
  UnixNanos end;          ///< of the packet that decided, or of the last packet when time decided
  // Definitions; zero: none.
  std::uint64_t offer_definition = 0;
  std::uint64_t server_chain_definition = 0;
  std::uint64_t client_chain_definition = 0;
  std::uint64_t name_definition = 0;
  std::uint64_t ocsp_definition = 0;  ///< the stapled response; TLS 1.2 and older show it

  IpAddress client_address;
  IpAddress server_address;
  std::array<std::uint8_t, 16> ja3{};   ///< MD5; all zero: no hello of SSLv3 or newer was read
  std::array<std::uint8_t, 16> ja3s{};

  std::uint32_t flags = 0;
  std::uint32_t tunnel_id = 0;
  /// The first four bytes of ClientHello.random: seconds since 1970 by the client's clock, where its
  /// stack still puts them there (RFC 5246 §7.4.1.2); anything at all where it does not.
  std::uint32_t hello_random_time = 0;
  ClientHelloFacts client_hello_facts;
  ServerHelloFacts server_hello_facts;
  Ja4 ja4;
  TcpFacts client_tcp;
  TcpFacts server_tcp;

  Outcome outcome;
  std::array<AlertFact, kAlertFactCount> alerts{};
  EndingPacket ending;
  PathFacts path;
  IpAddress icmp_sender;  ///< of the first ICMP error; meaningful with path.icmp

  std::uint16_t client_port = 0;
  std::uint16_t server_port = 0;
  std::uint16_t vlan_outer = 0;  ///< 802.1Q VID; zero: untagged
  std::uint16_t vlan_inner = 0;
  std::uint16_t deciding_record_length = 0;  ///< TLS 1.3: length of the record the inference rests on
  std::uint16_t instance = 0;                ///< how many connections used these endpoints before
  std::uint16_t server_chain_bytes = 0;
  IpFamily family = IpFamily::none;
  Transport transport = Transport::tcp;
  TunnelKind tunnel_kind = TunnelKind::none;
  StartTls starttls = StartTls::none;
  /// What each side said that was not TLS: before the ClientHello, or in reply to it.
  Recognition client_service;
  Recognition server_service;
  ClientCertificate client_certificate = ClientCertificate::not_requested;
  std::uint8_t server_certificate_count = 0;
  std::uint8_t alert_count = 0;
  std::uint8_t worker_index = 0;
  std::uint8_t port_index = 0;
  std::uint8_t history_length = 0;
  /// Share of the clients that were followed when this connection began, in 256ths less one. Such a
  /// record stands for 256 / (kept_share + 1) of its kind.
  std::uint8_t kept_share = 255;
  std::array<char, 33> history{};       ///< letters of Zeek's ssl_history
  std::array<char, 46> server_name{};  ///< without terminator; length in client_hello_facts
};
static_assert(std::is_trivially_copyable_v<HandshakeRecord>);
static_assert(sizeof(HandshakeRecord) == 512);

}  // namespace shakedown
