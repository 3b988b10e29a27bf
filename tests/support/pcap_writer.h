// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Writes capture files in the formats that readers must cope with.
// Units:     times are nanoseconds since 1970 and are cut to the file's resolution; sizes are
//            bytes.
// Ownership: a writer owns its file until close().
// Threading: none.
// Limits:    frames longer than the snap length are cut, with their original length kept.
// Failure:   the first failed write is remembered; close() then returns false and says nothing
//            else. A path that cannot be opened behaves the same.
// RFC:       none; pcap and pcapng as in draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "byte_writer.h"
#include "link_type.h"
#include "tcp_conversation.h"

namespace shakedown::test_support {

struct CaptureFileOptions {
  LinkType link_type = LinkType::ethernet;
  bool nanoseconds = false;  // else microseconds
  bool big_endian = false;
  uint32_t snap_length = 262144;
};

enum class CaptureFileFormat : uint8_t { pcap, pcapng };

/// Writes one capture through a large buffer, so that gigabytes cost what the disk costs.
class CaptureFileWriter {
 public:
  CaptureFileWriter(const std::string& path, CaptureFileFormat format,
                    CaptureFileOptions options = {});
  ~CaptureFileWriter();
  CaptureFileWriter(const CaptureFileWriter&) = delete;
  CaptureFileWriter& operator=(const CaptureFileWriter&) = delete;

  void write(uint64_t time_ns, BytesView frame);
  void write(const Frames& frames);
  [[nodiscard]] bool close();
  [[nodiscard]] uint64_t bytes_written() const { return bytes_written_; }

 private:
  void flush();

  int descriptor_ = -1;
  bool failed_ = false;
  CaptureFileFormat format_;
  CaptureFileOptions options_;
  Bytes buffer_;
  uint64_t bytes_written_ = 0;
};

/// A whole capture file as bytes, for tests that cut or damage it.
[[nodiscard]] Bytes capture_file_bytes(const Frames& frames,
                                       CaptureFileFormat format = CaptureFileFormat::pcap,
                                       CaptureFileOptions options = {});

/// Writes `frames` to `path`; false when any write failed.
[[nodiscard]] bool write_capture_file(const std::string& path, const Frames& frames,
                                      CaptureFileFormat format = CaptureFileFormat::pcap,
                                      CaptureFileOptions options = {});

}  // namespace shakedown::test_support
