// SPDX-License-Identifier: Apache-2.0
//
// Method:  The first byte says how the connection was opened and of which family it is; then come
//          packets, each as
//
//              struct {
//                uint8 from_and_time;  // bit 0: server; bit 1: an ICMP error about it; bit 2: sent again
//                                      // at once; the rest: 0, 50 us, 1 ms, 30 ms, 300 ms, 2 s, -1 ms ...
//                uint8 flags;
//                uint16 seq;           // from the first byte of the sender; the high bit: far away
//                uint16 ack;
//                uint16 length;
//                uint8 ip_id;
//                uint8 ttl;
//                uint8 window;
//                uint8 options;
//              } Packet;
//
//          Whatever comes, a copy is known, evidence has what it rests on, and only good evidence takes
//          an outcome from the peer.
// Reaches: path/.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "path/trace.h"

namespace {

using namespace shakedown;
using packet::PacketView;

constexpr std::int64_t kStart = 1'768'478'400LL * kNanosPerSecond;
constexpr std::uint32_t kClientIsn = 0xffffff00u;
constexpr std::uint32_t kServerIsn = 0x20000000u;
constexpr std::uint32_t kEndingEvidence =
    path_evidence::reset_too_early | path_evidence::data_after_reset |
    path_evidence::data_after_fin | path_evidence::ttl_differs | path_evidence::ip_id_differs |
    path_evidence::window_differs | path_evidence::options_differ |
    path_evidence::payload_in_reset | path_evidence::resets_disagree |
    path_evidence::both_sides_reset;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

struct Connection {
  path::Trace trace;
  std::int64_t now = kStart;
  bool ipv6 = false;
  bool ending_seen = false;
  bool icmp_seen = false;
  std::vector<std::uint8_t> payload = std::vector<std::uint8_t>(0x1000, 0x16);
};

void open(Connection& connection, std::uint8_t choice) {
  connection.ipv6 = (choice & 1) != 0;
  if ((choice & 2) != 0) return;  // midstream
  const UnixNanos syn{(choice & 4) != 0 ? 0 : connection.now};
  connection.now += 30 * kNanosPerMilli;
  path::begin(connection.trace,
              {.syn = syn,
               .syn_ack = {(choice & 8) != 0 ? 0 : connection.now},
               .client_isn = SeqNum{kClientIsn},
               .server_isn = SeqNum{kServerIsn},
               .client_ttl = static_cast<std::uint8_t>((choice & 16) != 0 ? 0 : 63),
               .server_ttl = 52,
               .syn_repeated = (choice & 32) != 0});
}

std::int64_t step_of(std::uint8_t choice) {
  constexpr std::array<std::int64_t, 8> kMicros{0,       50,        1'000,  30'000,
                                                300'000, 2'000'000, -1'000, 4'300'000'000};
  return kMicros[choice >> 3 & 7] * kNanosPerMicro;
}

std::uint32_t number_of(std::uint16_t value, std::uint32_t isn) {
  return isn + 1 + ((value & 0x8000) != 0 ? std::uint32_t{value} << 16 : value);
}

bool read_packet(ByteReader& reader, Connection& connection, PacketView& view,
                 std::uint8_t& choice) {
  std::uint16_t seq = 0;
  std::uint16_t ack = 0;
  std::uint16_t length = 0;
  std::uint8_t ip_id = 0;
  std::uint8_t window = 0;
  if (!reader.read_u8(choice) || !reader.read_u8(view.tcp_flags) || !reader.read_u16(seq) ||
      !reader.read_u16(ack) || !reader.read_u16(length) || !reader.read_u8(ip_id) ||
      !reader.read_u8(view.ttl) || !reader.read_u8(window) || !reader.read_u8(view.option_bytes)) {
    return false;
  }
  connection.now += step_of(choice);
  view.time = {connection.now};
  view.family = connection.ipv6 ? IpFamily::ipv6 : IpFamily::ipv4;
  const bool server = (choice & 1) != 0;
  view.seq = SeqNum{number_of(seq, server ? kServerIsn : kClientIsn)};
  view.ack = SeqNum{number_of(ack, server ? kClientIsn : kServerIsn)};
  view.payload = Bytes(connection.payload).first(length & 0x0fff);
  view.payload_missing = length >> 12;
  view.ip_id = connection.ipv6 ? std::uint16_t{0} : static_cast<std::uint16_t>(ip_id * 200);
  view.window = static_cast<std::uint16_t>(window * 16);
  return true;
}

void feed(Connection& connection, PacketView& view, std::uint8_t choice) {
  const Party from = (choice & 1) != 0 ? Party::server : Party::client;
  if ((choice & 2) != 0) {
    view.icmp = static_cast<IcmpError>(1 + view.ttl % (kIcmpErrorCount - 1));
    view.icmp_sender.bytes[0] = view.option_bytes;
    path::observe_icmp(connection.trace, view, from);
    connection.icmp_seen = true;
    return;
  }
  const bool shown = path::shown_before(connection.trace, view, from);
  if (!shown) {
    path::observe(connection.trace, view, from);
    if (view.has(packet::tcp_flag::rst | packet::tcp_flag::fin)) connection.ending_seen = true;
  }
  if ((choice & 4) == 0) return;
  PacketView copy = view;
  copy.ttl = static_cast<std::uint8_t>(view.ttl - 1);
  require(path::shown_before(connection.trace, copy, from), "what comes again at once is a copy");
}

void check(const Connection& connection, OutcomeKind kind, Party by) {
  HandshakeRecord record;
  record.outcome = {.kind = kind, .by = by, .stage = Stage::client_hello};
  record.client_tcp.mss = 1460;
  record.server_address.bytes[0] = 7;
  path::conclude(connection.trace, record);
  const PathFacts facts = record.path;
  const bool taken = record.outcome.by == Party::path;
  require(record.outcome.kind == kind, "what happened is not path's to decide");
  require(taken == (facts.confidence >= PathConfidence::likely), "likely evidence decides by");
  require(taken || record.outcome.by == by, "nobody else is accused");
  require(facts.confidence == PathConfidence::none || facts.evidence != 0, "belief has evidence");
  require(facts.evidence < 1u << kPathEvidenceCount, "evidence has a name");
  require((facts.evidence & kEndingEvidence) == 0 || connection.ending_seen,
          "evidence about an ending needs one");
  require(((facts.evidence & path_evidence::icmp_error) != 0) == connection.icmp_seen,
          "ICMP is evidence when seen");
  require(static_cast<unsigned>(facts.signature) < kTamperingSignatureCount, "signature is known");
  require(facts.side_ttl_min <= facts.side_ttl_max, "TTLs are in order");
  HandshakeRecord again = record;
  again.outcome.by = by;
  path::conclude(connection.trace, again);
  require(std::memcmp(&again.path, &record.path, sizeof(PathFacts)) == 0, "a verdict is final");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader reader{Bytes(data, size)};
  std::uint8_t choice = 0;
  if (!reader.read_u8(choice)) return 0;
  Connection connection;
  open(connection, choice);
  PacketView view;
  while (read_packet(reader, connection, view, choice)) feed(connection, view, choice);
  for (unsigned kind = 0; kind < kOutcomeKindCount; ++kind) {
    check(connection, static_cast<OutcomeKind>(kind), Party::client);
    check(connection, static_cast<OutcomeKind>(kind), Party::server);
  }
  return 0;
}
