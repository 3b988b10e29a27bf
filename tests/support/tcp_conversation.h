// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Plays a TCP connection between two hosts as a sensor between them sees it: an opening,
//            data cut by MSS and acknowledged, an ending, and the accidents of real networks.
// Units:     times are nanoseconds since 1970; sequence arguments are raw 32-bit numbers.
// Ownership: the conversation owns its frames until take_frames().
// Threading: none.
// Limits:    no congestion control and no real retransmission timer: the script says what happens.
// Failure:   none.
// RFC:       RFC 9293 §3.5, §3.6, §3.10.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "byte_writer.h"
#include "packet_builder.h"

namespace shakedown::test_support {

enum class Side : uint8_t { client, server };

[[nodiscard]] constexpr Side other(Side side) {
  return side == Side::client ? Side::server : Side::client;
}

inline constexpr uint64_t kMicrosecond = 1'000;
inline constexpr uint64_t kMillisecond = 1'000'000;
inline constexpr uint64_t kSecond = 1'000'000'000;
/// 2026-01-15 12:00:00 UTC: where every scripted capture begins unless told otherwise.
inline constexpr uint64_t kDefaultStart = 1'768'478'400ULL * kSecond;

struct TimedFrame {
  uint64_t time_ns = 0;
  Bytes bytes{};
  Side from = Side::client;
  uint8_t tcp_flags = 0;
  size_t payload_size = 0;  // TCP payload
};
using Frames = std::vector<TimedFrame>;

struct TcpHost {
  Endpoint endpoint{};
  MacAddress mac{};
  uint32_t initial_sequence = 0;
  uint16_t mss = 1460;
  uint16_t window = 64240;  // before scaling
  uint8_t window_scale = 7;
  uint8_t ttl = 64;
  bool timestamps = true;
  /// What this host adds between the arrival at the sensor of what it answers, and its answer
  /// there.
  uint64_t response_time_ns = 10 * kMillisecond;
};

struct TcpConversationOptions {
  TcpHost client{};
  TcpHost server{};
  LinkHeader link{};  // MAC addresses are taken from the hosts
  uint64_t start_ns = kDefaultStart;
  uint64_t segment_interval_ns = 12 * kMicrosecond;  // between segments of one flight
  /// The receiver acknowledges after this many segments and at the end of a flight; 0 = never.
  size_t segments_per_ack = 2;
  /// play() lets the answer acknowledge the end of a flight where an answer follows.
  bool piggyback_acks = false;

  /// 192.0.2.10:50000 (or 2001:db8::10) to 198.51.100.20:443 (or 2001:db8:1::20).
  [[nodiscard]] static TcpConversationOptions ipv4();
  [[nodiscard]] static TcpConversationOptions ipv6();
};

class TcpConversation {
 public:
  explicit TcpConversation(TcpConversationOptions options = TcpConversationOptions::ipv4());

  // The opening.
  TcpConversation& handshake();
  TcpConversation& syn();  // once more each time it is called, with the same sequence number
  TcpConversation& syn_ack();
  TcpConversation& refuse();  // RST+ACK in answer to the SYN

  // Data and endings, in sequence.
  TcpConversation& send(Side from, BytesView data);
  TcpConversation& send_in_segments(Side from, BytesView data, size_t segment_size);
  /// One segment per element, whatever its size; cuts a message exactly where a test wants.
  TcpConversation& send_pieces(Side from, const std::vector<Bytes>& pieces);
  TcpConversation& ack(Side from);
  /// Whether the end of a flight is acknowledged by a segment of its own; it is at first.
  TcpConversation& acknowledge_flights(bool on);
  TcpConversation& fin(Side from);
  TcpConversation& ack_fin(Side from) { return ack(from); }
  TcpConversation& rst(Side from);
  /// Four-way close begun by `from`: FIN, ACK+FIN, ACK.
  TcpConversation& close(Side from);

  // Accidents.
  /// The last data segment of this side once more, after `delay_ns`.
  TcpConversation& retransmit_last(Side from, uint64_t delay_ns = 200 * kMillisecond);
  /// A segment at `sequence_offset` behind the first data byte of that side, which moves nothing:
  /// for overlaps, keep-alives, segments out of window.
  TcpConversation& segment_at(Side from, uint32_t sequence_offset, BytesView data,
                              uint8_t flags = tcp_flag::ack | tcp_flag::psh);
  /// Counts bytes as sent that the sensor never sees.
  TcpConversation& lose(Side from, size_t size);
  TcpConversation& wait(uint64_t nanoseconds);

  [[nodiscard]] uint64_t now_ns() const { return now_ns_; }
  [[nodiscard]] const Frames& frames() const { return frames_; }
  [[nodiscard]] Frames take_frames();
  [[nodiscard]] const TcpConversationOptions& options() const { return options_; }

 private:
  struct Sender {
    uint32_t next_sequence = 0;
    uint16_t identification = 0;
    uint32_t last_sequence = 0;
    Bytes last_data;
  };

  [[nodiscard]] const TcpHost& host(Side side) const;
  [[nodiscard]] Sender& sender(Side side) { return side == Side::client ? client_ : server_; }
  void turn(Side from);
  void emit(Side from, uint8_t flags, uint32_t sequence, uint32_t acknowledgment,
            BytesView payload);
  void emit_data(Side from, BytesView payload, bool push);
  [[nodiscard]] Bytes tcp_options(Side from, uint8_t flags) const;
  [[nodiscard]] uint32_t timestamp_of(Side side) const;

  TcpConversationOptions options_;
  Sender client_;
  Sender server_;
  Side last_from_ = Side::client;
  bool acknowledges_flights_ = true;
  uint64_t now_ns_;
  Frames frames_;
};

// What a capture does to a finished list of frames. Indices count frames from zero.
/// Index of the n-th (from zero) frame with payload of that side; frames.size() when there is none.
[[nodiscard]] size_t data_frame(const Frames& frames, Side from, size_t n = 0);
void drop_frame(Frames& frames, size_t index);
/// Lets two frames arrive in each other's place.
void swap_frames(Frames& frames, size_t first, size_t second);
/// The mirror port copied this frame twice.
void duplicate_frame(Frames& frames, size_t index, uint64_t delay_ns = 5 * kMicrosecond);
[[nodiscard]] Frames only_from(const Frames& frames, Side side);
/// Merges conversations into one capture in time order; equal times keep the order of the
/// arguments.
[[nodiscard]] Frames merge(std::vector<Frames> conversations);

}  // namespace shakedown::test_support
