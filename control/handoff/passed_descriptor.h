// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Messages over unix sockets that carry one descriptor beside their bytes, for both ends.
// Units:     Bytes.
// Ownership: Sending leaves the descriptor with the caller; a received one closes itself.
// Threading: As the system calls.
// Limits:    One descriptor; more are closed.
// Failure:   As sendmsg() and recvmsg() tell it, in errno.
// RFC:       none
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "handoff/file_descriptor.h"

namespace shakedown::handoff {

struct Received {
  ssize_t size = -1;
  FileDescriptor descriptor;
};

/// One message, or what is there of a stream. Does not wait where the socket must not.
[[nodiscard]] inline Received receive_with_descriptor(int socket, void* data, std::size_t size,
                                                      int flags = 0) {
  iovec part{.iov_base = data, .iov_len = size};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> room{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = room.data();
  message.msg_controllen = room.size();
  Received received;
  do {
    received.size = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | flags);
  } while (received.size < 0 && errno == EINTR);
  if (received.size < 0) return received;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    if (header->cmsg_len < CMSG_LEN(sizeof(int))) continue;
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
    received.descriptor = FileDescriptor(fd);
  }
  return received;
}

/// `descriptor` may be -1 for none. False when it was not sent whole.
[[nodiscard]] inline bool send_with_descriptor(int socket, const void* data, std::size_t size,
                                               int descriptor, int flags = 0) {
  iovec part{.iov_base = const_cast<void*>(data), .iov_len = size};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> room{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (descriptor >= 0) {
    message.msg_control = room.data();
    message.msg_controllen = room.size();
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  }
  ssize_t sent = 0;
  do {
    sent = sendmsg(socket, &message, MSG_NOSIGNAL | flags);
  } while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(size);
}

}  // namespace shakedown::handoff
