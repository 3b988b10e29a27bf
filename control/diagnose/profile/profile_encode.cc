// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "diagnose/profile/byte_writer.h"
#include "diagnose/profile/profile_codec.h"

namespace shakedown::diagnose {

namespace {

void write_set(ByteWriter& writer, const RecentSet& set) {
  writer.u16(static_cast<std::uint16_t>(set.items().size()));
  writer.u16(static_cast<std::uint16_t>(set.split()));
  writer.u32(set.since());
  for (const std::uint32_t hash : set.items()) writer.u32(hash);
}

void write_marks(ByteWriter& writer, const Marks& marks) {
  writer.u32(marks.first);
  writer.u32(marks.last);
}

void write_load(ByteWriter& writer, const LoadHistory& load) {
  const LoadHistory::Totals& totals = load.totals();
  writer.real(totals.first_watched);
  writer.real(totals.stamp);
  for (const float sum :
       {totals.attempts, totals.failures, totals.latency_sum, totals.latency_weight}) {
    writer.real(sum);
  }
  for (const UnixNanos time : {totals.success_end, totals.refused_syn, totals.answered_syn}) {
    writer.time(time);
  }
  writer.u8(static_cast<std::uint8_t>(load.seconds().size()));
  for (const LoadSecond& second : load.seconds()) {
    writer.i64(second.second);
    for (const float sum :
         {second.attempts, second.successes, second.failures, second.unanswered, second.refused,
          second.without_hello, second.latency_sum, second.latency_weight}) {
      writer.real(sum);
    }
    writer.u64(second.clients);
    for (const Marks& marks :
         {second.success_end, second.success_begin, second.refused_syn, second.answered_syn}) {
      write_marks(writer, marks);
    }
  }
}

void write_hello(ByteWriter& writer, const SuccessfulHello& hello) {
  for (const std::uint16_t number : {hello.max_version, hello.selected_version, hello.cipher_suite,
                                     hello.named_group, hello.length}) {
    writer.u16(number);
  }
  writer.u8(static_cast<std::uint8_t>((hello.server_name_present ? 1 : 0) |
                                      (hello.resumed ? 2 : 0) |
                                      (hello.client_certificate ? 4 : 0)));
  writer.real(hello.weight);
  writer.time(hello.last);
}

}  // namespace

void encode(const EndpointProfile& profile, std::vector<std::uint8_t>& out) {
  ByteWriter writer(out);
  writer.u8(kProfileVersion);
  writer.u8(static_cast<std::uint8_t>(profile.hellos.size()));
  for (const Hello& hello : profile.hellos) writer.u64(hello.offer_digest);

  writer.u32(profile.record_count);
  writer.i64(profile.landmark);
  writer.real(profile.used_half_lives);
  writer.u64(profile.used);
  for (const float weight : {profile.successes, profile.failures, profile.with_name,
                             profile.without_name, profile.resumed}) {
    writer.real(weight);
  }
  writer.u32(profile.failures_since_success);
  writer.u32(profile.client_certificates);
  writer.u16(profile.hello_length_max);
  writer.u16(profile.upgrades);
  writer.time(profile.first_seen);
  write_load(writer, profile.load);
  for (std::size_t i = 0; i < profile.hellos.size(); ++i) {
    write_hello(writer, profile.hellos[i].facts);
    writer.u32(profile.hello_used[i]);
  }
  writer.u8(static_cast<std::uint8_t>(profile.choices.size()));
  for (const Choice& choice : profile.choices) {
    writer.u8(static_cast<std::uint8_t>(choice.kind));
    writer.u16(choice.value);
    writer.real(choice.weight);
    writer.time(choice.last);
  }
  writer.u8(static_cast<std::uint8_t>(profile.protocols.size()));
  for (const Protocol& protocol : profile.protocols) {
    writer.u8(protocol.length);
    writer.text(protocol.name());
    writer.real(protocol.weight);
    writer.time(protocol.last);
  }
  for (const RecentSet* set : {&profile.networks, &profile.fingerprints, &profile.names,
                               &profile.failed_networks, &profile.failed_clients}) {
    write_set(writer, *set);
  }
  for (const std::uint64_t name : profile.chain_names) writer.u64(name);
}

void encode(const NameProfile& profile, std::vector<std::uint8_t>& out) {
  const auto nameable = [](const KnownChain& known) {
    return known.chain->digest.size() == kChainDigestBytes;
  };
  ByteWriter writer(out);
  writer.u8(kProfileVersion);
  writer.u8(static_cast<std::uint8_t>(
      std::count_if(profile.chains.begin(), profile.chains.end(), nameable)));
  for (const KnownChain& known : profile.chains) {
    if (nameable(known)) writer.text(known.chain->digest);
  }

  writer.i64(profile.landmark);
  writer.real(profile.used_half_lives);
  writer.u64(profile.used);
  writer.real(profile.successes);
  writer.real(profile.failures);
  writer.time(profile.older_success_end);
  writer.u8(static_cast<std::uint8_t>(profile.seconds.cells.size()));
  for (const NameSecond& second : profile.seconds.cells) {
    writer.i64(second.second);
    write_marks(writer, second.success_end);
    write_marks(writer, second.success_begin);
  }
  for (const KnownChain& known : profile.chains) {
    if (!nameable(known)) continue;
    writer.time(known.first);
    writer.time(known.last);
    writer.real(known.accepted);
    writer.real(known.rejected);
    write_set(writer, known.networks);
  }
  const std::size_t staple = profile.staple == nullptr ? 0 : profile.staple->size();
  writer.u16(static_cast<std::uint16_t>(staple));
  if (staple != 0) writer.bytes(*profile.staple);
}

std::array<std::uint8_t, 20> encode_key(const EndpointKey& key) {
  std::array<std::uint8_t, 20> bytes{};
  std::copy(key.address.bytes.begin(), key.address.bytes.end(), bytes.begin());
  bytes[16] = static_cast<std::uint8_t>(key.port >> 8);
  bytes[17] = static_cast<std::uint8_t>(key.port & 0xff);
  bytes[18] = static_cast<std::uint8_t>(key.transport);
  bytes[19] = static_cast<std::uint8_t>(key.family);
  return bytes;
}

std::array<std::uint8_t, 16> encode_key(const NameKey& key) {
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<std::uint8_t>(key.endpoint >> (8 * (7 - i)) & 0xff);
    bytes[8 + i] = static_cast<std::uint8_t>(key.name >> (8 * (7 - i)) & 0xff);
  }
  return bytes;
}

}  // namespace shakedown::diagnose
