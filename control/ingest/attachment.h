// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   How control comes by the segment: a memfd, received over a unix socket or given,
//            checked and mapped.
// Units:     Milliseconds for waiting; bytes for sizes.
// Ownership: An Attachment owns its socket, its mapping and a pidfd of the data plane; all go with
//            it.
// Threading: One thread.
// Limits:    One message of one byte 'S' with one descriptor is accepted.
// Failure:   AttachStatus, with a sentence beside it. Nothing is touched in a segment that fails
//            its check.
// RFC:       none
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "handoff/file_descriptor.h"
#include "shakedown/shm_layout.h"

namespace shakedown::ingest {

using handoff::FileDescriptor;

enum class [[nodiscard]] AttachStatus : std::uint8_t{
    attached,   ///< the segment is mapped and good
    not_yet,    ///< nothing came within the time; ask again
    peer_gone,  ///< the other side closed before it handed anything over
    refused     ///< what came is not a segment of this program; `sentence` says why
};

/// Why a segment was refused, for people.
[[nodiscard]] std::string describe(SegmentCheck check);

class Attachment {
 public:
  /// The inherited end of a socketpair.
  explicit Attachment(FileDescriptor socket) : socket_(std::move(socket)) {}
  Attachment(Attachment&& other) noexcept;
  Attachment& operator=(Attachment&&) = delete;
  ~Attachment();

  /// Of a memfd that somebody else received, who also knows when its data plane is gone.
  [[nodiscard]] static Attachment to_segment(FileDescriptor memfd);
  /// Connects to the data plane's socket; none when nobody listens there.
  [[nodiscard]] static std::optional<Attachment> connect_to(const std::string& path);

  /// Receives the descriptor, maps it, and waits until the data plane says that it is ready.
  AttachStatus attach(std::chrono::milliseconds patience, std::string& sentence);

  /// Valid once attached.
  [[nodiscard]] SegmentHeader& segment() const { return *segment_; }
  /// Another control had this segment before; its records are not ours to account for.
  [[nodiscard]] bool attached_before() const { return previous_generation_ != 0; }

  /// The data plane does not run any more. What it left in the segment can still be read. Never
  /// true of a segment that was given.
  [[nodiscard]] bool dataplane_gone() const;

 private:
  AttachStatus receive(std::chrono::milliseconds patience, std::string& sentence);
  AttachStatus map(std::string& sentence);
  AttachStatus check(std::string& sentence);

  FileDescriptor socket_;
  FileDescriptor memfd_;
  FileDescriptor pidfd_;
  SegmentHeader* segment_ = nullptr;
  std::size_t mapped_size_ = 0;
  std::uint32_t previous_generation_ = 0;
};

}  // namespace shakedown::ingest
