// SPDX-License-Identifier: Apache-2.0
#include "sensor.h"

#include <chrono>
#include <cstdint>
#include <span>

#include "worker_harness.h"

namespace shakedown::overload_test {

namespace {

WorkerConfig live_config() {
  WorkerConfig config;
  config.mode = RunMode::live;
  config.seed = 0x6f76'6572'6c6f'6164;
  for (const std::uint16_t port : kDefaultWatchedPorts) config.watched_ports.set(port);
  return config;
}

std::size_t arena_bytes(const WorkerConfig& config) {
  std::size_t sum = 0;
  for (const auto& line : Worker::budget(config)) sum += line.bytes;
  return sum;
}

std::span<std::byte> aligned(void* begin, std::size_t size) {
  std::size_t room = size + Arena::kCacheLine;
  return {static_cast<std::byte*>(std::align(Arena::kCacheLine, size, begin, room)), size};
}

Worker::Tools tools_with(overload::Controller* controller) {
  Worker::Tools tools = test_harness::plain_tools();
  tools.overload = controller;
  return tools;
}

std::string disagree(const char* law, std::uint64_t left, std::uint64_t right) {
  return std::string(law) + ": " + std::to_string(left) + " against " + std::to_string(right);
}

}  // namespace

Sensor::Sensor(bool sheds)
    : config_(live_config()),
      area_(std::make_unique<WorkerArea>()),
      // Written to, so that no page is missing when it is used first: that is no part of the load.
      memory_(std::make_unique<std::byte[]>(arena_bytes(config_) + Arena::kCacheLine)),
      arena_(std::make_unique<Arena>(aligned(memory_.get(), arena_bytes(config_)))),
      worker_(std::make_unique<Worker>(config_, *area_, control_, stop_, *arena_,
                                       tools_with(sheds ? &controller_ : nullptr))),
      watcher_([this] { look_in_passing(); }) {}

Sensor::~Sensor() { static_cast<void>(broken_law_in_passing()); }

void Sensor::keep_nobody() {
  status_.level.store(OverloadLevel::clients);
  status_.kept_share.store(1);
}

std::string Sensor::broken_law() const {
  const std::uint64_t fates = sum_of_fates(area_->counters);
  if (count(Counter::packets_received) != fates) {
    return disagree("packets received, sum of fates", count(Counter::packets_received), fates);
  }
  const std::uint64_t ends = count(Counter::records_pushed) + count(Counter::records_refused) +
                             count(Counter::handshakes_dropped_not_tls) +
                             count(Counter::handshakes_open);
  if (count(Counter::handshakes_begun) != ends) {
    return disagree("handshakes begun, sum of their ends", count(Counter::handshakes_begun), ends);
  }
  return {};
}

// Fates are counted one packet after the other, packets received a burst at a time: so the sum of
// fates lies between what had been received before they were read, less a burst, and after, plus
// one.
void Sensor::look_in_passing() {
  while (!watcher_stop_.load(std::memory_order_relaxed)) {
    const std::uint64_t before = count(Counter::packets_received);
    std::atomic_thread_fence(std::memory_order_acquire);
    const std::uint64_t fates = sum_of_fates(area_->counters);
    std::atomic_thread_fence(std::memory_order_acquire);
    const std::uint64_t after = count(Counter::packets_received);
    if (watcher_found_.empty() && (fates + kBurstSize < before || fates > after + kBurstSize)) {
      watcher_found_ = disagree("in passing: packets received, sum of fates", before, fates);
    }
    snapshot_count_.fetch_add(1, std::memory_order_relaxed);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

std::string Sensor::broken_law_in_passing() {
  watcher_stop_.store(true);
  if (watcher_.joinable()) watcher_.join();
  return watcher_found_;
}

}  // namespace shakedown::overload_test
