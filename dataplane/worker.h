// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   One poll-mode worker: run_once() is the path of a packet. Shares nothing with other
//            workers.
// Units:     UnixNanos.
// Ownership: Its tables lie in the arena given at start; its counters and rings in its area of the
//            shared segment.
// Threading: One thread.
// Limits:    WorkerConfig and limits.h. No heap, lock, exception or unbounded loop after the
//            constructor; system calls only while waiting for a ring in RunMode::capture.
// Failure:   Every packet adds one to exactly one fate; every followed handshake ends as a record
//            pushed or refused, or as handshakes_dropped_not_tls.
// RFC:       none
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>

#include "arena.h"
#include "connection.h"
#include "connection_notes.h"
#include "emit/emitter.h"
#include "flow/decided_filter.h"
#include "flow/embryo_table.h"
#include "flow/expiry_wheel.h"
#include "flow/flow_table.h"
#include "flow/owner_table.h"
#include "flow/shunt_memory.h"
#include "handshake/machine.h"
#include "overload/client_choice.h"
#include "overload/controller.h"
#include "packet/defragmenter.h"
#include "packet/stray_sink.h"
#include "port/source.h"
#include "service/recogniser.h"
#include "shunt.h"
#include "stream/reassembler.h"
#include "tls/record_reader.h"
#include "worker_config.h"

namespace shakedown {

class Worker {
 public:
  /// What is made outside, and outlives the worker.
  struct Tools {
    const service::Database& services;
    /// Of this worker alone; null when whoever hands out the packets puts fragments together.
    packet::Defragmenter* defragmenter = nullptr;
    /// Of all workers; null: nothing is ever left out, as of captures.
    overload::Controller* overload = nullptr;
    /// To whoever keeps decided flows from coming; null: nobody does.
    ShuntRing* shunts = nullptr;
    /// Of all workers, when each reads queues of its own; else null, and so is `strays`.
    flow::OwnerTable* owners = nullptr;
    packet::StraySink* strays = nullptr;
  };

  Worker(const WorkerConfig& config, WorkerArea& area, const ControlStatus& control,
         const std::atomic<bool>& stop, Arena& arena, const Tools& tools);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// One line of the memory budget.
  struct BudgetLine {
    const char* what;
    std::uint64_t count;
    std::uint64_t bytes;
  };
  /// What the constructor takes from the arena at most.
  [[nodiscard]] static std::array<BudgetLine, 12> budget(const WorkerConfig& config);

  /// Takes one burst from the source through the whole path. False: the source has ended and
  /// finish() is due.
  [[nodiscard]] bool run_once(port::Source& source) noexcept;

  /// Follows these packets, which belong to one burst.
  void process(std::span<const port::CapturedPacket> packets) noexcept;
  /// Time passes: ends what has waited too long, publishes how far this worker is, and answers what
  /// control has asked.
  void advance(UnixNanos clock) noexcept;
  /// No more packets: ends everything that is open. Called once.
  void finish() noexcept;

 private:
  using Direction = handshake::Direction;
  struct PacketContext;
  class StreamSink;

  /// How an embryo ends.
  struct EmbryoEnd {
    const packet::PacketView* packet = nullptr;  ///< that ends it; null: time does
    handshake::EndReason reason = handshake::EndReason::decided;
    Party closer = Party::none;
    UnixNanos now;
    UnixNanos clock;
    bool bytes_missing = false;  ///< of the connection, before the end
  };

  // worker.cc
  void begin_lookup(PacketContext& context) const noexcept;
  void dispatch_all(std::span<const PacketContext> packets) noexcept;
  void dispatch(const PacketContext& packet) noexcept;
  void follow_untracked(const PacketContext& packet) noexcept;
  void on_icmp(const PacketContext& packet) noexcept;
  void watch_load() noexcept;
  [[nodiscard]] bool keeps(const IpAddress& client) const noexcept {
    return overload::is_kept(client, shedding_.kept_share, config_.seed);
  }
  void shed(std::uint64_t hash) noexcept;
  void on_decided(const PacketContext& packet) noexcept;
  void ask_to_drop(const PacketContext& packet) noexcept;
  void ask_to_pass(const PacketContext& packet) noexcept;
  void check_owner(std::uint64_t hash) noexcept;
  [[nodiscard]] bool belongs_elsewhere(const PacketContext& context,
                                       const port::CapturedPacket& packet, Bytes whole) noexcept;

  // worker_inspection.cc: what control asks about one connection
  void answer_control() noexcept;
  void answer(const InspectionQuestion& question) noexcept;

  // worker_embryo.cc: connections that have not said anything yet
  void on_syn(const PacketContext& packet) noexcept;
  void on_orphan_syn_ack(const PacketContext& packet) noexcept;
  void on_embryo_packet(flow::Embryo& embryo, const PacketContext& packet) noexcept;
  void on_server_packet(flow::Embryo& embryo, const PacketContext& packet) noexcept;
  void on_server_close(flow::Embryo& embryo, const PacketContext& packet,
                       bool bytes_missing) noexcept;
  void on_client_packet(flow::Embryo& embryo, const PacketContext& packet) noexcept;
  void promote(flow::Embryo& embryo, const PacketContext& packet, Direction direction) noexcept;
  void promote_plaintext(flow::Embryo& embryo, const PacketContext& packet,
                         const Recognition& words, Direction direction) noexcept;
  [[nodiscard]] Connection* begin_from_embryo(flow::Embryo& embryo, const PacketContext& packet,
                                              Direction direction) noexcept;
  void describe_path(const flow::Embryo& embryo, const EmbryoEnd& end,
                     HandshakeRecord& record) noexcept;
  void describe_opening(const flow::Embryo& embryo, HandshakeRecord& record) noexcept;
  void end_embryo(flow::Embryo& embryo, const EmbryoEnd& end) noexcept;
  /// Names one attempt to open a connection: its endpoints and first number.
  [[nodiscard]] static std::uint64_t hash_of_syn(std::uint64_t hash, SeqNum isn) noexcept {
    return hash ^ (std::uint64_t{isn.value} + 1) * 0x9e37'79b9'7f4a'7c15;
  }
  [[nodiscard]] bool is_late_syn(Connection& connection, const PacketContext& packet) noexcept;
  static void describe_syn(flow::Embryo& embryo, const packet::PacketView& view) noexcept;
  [[nodiscard]] flow::Embryo* begin_embryo(const PacketContext& packet,
                                           bool client_is_low) noexcept;
  /// Reports it as of its deadline; the caller takes it out of the table.
  void time_out_embryo(flow::Embryo& embryo) noexcept;
  void erase_embryo(flow::Embryo& embryo) noexcept;
  [[nodiscard]] flow::Embryo* living_embryo(const PacketContext& packet) noexcept;

  // worker_connection.cc: connections whose handshake is followed
  [[nodiscard]] Connection* begin_connection(const PacketContext& packet,
                                             Direction direction) noexcept;
  [[nodiscard]] bool sheds_tail_of(const Connection& connection) noexcept;
  void begin_midstream(const PacketContext& packet, Direction direction) noexcept;
  void on_connection_packet(Connection& connection, const PacketContext& packet) noexcept;
  [[nodiscard]] static bool begins_before(const stream::StreamDirection& stream,
                                          SeqNum first) noexcept;
  void deliver(Connection& connection, const PacketContext& packet, handshake::Exchange& exchange,
               Direction direction) noexcept;
  void settle(Connection& connection, const PacketContext& packet) noexcept;
  void end_connection(Connection& connection, handshake::EndReason reason, UnixNanos now,
                      UnixNanos order_time) noexcept;
  static void judge_refusal(const Connection& connection, HandshakeRecord& record) noexcept;
  [[nodiscard]] static bool is_ours(const Connection& connection, const HandshakeRecord& record) noexcept;
  void drop_connection(Connection& connection) noexcept;
  void forget(Connection& connection) noexcept;
  /// Ends a connection whose deadline has passed; it is gone then.
  [[nodiscard]] bool has_expired(Connection& connection, UnixNanos clock) noexcept;
  [[nodiscard]] ConnectionNotes& notes_of(const Connection& connection) noexcept;

  // worker_order.cc: what came out of order, and what never came
  [[nodiscard]] static bool acks_stream(const Connection& connection, SeqNum ack,
                                        Direction direction) noexcept;
  void note_ack(Connection& connection, SeqNum ack, Direction direction) noexcept;
  static void note_sent_until(Connection& connection, SeqNum seq, Direction direction) noexcept;
  void note_late_syn(Connection& connection, SeqNum isn, handshake::Exchange& exchange,
                     Direction direction) noexcept;
  void start_where_acknowledged(Connection& connection, SeqNum first, Direction direction) noexcept;
  [[nodiscard]] static SeqNum read_until(const Connection& connection, Direction side) noexcept;
  [[nodiscard]] bool can_be_awaited(const Connection& connection, const HandshakeRecord& record,
                                    Direction side) const noexcept;
  void await_peer(Connection& connection, const HandshakeRecord& record, Direction side) noexcept;
  void read_on(Connection& connection, handshake::Exchange& exchange) noexcept;
  [[nodiscard]] bool knows_more(const Connection& connection, const HandshakeRecord& record,
                                Direction side) const noexcept;
  void stop_waiting_for(Connection& connection, handshake::Exchange& exchange, Direction side,
                        SeqNum until) noexcept;
  void be_patient_with_holes(Connection& connection, handshake::Exchange& exchange) noexcept;
  [[nodiscard]] bool lost_on_the_path(const Connection& connection, Direction side) const noexcept;
  void give_up_holes(Connection& connection, handshake::Exchange& exchange) noexcept;
  [[nodiscard]] bool give_up_first_hole(Connection& connection,
                                        handshake::Exchange& exchange) noexcept;
  void note_unseen_bytes(const Connection& connection, handshake::Exchange& exchange,
                         Direction side) const noexcept;
  [[nodiscard]] static bool answer_was_lost(const Connection& connection,
                                            const HandshakeRecord& record) noexcept;

  // worker_closing.cc: FIN and RST
  void note_close(Connection& connection, const PacketContext& packet,
                  Direction direction) noexcept;
  [[nodiscard]] static bool closed_before_peer(const Connection& connection,
                                               const packet::PacketView& view,
                                               Direction direction) noexcept;
  [[nodiscard]] static std::array<Direction, 2> closing_order(
      const handshake::State& state) noexcept;
  void close_side(Connection& connection, handshake::Exchange& exchange, Direction side) noexcept;
  void settle_closes(Connection& connection, handshake::Exchange& exchange) noexcept;

  // worker_plaintext.cc: what is said before TLS
  [[nodiscard]] Recognition recognise(Bytes first_bytes, Party from) noexcept;
  void begin_plaintext(Connection& connection, const Recognition& first_words,
                       Direction direction) noexcept;
  [[nodiscard]] bool is_plaintext(const Connection& connection, Direction direction,
                                  Bytes bytes) noexcept;
  [[nodiscard]] Bytes hear(Connection& connection, handshake::Exchange& exchange,
                           Direction direction, Bytes bytes) noexcept;
  void heed(Connection& connection, handshake::Exchange& exchange,
            service::Progress progress) noexcept;
  void begin_tls(Connection& connection, HandshakeRecord& record) noexcept;
  void lose_answer(Connection& connection, handshake::Exchange& exchange) noexcept;
  void look_for_hello(Connection& connection, const PacketContext& packet,
                      Direction direction) noexcept;
  void judge_plaintext(const Connection& connection, HandshakeRecord& record) noexcept;

  [[nodiscard]] handshake::Exchange exchange_of(Connection& connection, UnixNanos now,
                                                UnixNanos clock) noexcept;
  [[nodiscard]] HandshakeRecord& record_of(const Connection& connection) noexcept;

  [[nodiscard]] bool watched(std::uint16_t port) const noexcept {
    return config_.watched_ports.test(port);
  }
  [[nodiscard]] UnixNanos embryo_deadline(const flow::Embryo& embryo) const noexcept;

  WorkerConfig config_;
  CounterBlock& counters_;
  emit::Emitter emitter_;
  handshake::Machine machine_;
  flow::DecidedFilter decided_;
  flow::FlowTable<Connection> connections_;
  flow::ExpiryWheel wheel_;
  flow::EmbryoTable embryos_;
  stream::Reassembler reassembler_;
  tls::MessageBufferPool message_buffers_;
  tls::RecordReader reader_;
  service::Recogniser recogniser_;
  packet::Defragmenter* defragmenter_;
  overload::Controller* overload_;
  overload::LoadGauge load_;
  overload::Shedding shedding_;  ///< as it was when the burst at hand began
  ShuntRing* shunts_;
  flow::ShuntMemory shunt_memory_;
  flow::OwnerTable* owners_;
  packet::StraySink* strays_;
  const ControlStatus& control_;
  InspectionAnswer& answer_;
  std::span<HandshakeRecord> records_;  ///< in progress, by slot of the connection
  std::span<ConnectionNotes> notes_;    ///< likewise
  std::span<PacketContext> contexts_;   ///< of the burst at hand
  port::Burst burst_;
  UnixNanos clock_;
};

}  // namespace shakedown
