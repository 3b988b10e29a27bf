// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The last step of a worker: decided handshakes and definitions go into the rings of its
//            area.
// Units:     UnixNanos, bytes.
// Ownership: Uses the worker's area of the shared segment; its own table of sent definitions comes
//            from the arena.
// Threading: One worker.
// Limits:    kSentDefinitionCount ids are remembered; a forgotten one is sent again, which costs
//            only room.
// Failure:   RunMode::live: a full ring refuses, which is counted. RunMode::capture: it is waited
//            for until `stop`; then it refuses as well. handshakes_begun = records_pushed +
//            records_refused + handshakes_dropped_not_tls + open.
// RFC:       none
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "arena.h"
#include "handshake/definition_sink.h"
#include "shakedown/shm_layout.h"

namespace shakedown::emit {

inline constexpr std::size_t kSentDefinitionCount = 16 * 1024;

class Emitter final : public handshake::DefinitionSink {
 public:
  struct Config {
    RunMode mode = RunMode::capture;
    std::uint8_t worker_index = 0;
    std::uint64_t digest_seed = 0;  ///< the same in all workers of a run
  };

  Emitter(const Config& config, WorkerArea& area, const ControlStatus& control,
          const std::atomic<bool>& stop, Arena& arena);

  [[nodiscard]] static constexpr std::size_t budget_bytes() {
    return Arena::cost<std::uint64_t>(kSentDefinitionCount) +
           Arena::cost<std::uint8_t>(kDefinitionMessageMax);
  }

  /// Pushes a finished record. Sets its sequence, order_time and worker_index.
  void push(HandshakeRecord& record, UnixNanos order_time) noexcept;

  [[nodiscard]] std::uint64_t define(DefinitionKind kind, Bytes body) noexcept override;

  /// No record with an earlier order_time will follow.
  void publish_watermark(UnixNanos time) noexcept;

 private:
  template <class TryPush>
  [[nodiscard]] bool push_or_wait(TryPush&& try_push) noexcept;
  void forget_sent_on_new_reader() noexcept;

  Config config_;
  WorkerArea& area_;
  const ControlStatus& control_;
  const std::atomic<bool>& stop_;
  std::span<std::uint64_t> sent_;
  std::span<std::uint8_t> message_;  ///< a definition on its way into the ring
  std::uint64_t sequence_ = 0;
  std::uint32_t reader_generation_ = 0;
};

}  // namespace shakedown::emit
