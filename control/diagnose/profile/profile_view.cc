// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>

#include "diagnose/profile/profile_store.h"
#include "diagnose/profile/server_profiles.h"

namespace shakedown::diagnose {

namespace {

using Store = ServerProfiles::Store;

/// What a success at hand has added, at most.
float without_own(float weight, float own) { return std::max(weight - own, 0.0f); }

void show_counts(const EndpointProfile& endpoint, const Lesson& lesson, bool learnt, float own,
                 float decay, ServerView& view) {
  const HandshakeRecord& record = lesson.handshake.record;
  const bool at_hand = learnt && record.outcome.kind != OutcomeKind::unseen;
  view.known = endpoint.record_count > (at_hand ? 1u : 0u);
  view.successes = without_own(endpoint.successes * decay, own);
  view.failures = endpoint.failures * decay;
  view.failures_since_success = endpoint.failures_since_success;
  view.clients_failed_since_success = endpoint.failed_clients.count();
  view.networks_failed = endpoint.failed_networks.count();
  if (lesson.failure && !learnt) {
    view.failures += 1;
    ++view.failures_since_success;
    if (!endpoint.failed_clients.contains(lesson.client)) ++view.clients_failed_since_success;
    if (!endpoint.failed_networks.contains(lesson.network)) ++view.networks_failed;
  }
  view.first_seen = endpoint.first_seen;
  view.successes_with_name = endpoint.with_name * decay;
  view.successes_without_name = endpoint.without_name * decay;
  if (lesson.handshake.has(ClientHelloFacts::server_name_present)) {
    view.successes_with_name = without_own(view.successes_with_name, own);
  } else {
    view.successes_without_name = without_own(view.successes_without_name, own);
  }
  view.successes_resumed = endpoint.resumed * decay;
  if (lesson.resumed) view.successes_resumed = without_own(view.successes_resumed, own);
  view.clients_failed_since_success = std::min(view.clients_failed_since_success, kDistinctMax);
  view.networks_failed = std::min(view.networks_failed, kDistinctMax);
  view.names_succeeded = endpoint.names.count();
  view.networks_succeeded = endpoint.networks.count();
  view.network_succeeded = endpoint.networks.contains(lesson.network);
  view.fingerprint_succeeded =
      lesson.fingerprint != 0 && endpoint.fingerprints.contains(lesson.fingerprint);
  const auto upgrade = static_cast<unsigned>(record.starttls) & 15u;
  view.upgrade_succeeded = (endpoint.upgrades >> upgrade & 1u) != 0;
  view.hello_length_max = endpoint.hello_length_max;
  view.client_certificates_accepted = endpoint.client_certificates;
}

/// Heaviest first; of equal weight the latest, then the lowest number.
void show_choices(const EndpointProfile& endpoint, float decay, Store& store, ServerView& view) {
  std::span<const Weighed<std::uint16_t>>* const shown[] = {&view.versions, &view.cipher_suites,
                                                            &view.named_groups};
  auto* place = store.choices.data();
  for (unsigned kind = 0; kind < kChoiceKindCount; ++kind) {
    auto* const first = place;
    for (const Choice& choice : endpoint.choices) {
      if (choice.kind != static_cast<ChoiceKind>(kind)) continue;
      *place++ = {.value = choice.value, .weight = choice.weight * decay, .last = choice.last};
    }
    std::sort(first, place, [](const auto& a, const auto& b) {
      return std::tie(b.weight, b.last, a.value) < std::tie(a.weight, a.last, b.value);
    });
    *shown[kind] = {first, static_cast<std::size_t>(place - first)};
  }
}

void show_protocols(const EndpointProfile& endpoint, Store& store, ServerView& view) {
  const Protocol* order[kProtocolsMax];
  std::size_t count = 0;
  for (const Protocol& protocol : endpoint.protocols) order[count++] = &protocol;
  std::sort(order, order + count, [](const Protocol* a, const Protocol* b) {
    return std::tuple(b->weight, a->name()) < std::tuple(a->weight, b->name());
  });
  if (store.protocols.size() < count) store.protocols.resize(kProtocolsMax);
  for (std::size_t i = 0; i < count; ++i) store.protocols[i].assign(order[i]->name());
  view.application_protocols = {store.protocols.data(), count};
}

void show_hellos(const EndpointProfile& endpoint, float decay, Store& store, ServerView& view) {
  const Hello* order[kHellosMax];
  std::size_t count = 0;
  for (const Hello& hello : endpoint.hellos) order[count++] = &hello;
  std::sort(order, order + count, [](const Hello* a, const Hello* b) {
    return std::tie(b->facts.last, a->offer_digest, a->facts.server_name_present) <
           std::tie(a->facts.last, b->offer_digest, b->facts.server_name_present);
  });
  store.hellos.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    store.hellos[i] = order[i]->facts;
    store.hellos[i].weight *= decay;
  }
  view.hellos = store.hellos;
}

void add_chains(const NameProfile& name, std::uint32_t network, float decay, ServerView& view) {
  for (const KnownChain& known : name.chains) {
    const auto same = std::find_if(
        view.chains.begin(), view.chains.end(),
        [&known](const ShownChain& shown) { return shown.chain->digest == known.chain->digest; });
    ShownChain shown{.chain = known.chain,
                     .first = known.first,
                     .last = known.last,
                     .accepted = known.accepted * decay,
                     .rejected = known.rejected * decay,
                     .network_count = known.networks.count(),
                     .to_this_network = known.networks.contains(network)};
    if (same == view.chains.end()) {
      view.chains.push_back(std::move(shown));
      continue;
    }
    // One chain for several names: what is known of it under each of them.
    same->first = std::min(same->first, shown.first);
    same->last = std::max(same->last, shown.last);
    same->accepted += shown.accepted;
    same->rejected += shown.rejected;
    same->network_count = std::max(same->network_count, shown.network_count);
    same->to_this_network = same->to_this_network || shown.to_this_network;
  }
}

void order_chains(ServerView& view) {
  std::sort(view.chains.begin(), view.chains.end(), [](const ShownChain& a, const ShownChain& b) {
    return std::tie(b.last, a.chain->digest) < std::tie(a.last, b.chain->digest);
  });
  if (view.chains.size() > kChainsMax) view.chains.resize(kChainsMax);
}

}  // namespace

ServerView ServerProfiles::view(const enrich::Handshake& handshake) {
  Store& store = *store_;
  const ProfileClock& clock = store.clock;
  const Lesson lesson = lesson_of(handshake);
  const bool learnt = store.learnt(handshake.record);
  ServerView view;
  if (lesson.failure && !learnt) {
    view.failures = view.name_failures = 1;
    view.failures_since_success = view.clients_failed_since_success = 1;
    view.networks_failed = 1;
  }
  const EndpointKey key = endpoint_of(handshake.record);
  const std::uint64_t hash = hash_of(key);
  const std::uint32_t slot = store.endpoints.find(key, hash);
  if (slot == store.endpoints.kNone) return view;
  const EndpointProfile& endpoint = store.endpoints[slot];
  endpoint.prefetch(lesson);

  float own = 0;
  if (lesson.success && learnt) {
    const double age = static_cast<double>(second_of(clock.last()) - second_of(lesson.end));
    own = static_cast<float>(std::exp2(-std::max(age, 0.0) / clock.half_life_seconds()));
  }
  const float decay = clock.decay(endpoint.landmark);
  show_counts(endpoint, lesson, learnt, own, decay, view);
  show_choices(endpoint, decay, store, view);
  show_protocols(endpoint, store, view);
  show_hellos(endpoint, decay, store, view);
  endpoint.load.show(lesson.moment, lesson.syn, learnt ? nullptr : &lesson.load, clock, view);

  const auto name_of = [&store, hash](std::uint64_t name) -> const NameProfile* {
    const NameKey name_key{.endpoint = hash, .name = name};
    const std::uint32_t found = store.names.find(name_key, hash_of(name_key));
    return found == store.names.kNone ? nullptr : &store.names[found];
  };
  if (const NameProfile* name = name_of(lesson.name)) {
    const float name_decay = clock.decay(name->landmark);
    view.name_successes = without_own(name->successes * name_decay, own);
    view.name_failures = name->failures * name_decay + (lesson.failure && !learnt ? 1.0f : 0.0f);
    view.name_success_before = name->success_before(lesson.moment);
    view.name_success_after = name->success_after(lesson.moment);
    view.staple = name->staple;
    add_chains(*name, lesson.network, name_decay, view);
  }
  if (view.chains.empty()) {
    for (const std::uint64_t other : endpoint.chain_names) {
      if (other == kNoHash || other == lesson.name) continue;
      const NameProfile* name = name_of(other);
      if (name != nullptr) add_chains(*name, lesson.network, clock.decay(name->landmark), view);
    }
    view.chains_of_other_names = !view.chains.empty();
  }
  order_chains(view);
  return view;
}

}  // namespace shakedown::diagnose
