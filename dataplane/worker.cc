// SPDX-License-Identifier: Apache-2.0
#include "worker.h"

#include "packet/decode.h"
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
               const std::atomic<bool>& stop, Arena& arena)
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
      records_(arena.take_room<HandshakeRecord>(config.connection_capacity)),
      contexts_(arena.take<PacketContext>(kBurstSize)) {}

std::array<Worker::BudgetLine, 10> Worker::budget(const WorkerConfig& config) {
  const auto& buffers = config.message_buffers;
  return {{
      {"followed connections", config.connection_capacity,
       flow::FlowTable<Connection>::budget_bytes(config.connection_capacity)},
      {"records in progress", config.connection_capacity,
       Arena::cost<HandshakeRecord>(config.connection_capacity)},
      {"expiry wheel", config.connection_capacity,
       flow::ExpiryWheel::budget_bytes(config.connection_capacity)},
      {"embryos", config.embryo_capacity, flow::EmbryoTable::budget_bytes(config.embryo_capacity)},
      {"decided connections", config.decided_capacity,
       flow::DecidedFilter::budget_bytes(config.decided_capacity)},
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
  process(std::span(burst_.packets).first(burst_.count));
  source.release(burst_);
  advance(burst_.clock);
  return !burst_.ended;
}

// Three passes, so that the cache misses of one packet are hidden behind the others: the packets
// themselves, then the tables' buckets, then the connections they point to.
void Worker::process(std::span<const port::CapturedPacket> packets) noexcept {
  std::size_t count = 0;
  for (const port::CapturedPacket& packet : packets) __builtin_prefetch(packet.bytes.data());
  std::size_t bytes = 0;
  for (const port::CapturedPacket& packet : packets) {
    bytes += packet.bytes.size();
    // decode() sets every field that it leaves behind, so what the last burst left is no matter.
    PacketContext& context = contexts_[count];
    const auto status = packet::decode(packet.link_type, packet.bytes, context.view);
    if (status != packet::DecodeStatus::tcp) {
      counters_.add(packet::fate_of(status));
      continue;
    }
    context.view.time = packet.time;
    context.view.port_index = packet.port_index;
    context.clock = packet.clock;
    if (packet.time < packet.clock) counters_.add(Counter::clock_regressions);
    if (context.view.payload_missing != 0) counters_.add(Counter::packets_truncated);
    flow::key_of(context.view, context.keyed);
    context.hash = flow::hash_of(context.keyed.key, config_.seed);
    decided_.prefetch(context.hash);
    connections_.prefetch(context.hash);
    if (context.view.has(packet::tcp_flag::syn)) {
      embryos_.prefetch_for_begin(context.hash);
    } else {
      embryos_.prefetch(context.hash);
    }
    ++count;
  }
  counters_.add(Counter::packets_received, packets.size());
  counters_.add(Counter::bytes_received, bytes);

  const auto tcp = contexts_.first(count);
  for (const PacketContext& context : tcp) {
    const std::uint32_t slot = connections_.prefetch_connection(context.hash);
    if (slot != flow::kNoSlot) {
      // What every packet touches of the record in progress.
      __builtin_prefetch(&records_[slot].flags);
      __builtin_prefetch(&records_[slot].client_tcp);
      __builtin_prefetch(&records_[slot].server_tcp);
    } else {
      embryos_.prefetch_embryo(context.hash);
    }
  }
  for (const PacketContext& context : tcp) dispatch(context);
}

void Worker::dispatch(const PacketContext& packet) noexcept {
  namespace tcp_flag = packet::tcp_flag;
  if (packet.view.has(tcp_flag::syn) && !packet.view.has(tcp_flag::ack | tcp_flag::rst)) {
    on_syn(packet);
    return;
  }
  if (decided_.contains(packet.hash)) {
    counters_.add(Counter::fate_decided);
    return;
  }
  Connection* connection = connections_.find(packet.hash, packet.keyed.key);
  if (connection != nullptr && connection->deadline <= packet.clock) {
    end_connection(*connection, handshake::EndReason::timeout, connection->deadline,
                   connection->deadline);
    connection = nullptr;
    if (decided_.contains(packet.hash)) {
      counters_.add(Counter::fate_decided);
      return;
    }
  }
  if (connection != nullptr) {
    counters_.add(Counter::fate_connection);
    on_connection_packet(*connection, packet);
    return;
  }
  flow::Embryo* embryo = embryos_.find(packet.hash, packet.keyed.key);
  if (embryo != nullptr && embryo_deadline(*embryo) <= packet.clock) {
    time_out_embryo(*embryo);
    erase_embryo(*embryo);
    embryo = nullptr;
  }
  if (embryo != nullptr) {
    on_embryo_packet(*embryo, packet);
    return;
  }
  follow_untracked(packet);
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
  }
}

void Worker::advance(UnixNanos clock) noexcept {
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
    end_embryo(embryo, handshake::EndReason::capture_end, Party::none, clock_, clock_, false);
    counters_.subtract(Counter::embryos_open);
  });
  emitter_.publish_watermark(kEndOfTime);
}

}  // namespace shakedown
