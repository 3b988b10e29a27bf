// SPDX-License-Identifier: Apache-2.0
#include "path/ending.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "path/side.h"

namespace shakedown::path {

namespace {

namespace tcp_flag = packet::tcp_flag;
using Side = SideTrace;

/// How far the TTLs of one side may lie apart before a difference says nothing.
constexpr int kTtlSpreadMax = 4;
/// How far behind its ending a side's bytes may lie and still be of this connection, not of the next
/// one between the same ports whose SYN was lost. Less than a flight would do.
constexpr std::int32_t kLifeAfterEndingBytesMax = 256 * 1024;

std::uint16_t ttl_evidence(const Side& self, const packet::PacketView& view) noexcept {
  const int distance = ttl_distance(self, view.ttl);
  if (distance < kTtlDistanceMin) return 0;
  // What answers SYNs in front of a server, or answered this one, may also let the server close.
  const bool convinces = self.has(Side::packets_seen)
                             ? self.ttl_max - self.ttl_min <= kTtlSpreadMax
                             : view.has(tcp_flag::rst) && distance >= kTtlDistanceFromSynMin;
  return static_cast<std::uint16_t>(path_evidence::ttl_differs | (convinces ? weight::ttl : 0));
}

bool ip_id_differs(const Side& self, const packet::PacketView& view) noexcept {
  if (view.ip_id == 0 || self.id_steps < kIpIdStepsMin) return false;
  return std::abs(static_cast<std::int16_t>(view.ip_id - self.ip_id)) > kIpIdDistanceMin;
}

/// Genuine resets have no window, or the one that the connection has at that time. Windows of SYNs
/// have another unit (RFC 7323 §2.2) and are not compared.
bool window_differs(const Side& self, const packet::PacketView& view) noexcept {
  if (!view.has(tcp_flag::rst) || view.window == 0) return false;
  if (!self.has(Side::packets_seen) || self.window == 0) return false;
  return view.window > 2u * self.window || 2u * view.window < self.window;
}

/// Once timestamps are in use, RFC 7323 §3.2 wants them in every segment, and in resets where they can
/// be. A reset without ACK is made for a segment that belongs to no connection, and has none.
bool options_differ(const Side& self, const Side& other, const packet::PacketView& view) noexcept {
  if (!view.has(tcp_flag::ack) || view.option_bytes != 0) return false;
  const Side& known = self.has(Side::packets_seen) ? self : other;
  return known.has(Side::packets_seen) && known.option_bytes >= kTimestampOptionBytes;
}

/// When the segment passed that this ending acknowledges.
std::optional<Micros> acknowledged_at(const Side& self, const Side& other,
                                      const packet::PacketView& view) noexcept {
  if (!view.has(tcp_flag::ack)) return std::nullopt;
  if (other.has(Side::data_seen) && view.ack == other.newest_end) return other.data_time;
  if (self.has(Side::waits) && view.ack == self.waits_for) return self.waits_since;
  return std::nullopt;
}

/// When the oldest segment passed that this ending can be an answer to.
std::optional<Micros> provoked_at(const Side& self, const Side& other,
                                  const packet::PacketView& view) noexcept {
  if (view.has(tcp_flag::ack)) {
    // Told before that it has these bytes, it may end whenever it likes.
    if (!self.has(Side::acks_known) || !view.ack.after(self.newest_ack)) return std::nullopt;
    return acknowledged_at(self, other, view);
  }
  // RFC 9293 §3.10.7.1: <SEQ=SEG.ACK><CTL=RST>.
  if (other.has(Side::acks_known) && view.seq == other.newest_ack) return other.ack_time;
  return std::nullopt;
}

std::uint16_t time_evidence(const Side& self, const Side& other, const packet::PacketView& view,
                            Micros now) noexcept {
  // Answers to data alone may all have waited for an application. A kernel answers SYNs by itself.
  if (!self.has(Side::syn_timed)) return 0;
  const std::optional<Micros> provoked = provoked_at(self, other, view);
  if (!provoked) return 0;
  const std::int64_t elapsed = now.since(*provoked);
  const std::int64_t round_trip = self.round_trip_micros;
  if (elapsed < 0 || elapsed * kEarlyFactor > round_trip ||
      round_trip - elapsed < kEarlyMicrosMin) {
    return 0;
  }
  const bool convinces = view.has(tcp_flag::rst) && view.has(tcp_flag::ack) &&
                         self.has(Side::syn_timed) && self.has(Side::data_timed);
  return static_cast<std::uint16_t>(path_evidence::reset_too_early |
                                    (convinces ? weight::early : 0));
}

std::uint16_t evidence_of(const Side& self, const Side& other, const packet::PacketView& view,
                          Micros now) noexcept {
  std::uint32_t evidence = ttl_evidence(self, view);
  evidence |= time_evidence(self, other, view, now);
  if (ip_id_differs(self, view)) evidence |= path_evidence::ip_id_differs;
  if (window_differs(self, view)) evidence |= path_evidence::window_differs;
  if (options_differ(self, other, view)) evidence |= path_evidence::options_differ;
  if (view.has(tcp_flag::rst) && view.payload_length() != 0) {
    evidence |= path_evidence::payload_in_reset;
  }
  return static_cast<std::uint16_t>(evidence);
}

void note_ending(Trace& trace, const packet::PacketView& view, Party from) noexcept {
  const Side& self = trace.sides[index_of(from)];
  const Side& other = trace.sides[index_of(opposite(from))];
  trace.ending_from = from;
  trace.ending_time = micros_of(view.time);
  const Micros since = acknowledged_at(self, other, view).value_or(other.last_time);
  const bool known = other.has(Side::numbers_known) || other.has(Side::acks_known);
  trace.ending_delay_micros =
      known ? static_cast<std::uint32_t>(std::max(trace.ending_time.since(since), 0)) : 0;
}

/// A reset is never answered with a reset (RFC 9293 §3.10.7.1). Both ends may give up at the same
/// time, and a closed one answers what was under way: that reset has the number that was asked for.
bool resets_cross(const Side& other, const packet::PacketView& view) noexcept {
  if (!other.has(Side::reset)) return false;
  const bool answer =
      !view.has(tcp_flag::ack) && other.has(Side::acks_known) && !view.seq.after(other.newest_ack);
  return !answer;
}

/// A side that resets again answers segments that came after its end, so it repeats numbers that the
/// peer has sent. Guesses step ahead of everything.
std::uint16_t disagreement(const Side& self, const Side& other,
                           const packet::PacketView& view) noexcept {
  constexpr auto kConvinces =
      static_cast<std::uint16_t>(path_evidence::resets_disagree | weight::numbers);
  const SeqNum asked = other.has(Side::acks_known) && other.newest_ack.after(self.newest_end)
                           ? other.newest_ack
                           : self.newest_end;
  // A FIN that the mirror did not show takes one number.
  if (self.has(Side::numbers_known) && plausibly_after(view.seq, asked.plus(1)) &&
      plausibly_after(view.seq, self.reset_seq.plus(1))) {
    return kConvinces;
  }
  const bool both_acknowledge = view.has(tcp_flag::ack) && self.reset_ack_count != 0;
  if (!both_acknowledge || view.ack == self.reset_ack) return 0;
  // Small stacks answer each segment with RST+ACK that acknowledges just this one.
  const bool answer = other.has(Side::numbers_known) && view.ack.after(self.reset_ack) &&
                      !view.ack.after(other.newest_end);
  return answer ? static_cast<std::uint16_t>(path_evidence::resets_disagree) : kConvinces;
}

/// What the sender of a reset says about itself. One with ACK says more than one without.
void claim(Side& self, const packet::PacketView& view) noexcept {
  self.reset_seq = view.seq;
  self.reset_ack = view.ack;
}

void note_acknowledgment(Side& self, const packet::PacketView& view) noexcept {
  if (view.ack == self.reset_ack) return;
  self.set(Side::resets_differ);
  if (view.ack.value == 0 || self.reset_ack.value == 0) self.set(Side::reset_zero);
}

/// `end` lies behind the place where the side had ended its stream.
bool beyond(SeqNum end, SeqNum last) noexcept {
  const std::int32_t distance = end.distance_from(last);
  return distance > 0 && distance < kLifeAfterEndingBytesMax;
}

/// A keep-alive may repeat the number of the FIN with a byte of garbage (RFC 9293 §3.8.4).
bool beyond_fin(SeqNum end, SeqNum fin_end) noexcept { return beyond(end, fin_end.plus(1)); }

constexpr auto kDataAfterFin =
    static_cast<std::uint16_t>(path_evidence::data_after_fin | weight::data);

}  // namespace

int ttl_distance(const Side& side, std::uint8_t ttl) noexcept {
  constexpr int kUnknown = 256;
  int distance = kUnknown;
  if (side.syn_ttl != 0) distance = std::abs(ttl - side.syn_ttl);
  if (side.has(Side::packets_seen)) {
    distance = std::min(distance, std::max({side.ttl_min - ttl, ttl - side.ttl_max, 0}));
  }
  return distance == kUnknown ? 0 : distance;
}

void note_reset(Trace& trace, const packet::PacketView& view, Party from) noexcept {
  Side& self = trace.sides[index_of(from)];
  Side& other = trace.sides[index_of(opposite(from))];
  if (trace.first_reset_from == Party::none) {
    trace.first_reset_from = from;
    note_ending(trace, view, from);
  }
  if (!self.has(Side::reset)) {
    self.reset_evidence = evidence_of(self, other, view, micros_of(view.time));
    self.set(Side::reset);
    claim(self, view);
    if (resets_cross(other, view)) {
      self.reset_evidence |= path_evidence::both_sides_reset;
      other.reset_evidence |= path_evidence::both_sides_reset;
    }
  } else {
    self.reset_evidence |= disagreement(self, other, view);
    note_acknowledgment(self, view);
    if (view.has(tcp_flag::ack) && self.reset_ack_count == 0) claim(self, view);
  }
  count_up(self.reset_count);
  if (view.has(tcp_flag::ack)) count_up(self.reset_ack_count);
}

void note_fin(Trace& trace, const packet::PacketView& view, Party from) noexcept {
  Side& self = trace.sides[index_of(from)];
  const Side& other = trace.sides[index_of(opposite(from))];
  if (self.has(Side::finished)) return;
  self.fin_evidence = evidence_of(self, other, view, micros_of(view.time));
  self.fin_end = payload_end(view);
  self.set(Side::finished);
  // Bytes that this side has sent before lie behind its end. Small stacks in user space (VPN clients)
  // forget to count what they sent last, so that this proves nothing by itself.
  if (self.has(Side::numbers_known) && beyond_fin(self.newest_end, self.fin_end)) {
    self.fin_evidence |= path_evidence::data_after_fin;
  }
  if (trace.ending_from == Party::none) note_ending(trace, view, from);
}

void note_life_after_ending(Trace& trace, const packet::PacketView& view, Party from) noexcept {
  Side& self = trace.sides[index_of(from)];
  const bool has_data = view.payload_length() != 0;
  const SeqNum end = payload_end(view);
  if (self.has(Side::finished) && (has_data || view.has(tcp_flag::fin)) &&
      beyond_fin(end, self.fin_end)) {
    self.fin_evidence |= kDataAfterFin;
  }
  if (!self.has(Side::reset) || !has_data || !beyond(end, self.reset_seq)) return;
  // Known bytes may be late copies or repetitions, of which there is no telling who sent them when.
  if (self.has(Side::numbers_known) && !end.after(self.newest_end)) return;
  if (self.reset_ack_count != 0) {
    // Whoever aborts says how far it came (RFC 9293 §3.10.5: <SEQ=SND.NXT><CTL=RST>).
    self.reset_evidence |= path_evidence::data_after_reset | weight::data;
  } else if (micros_of(view.time).since(trace.ending_time) >= kDataAfterResetMicrosMin) {
    self.reset_evidence |= path_evidence::data_after_reset;
  }
}

PathConfidence confidence_of(std::uint16_t evidence, bool numbers_incomplete) noexcept {
  const auto has = [evidence](std::uint32_t bit) { return (evidence & bit) != 0; };
  if (has(weight::data)) return PathConfidence::certain;
  int witnesses = 0;
  if (has(weight::ttl)) ++witnesses;
  if (has(path_evidence::payload_in_reset)) ++witnesses;
  if (has(weight::numbers) && !numbers_incomplete) ++witnesses;
  // One round trip may have been a slow one; then something else must speak against the ending too.
  // IPID, window and options alone prove nothing together: they all differ where a stack makes its
  // resets in another place than its segments.
  constexpr std::uint32_t kLooks = path_evidence::ttl_differs | path_evidence::ip_id_differs |
                                   path_evidence::window_differs | path_evidence::options_differ;
  if (has(path_evidence::reset_too_early) && (has(weight::early) || has(kLooks)) &&
      !numbers_incomplete) {
    ++witnesses;
  }
  // After a RST without ACK: a firewall on the server's own host makes those for single packets, and the
  // server, which never hears of it, goes on.
  if (witnesses != 0 && has(path_evidence::data_after_reset)) ++witnesses;
  if (witnesses >= 2) return PathConfidence::certain;
  if (witnesses == 1) return PathConfidence::likely;
  return evidence != 0 ? PathConfidence::possible : PathConfidence::none;
}

}  // namespace shakedown::path
