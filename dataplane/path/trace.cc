// SPDX-License-Identifier: Apache-2.0
#include "path/trace.h"

#include <algorithm>

#include "path/ending.h"
#include "path/segment_stall.h"
#include "path/side.h"

namespace shakedown::path {

namespace {

namespace tcp_flag = packet::tcp_flag;
using Side = SideTrace;

/// A counter that the mirror shows out of order falls by no more than this.
constexpr int kIpIdStepBack = 8;

void start_waiting(Side& side, SeqNum waits_for, Micros now) noexcept {
  side.waits_for = waits_for;
  side.waits_since = now;
  side.set(Side::waits);
}

void note_round_trip(Side& side, std::int64_t micros, Side::Flag sort) noexcept {
  if (micros < 0) return;
  const auto sample = static_cast<std::uint32_t>(std::max<std::int64_t>(micros, 1));
  const bool first = side.round_trip_micros == 0;
  side.round_trip_micros = first ? sample : std::min(side.round_trip_micros, sample);
  side.set(sort);
}

void note_ack(Trace& trace, const packet::PacketView& view, Party from, Micros now) noexcept {
  Side& self = trace.sides[index_of(from)];
  Side& other = trace.sides[index_of(opposite(from))];
  if (self.has(Side::waits) && !view.ack.before(self.waits_for)) {
    self.clear(Side::waits);
    note_round_trip(self, now.since(self.waits_since), Side::data_timed);
  }
  if (!self.has(Side::acks_known) || plausibly_after(view.ack, self.newest_ack)) {
    const bool news = self.has(Side::acks_known);
    self.newest_ack = view.ack;
    self.ack_time = now;
    self.set(Side::acks_known);
    const bool from_server = from == Party::server;
    if (news && from_server == (trace.icmp.icmp_about != Party::server)) trace.icmp.outlived = true;
  }
  // A server that repeats its SYN-ACK has not heard of anything that came after the SYN.
  if (!view.has(tcp_flag::syn)) {
    watch_acknowledgment(other, view.ack, view.payload_length() != 0, now);
  }
}

/// New numbers of a side, or old ones again.
void note_numbers(Trace& trace, const packet::PacketView& view, Party from, Micros now) noexcept {
  Side& self = trace.sides[index_of(from)];
  Side& other = trace.sides[index_of(opposite(from))];
  const SeqNum begin = first_byte(view);
  const std::uint32_t payload = view.payload_length();
  const std::uint32_t size = payload + (view.has(tcp_flag::fin) ? 1 : 0);
  const SeqNum end = begin.plus(size);
  const bool known = self.has(Side::numbers_known);
  watch_segment(self, other, begin, payload, now);
  if (known && !plausibly_after(end, self.newest_end)) {
    // RFC 6298 §3: the answer to a segment that was sent twice measures nothing.
    if (size != 0 && other.has(Side::waits) && begin.before(other.waits_for)) {
      other.clear(Side::waits);
    }
    return;
  }
  self.newest_end = end;
  self.set(Side::numbers_known);
  if (size == 0) return;
  self.data_time = now;
  self.set(Side::data_seen);
  if (payload == 0) return;
  if (!other.has(Side::waits)) start_waiting(other, end, now);
  if (from == Party::client && trace.ending_from == Party::none) {
    if (trace.client_flight_count == 0 || trace.client_pushed) count_up(trace.client_flight_count);
    trace.client_pushed = view.has(tcp_flag::psh);
  }
}

void note_ip_id(Side& self, std::uint16_t ip_id) noexcept {
  // Linux sends what belongs to no socket any more with the number 0 (RFC 6864 §4.1).
  if (ip_id == 0 && self.id_steps != 0) return;
  const auto step = static_cast<std::int16_t>(ip_id - self.ip_id);
  if (step == 0 && ip_id != 0) self.set(Side::id_repeats);
  if (step < 0 && step >= -kIpIdStepBack) return;
  if (step > 0 && step <= kIpIdStepMax) {
    count_up(self.id_steps);
  } else {
    self.id_steps = 0;
  }
  self.ip_id = ip_id;
}

void note_looks(Side& self, const packet::PacketView& view) noexcept {
  if (self.has(Side::packets_seen)) {
    note_ip_id(self, view.ip_id);
    self.ttl_min = std::min(self.ttl_min, view.ttl);
    self.ttl_max = std::max(self.ttl_max, view.ttl);
    self.option_bytes = std::min(self.option_bytes, view.option_bytes);
  } else {
    self.set(Side::packets_seen);
    self.ip_id = view.ip_id;
    self.ttl_min = view.ttl;
    self.ttl_max = view.ttl;
    self.option_bytes = view.option_bytes;
  }
  self.window = view.window;
}

}  // namespace

void begin(Trace& trace, const Opening& opening) noexcept {
  Side& client = trace.sides[index_of(Party::client)];
  Side& server = trace.sides[index_of(Party::server)];
  client.syn_ttl = opening.client_ttl;
  server.syn_ttl = opening.server_ttl;
  if (opening.syn.known() || opening.syn_ack.known()) {
    client.newest_end = opening.client_isn.plus(1);
    client.last_time = micros_of(opening.syn.known() ? opening.syn : opening.syn_ack);
    client.set(Side::numbers_known);
  }
  if (!opening.syn_ack.known()) return;
  server.newest_end = opening.server_isn.plus(1);
  server.newest_ack = opening.client_isn.plus(1);
  server.ack_time = micros_of(opening.syn_ack);
  server.last_time = server.ack_time;
  server.set(Side::numbers_known);
  server.set(Side::acks_known);
  // The client cannot have acknowledged this sooner; when it did was not recorded.
  client.newest_ack = server.newest_end;
  client.ack_time = server.ack_time;
  client.set(Side::acks_known);
  if (opening.syn.known() && !opening.syn_repeated) {
    note_round_trip(server, micros_of(opening.syn_ack).since(micros_of(opening.syn)),
                    Side::syn_timed);
  }
}

void observe(Trace& trace, const packet::PacketView& view, Party from) noexcept {
  Side& self = trace.sides[index_of(from)];
  const Micros now = micros_of(view.time);
  if (view.has(tcp_flag::rst)) {
    note_reset(trace, view, from);
  } else {
    note_life_after_ending(trace, view, from);
    if (view.has(tcp_flag::fin)) note_fin(trace, view, from);
    if (view.has(tcp_flag::ack)) note_ack(trace, view, from, now);
    note_numbers(trace, view, from, now);
    if (view.has(tcp_flag::syn)) {
      self.syn_ttl = view.ttl;
    } else if (!self.has(Side::finished) && !self.has(Side::reset)) {
      note_looks(self, view);
    }
  }
  self.last_time = now;
}

void observe_icmp(Trace& trace, const packet::PacketView& view, Party about) noexcept {
  // Where the mirror shows the error again, it quotes the same packet.
  std::uint32_t digest = view.seq.value * 0x9e3779b1u + view.ip_id;
  digest = (digest ^ (std::uint32_t{view.icmp_type} << 8 | view.icmp_code)) * 0x85ebca6bu + 1;
  if (trace.icmp.icmp_count != 0 && digest == trace.icmp_digest) return;
  trace.icmp_digest = digest;
  if (trace.icmp.icmp_count == 0) {
    trace.icmp.icmp = view.icmp;
    trace.icmp.icmp_type = view.icmp_type;
    trace.icmp.icmp_code = view.icmp_code;
    trace.icmp.icmp_mtu = view.icmp_mtu;
    trace.icmp.icmp_about = about;
    trace.icmp_sender = view.icmp_sender;
  }
  trace.icmp.outlived = false;
  count_up(trace.icmp.icmp_count);
}

}  // namespace shakedown::path
