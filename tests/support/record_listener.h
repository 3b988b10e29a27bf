// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Listens to a RecordReader and keeps its events as lines; and a reader with a pool of
//            its own. Needs tls_dep beside test_support_dep.
// Units:     sizes are bytes.
// Ownership: everything is copied out of the events.
// Threading: none.
// Limits:    none.
// Failure:   none.
// RFC:       none
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "arena.h"
#include "byte_writer.h"
#include "tls/record_reader.h"

namespace shakedown::test_support {

using EventLines = std::vector<std::string>;

/// Up to 24 bytes in hex, then a checksum of all.
[[nodiscard]] inline std::string describe_bytes(BytesView bytes) {
  std::string out;
  uint64_t sum = 1469598103934665603u;
  for (size_t i = 0; i < bytes.size(); ++i) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", bytes[i]);
    if (i < 24) out += digits;
    sum = (sum ^ bytes[i]) * 1099511628211u;
  }
  return out + "/" + std::to_string(bytes.size()) + "/" + std::to_string(sum);
}

class RecordListener {
 public:
  EventLines lines;
  std::vector<tls::Message> messages;  ///< `body` is empty here, see `bodies`
  std::vector<Bytes> bodies;
  Bytes first_bytes;         ///< of on_not_tls
  bool with_records = true;  ///< a line per record header
  bool with_bodies = true;
  bool with_counts = true;       ///< record_count in message lines
  size_t stop_after = SIZE_MAX;  ///< lines
  /// Runs inside each callback, after its line was added.
  std::function<void(const std::string&)> inside;

  tls::Continue on_record(const tls::RecordHeader& header) {
    if (!with_records) return tls::Continue::go_on;
    return add("record " + number(header.type) + " v" + std::to_string(header.version) + " " +
               std::to_string(header.length) + (header.opaque ? " opaque" : ""));
  }
  tls::Continue on_message(const tls::Message& message) {
    messages.push_back(message);
    messages.back().body = {};
    bodies.emplace_back(message.body.begin(), message.body.end());
    std::string line = "message " + number(message.type) + " " + std::to_string(message.length);
    if (message.complete_body) line += " complete";
    if (message.loss == tls::BodyLoss::pool_empty) line += " pool_empty";
    if (message.loss == tls::BodyLoss::gap) line += " gap";
    if (with_counts) line += " records=" + std::to_string(message.record_count);
    if (with_bodies) line += " " + describe_bytes(message.body);
    return add(std::move(line));
  }
  tls::Continue on_alert(AlertLevel level, AlertDescription description) {
    return add("alert " + number(level) + " " + number(description));
  }
  tls::Continue on_opaque_begin(ContentType type, uint16_t length) {
    return add("opaque_begin " + number(type) + " " + std::to_string(length));
  }
  tls::Continue on_opaque_record(ContentType type, uint16_t length) {
    return add("opaque " + number(type) + " " + std::to_string(length));
  }
  tls::Continue on_change_cipher_spec() { return add("change_cipher_spec"); }
  tls::Continue on_not_tls(BytesView bytes) {
    first_bytes.assign(bytes.begin(), bytes.end());
    return add("not_tls");
  }
  tls::Continue on_desync(tls::DesyncReason reason) { return add("desync " + number(reason)); }
  tls::Continue on_over_limit(HandshakeType type, uint32_t length) {
    return add("over_limit " + number(type) + " " + std::to_string(length));
  }
  tls::Continue on_sslv2_hello(BytesView bytes, bool from_server) {
    return add(std::string("sslv2 ") + (from_server ? "server " : "client ") +
               describe_bytes(bytes));
  }

 private:
  template <class Enum>
  static std::string number(Enum value) {
    return std::to_string(static_cast<unsigned>(value));
  }
  tls::Continue add(std::string line) {
    lines.push_back(std::move(line));
    if (inside) inside(lines.back());
    return lines.size() >= stop_after ? tls::Continue::stop : tls::Continue::go_on;
  }
};

/// A pool in memory of its own, and a reader of it.
class OwnedRecordReader {
 public:
  explicit OwnedRecordReader(tls::MessageBufferCounts counts = {4, 4, 4})
      : block_(tls::MessageBufferPool::cost(counts) / sizeof(CacheLine) + 1),
        arena_(std::as_writable_bytes(std::span(block_))),
        pool_(arena_, counts),
        reader_(pool_) {}

  [[nodiscard]] tls::RecordReader& operator*() { return reader_; }
  [[nodiscard]] tls::RecordReader* operator->() { return &reader_; }
  [[nodiscard]] tls::MessageBufferPool& pool() { return pool_; }

 private:
  struct alignas(Arena::kCacheLine) CacheLine {
    std::byte bytes[Arena::kCacheLine];
  };
  std::vector<CacheLine> block_;
  Arena arena_;
  tls::MessageBufferPool pool_;
  tls::RecordReader reader_;
};

}  // namespace shakedown::test_support
