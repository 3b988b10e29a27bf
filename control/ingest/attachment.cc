// SPDX-License-Identifier: Apache-2.0
#include "ingest/attachment.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>

#include "handoff/passed_descriptor.h"

namespace shakedown::ingest {

namespace {

/// A descriptor that becomes readable when the process ends, even while nobody has waited for it.
FileDescriptor watch_process(pid_t pid) {
  return FileDescriptor(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
}

/// Who is at the other end of a connected socket; zero when the kernel does not say.
pid_t peer_of(int socket) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return 0;
  return credentials.pid;
}

bool readable(int fd, int timeout_ms) {
  pollfd poll_fd{.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&poll_fd, 1, timeout_ms) > 0 && poll_fd.revents != 0;
}

}  // namespace

std::string describe(SegmentCheck check) {
  switch (check) {
    case SegmentCheck::ok:
      return "the segment is good";
    case SegmentCheck::too_small:
      return "the segment is smaller than its header";
    case SegmentCheck::wrong_magic:
      return "what was handed over is not a Shakedown segment";
    case SegmentCheck::wrong_abi_version:
      return "the data plane speaks another version of the segment; install both programs from one "
             "build";
    case SegmentCheck::wrong_layout:
      return "the data plane was built with another layout; install both programs from one build";
    case SegmentCheck::wrong_size:
      return "the segment contradicts itself about its size";
    case SegmentCheck::not_ready:
      return "the data plane has not finished starting";
  }
  return "the segment is not usable";
}

Attachment::Attachment(Attachment&& other) noexcept
    : socket_(std::move(other.socket_)),
      memfd_(std::move(other.memfd_)),
      pidfd_(std::move(other.pidfd_)),
      segment_(std::exchange(other.segment_, nullptr)),
      mapped_size_(std::exchange(other.mapped_size_, 0)),
      previous_generation_(other.previous_generation_) {}

Attachment::~Attachment() {
  if (segment_ != nullptr) munmap(segment_, mapped_size_);
}

Attachment Attachment::to_segment(FileDescriptor memfd) {
  Attachment attachment{FileDescriptor()};
  attachment.memfd_ = std::move(memfd);
  return attachment;
}

std::optional<Attachment> Attachment::connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return std::nullopt;
  std::copy(path.begin(), path.end(), address.sun_path);
  FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return std::nullopt;
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return std::nullopt;
  }
  Attachment attachment(std::move(socket));
  if (const pid_t peer = peer_of(attachment.socket_.get()); peer > 0) {
    attachment.pidfd_ = watch_process(peer);
  }
  return attachment;
}

AttachStatus Attachment::attach(std::chrono::milliseconds patience, std::string& sentence) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  if (segment_ == nullptr) {
    const AttachStatus received = memfd_.valid() ? map(sentence) : receive(patience, sentence);
    if (received != AttachStatus::attached) return received;
  }
  for (;;) {
    const AttachStatus checked = check(sentence);
    if (checked != AttachStatus::not_yet) return checked;
    if (dataplane_gone()) return AttachStatus::peer_gone;
    if (std::chrono::steady_clock::now() >= deadline) return AttachStatus::not_yet;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

AttachStatus Attachment::receive(std::chrono::milliseconds patience, std::string& sentence) {
  if (!readable(socket_.get(), static_cast<int>(patience.count()))) return AttachStatus::not_yet;
  char byte = 0;
  handoff::Received received = handoff::receive_with_descriptor(socket_.get(), &byte, 1);
  if (received.size == 0) return AttachStatus::peer_gone;
  if (received.size < 0) {
    if (errno == EINTR || errno == EAGAIN) return AttachStatus::not_yet;
    if (errno == ECONNRESET) return AttachStatus::peer_gone;
    sentence = fmt::format("cannot receive the segment: {}", std::strerror(errno));
    return AttachStatus::refused;
  }
  memfd_ = std::move(received.descriptor);
  if (byte != 'S' || !memfd_.valid()) {
    sentence = "the data plane sent something other than its segment";
    return AttachStatus::refused;
  }
  return map(sentence);
}

AttachStatus Attachment::map(std::string& sentence) {
  struct stat status {};
  if (fstat(memfd_.get(), &status) != 0 ||
      status.st_size < static_cast<off_t>(sizeof(SegmentHeader))) {
    sentence = describe(SegmentCheck::too_small);
    return AttachStatus::refused;
  }
  mapped_size_ = static_cast<std::size_t>(status.st_size);
  void* memory = mmap(nullptr, mapped_size_, PROT_READ | PROT_WRITE, MAP_SHARED, memfd_.get(), 0);
  if (memory == MAP_FAILED) {
    sentence = fmt::format("cannot map the segment: {}", std::strerror(errno));
    return AttachStatus::refused;
  }
  segment_ = static_cast<SegmentHeader*>(memory);
  return AttachStatus::attached;
}

AttachStatus Attachment::check(std::string& sentence) {
  if (segment_ == nullptr) return AttachStatus::refused;
  const SegmentCheck result = check_segment(segment_, mapped_size_);
  if (result == SegmentCheck::not_ready) return AttachStatus::not_yet;
  if (result != SegmentCheck::ok) {
    sentence = describe(result);
    return AttachStatus::refused;
  }
  // Without a connection of our own making, the segment names its process.
  if (!pidfd_.valid() && socket_.valid() && segment_->dataplane_pid != 0) {
    pidfd_ = watch_process(static_cast<pid_t>(segment_->dataplane_pid));
  }
  previous_generation_ = segment_->control.generation.fetch_add(1, std::memory_order_acq_rel);
  segment_->control.pid.store(static_cast<std::uint32_t>(getpid()), std::memory_order_relaxed);
  return AttachStatus::attached;
}

bool Attachment::dataplane_gone() const {
  if (pidfd_.valid()) return readable(pidfd_.get(), 0);
  if (!socket_.valid()) return false;
  // Without a pidfd (another process namespace, or the process is gone already) the socket tells.
  pollfd poll_fd{.fd = socket_.get(), .events = POLLIN | POLLRDHUP, .revents = 0};
  if (poll(&poll_fd, 1, 0) <= 0) return false;
  if ((poll_fd.revents & (POLLHUP | POLLRDHUP | POLLERR)) != 0) return true;
  char byte = 0;
  return recv(socket_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

}  // namespace shakedown::ingest
