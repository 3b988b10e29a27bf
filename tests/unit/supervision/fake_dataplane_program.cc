// SPDX-License-Identifier: Apache-2.0
//
// Stands in for the data plane of a live run: a real segment that is really handed over, filled with
// made-up handshakes by the clock. Every one is another connection, and COUNT is told how many were
// pushed, so that a test knows what must arrive.
//
//   fake_dataplane --handoff-fd N [--count FILE] [--hang-after MS] [--exit CODE] [--deaf]
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <thread>

#include "handoff.h"
#include "handshake_records.h"
#include "segment.h"

namespace shakedown {
namespace {

volatile std::sig_atomic_t asked_to_end = 0;

std::map<std::string, std::string> arguments(int argc, char** argv) {
  std::map<std::string, std::string> values;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    const bool has_value = i + 1 < argc && argv[i + 1][0] != '-';
    values[name] = has_value ? argv[++i] : "";
  }
  return values;
}

/// The number goes on where the last data plane was killed.
std::atomic<std::uint64_t>* open_count(const std::string& path) {
  static std::atomic<std::uint64_t> own{0};
  if (path.empty()) return &own;
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0 || ftruncate(fd, sizeof own) != 0) std::abort();
  void* const memory = mmap(nullptr, sizeof own, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  return static_cast<std::atomic<std::uint64_t>*>(memory);
}

HandshakeRecord numbered(std::uint64_t number, std::uint64_t sequence) {
  HandshakeRecord record = test::a_handshake(OutcomeKind::reset, Stage::client_hello);
  record.client_address =
      test::ipv4(10, static_cast<std::uint8_t>(number >> 32),
                 static_cast<std::uint8_t>(number >> 24), static_cast<std::uint8_t>(number >> 16));
  record.client_port = static_cast<std::uint16_t>(number);
  record.sequence = sequence;
  record.order_time = record.first_seen = wall_clock();
  return record;
}

int run(const std::map<std::string, std::string>& given) {
  if (const auto code = given.find("--exit"); code != given.end()) return std::stoi(code->second);
  const auto text = [&given](const char* name) {
    const auto found = given.find(name);
    return found == given.end() ? std::string() : found->second;
  };
  Segment segment;
  if (!segment.create({.worker_count = 1, .mode = RunMode::live}).empty()) return 1;
  segment.describe_port("eth1", 0, 1);
  segment.publish_running();
  HandoffServer handoff(segment.descriptor());
  if (!handoff.use_inherited(std::stoi(text("--handoff-fd"))).empty()) return 1;
  std::atomic<std::uint64_t>& count = *open_count(text("--count"));
  const std::string hang = text("--hang-after");
  const auto begin = std::chrono::steady_clock::now();
  const auto passed = [begin] { return std::chrono::steady_clock::now() - begin; };
  WorkerArea& worker = segment.worker(0);
  std::uint64_t sequence = 0;
  while (handoff.peer_count() != 0 && (asked_to_end == 0 || given.contains("--deaf"))) {
    const bool hangs = !hang.empty() && passed() > std::chrono::milliseconds(std::stoi(hang));
    if (!hangs) {
      handoff.turn();
      const std::uint64_t number = count.load() + 1;
      if (worker.records.try_push(numbered(number, ++sequence))) {
        count.store(number);
        worker.counters.add(Counter::records_pushed);
      } else {
        worker.counters.add(Counter::records_refused);
      }
      worker.counters.add(Counter::handshakes_begun);
      worker.watermark.store(wall_clock().value);
      segment.beat();
    }
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  worker.watermark.store(kEndOfTime.value);
  segment.publish_end(DataplaneState::interrupted);
  return handoff.peer_count() == 0 ? 3 : 0;
}

}  // namespace
}  // namespace shakedown

int main(int argc, char** argv) {
  for (const int number : {SIGINT, SIGTERM}) {
    std::signal(number, [](int) { shakedown::asked_to_end = 1; });
  }
  return shakedown::run(shakedown::arguments(argc, argv));
}
