// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Where the packets of a run come from: capture files or interfaces. All in which the two
//            differ for the process is here.
// Units:     Bytes.
// Ownership: Owns its ports and the stream over them. Uses buffers and segment of others, which
//            must outlive it.
// Threading: Main thread; each stream is for the one thread that reads it.
// Limits:    kCaptureFileCountMax ports.
// Failure:   probe() and open() return the sentence to print, empty on success.
// RFC:       none
#pragma once

#include <memory>
#include <span>
#include <string>

#include "budget.h"
#include "options.h"
#include "port/burst_builder.h"
#include "port/eal.h"
#include "port/packet_buffers.h"
#include "port/packet_stream.h"
#include "segment.h"
#include "shunt.h"

namespace shakedown {

/// Per port in DPDK's memory: its device structures.
inline constexpr std::size_t kDpdkPortBytes = 768 * 1024;

/// How packets may come to several workers. A card shows only when it is opened whether its queues
/// can be relied on, so that both may be possible until then.
struct Ways {
  bool queues = false;
  bool distributor = false;
};

class Input {
 public:
  Input() = default;
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;
  virtual ~Input() = default;

  [[nodiscard]] virtual RunMode mode() const = 0;
  /// What can be wrong with what the user named is told here, before anything is taken.
  [[nodiscard]] virtual std::string probe() = 0;

  // After probe(): what open() will take.
  [[nodiscard]] virtual unsigned buffer_count(unsigned worker_count) const = 0;
  [[nodiscard]] virtual port::BufferLayout buffer_layout() const = 0;
  /// For the ports, in DPDK's memory.
  [[nodiscard]] virtual std::size_t dpdk_bytes() const = 0;
  /// dpdk_bytes(), and what the ports take elsewhere.
  virtual void add_to(MemoryBudget& budget) const = 0;
  /// Neither with one worker.
  [[nodiscard]] virtual Ways ways() const = 0;
  /// Whether shunt() may turn out to do something.
  [[nodiscard]] virtual bool may_shunt() const { return false; }
  /// Of what the ports need: cards, huge pages, processors.
  virtual void configure(port::EalConfig&) const {}

  /// Describes the ports in the segment and opens them.
  [[nodiscard]] virtual std::string open(const port::PacketBuffers& buffers, Segment& segment) = 0;

  // After open().
  [[nodiscard]] virtual Distribution distribution() const = 0;
  /// Of all ports, for the only worker or the distributor; Distribution::queues has none.
  [[nodiscard]] virtual port::PacketStream& stream() = 0;
  /// Distribution::queues: of the queues of this worker.
  [[nodiscard]] virtual port::PacketStream& worker_stream(unsigned) { return stream(); }
  [[nodiscard]] const port::LinkTypes& link_types() const { return link_types_; }

  /// Called about once a second during the run, and when all threads have ended: the ports' losses
  /// go into `counters`, where nobody else writes these two. Empty, or why it cannot go on.
  [[nodiscard]] virtual std::string account(CounterBlock& counters) = 0;
  /// Packets of these flows need not come any more. Called every few milliseconds by the main thread.
  virtual void shunt(std::span<const ShuntRequest>) noexcept {}
  /// What was said of these flows does not hold any more.
  virtual void forget(std::span<const ShuntRequest>) noexcept {}
  /// After the run: what the user should know about the input, if he wants to know.
  virtual void warn_at_end() const = 0;

 protected:
  port::LinkTypes link_types_{};
};

[[nodiscard]] std::unique_ptr<Input> make_capture_input(const Options& options);
[[nodiscard]] std::unique_ptr<Input> make_live_input(const Options& options);

}  // namespace shakedown
