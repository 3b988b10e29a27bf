// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   A sink of the reassembler that writes everything down, and a model that says what it
//            must contain.
// Units:     positions are bytes from the start of the stream, without wrap.
// Ownership: copies.
// Threading: one thread.
// Limits:    the model keeps every byte: for short streams only.
// Failure:   a contradiction is described in words; an empty text means that all is well.
// RFC:       none.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "shakedown/bytes.h"
#include "stream/reassembler.h"

namespace shakedown::test_support {

struct StreamPiece {
  std::uint64_t begin = 0;
  std::uint64_t size = 0;
  bool is_gap = false;
  stream::GapReason reason = stream::GapReason::lost;
  std::vector<std::uint8_t> bytes;
};

class StreamRecorder {
 public:
  /// Accepts this many calls and answers the last of them with "nothing more wanted".
  void stop_at_call(std::size_t call) { stop_at_ = call; }

  bool on_bytes(::shakedown::Bytes bytes) {
    pieces_.push_back({end_, bytes.size(), false, {}, {bytes.begin(), bytes.end()}});
    end_ += bytes.size();
    return pieces_.size() < stop_at_;
  }
  bool on_gap(stream::GapReason reason, std::uint32_t size) {
    pieces_.push_back({end_, size, true, reason, {}});
    end_ += size;
    return pieces_.size() < stop_at_;
  }

  [[nodiscard]] const std::vector<StreamPiece>& pieces() const { return pieces_; }
  [[nodiscard]] std::uint64_t end() const { return end_; }

  /// Everything in one line: bytes as they are, lost bytes as "[lost n]", cut off ones as "[cut
  /// n]".
  [[nodiscard]] std::string text() const {
    std::string out;
    for (const StreamPiece& piece : pieces_) {
      if (piece.is_gap) {
        out += piece.reason == stream::GapReason::lost ? "[lost " : "[cut ";
        out += std::to_string(piece.size) + "]";
      } else {
        out.append(piece.bytes.begin(), piece.bytes.end());
      }
    }
    return out;
  }

 private:
  std::vector<StreamPiece> pieces_;
  std::uint64_t end_ = 0;
  std::size_t stop_at_ = std::numeric_limits<std::size_t>::max();
};

/// The bytes that came first for each position, in a map. Delivers to the real reassembler on the
/// way.
class ReassemblyModel {
 public:
  explicit ReassemblyModel(stream::Reassembler& reassembler) : reassembler_(reassembler) {}
  ~ReassemblyModel() { reassembler_.release(direction_); }
  ReassemblyModel(const ReassemblyModel&) = delete;
  ReassemblyModel& operator=(const ReassemblyModel&) = delete;

  void start(SeqNum first_byte) { reassembler_.start(direction_, first_byte); }

  stream::SegmentFate deliver(SeqNum seq, ::shakedown::Bytes payload, std::uint32_t missing) {
    const auto next = static_cast<std::int64_t>(recorder_.end());
    const std::int64_t begin = next + seq.distance_from(direction_.next);
    const auto fate = reassembler_.deliver(direction_, seq, payload, missing, recorder_);
    if (fate == stream::SegmentFate::in_order || fate == stream::SegmentFate::partly_new ||
        fate == stream::SegmentFate::held) {
      const auto size = static_cast<std::int64_t>(payload.size()) + missing;
      for (std::int64_t i = 0; i < size; ++i) {
        const bool captured = i < static_cast<std::int64_t>(payload.size());
        const int value = captured ? payload[static_cast<std::size_t>(i)] : kCutOff;
        if (begin + i >= next) first_.emplace(begin + i, value);
      }
    }
    return fate;
  }
  void give_up_hole() { reassembler_.give_up_hole(direction_, recorder_); }
  [[nodiscard]] bool has_hole() const { return stream::Reassembler::has_hole(direction_); }
  [[nodiscard]] const StreamRecorder& recorder() const { return recorder_; }
  [[nodiscard]] const stream::StreamDirection& direction() const { return direction_; }

  /// What the recorder heard since the last check, against the map.
  [[nodiscard]] std::string contradiction() {
    const auto& pieces = recorder_.pieces();
    for (; checked_ < pieces.size(); ++checked_) {
      const StreamPiece& piece = pieces[checked_];
      const auto begin = static_cast<std::int64_t>(piece.begin);
      const auto end = static_cast<std::int64_t>(piece.begin + piece.size);
      if (piece.size == 0) return "an empty piece at " + std::to_string(begin);
      auto known = first_.lower_bound(begin);
      if (piece.is_gap && piece.reason == stream::GapReason::lost) {
        if (known != first_.end() && known->first < end) return at("seen, but lost", known->first);
        continue;
      }
      for (std::int64_t i = begin; i < end; ++i, ++known) {
        if (known == first_.end() || known->first != i) return at("delivered, but never seen", i);
        const int expected =
            piece.is_gap ? kCutOff : piece.bytes[static_cast<std::size_t>(i - begin)];
        if (known->second != expected) return at("not the byte that came first", i);
      }
    }
    return "";
  }

 private:
  static constexpr int kCutOff = -1;

  static std::string at(const char* what, std::int64_t position) {
    return std::string(what) + ": byte " + std::to_string(position);
  }

  stream::Reassembler& reassembler_;
  stream::StreamDirection direction_;
  StreamRecorder recorder_;
  std::map<std::int64_t, int> first_;
  std::size_t checked_ = 0;
};

}  // namespace shakedown::test_support
