// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Looks at a file before a port is made of it: is it a capture, which link type, how
//            large. Everything that can be wrong with a file is found here and told in one
//            sentence.
// Units:     Bytes.
// Ownership: A probed file owns its descriptor. The port opens the file again through that
//            descriptor, so that the file read is the file probed, whatever its name is and
//            whatever happens to the name.
// Threading: Main thread, before the workers start.
// Limits:    Reads the file's header and its first packet.
// Failure:   ProbeStatus names the kind; `sentence` is what to print, without the program's name.
// RFC:       none; pcap and pcapng as in draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng, read
//            by libpcap.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "packet/link_type.h"

namespace shakedown::port {

enum class [[nodiscard]] ProbeStatus : std::uint8_t{
    ok,
    standard_input,  ///< named "-"
    missing,
    no_permission,
    directory,
    not_a_file,  ///< a pipe, socket or device
    empty,
    compressed,
    not_a_capture,
    link_type_unsupported,
    interfaces_differ,  ///< in link type or snapshot length, within one pcapng file
    unreadable          ///< anything else that the system or libpcap objects to
};

/// A descriptor that closes itself.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
  FileDescriptor(FileDescriptor&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor();

  [[nodiscard]] int get() const { return descriptor_; }
  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }

 private:
  int descriptor_ = -1;
};

/// A file that a port can be made of.
struct CaptureFile {
  std::string name;  ///< as the user wrote it
  FileDescriptor descriptor;
  std::uint64_t size_bytes = 0;
  std::uint32_t snap_length = 0;  ///< of the file header; zero: without limit
  std::uint32_t dlt = 0;          ///< libpcap's number of the link type
  packet::LinkType link_type{};

  /// A name that opens this very file again, with none of the characters that device arguments give
  /// a meaning to.
  [[nodiscard]] std::string path_to_reopen() const;
};

struct ProbeResult {
  ProbeStatus status = ProbeStatus::ok;
  CaptureFile file;      ///< complete when ok
  std::string sentence;  ///< when not ok
};

[[nodiscard]] ProbeResult probe_capture(const std::string& name);

}  // namespace shakedown::port
