// SPDX-License-Identifier: Apache-2.0
#include "worker_harness.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <span>

namespace shakedown::test_harness {

WorkerConfig small_config() {
  WorkerConfig config;
  config.connection_capacity = 256;
  config.embryo_capacity = 256;
  config.decided_capacity = 1024;
  config.segment_block_count = 256;
  config.message_buffers = {64, 16, 4};
  config.seed = 42;
  for (const std::uint16_t port : kDefaultWatchedPorts) config.watched_ports.set(port);
  return config;
}

namespace {

/// Compiled once for all workers of a test program.
const service::Database& services() {
  static const auto database = [] {
    auto made = std::make_unique<service::Database>();
    if (const std::string error = made->create(); !error.empty()) {
      std::fprintf(stderr, "%s\n", error.c_str());
      std::abort();
    }
    return made;
  }();
  return *database;
}

}  // namespace

Worker::Tools plain_tools() { return {.services = services()}; }

WorkerHarness::WorkerHarness(const WorkerConfig& config) : WorkerHarness(config, plain_tools()) {}

WorkerHarness::WorkerHarness(const WorkerConfig& config, const Worker::Tools& tools)
    : area_(std::make_unique_for_overwrite<WorkerArea>()) {
  std::size_t bytes = 0;
  for (const auto& line : Worker::budget(config)) bytes += line.bytes;
  memory_ = std::make_unique_for_overwrite<std::byte[]>(bytes + Arena::kCacheLine);
  void* begin = memory_.get();
  std::size_t room = bytes + Arena::kCacheLine;
  std::align(Arena::kCacheLine, bytes, begin, room);
  arena_ = std::make_unique<Arena>(std::span(static_cast<std::byte*>(begin), bytes));
  worker_ = std::make_unique<Worker>(config, *area_, control_, stop_, *arena_, tools);
}

void WorkerHarness::feed(const test_support::Frames& frames, std::size_t burst_size) {
  std::vector<port::CapturedPacket> burst;
  for (std::size_t begin = 0; begin < frames.size(); begin += burst_size) {
    const std::size_t end = std::min(frames.size(), begin + burst_size);
    burst.clear();
    for (std::size_t i = begin; i < end; ++i) {
      const UnixNanos time{static_cast<std::int64_t>(frames[i].time_ns)};
      clock_ = std::max(clock_, time);
      burst.push_back({frames[i].bytes, time, clock_, packet::LinkType::ethernet, 0});
    }
    worker_->process(burst);
    worker_->advance(clock_);
    drain();
  }
}

void WorkerHarness::feed_packet(Bytes bytes, std::uint64_t time_ns, packet::LinkType link_type) {
  const UnixNanos time{static_cast<std::int64_t>(time_ns)};
  clock_ = std::max(clock_, time);
  const port::CapturedPacket packet{bytes, time, clock_, link_type, 0};
  worker_->process(std::span(&packet, 1));
  worker_->advance(clock_);
  drain();
}

void WorkerHarness::finish() {
  worker_->finish();
  drain();
  // As control does: a worker pushes what expired during a burst after what the burst decided.
  std::stable_sort(records_.begin(), records_.end(),
                   [](const HandshakeRecord& left, const HandshakeRecord& right) {
                     return left.order_time < right.order_time;
                   });
}

void WorkerHarness::drain() {
  std::vector<std::uint8_t> messages;
  area_->definitions.take_all(messages);
  intact_ = for_each_definition(messages,
                                [this](const DefinitionHeader& header, Bytes body) {
                                  definitions_[header.id].assign(body.begin(), body.end());
                                }) &&
            intact_;
  HandshakeRecord record;
  while (area_->records.pop(&record, 1) == 1) {
    if (record.order_time < watermark_) ++late_record_count_;
    records_.push_back(record);
  }
  watermark_ = UnixNanos{area_->watermark.load(std::memory_order_relaxed)};
}

std::string WorkerHarness::conservation_error() const {
  const auto get = [this](Counter c) { return counter(c); };
  const auto disagree = [](const std::string& what, std::uint64_t left, std::uint64_t right) {
    return left == right ? std::string()
                         : what + ": " + std::to_string(left) + " != " + std::to_string(right);
  };
  std::string error = disagree("packets received, sum of fates", get(Counter::packets_received),
                               sum_of_fates(area_->counters));
  if (error.empty()) {
    error = disagree("handshakes begun, sum of their ends", get(Counter::handshakes_begun),
                     get(Counter::records_pushed) + get(Counter::records_refused) +
                         get(Counter::handshakes_dropped_not_tls) + get(Counter::handshakes_open));
  }
  if (error.empty()) {
    error = disagree("embryos begun, sum of their ends", get(Counter::embryos_begun),
                     get(Counter::embryos_evicted) + get(Counter::embryos_promoted) +
                         get(Counter::embryos_not_tls) + get(Counter::embryos_unwatched_end) +
                         get(Counter::embryos_reported) + get(Counter::embryos_replaced) +
                         get(Counter::embryos_open));
  }
  if (error.empty()) {
    error =
        disagree("records pushed, records drained", get(Counter::records_pushed), records_.size());
  }
  if (error.empty()) error = disagree("records before the watermark", late_record_count_, 0);
  if (error.empty() && !intact_) error = "the definition ring is broken";
  return error;
}

std::string party_text(Party party) {
  constexpr std::array names{"none", "client", "server", "path"};
  return names[static_cast<std::size_t>(party)];
}

std::string outcome_text(const HandshakeRecord& record) {
  constexpr std::array kinds{"established",     "reset",    "closed",        "alert",
                             "encrypted_alert", "silence",  "non_tls_reply", "refused",
                             "unanswered",      "no_hello", "unseen",        "starttls_refused"};
  static_assert(kinds.size() == kOutcomeKindCount);
  constexpr std::array stages{"tcp",
                              "client_hello",
                              "hello_retry_request",
                              "server_hello",
                              "certificate",
                              "certificate_request",
                              "server_hello_done",
                              "client_certificate",
                              "client_key_exchange",
                              "client_finished",
                              "server_finished",
                              "established"};
  const OutcomeKind kind = record.outcome.kind;
  const std::string name = kinds[static_cast<std::size_t>(kind)];
  if (kind == OutcomeKind::established || kind >= OutcomeKind::non_tls_reply) return name;
  return name + "_after_" + stages[static_cast<std::size_t>(record.outcome.stage)];
}

std::string history_text(const HandshakeRecord& record) {
  return {record.history.data(), record.history_length};
}

std::string server_name_text(const HandshakeRecord& record) {
  return {record.server_name.data(),
          std::min<std::size_t>(record.client_hello_facts.server_name_length,
                                record.server_name.size())};
}

std::vector<HandshakeRecord> records_of(const test_support::Frames& frames) {
  WorkerHarness harness;
  harness.feed(frames);
  harness.finish();
  return harness.records();
}

}  // namespace shakedown::test_harness
