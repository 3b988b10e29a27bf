// SPDX-License-Identifier: Apache-2.0
#include "worker.h"

#include "packet/follow_fragment.h"
#include "tls/proxy_header.h"
#include "tls/record_probe.h"
#include "worker_packet.h"

namespace shakedown {

namespace {

constexpr std::size_t kMessageHeaderOffset = 5;

/// A server's first flight seen without what came before.
bool plausible_server_hello(Bytes payload) noexcept {
  return payload.size() > kMessageHeaderOffset &&
         payload[0] == static_cast<std::uint8_t>(ContentType::handshake) &&
         payload[kMessageHeaderOffset] == static_cast<std::uint8_t>(HandshakeType::server_hello) &&
         tls::plausible_record_start(payload);
}

}  // namespace

Worker::Worker(const WorkerConfig& config, WorkerArea& area, const ControlStatus& control,
               const std::atomic<bool>& stop, Arena& arena, const Tools& tools)
    : config_(config),
      counters_(area.counters),
      emitter_({config.mode, config.worker_index, config.seed}, area, control, stop, arena),
      machine_(config.timeouts, emitter_, area.counters, arena, config.seed),
      decided_(arena, config.decided_capacity),
      connections_(arena, config.connection_capacity),
      wheel_(arena, config.connection_capacity),
      embryos_(arena, config.embryo_capacity),
      reassembler_(arena, config.segment_block_count, area.counters),
      message_buffers_(arena, config.message_buffers),
      reader_(message_buffers_),
      recogniser_(tools.services),
      defragmenter_(tools.defragmenter),
      overload_(tools.overload),
      shunts_(tools.shunts),
      shunt_memory_(arena),
      owners_(tools.owners),
      strays_(tools.strays),
      control_(control),
      answer_(area.answer),
      records_(arena.take_room<HandshakeRecord>(config.connection_capacity)),
      notes_(arena.take_room<ConnectionNotes>(config.connection_capacity)),
      contexts_(arena.take<PacketContext>(kBurstSize)) {}

std::array<Worker::BudgetLine, 12> Worker::budget(const WorkerConfig& config) {
  const auto& buffers = config.message_buffers;
  return {{
      {"followed connections", config.connection_capacity,
       flow::FlowTable<Connection>::budget_bytes(config.connection_capacity)},
      {"records in progress", config.connection_capacity,
       Arena::cost<HandshakeRecord>(config.connection_capacity)},
      {"notes on connections", config.connection_capacity,
       Arena::cost<ConnectionNotes>(config.connection_capacity)},
      {"expiry wheel", config.connection_capacity,
       flow::ExpiryWheel::budget_bytes(config.connection_capacity)},
      {"embryos", config.embryo_capacity, flow::EmbryoTable::budget_bytes(config.embryo_capacity)},
      {"decided connections", config.decided_capacity,
       flow::DecidedFilter::budget_bytes(config.decided_capacity)},
      {"flows asked to be dropped", flow::kShuntMemorySlotCount,
       flow::ShuntMemory::budget_bytes()},
      {"segment blocks", config.segment_block_count,
       stream::Reassembler::budget_bytes(config.segment_block_count)},
      {"message buffers", std::uint64_t{buffers.small} + buffers.medium + buffers.large,
       tls::MessageBufferPool::cost(buffers)},
      {"known fingerprints", tls::kFingerprintCacheCount, handshake::Machine::budget_bytes()},
      {"packets of a burst", kBurstSize, Arena::cost<PacketContext>(kBurstSize)},
      {"sent definitions", emit::kSentDefinitionCount, emit::Emitter::budget_bytes()},
  }};
}

bool Worker::run_once(port::Source& source) noexcept {
  source.receive(burst_);
  watch_load();
  process(std::span(burst_.packets).first(burst_.count));
  source.release(burst_);
  advance(burst_.clock);
  return !burst_.ended;
}

// Three passes, so that the cache misses of one packet are hidden behind the others: the packets
// themselves, then the tables' buckets, then the connections they point to.
void Worker::process(std::span<const port::CapturedPacket> packets) noexcept {
  std::size_t count = 0;
  if (overload_ != nullptr) shedding_ = overload_->shedding();
  for (const port::CapturedPacket& packet : packets) __builtin_prefetch(packet.bytes.data());
  std::size_t bytes = 0;
  for (const port::CapturedPacket& packet : packets) {
    bytes += packet.bytes.size() - static_cast<std::size_t>(packet.bytes_beyond_capture);
    Bytes whole;
    // decode() sets every field that it leaves behind, so what the last burst left is no matter.
    auto status = packet::decode(packet.link_type, packet.bytes, contexts_[count].view);
    if (status == packet::DecodeStatus::ip_fragment && defragmenter_ != nullptr) {
      if (!defragmenter_->has_room()) {
        dispatch_all(contexts_.first(count));
        defragmenter_->forget_whole_packets();
        contexts_[0].view = contexts_[count].view;
        count = 0;
      }
      status = packet::follow_fragment(*defragmenter_, packet.clock, contexts_[count].view, whole);
    }
    PacketContext& context = contexts_[count];
    context.is_icmp = status == packet::DecodeStatus::icmp_error;
    if (status != packet::DecodeStatus::tcp && !context.is_icmp) {
      packet::count_fate(counters_, status, context.view);
      continue;
    }
    context.view.time = packet.time;
    context.view.port_index = packet.port_index;
    context.clock = packet.clock;
    if (packet.time < packet.clock) counters_.add(Counter::clock_regressions);
    begin_lookup(context);
    if (owners_ != nullptr && belongs_elsewhere(context, packet, whole)) continue;
    ++count;
  }
  counters_.add(Counter::packets_received, packets.size());
  counters_.add(Counter::bytes_received, bytes);
  dispatch_all(contexts_.first(count));
  if (defragmenter_ != nullptr) defragmenter_->forget_whole_packets();
}

void Worker::begin_lookup(PacketContext& context) const noexcept {
  flow::key_of(context.view, context.keyed);
  context.hash = flow::hash_of(context.keyed.key, config_.seed);
  decided_.prefetch(context.hash);
  connections_.prefetch(context.hash);
  if (context.view.has(packet::tcp_flag::syn)) {
    embryos_.prefetch_for_begin(context.hash);
  } else {
    embryos_.prefetch(context.hash);
  }
}

void Worker::dispatch_all(std::span<const PacketContext> packets) noexcept {
  for (const PacketContext& context : packets) {
    const std::uint32_t slot = connections_.prefetch_connection(context.hash);
    if (slot != flow::kNoSlot) {
      // What every packet touches of the record in progress.
      __builtin_prefetch(&records_[slot].flags);
      __builtin_prefetch(&records_[slot].client_tcp);
      __builtin_prefetch(&records_[slot].server_tcp);
      __builtin_prefetch(&notes_[slot].trace);
      __builtin_prefetch(&notes_[slot].trace.sides[1]);
    } else {
      embryos_.prefetch_embryo(context.hash);
    }
  }
  for (const PacketContext& context : packets) {
    if (context.is_icmp) {
      on_icmp(context);
    } else {
      if (context.view.payload_missing != 0) counters_.add(Counter::packets_truncated);
      dispatch(context);
    }
  }
}

void Worker::dispatch(const PacketContext& packet) noexcept {
  namespace tcp_flag = packet::tcp_flag;
  if (packet.view.has(tcp_flag::syn)) check_owner(packet.hash);
  if (packet.view.has(tcp_flag::syn) && !packet.view.has(tcp_flag::ack | tcp_flag::rst)) {
    on_syn(packet);
    return;
  }
  if (decided_.contains(packet.hash)) {
    on_decided(packet);
    return;
  }
  Connection* connection = connections_.find(packet.hash, packet.keyed.key);
  if (connection != nullptr && has_expired(*connection, packet.clock)) {
    connection = nullptr;
    if (decided_.contains(packet.hash)) {
      on_decided(packet);
      return;
    }
  }
  if (connection != nullptr) {
    counters_.add(Counter::fate_connection);
    on_connection_packet(*connection, packet);
    return;
  }
  if (flow::Embryo* const embryo = living_embryo(packet); embryo != nullptr) {
    on_embryo_packet(*embryo, packet);
    return;
  }
  follow_untracked(packet);
}

void Worker::on_icmp(const PacketContext& packet) noexcept {
  counters_.add(Counter::fate_icmp_error);
  const packet::PacketView& view = packet.view;
  Connection* const connection = connections_.find(packet.hash, packet.keyed.key);
  if (connection != nullptr && !has_expired(*connection, packet.clock)) {
    const Direction about = direction_of(packet.keyed.source_is_low,
                                         connection->state.has(handshake::State::client_is_low));
    path::observe_icmp(notes_of(*connection).trace, view, handshake::sender_of(about));
    counters_.add(Counter::icmp_errors_matched);
    return;
  }
  flow::Embryo* const embryo = living_embryo(packet);
  if (embryo == nullptr) return;
  counters_.add(Counter::icmp_errors_matched);
  flow::IcmpNote& note = embryos_.icmp_of(embryo);
  if (!embryo->has(flow::Embryo::icmp_seen)) {
    note = {view.icmp_sender, view.icmp_mtu, view.icmp, view.icmp_type, view.icmp_code, 0};
    embryo->set(flow::Embryo::icmp_seen);
  }
  if (note.count != 0xff) ++note.count;
}

void Worker::watch_load() noexcept {
  if (overload_ == nullptr) return;
  if (burst_.count == kBurstSize) counters_.add(Counter::full_bursts);
  overload_->report(load_.note(burst_.count, burst_.clock), burst_.clock);
}

// The rest of it is treated as that of any other connection that needs no more looking at.
void Worker::shed(std::uint64_t hash) noexcept {
  counters_.add(Counter::fate_shed);
  counters_.add(Counter::connections_shed);
  decided_.insert(hash);
}

// A connection whose beginning was not seen, or that was given up as not TLS: STARTTLS and proxies
// come to TLS later, and a hello that starts its segment shows it.
void Worker::follow_untracked(const PacketContext& packet) noexcept {
  const Bytes payload = packet.view.payload;
  if (payload.empty()) {
    if (packet.view.has(packet::tcp_flag::syn) && packet.view.has(packet::tcp_flag::ack)) {
      on_orphan_syn_ack(packet);
    } else {
      counters_.add(Counter::fate_untracked);
    }
    return;
  }
  const std::size_t prefix = tls::proxy_header_size(payload);
  if (tls::plausible_client_hello(payload.subspan(prefix))) {
    begin_midstream(packet, Direction::client_to_server);
  } else if (plausible_server_hello(payload)) {
    begin_midstream(packet, Direction::server_to_client);
  } else {
    counters_.add(Counter::fate_untracked);
    ask_to_drop(packet);
  }
}

void Worker::on_decided(const PacketContext& packet) noexcept {
  counters_.add(Counter::fate_decided);
  // Most connections end soon after they are decided: only what goes on to bring data is worth a
  // place in the filter.
  if (packet.view.payload_length() != 0) ask_to_drop(packet);
}

void Worker::ask_to_drop(const PacketContext& packet) noexcept {
  if (shunts_ == nullptr || !shunt_memory_.is_due(packet.hash, packet.clock)) return;
  const ShuntRequest request{packet.keyed.key, packet.view.family, packet.view.port_index, false};
  counters_.add(shunts_->try_push(request) ? Counter::shunts_asked : Counter::shunts_skipped);
}

// The filter lets the beginning of something new pass, and forgets the flow. What was asked of it a
// moment before may reach it a moment after.
void Worker::ask_to_pass(const PacketContext& packet) noexcept {
  if (shunts_ == nullptr || !shunt_memory_.recall(packet.hash, packet.clock)) return;
  const ShuntRequest request{packet.keyed.key, packet.view.family, packet.view.port_index, true};
  if (!shunts_->try_push(request)) counters_.add(Counter::shunts_skipped);
}

// Called for SYN and SYN-ACK alone: whoever saw the one must see the other.
void Worker::check_owner(std::uint64_t hash) noexcept {
  if (owners_ == nullptr) return;
  const auto owner = owners_->owner_of(hash);
  if (owner && *owner != config_.worker_index) {
    counters_.add(Counter::packets_wrong_worker);
  } else {
    owners_->claim(hash, config_.worker_index);
  }
}

// What a card cannot sort by the ports of the connection: packets that came in pieces, and ICMP
// errors, whose addresses are others.
bool Worker::belongs_elsewhere(const PacketContext& context, const port::CapturedPacket& packet,
                               Bytes whole) noexcept {
  const bool was_sorted = whole.empty() && !context.is_icmp;
  if (was_sorted || packet.link_type == packet::LinkType::reassembled) return false;
  const auto owner = owners_->owner_of(context.hash);
  if (!owner || *owner == config_.worker_index) return false;
  const packet::Stray stray{whole.empty() ? packet.bytes : whole, !whole.empty(),
                            static_cast<std::uint32_t>(packet.bytes.size()), packet.time,
                            packet.clock, packet.port_index};
  if (!strays_->hand_over(stray, *owner)) {
    counters_.add(Counter::handovers_refused);
    return false;
  }
  counters_.add(Counter::fate_handed_over);
  return true;
}

void Worker::advance(UnixNanos clock) noexcept {
  answer_control();
  if (clock.value <= clock_.value) return;
  clock_ = clock;
  wheel_.advance(clock, [this, clock](std::uint32_t slot) noexcept {
    Connection& connection = connections_.at(slot);
    if (connection.deadline > clock) {
      wheel_.schedule(slot, connection.deadline);
      return;
    }
    end_connection(connection, handshake::EndReason::timeout, connection.deadline,
                   connection.deadline);
  });
  embryos_.expire(add_saturating(clock, -config_.timeouts.embryo_nanos),
                  [this](flow::Embryo& embryo) noexcept {
                    time_out_embryo(embryo);
                    counters_.subtract(Counter::embryos_open);
                  });
  counters_.set(Counter::message_pool_empty, message_buffers_.refused_count());
  emitter_.publish_watermark(clock);
}

void Worker::finish() noexcept {
  connections_.for_each([this](Connection& connection) noexcept {
    end_connection(connection, handshake::EndReason::capture_end, clock_, clock_);
  });
  embryos_.expire(kEndOfTime, [this](flow::Embryo& embryo) noexcept {
    end_embryo(embryo,
               {.reason = handshake::EndReason::capture_end, .now = clock_, .clock = clock_});
    counters_.subtract(Counter::embryos_open);
  });
  emitter_.publish_watermark(kEndOfTime);
}

}  // namespace shakedown
