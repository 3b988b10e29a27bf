// SPDX-License-Identifier: Apache-2.0
#include "diagnose/profile/lesson.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace shakedown::diagnose {

namespace {

std::uint64_t never_none(std::uint64_t hash) { return hash == kNoHash ? 1 : hash; }

std::uint32_t address_hash(const IpAddress& address, IpFamily family, std::size_t size) {
  std::array<std::uint8_t, 17> bytes{};
  bytes[0] = static_cast<std::uint8_t>(family);
  std::memcpy(bytes.data() + 1, address.bytes.data(), size);
  return static_cast<std::uint32_t>(XXH3_64bits(bytes.data(), bytes.size()));
}

LoadHistory::Event load_of(const enrich::Handshake& handshake, UnixNanos moment) {
  const HandshakeRecord& record = handshake.record;
  const OutcomeKind kind = record.outcome.kind;
  LoadHistory::Event load;
  load.moment = moment;
  load.weight = 256.0f / (static_cast<float>(record.kept_share) + 1.0f);
  load.attempt = handshake.client_hello_seen();
  load.success = kind == OutcomeKind::established;
  load.unanswered = kind == OutcomeKind::unanswered;
  load.refused = kind == OutcomeKind::refused;
  load.without_hello = kind == OutcomeKind::no_hello;
  load.failure = handshake.judged_tls() && !load.success &&
                 (record.outcome.by == Party::server || record.outcome.by == Party::none);
  if (record.client_hello.known() && record.server_hello >= record.client_hello) {
    // Both are times of one capture; only broken stamps lie further apart.
    std::int64_t latency = 0;
    const bool overflow =
        __builtin_sub_overflow(record.server_hello.value, record.client_hello.value, &latency);
    if (!overflow && latency <= kLoadLatencyNanosMax) load.latency_nanos = latency;
  }
  return load;
}

}  // namespace

EndpointKey endpoint_of(const HandshakeRecord& record) {
  return {.address = record.server_address,
          .port = record.server_port,
          .transport = record.transport,
          .family = record.family};
}

std::uint64_t hash_of(const EndpointKey& key) {
  std::array<std::uint8_t, 20> bytes{};
  std::memcpy(bytes.data(), key.address.bytes.data(), key.address.bytes.size());
  bytes[16] = static_cast<std::uint8_t>(key.port >> 8);
  bytes[17] = static_cast<std::uint8_t>(key.port & 0xff);
  bytes[18] = static_cast<std::uint8_t>(key.transport);
  bytes[19] = static_cast<std::uint8_t>(key.family);
  return XXH3_64bits(bytes.data(), bytes.size());
}

std::uint64_t hash_of_name(std::string_view name) {
  std::array<char, 256> lower;
  if (!name.empty() && name.back() == '.') name.remove_suffix(1);
  if (name.size() > lower.size()) return never_none(XXH3_64bits(name.data(), name.size()));
  std::transform(name.begin(), name.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return never_none(XXH3_64bits(lower.data(), name.size()));
}

std::uint32_t network_hash(const HandshakeRecord& record) {
  return address_hash(record.client_address, record.family,
                      record.family == IpFamily::ipv6 ? 6 : 3);
}

std::uint32_t fingerprint_hash(const Ja4& ja4) {
  if (ja4.present == 0) return 0;
  static_assert(sizeof(Ja4) == 20, "no padding is hashed");
  const auto hash = static_cast<std::uint32_t>(XXH3_64bits(&ja4, sizeof(ja4)));
  return hash == 0 ? 1 : hash;
}

UnixNanos moment_of(const HandshakeRecord& record) {
  return record.client_hello.known() ? record.client_hello : record.first_seen;
}

Lesson lesson_of(const enrich::Handshake& handshake) {
  const HandshakeRecord& record = handshake.record;
  const bool established = record.outcome.kind == OutcomeKind::established;
  Lesson lesson{.handshake = handshake};
  lesson.success = established && !handshake.has(HandshakeRecord::late_rejection);
  lesson.failure = handshake.judged_tls() && !established;
  lesson.moment = moment_of(record);
  lesson.end = record.end.known() ? std::max(record.end, lesson.moment) : lesson.moment;
  const bool asked = record.outcome.kind == OutcomeKind::refused;
  lesson.syn = record.syn.known() || !asked ? record.syn : record.first_seen;
  lesson.resumed = handshake.has(ServerHelloFacts::resumed);
  lesson.network = network_hash(record);
  lesson.client = address_hash(record.client_address, record.family, 16);
  lesson.fingerprint = fingerprint_hash(record.ja4);
  lesson.name = hash_of_name(handshake.server_name);
  lesson.load = load_of(handshake, lesson.moment);
  lesson.load.client_bit = client_bit(lesson.client);
  return lesson;
}

}  // namespace shakedown::diagnose
