// SPDX-License-Identifier: Apache-2.0
#include "tcp_conversation.h"

#include <algorithm>
#include <utility>

namespace shakedown::test_support {
namespace {

constexpr uint8_t kAck = tcp_flag::ack;

TcpConversationOptions options_between(std::string_view client, std::string_view server) {
  TcpConversationOptions options;
  options.client.endpoint = endpoint(client, 50000);
  options.client.mac = {0x02, 0, 0, 0, 0, 0x0a};
  options.client.initial_sequence = 0x10000000;
  options.client.response_time_ns = 18 * kMillisecond;
  options.server.endpoint = endpoint(server, 443);
  options.server.mac = {0x02, 0, 0, 0, 0, 0x14};
  options.server.initial_sequence = 0x20000000;
  options.server.response_time_ns = 2 * kMillisecond;
  return options;
}

}  // namespace

TcpConversationOptions TcpConversationOptions::ipv4() {
  return options_between("192.0.2.10", "198.51.100.20");
}
TcpConversationOptions TcpConversationOptions::ipv6() {
  return options_between("2001:db8::10", "2001:db8:1::20");
}

TcpConversation::TcpConversation(TcpConversationOptions options)
    : options_(std::move(options)), now_ns_(options_.start_ns) {
  client_.next_sequence = options_.client.initial_sequence;
  server_.next_sequence = options_.server.initial_sequence;
  // Distinct, repeatable IP identifications: they are evidence about who sent a packet.
  client_.identification = static_cast<uint16_t>(options_.client.initial_sequence >> 8);
  server_.identification = static_cast<uint16_t>(options_.server.initial_sequence >> 4);
}

const TcpHost& TcpConversation::host(Side side) const {
  return side == Side::client ? options_.client : options_.server;
}

uint32_t TcpConversation::timestamp_of(Side side) const {
  return static_cast<uint32_t>(now_ns_ / kMillisecond) + (side == Side::client ? 0U : 0x5000U);
}

Bytes TcpConversation::tcp_options(Side from, uint8_t flags) const {
  const TcpHost& self = host(from);
  TcpOptionsBuilder builder;
  const uint32_t echo = (flags & kAck) != 0 ? timestamp_of(other(from)) : 0;
  if ((flags & tcp_flag::syn) != 0) {
    builder.mss(self.mss);
    if (self.timestamps) {
      builder.sack_permitted().timestamps(timestamp_of(from), echo);
    } else {
      builder.nop(2).sack_permitted();
    }
    return builder.nop().window_scale(self.window_scale).build();
  }
  if (self.timestamps && (flags & tcp_flag::rst) == 0) {
    return builder.nop(2).timestamps(timestamp_of(from), echo).build();
  }
  return {};
}

void TcpConversation::turn(Side from) {
  if (frames_.empty()) {
    return;
  }
  now_ns_ += from == last_from_ ? options_.segment_interval_ns : host(from).response_time_ns;
}

void TcpConversation::emit(Side from, uint8_t flags, uint32_t sequence, uint32_t acknowledgment,
                           BytesView payload) {
  turn(from);
  const TcpHost& self = host(from);
  const TcpHost& peer = host(other(from));
  LinkHeader link = options_.link;
  link.source = self.mac;
  link.destination = peer.mac;
  IpHeader ip;
  ip.ttl = self.ttl;
  ip.identification = sender(from).identification++;
  TcpHeader tcp;
  tcp.sequence = sequence;
  tcp.acknowledgment = (flags & kAck) != 0 ? acknowledgment : 0;
  tcp.flags = flags;
  // The window of a SYN is never scaled: RFC 7323 §2.2.
  const bool is_syn = (flags & tcp_flag::syn) != 0;
  tcp.window = is_syn ? self.window : static_cast<uint16_t>(self.window >> self.window_scale);
  if ((flags & tcp_flag::rst) != 0) {
    tcp.window = 0;
  }
  tcp.options = tcp_options(from, flags);
  frames_.push_back({now_ns_, tcp_frame(self.endpoint, peer.endpoint, tcp, payload, ip, link), from,
                     flags, payload.size()});
  last_from_ = from;
}

TcpConversation& TcpConversation::syn() {
  emit(Side::client, tcp_flag::syn, options_.client.initial_sequence, 0, {});
  client_.next_sequence = options_.client.initial_sequence + 1;
  return *this;
}

TcpConversation& TcpConversation::syn_ack() {
  emit(Side::server, tcp_flag::syn | kAck, options_.server.initial_sequence, client_.next_sequence,
       {});
  server_.next_sequence = options_.server.initial_sequence + 1;
  return *this;
}

TcpConversation& TcpConversation::refuse() {
  emit(Side::server, tcp_flag::rst | kAck, 0, client_.next_sequence, {});
  return *this;
}

TcpConversation& TcpConversation::handshake() { return syn().syn_ack().ack(Side::client); }

void TcpConversation::emit_data(Side from, BytesView payload, bool push) {
  Sender& self = sender(from);
  const auto flags = static_cast<uint8_t>(kAck | (push ? tcp_flag::psh : 0));
  emit(from, flags, self.next_sequence, sender(other(from)).next_sequence, payload);
  self.last_sequence = self.next_sequence;
  self.last_data.assign(payload.begin(), payload.end());
  self.next_sequence += static_cast<uint32_t>(payload.size());
}

TcpConversation& TcpConversation::send(Side from, BytesView data) {
  // A segment carries the smaller MSS of the two, less what the options take; RFC 9293 §3.7.1.
  const size_t options_size = host(from).timestamps ? 12 : 0;
  const size_t mss = std::min(options_.client.mss, options_.server.mss);
  return send_in_segments(from, data, mss - options_size);
}

TcpConversation& TcpConversation::send_in_segments(Side from, BytesView data, size_t segment_size) {
  std::vector<uint32_t> acknowledgments;
  size_t unacknowledged = 0;
  while (!data.empty()) {
    const size_t taken = std::min(segment_size, data.size());
    emit_data(from, data.first(taken), taken == data.size());
    data = data.subspan(taken);
    const bool ends_flight = data.empty() && acknowledges_flights_;
    if (++unacknowledged == options_.segments_per_ack || ends_flight) {
      acknowledgments.push_back(sender(from).next_sequence);
      unacknowledged = 0;
    }
  }
  if (options_.segments_per_ack == 0) {
    return *this;
  }
  // A flight takes microseconds and a round trip milliseconds: all of it has passed the sensor
  // before the first acknowledgment of it comes back.
  for (const uint32_t acknowledgment : acknowledgments) {
    emit(other(from), kAck, sender(other(from)).next_sequence, acknowledgment, {});
  }
  return *this;
}

TcpConversation& TcpConversation::send_pieces(Side from, const std::vector<Bytes>& pieces) {
  for (const Bytes& piece : pieces) {
    emit_data(from, piece, true);
  }
  if (options_.segments_per_ack != 0) {
    ack(other(from));
  }
  return *this;
}

TcpConversation& TcpConversation::ack(Side from) {
  emit(from, kAck, sender(from).next_sequence, sender(other(from)).next_sequence, {});
  return *this;
}

TcpConversation& TcpConversation::acknowledge_flights(bool on) {
  acknowledges_flights_ = on;
  return *this;
}

TcpConversation& TcpConversation::fin(Side from) {
  emit(from, tcp_flag::fin | kAck, sender(from).next_sequence, sender(other(from)).next_sequence,
       {});
  ++sender(from).next_sequence;
  return *this;
}

TcpConversation& TcpConversation::rst(Side from) {
  emit(from, tcp_flag::rst | kAck, sender(from).next_sequence, sender(other(from)).next_sequence,
       {});
  return *this;
}

TcpConversation& TcpConversation::close(Side from) { return fin(from).fin(other(from)).ack(from); }

TcpConversation& TcpConversation::retransmit_last(Side from, uint64_t delay_ns) {
  wait(delay_ns);
  Sender& self = sender(from);
  emit(from, kAck | tcp_flag::psh, self.last_sequence, sender(other(from)).next_sequence,
       self.last_data);
  return *this;
}

TcpConversation& TcpConversation::segment_at(Side from, uint32_t sequence_offset, BytesView data,
                                             uint8_t flags) {
  emit(from, flags, host(from).initial_sequence + 1 + sequence_offset,
       sender(other(from)).next_sequence, data);
  return *this;
}

TcpConversation& TcpConversation::lose(Side from, size_t size) {
  sender(from).next_sequence += static_cast<uint32_t>(size);
  return *this;
}

TcpConversation& TcpConversation::wait(uint64_t nanoseconds) {
  now_ns_ += nanoseconds;
  return *this;
}

Frames TcpConversation::take_frames() { return std::exchange(frames_, {}); }

size_t data_frame(const Frames& frames, Side from, size_t n) {
  size_t seen = 0;
  for (size_t i = 0; i < frames.size(); ++i) {
    if (frames[i].from == from && frames[i].payload_size > 0 && seen++ == n) {
      return i;
    }
  }
  return frames.size();
}

void drop_frame(Frames& frames, size_t index) {
  if (index < frames.size()) {
    frames.erase(frames.begin() + static_cast<std::ptrdiff_t>(index));
  }
}

void swap_frames(Frames& frames, size_t first, size_t second) {
  std::swap(frames[first], frames[second]);
  std::swap(frames[first].time_ns, frames[second].time_ns);
}

void duplicate_frame(Frames& frames, size_t index, uint64_t delay_ns) {
  TimedFrame copy = frames[index];
  copy.time_ns += delay_ns;
  const auto later = std::find_if(frames.begin() + static_cast<std::ptrdiff_t>(index), frames.end(),
                                  [&](const TimedFrame& f) { return f.time_ns > copy.time_ns; });
  frames.insert(later, std::move(copy));
}

Frames only_from(const Frames& frames, Side side) {
  Frames kept;
  std::copy_if(frames.begin(), frames.end(), std::back_inserter(kept),
               [&](const TimedFrame& frame) { return frame.from == side; });
  return kept;
}

Frames merge(std::vector<Frames> conversations) {
  Frames all;
  for (Frames& frames : conversations) {
    std::move(frames.begin(), frames.end(), std::back_inserter(all));
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const TimedFrame& a, const TimedFrame& b) { return a.time_ns < b.time_ns; });
  return all;
}

}  // namespace shakedown::test_support
