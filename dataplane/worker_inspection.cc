// SPDX-License-Identifier: Apache-2.0
#include "worker.h"
#include "worker_packet.h"

namespace shakedown {
namespace {

packet::PacketView view_of(const InspectionQuestion& question) noexcept {
  packet::PacketView view;
  view.family = question.family;
  view.source = question.first_address;
  view.destination = question.second_address;
  view.source_port = question.first_port;
  view.destination_port = question.second_port;
  return view;
}

}  // namespace

// Once a burst: one look at a line of memory that hardly ever changes.
void Worker::answer_control() noexcept {
  const std::uint32_t asked = control_.question.sequence.load(std::memory_order_acquire);
  if (asked == answer_.sequence.load(std::memory_order_relaxed)) return;
  answer(control_.question);
  answer_.sequence.store(asked, std::memory_order_release);
}

void Worker::answer(const InspectionQuestion& question) noexcept {
  const flow::KeyedPacket keyed = flow::key_of(view_of(question));
  const std::uint64_t hash = flow::hash_of(keyed.key, config_.seed);
  answer_.followed = Followed::unknown;
  answer_.client_certain = false;
  answer_.deadline = 0;
  answer_.held_bytes = 0;
  if (const Connection* const connection = connections_.find(hash, keyed.key);
      connection != nullptr) {
    answer_.followed = Followed::connection;
    answer_.client_certain = true;
    answer_.deadline = connection->deadline.value;
    answer_.held_bytes =
        std::uint64_t{connection->streams[0].held_bytes} + connection->streams[1].held_bytes;
    answer_.record = record_of(*connection);
  } else if (flow::Embryo* const embryo = embryos_.find(hash, keyed.key); embryo != nullptr) {
    answer_.followed = Followed::embryo;
    answer_.client_certain = true;
    answer_.deadline = embryo_deadline(*embryo).value;
    answer_.record = HandshakeRecord{};
    describe_opening(*embryo, answer_.record);
  } else if (decided_.contains(hash)) {
    answer_.followed = Followed::decided;
  }
}

}  // namespace shakedown
