// SPDX-License-Identifier: Apache-2.0
#include "population.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <iterator>

#include "handshake_scripts.h"

namespace shakedown::overload_test {

namespace {

namespace support = test_support;

constexpr std::array<std::uint32_t, kRateClassCount> kRateOfClass{1, 2, 4, 8};
constexpr std::array<std::uint32_t, kRateClassCount> kPercentOfClass{60, 25, 10, 5};
constexpr std::uint32_t kFirstPort = 1024;

// Of Ethernet and IP headers without options (RFC 791 §3.1, RFC 8200 §3).
constexpr std::size_t kIpOffset = 14;
struct Layout {
  std::size_t source;
  std::size_t destination;
  std::size_t address_size;
  std::size_t tcp;
};
constexpr Layout kIpv4{kIpOffset + 12, kIpOffset + 16, 4, kIpOffset + 20};
constexpr Layout kIpv6{kIpOffset + 8, kIpOffset + 24, 16, kIpOffset + 40};

Script script_from(std::string name, const support::Dialogue& dialogue) {
  Script script;
  script.name = std::move(name);
  script.outcome = dialogue.expected.name;
  script.by = dialogue.expected.by;
  script.fails = script.outcome != "established";
  const std::array options{support::TcpConversationOptions::ipv4(),
                           support::TcpConversationOptions::ipv6()};
  for (std::size_t i = 0; i < options.size(); ++i) {
    script.frames[i] = support::play(dialogue, options[i]);
    const std::uint64_t begin = script.frames[i].front().time_ns;
    for (support::TimedFrame& frame : script.frames[i]) frame.time_ns -= begin;
  }
  return script;
}

/// What decides at once: an outcome that only time gives would be known long after the run.
std::vector<Script> all_scripts() {
  const auto tls12 = support::HandshakeParameters::tls12();
  const auto tls13 = support::HandshakeParameters::tls13();
  std::vector<Script> scripts;
  scripts.push_back(script_from("tls13_full", support::tls13_full()));
  scripts.push_back(script_from("tls13_resumed", support::tls13_resumed()));
  scripts.push_back(script_from("tls12_full", support::tls12_full()));
  scripts.push_back(script_from("tls12_resumed", support::tls12_resumed()));
  scripts.push_back(script_from("tls13_hello_retry", support::tls13_hello_retry()));
  scripts.push_back(script_from("tls13_mutual", support::tls13_mutual()));
  scripts.push_back(script_from("tls12_mutual", support::tls12_mutual()));
  scripts.push_back(script_from("alert", support::alert_after_client_hello(tls12, 70)));
  scripts.push_back(script_from("client_alert", support::tls12_client_alert(tls12, 48)));
  scripts.push_back(
      script_from("client_rejected", support::tls12_client_certificate_rejected(tls12)));
  scripts.push_back(script_from("encrypted_alert", support::tls13_encrypted_alert()));
  scripts.push_back(script_from("plaintext_alert", support::tls13_plaintext_alert(tls13)));
  scripts.push_back(script_from("reset", support::reset_after_client_hello(tls13)));
  scripts.push_back(script_from("closed", support::closed_after_client_hello(tls13)));
  scripts.push_back(script_from("non_tls", support::non_tls_reply(tls12)));
  scripts.push_back(script_from("refused", support::refused()));
  return scripts;
}

void put16(std::span<std::uint8_t> out, std::size_t offset, std::uint32_t value) {
  out[offset] = static_cast<std::uint8_t>(value >> 8);
  out[offset + 1] = static_cast<std::uint8_t>(value);
}

}  // namespace

Population::Population(std::uint32_t client_count)
    : client_count_(client_count), scripts_(all_scripts()) {
  good_count_ = static_cast<std::uint32_t>(
      std::ranges::find_if(scripts_, [](const Script& script) { return script.fails; }) -
      scripts_.begin());
  std::uint32_t percent = 0;
  for (unsigned i = 0; i < kRateClassCount; ++i) {
    percent += kPercentOfClass[i];
    class_begin_[i + 1] = static_cast<std::uint32_t>(std::uint64_t{client_count} * percent / 100);
  }
}

unsigned Population::rate_class_of(std::uint32_t client) const {
  unsigned found = 0;
  while (client >= class_begin_[found + 1]) ++found;
  return found;
}

std::uint32_t Population::draw_client(support::DeterministicRandom& random) const {
  std::uint64_t whole = 0;
  for (unsigned i = 0; i < kRateClassCount; ++i) {
    whole += std::uint64_t{class_begin_[i + 1] - class_begin_[i]} * kRateOfClass[i];
  }
  std::uint64_t at = random.below(whole);
  for (unsigned i = 0;; ++i) {
    const std::uint64_t part =
        std::uint64_t{class_begin_[i + 1] - class_begin_[i]} * kRateOfClass[i];
    if (at < part) return class_begin_[i] + static_cast<std::uint32_t>(at / kRateOfClass[i]);
    at -= part;
  }
}

// Of twenty clients, sixteen always succeed, three fail in three of ten handshakes, and one always.
std::uint8_t Population::script_of(ConnectionId id) const {
  support::DeterministicRandom luck(std::uint64_t{id.client} << 32 | id.number);
  const std::uint32_t kind = id.client / kIpv6Every % 20;
  const bool fails = kind == 19 || (kind >= 16 && luck.chance(0.3));
  const auto failing_count = static_cast<std::uint32_t>(scripts_.size()) - good_count_;
  return static_cast<std::uint8_t>(fails ? good_count_ + luck.below(failing_count)
                                         : luck.below(good_count_));
}

double Population::packets_per_connection() const {
  support::DeterministicRandom random(1);
  constexpr std::uint32_t kSampleCount = 20'000;
  double sum = 0;
  for (std::uint32_t i = 0; i < kSampleCount; ++i) {
    const ConnectionId id{draw_client(random), i};
    sum += static_cast<double>(frames_of(id, script_of(id)).size());
  }
  return sum / kSampleCount;
}

std::size_t Population::write_frame(const support::TimedFrame& frame, ConnectionId id,
                                    std::span<std::uint8_t> out) {
  assert(frame.bytes.size() <= out.size());
  std::memcpy(out.data(), frame.bytes.data(), frame.bytes.size());
  const Layout& layout = is_ipv6(id.client) ? kIpv6 : kIpv4;
  const bool from_client = frame.from == support::Side::client;
  const IpAddress client = address_of(id.client);
  std::memcpy(out.data() + (from_client ? layout.source : layout.destination), client.bytes.data(),
              layout.address_size);
  put16(out, layout.tcp + (from_client ? 0 : 2), kFirstPort + id.number);
  return frame.bytes.size();
}

IpAddress Population::address_of(std::uint32_t client) {
  IpAddress address;
  const std::array<std::uint8_t, 3> number{static_cast<std::uint8_t>(client >> 16),
                                           static_cast<std::uint8_t>(client >> 8),
                                           static_cast<std::uint8_t>(client)};
  if (is_ipv6(client)) {
    address.bytes[0] = 0xfd;
    std::ranges::copy(number, address.bytes.begin() + 13);
  } else {
    address.bytes[0] = 10;
    std::ranges::copy(number, address.bytes.begin() + 1);
  }
  return address;
}

ConnectionId Population::id_of(const HandshakeRecord& record) {
  const auto& bytes = record.client_address.bytes;
  const std::size_t at = record.family == IpFamily::ipv6 ? 13 : 1;
  return {std::uint32_t{bytes[at]} << 16 | std::uint32_t{bytes[at + 1]} << 8 | bytes[at + 2],
          record.client_port - kFirstPort};
}

}  // namespace shakedown::overload_test
