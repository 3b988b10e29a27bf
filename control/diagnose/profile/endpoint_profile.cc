// SPDX-License-Identifier: Apache-2.0
#include "diagnose/profile/endpoint_profile.h"

#include <algorithm>
#include <tuple>

#include "shakedown/tls_types.h"

namespace shakedown::diagnose {

namespace {

void count(std::uint32_t& counter) {
  if (counter != UINT32_MAX) ++counter;
}

/// Below this a choice has not been made for so long that it says nothing.
constexpr float kForgotten = 1.0f / (1u << 20);

/// The protocol that was agreed on, as far as can be known: the server's choice is hidden in TLS
/// 1.3, but a client that offers one and stays has got it.
std::string_view chosen_protocol(const enrich::Handshake& handshake) {
  const ServerHelloFacts& hello = handshake.record.server_hello_facts;
  if (hello.alpn_length != 0) {
    if (handshake.has(ServerHelloFacts::alpn_truncated)) return {};
    return {hello.alpn.data(), std::min<std::size_t>(hello.alpn_length, hello.alpn.size())};
  }
  if (!is_tls13_family(ProtocolVersion{hello.selected_version})) return {};
  if (handshake.offer == nullptr || handshake.offer->alpn.size() != 1) return {};
  return handshake.offer->alpn.front();
}

bool shows_client_certificate(const HandshakeRecord& record) {
  return record.client_certificate == ClientCertificate::sent ||
         record.client_certificate == ClientCertificate::inferred_sent;
}

}  // namespace

void EndpointProfile::learn(const Lesson& lesson, const ProfileClock& clock) {
  count(record_count);
  if (clock.outgrown(landmark)) rescale(clock);
  if (!first_seen.known()) first_seen = lesson.handshake.record.first_seen;
  load.add(lesson.load, clock);
  if (lesson.load.refused) load.note_refused(lesson.syn, clock);
  if (lesson.syn.known() && lesson.handshake.record.syn_ack.known()) {
    load.note_answered(lesson.syn, clock);
  }
  const auto now = static_cast<std::uint32_t>(clock.landmark());
  if (lesson.success) {
    learn_success(lesson, clock);
  } else if (lesson.failure) {
    failures += clock.one(landmark);
    count(failures_since_success);
    failed_networks.insert(lesson.network, kNetworksGeneration, now);
    failed_clients.insert(lesson.client, kClientsGeneration, now);
  }
}

void EndpointProfile::learn_success(const Lesson& lesson, const ProfileClock& clock) {
  const enrich::Handshake& handshake = lesson.handshake;
  const HandshakeRecord& record = handshake.record;
  const ServerHelloFacts& hello = record.server_hello_facts;
  const float weight = clock.one(landmark);
  const auto now = static_cast<std::uint32_t>(clock.landmark());

  successes += weight;
  failures_since_success = 0;
  failed_clients.clear();
  load.note_success(lesson.moment, lesson.end, clock);
  networks.insert(lesson.network, kNetworksGeneration, now);
  if (lesson.fingerprint != 0)
    fingerprints.insert(lesson.fingerprint, kFingerprintsGeneration, now);
  if (handshake.client_hello_seen()) {
    const bool named = handshake.has(ClientHelloFacts::server_name_present);
    (named ? with_name : without_name) += weight;
    if (named) names.insert(static_cast<std::uint32_t>(lesson.name), kNamesGeneration, now);
    hello_length_max = std::max(hello_length_max, record.client_hello_facts.length);
  }
  if (lesson.resumed) resumed += weight;
  if (shows_client_certificate(record)) count(client_certificates);
  upgrades =
      static_cast<std::uint16_t>(upgrades | 1u << (static_cast<unsigned>(record.starttls) & 15u));

  if (handshake.server_hello_seen()) {
    learn_choice(ChoiceKind::version, hello.selected_version, weight, lesson.end);
    learn_choice(ChoiceKind::cipher_suite, hello.cipher_suite, weight, lesson.end);
    if (hello.named_group != 0) {
      learn_choice(ChoiceKind::named_group, hello.named_group, weight, lesson.end);
    }
    learn_protocol(chosen_protocol(handshake), weight, lesson.end);
  }
  if (handshake.offer != nullptr) learn_hello(lesson, weight);
}

void EndpointProfile::learn_choice(ChoiceKind kind, std::uint16_t value, float weight,
                                   UnixNanos at) {
  Choice* least = nullptr;
  std::size_t of_kind = 0;
  for (Choice& choice : choices) {
    if (choice.kind != kind) continue;
    if (choice.value == value) {
      choice.weight += weight;
      choice.last = std::max(choice.last, at);
      return;
    }
    ++of_kind;
    const auto rank = [](const Choice& c) { return std::tie(c.weight, c.last, c.value); };
    if (least == nullptr || rank(choice) < rank(*least)) least = &choice;
  }
  const Choice made{.kind = kind, .value = value, .weight = weight, .last = at};
  if (of_kind < kChoicesMax) {
    choices.push_back(made, kChoicesMax * kChoiceKindCount);
  } else {
    *least = made;
  }
}

void EndpointProfile::learn_protocol(std::string_view name, float weight, UnixNanos at) {
  if (name.empty() || name.size() > kProtocolBytesMax) return;
  for (Protocol& protocol : protocols) {
    if (protocol.name() != name) continue;
    protocol.weight += weight;
    protocol.last = std::max(protocol.last, at);
    return;
  }
  Protocol made{.last = at, .weight = weight, .length = static_cast<std::uint8_t>(name.size())};
  std::copy(name.begin(), name.end(), made.text.begin());
  if (protocols.size() < kProtocolsMax) {
    protocols.push_back(made, kProtocolsMax);
    return;
  }
  *std::min_element(protocols.begin(), protocols.end(), [](const Protocol& a, const Protocol& b) {
    return std::tuple(a.last, a.name()) < std::tuple(b.last, b.name());
  }) = made;
}

SuccessfulHello& EndpointProfile::hello_of(const Lesson& lesson) {
  const bool named = lesson.handshake.has(ClientHelloFacts::server_name_present);
  const std::uint32_t tag = Hello::tag(lesson.offer_digest, named);
  std::size_t place = 0;
  for (; place < hellos.size(); ++place) {
    if (hello_tags[place] != tag) continue;
    if (hellos[place].offer_digest != lesson.offer_digest) continue;
    hello_used[place] = record_count;
    return hellos[place].facts;
  }
  if (place < kHellosMax) {
    if (place == hellos.capacity()) hellos.reserve(std::max<std::size_t>(place * 2, 1));
    hellos.emplace_back();
  } else {
    const auto* const oldest = std::min_element(hello_used.begin(), hello_used.end());
    place = static_cast<std::size_t>(oldest - hello_used.begin());
    hellos[place] = Hello{};
  }
  hello_tags[place] = tag;
  hello_used[place] = record_count;
  hellos[place].offer_digest = lesson.offer_digest;
  hellos[place].facts.offer = lesson.handshake.offer;
  hellos[place].facts.server_name_present = named;
  return hellos[place].facts;
}

void EndpointProfile::learn_hello(const Lesson& lesson, float weight) {
  const HandshakeRecord& record = lesson.handshake.record;
  SuccessfulHello& facts = hello_of(lesson);
  facts.max_version = record.client_hello_facts.max_version;
  facts.length = std::max(facts.length, record.client_hello_facts.length);
  facts.selected_version = record.server_hello_facts.selected_version;
  facts.cipher_suite = record.server_hello_facts.cipher_suite;
  if (record.server_hello_facts.named_group != 0) {
    facts.named_group = record.server_hello_facts.named_group;
  }
  facts.resumed = lesson.resumed;
  facts.client_certificate = shows_client_certificate(record);
  facts.weight += weight;
  facts.last = std::max(facts.last, lesson.end);
}

void EndpointProfile::note_chain(std::uint64_t name_hash) {
  auto place = std::find(chain_names.begin(), chain_names.end(), name_hash);
  if (place == chain_names.end()) --place;
  std::rotate(chain_names.begin(), place, place + 1);
  chain_names.front() = name_hash;
}

void EndpointProfile::rescale(const ProfileClock& clock) {
  const float scale = clock.rescale(landmark);
  for (float* weight : {&successes, &failures, &with_name, &without_name, &resumed}) {
    *weight *= scale;
  }
  for (Hello& hello : hellos) hello.facts.weight *= scale;
  for (Protocol& protocol : protocols) protocol.weight *= scale;
  for (Choice& choice : choices) choice.weight *= scale;
  for (std::size_t i = choices.size(); i-- > 0;) {
    if (choices[i].weight < kForgotten) choices.erase(i);
  }
  for (std::size_t i = protocols.size(); i-- > 0;) {
    if (protocols[i].weight < kForgotten) protocols.erase(i);
  }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < hellos.size(); ++i) {
    if (hellos[i].facts.weight < kForgotten) continue;
    hello_tags[kept] = hello_tags[i];
    hello_used[kept] = hello_used[i];
    if (kept != i) hellos[kept] = std::move(hellos[i]);
    ++kept;
  }
  hellos.resize(kept);
  landmark = clock.landmark();
}

void EndpointProfile::prefetch(const Lesson& lesson) const {
  load.prefetch();
  __builtin_prefetch(choices.begin());
  __builtin_prefetch(protocols.begin());
  networks.prefetch(lesson.network);
  fingerprints.prefetch(lesson.fingerprint);
  names.prefetch(static_cast<std::uint32_t>(lesson.name));
  const std::uint32_t tag =
      Hello::tag(lesson.offer_digest, lesson.handshake.has(ClientHelloFacts::server_name_present));
  for (std::size_t i = 0; i < hellos.size(); ++i) {
    if (hello_tags[i] == tag) __builtin_prefetch(&hellos[i]);
  }
}

std::size_t EndpointProfile::heap_bytes() const {
  const std::size_t hello_bytes =
      hellos.capacity() == 0 ? 0 : hellos.capacity() * sizeof(Hello) + kAllocationOverhead;
  return load.heap_bytes() + choices.heap_bytes() + hello_bytes + protocols.heap_bytes() +
         networks.heap_bytes() + fingerprints.heap_bytes() + names.heap_bytes() +
         failed_networks.heap_bytes() + failed_clients.heap_bytes();
}

}  // namespace shakedown::diagnose
