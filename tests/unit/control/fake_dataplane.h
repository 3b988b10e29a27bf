// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   A data plane for tests of control: a real segment in a memfd, filled by hand, and a
//            socketpair.
// Units:     As in shm_layout.h.
// Ownership: Owns the memfd, its mapping and its end of the socketpair.
// Threading: The test's thread plays all workers.
// Limits:    none
// Failure:   A system call that fails ends the test program.
// RFC:       none
#pragma once

#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "definition_message.h"
#include "shakedown/shm_layout.h"

namespace shakedown::test {

class FakeDataplane {
 public:
  explicit FakeDataplane(unsigned worker_count) {
    const std::size_t size = segment_size(worker_count);
    memfd_ = memfd_create("fake", MFD_CLOEXEC);
    require(memfd_ >= 0 && ftruncate(memfd_, static_cast<off_t>(size)) == 0);
    void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, memfd_, 0);
    require(memory != MAP_FAILED);
    segment_ = new (memory) SegmentHeader;
    for (unsigned i = 0; i < worker_count; ++i) {
      new (static_cast<std::byte*>(memory) + sizeof(SegmentHeader) + i * sizeof(WorkerArea))
          WorkerArea;
    }
    segment_->magic = kSegmentMagic;
    segment_->abi_version = kSegmentAbiVersion;
    segment_->header_size = sizeof(SegmentHeader);
    segment_->layout_hash = layout_hash();
    segment_->total_size = size;
    segment_->worker_area_offset = sizeof(SegmentHeader);
    segment_->worker_area_size = sizeof(WorkerArea);
    segment_->worker_count = worker_count;
    segment_->port_count = 1;
    segment_->dataplane_pid = static_cast<std::uint32_t>(getpid());
    std::strcpy(segment_->ports[0].name.data(), "/captures/made_up.pcap");
    segment_->state.store(DataplaneState::running, std::memory_order_release);
    int ends[2];
    require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    socket_ = ends[0];
    peer_ = ends[1];
  }
  FakeDataplane(const FakeDataplane&) = delete;
  FakeDataplane& operator=(const FakeDataplane&) = delete;
  ~FakeDataplane() {
    munmap(segment_, segment_size(segment_->worker_count));
    close(memfd_);
    close_socket();
  }

  [[nodiscard]] SegmentHeader& segment() { return *segment_; }
  [[nodiscard]] WorkerArea& worker(unsigned index) { return *worker_area(segment_, index); }
  [[nodiscard]] int memfd() const { return memfd_; }
  /// Control's end; the taker closes it.
  [[nodiscard]] int take_peer() { return std::exchange(peer_, -1); }

  void hand_over(char byte = 'S', bool with_descriptor = true) {
    hand_over(byte, with_descriptor, memfd_);
  }
  void hand_over(char byte, bool with_descriptor, int descriptor) {
    iovec data{.iov_base = &byte, .iov_len = 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    if (with_descriptor) {
      message.msg_control = control;
      message.msg_controllen = sizeof control;
      cmsghdr* part = CMSG_FIRSTHDR(&message);
      part->cmsg_level = SOL_SOCKET;
      part->cmsg_type = SCM_RIGHTS;
      part->cmsg_len = CMSG_LEN(sizeof(int));
      std::memcpy(CMSG_DATA(part), &descriptor, sizeof descriptor);
    }
    require(sendmsg(socket_, &message, 0) == 1);
  }
  void close_socket() {
    if (socket_ >= 0) close(socket_);
    socket_ = -1;
  }

  /// Pushes and keeps the counters lawful.
  void push(unsigned index, const HandshakeRecord& record) {
    require(worker(index).records.try_push(record));
    worker(index).counters.add(Counter::records_pushed);
    worker(index).counters.add(Counter::handshakes_begun);
  }
  void define(unsigned index, DefinitionKind kind, std::uint64_t id, Bytes body) {
    const DefinitionHeader header{.id = id,
                                  .body_size = static_cast<std::uint32_t>(body.size()),
                                  .kind = kind,
                                  .reserved = 0};
    require(worker(index).definitions.try_push(test_support::message_of(header, body)));
  }
  void watermark(unsigned index, std::int64_t time) { worker(index).watermark.store(time); }
  void end(DataplaneState state = DataplaneState::ended) {
    for (unsigned i = 0; i < segment_->worker_count; ++i) watermark(i, kEndOfTime.value);
    segment_->state.store(state, std::memory_order_release);
  }

 private:
  static void require(bool condition) {
    if (!condition) std::abort();
  }

  int memfd_ = -1;
  int socket_ = -1;
  int peer_ = -1;
  SegmentHeader* segment_ = nullptr;
};

}  // namespace shakedown::test
