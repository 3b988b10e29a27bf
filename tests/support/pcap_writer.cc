// SPDX-License-Identifier: Apache-2.0
#include "pcap_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace shakedown::test_support {
namespace {

constexpr size_t kBufferSize = size_t{4} << 20;
constexpr uint32_t kMagicMicroseconds = 0xa1b2c3d4;
constexpr uint32_t kMagicNanoseconds = 0xa1b23c4d;
constexpr uint32_t kSectionHeaderBlock = 0x0a0d0d0a;
constexpr uint32_t kInterfaceBlock = 1;
constexpr uint32_t kEnhancedPacketBlock = 6;

/// Appends integers in the byte order that the file is to have.
class FileBytes {
 public:
  FileBytes(Bytes& out, bool big_endian) : out_(out), big_endian_(big_endian) {}

  void u16(uint16_t value) { number(value, 2); }
  void u32(uint32_t value) { number(value, 4); }
  void bytes(BytesView value) { out_.insert(out_.end(), value.begin(), value.end()); }
  void pad_to_four(size_t size) { out_.insert(out_.end(), (4 - size % 4) % 4, 0); }

 private:
  void number(uint32_t value, unsigned width) {
    for (unsigned i = 0; i < width; ++i) {
      const unsigned shift = 8 * (big_endian_ ? width - 1 - i : i);
      out_.push_back(static_cast<uint8_t>(value >> shift));
    }
  }

  Bytes& out_;
  bool big_endian_;
};

void append_pcap_header(Bytes& out, const CaptureFileOptions& options) {
  FileBytes file(out, options.big_endian);
  file.u32(options.nanoseconds ? kMagicNanoseconds : kMagicMicroseconds);
  file.u16(2);
  file.u16(4);
  file.u32(0);
  file.u32(0);
  file.u32(options.snap_length);
  file.u32(static_cast<uint32_t>(options.link_type));
}

void append_pcapng_header(Bytes& out, const CaptureFileOptions& options) {
  FileBytes file(out, options.big_endian);
  constexpr uint32_t kSectionSize = 28;
  file.u32(kSectionHeaderBlock);
  file.u32(kSectionSize);
  file.u32(0x1a2b3c4d);
  file.u16(1);
  file.u16(0);
  file.u32(0xffffffff);  // the section's length is not given
  file.u32(0xffffffff);
  file.u32(kSectionSize);

  constexpr uint32_t kInterfaceSize = 32;
  constexpr uint16_t kTimestampResolution = 9;
  file.u32(kInterfaceBlock);
  file.u32(kInterfaceSize);
  file.u16(static_cast<uint16_t>(options.link_type));
  file.u16(0);
  file.u32(options.snap_length);
  file.u16(kTimestampResolution);
  file.u16(1);
  const uint8_t resolution[4]{static_cast<uint8_t>(options.nanoseconds ? 9 : 6), 0, 0, 0};
  file.bytes(resolution);
  file.u32(0);  // end of options
  file.u32(kInterfaceSize);
}

void append_file_header(Bytes& out, CaptureFileFormat format, const CaptureFileOptions& options) {
  if (format == CaptureFileFormat::pcap) {
    append_pcap_header(out, options);
  } else {
    append_pcapng_header(out, options);
  }
}

void append_frame(Bytes& out, CaptureFileFormat format, const CaptureFileOptions& options,
                  uint64_t time_ns, BytesView frame) {
  FileBytes file(out, options.big_endian);
  const auto original = static_cast<uint32_t>(frame.size());
  const uint32_t captured = std::min(original, options.snap_length);
  const uint64_t unit_ns = options.nanoseconds ? 1 : kMicrosecond;
  if (format == CaptureFileFormat::pcap) {
    file.u32(static_cast<uint32_t>(time_ns / kSecond));
    file.u32(static_cast<uint32_t>(time_ns % kSecond / unit_ns));
    file.u32(captured);
    file.u32(original);
    file.bytes(frame.first(captured));
    return;
  }
  const uint32_t block_size = 32 + (captured + 3) / 4 * 4;
  const uint64_t ticks = time_ns / unit_ns;
  file.u32(kEnhancedPacketBlock);
  file.u32(block_size);
  file.u32(0);
  file.u32(static_cast<uint32_t>(ticks >> 32));
  file.u32(static_cast<uint32_t>(ticks));
  file.u32(captured);
  file.u32(original);
  file.bytes(frame.first(captured));
  file.pad_to_four(captured);
  file.u32(block_size);
}

}  // namespace

CaptureFileWriter::CaptureFileWriter(const std::string& path, CaptureFileFormat format,
                                     CaptureFileOptions options)
    : descriptor_(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)),
      failed_(descriptor_ < 0),
      format_(format),
      options_(options) {
  buffer_.reserve(kBufferSize);
  append_file_header(buffer_, format_, options_);
}

CaptureFileWriter::~CaptureFileWriter() { (void)close(); }

void CaptureFileWriter::write(uint64_t time_ns, BytesView frame) {
  constexpr size_t kBlockOverheadMax = 64;
  if (buffer_.size() + frame.size() + kBlockOverheadMax > kBufferSize) {
    flush();
  }
  append_frame(buffer_, format_, options_, time_ns, frame);
}

void CaptureFileWriter::write(const Frames& frames) {
  for (const TimedFrame& frame : frames) {
    write(frame.time_ns, frame.bytes);
  }
}

void CaptureFileWriter::flush() {
  size_t done = 0;
  while (!failed_ && done < buffer_.size()) {
    const ssize_t written = ::write(descriptor_, buffer_.data() + done, buffer_.size() - done);
    if (written < 0) {
      failed_ = errno != EINTR;
      continue;
    }
    done += static_cast<size_t>(written);
  }
  bytes_written_ += done;
  buffer_.clear();
}

bool CaptureFileWriter::close() {
  if (descriptor_ >= 0) {
    flush();
    failed_ |= ::close(descriptor_) != 0;
    descriptor_ = -1;
  }
  return !failed_;
}

Bytes capture_file_bytes(const Frames& frames, CaptureFileFormat format,
                         CaptureFileOptions options) {
  Bytes out;
  append_file_header(out, format, options);
  for (const TimedFrame& frame : frames) {
    append_frame(out, format, options, frame.time_ns, frame.bytes);
  }
  return out;
}

bool write_capture_file(const std::string& path, const Frames& frames, CaptureFileFormat format,
                        CaptureFileOptions options) {
  CaptureFileWriter writer(path, format, options);
  writer.write(frames);
  return writer.close();
}

}  // namespace shakedown::test_support
