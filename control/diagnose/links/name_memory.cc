// SPDX-License-Identifier: Apache-2.0
#include "diagnose/links/name_memory.h"

#include <string>
#include <vector>

#include "diagnose/links/issuer_texts.h"
#include "diagnose/links/link_keys.h"
#include "diagnose/links/lru_index.h"
#include "diagnose/links/name_record.h"

namespace shakedown::diagnose {

namespace {

/// Distinct issuers of leaves; a big site meets some hundreds.
constexpr std::size_t kIssuerTextCountMax = 4096;
/// What was shown for a name holds for so many half-lives.
constexpr std::int64_t kIssuerHalfLives = 7;

/// Failures that a box on the path may have made because of the name, which stands in the
/// ClientHello.
bool looks_blocked(const HandshakeRecord& record) {
  const Outcome& outcome = record.outcome;
  if (!is_failure(outcome.kind) || !record.client_hello.known()) return false;
  if (outcome.by == Party::path) return true;
  if (outcome.by == Party::client || outcome.stage != Stage::client_hello) return false;
  return outcome.kind == OutcomeKind::reset || outcome.kind == OutcomeKind::silence;
}

bool leads_to_anchor(enrich::Trust trust) {
  return trust == enrich::Trust::trusted || trust == enrich::Trust::intermediate_missing;
}

bool is_private(enrich::Trust trust) {
  return trust == enrich::Trust::self_signed || trust == enrich::Trust::unknown_root ||
         trust == enrich::Trust::unknown_issuer;
}

/// Empty: the chain does not tell.
std::string_view issuer_of(const enrich::Chain* chain) {
  if (chain == nullptr || chain->certificates.empty() || !chain->leaf().readable) return {};
  return chain->leaf().issuer;
}

}  // namespace

struct NameMemory::Store {
  explicit Store(const NameMemorySettings& given)
      : settings(given),
        index(given.name_count_max),
        private_index(given.network_issuer_count_max),
        texts(kIssuerTextCountMax) {
    names.reserve(index.capacity());
    private_issuers.reserve(private_index.capacity());
  }

  void prefetch_name(std::uint64_t key) const;
  [[nodiscard]] NameRecord& touch_name(std::uint64_t key);
  void learn_issuer(const HandshakeRecord& record, std::uint64_t hash, NameRecord& name,
                    std::string_view issuer, enrich::Trust trust);
  void learn_private_issuer(const HandshakeRecord& record, std::uint64_t hash,
                            std::uint64_t issuer);
  void compare_issuers(const HandshakeRecord& record, const NameRecord& name,
                       std::string_view shown, NameView& view) const;
  [[nodiscard]] std::uint32_t names_of(const HandshakeRecord& record,
                                       std::string_view issuer) const;
  [[nodiscard]] bool recent(UnixNanos last, UnixNanos now) const {
    return distance(last, now) / kIssuerHalfLives <= settings.half_life_nanos;
  }

  NameMemorySettings settings;
  LinkKeys keys;
  LruIndex index;
  std::vector<NameRecord> names;
  LruIndex private_index;  ///< keys of client network and issuer
  std::vector<PrivateIssuer> private_issuers;
  IssuerTexts texts;
};

/// Starts to load all lines that a success changes at once: waiting for memory is most of the cost.
void NameMemory::Store::prefetch_name(std::uint64_t key) const {
  const std::uint32_t place = index.guess(key);
  if (place >= names.size()) return;
  const auto* lines = reinterpret_cast<const char*>(&names[place]);
  for (std::size_t offset = 0; offset < sizeof(NameRecord) / 2; offset += 64) {
    __builtin_prefetch(lines + offset, 1);
  }
}

NameRecord& NameMemory::Store::touch_name(std::uint64_t key) {
  const LruIndex::Place place = index.touch(key);
  if (place.index == names.size()) names.emplace_back();
  NameRecord& name = names[place.index];
  if (place.added) name = {};
  return name;
}

void NameMemory::Store::learn_issuer(const HandshakeRecord& record, std::uint64_t hash,
                                     NameRecord& name, std::string_view issuer,
                                     enrich::Trust trust) {
  const std::uint64_t key = keys.text(issuer);
  const UnixNanos now = record.order_time;
  texts.keep(key, issuer);
  NameIssuer& seen = name.issuer(key, now);
  seen.last = now;
  seen.trusted = leads_to_anchor(trust);
  seen.networks.add(client_network_mark(record));
  if (is_private(trust)) learn_private_issuer(record, hash, key);
}

void NameMemory::Store::learn_private_issuer(const HandshakeRecord& record, std::uint64_t hash,
                                             std::uint64_t issuer) {
  const LruIndex::Place place = private_index.touch(keys.pair(keys.client_network(record), issuer));
  if (place.index == private_issuers.size()) private_issuers.emplace_back();
  PrivateIssuer& known = private_issuers[place.index];
  if (place.added || !recent(known.last, record.order_time)) known = {};
  known.last = record.order_time;
  known.names.add(name_mark(hash));
}

NameMemory::NameMemory(NameMemorySettings settings) : store_(std::make_unique<Store>(settings)) {}
NameMemory::~NameMemory() = default;
NameMemory::NameMemory(NameMemory&&) noexcept = default;
NameMemory& NameMemory::operator=(NameMemory&&) noexcept = default;

void NameMemory::prefetch(const enrich::Handshake& handshake) const {
  if (handshake.server_name.empty()) return;
  store_->index.prefetch(store_->keys.pair(name_hash(handshake.server_name), 0));
}

void NameMemory::learn(const enrich::Handshake& handshake,
                       const enrich::Assessment* server_certificate) {
  const HandshakeRecord& record = handshake.record;
  if (handshake.server_name.empty() || record.outcome.kind == OutcomeKind::unseen) return;
  const std::uint64_t hash = name_hash(handshake.server_name);
  const std::uint64_t key = store_->keys.pair(hash, 0);
  store_->prefetch_name(key);
  const std::uint32_t client = client_mark(record);
  const std::uint32_t endpoint = endpoint_mark(record);
  NameRecord& name = store_->touch_name(key);
  name.decay(record.order_time, store_->settings.half_life_nanos);
  if (record.outcome.kind == OutcomeKind::established) {
    // One that was rejected late is neither: the name got through, and was not taken.
    if (!handshake.has(HandshakeRecord::late_rejection)) {
      name.successes += 1.0f;
      name.clients_succeeded.add(client);
      name.endpoints_succeeded.add(endpoint);
    }
  } else if (handshake.judged_tls()) {
    name.failures += 1.0f;
  }
  if (looks_blocked(record)) {
    name.blocked += 1.0f;
    name.clients_blocked.add(client);
    name.endpoints_blocked.add(endpoint);
  }
  const std::string_view issuer = issuer_of(handshake.server_chain.get());
  if (server_certificate != nullptr && !issuer.empty()) {
    store_->learn_issuer(record, hash, name, issuer, server_certificate->trust);
  }
}

NameView NameMemory::view(const enrich::Handshake& handshake, const enrich::Chain* shown) const {
  NameView view;
  const HandshakeRecord& record = handshake.record;
  const std::string_view issuer = issuer_of(shown);
  if (!issuer.empty()) view.names_of_private_issuer = store_->names_of(record, issuer);
  if (handshake.server_name.empty()) return view;
  const std::uint64_t key = store_->keys.pair(name_hash(handshake.server_name), 0);
  const std::uint32_t place = store_->index.find(key);
  if (place == LruIndex::kNone) return view;

  NameRecord name = store_->names[place];
  name.decay(record.order_time, store_->settings.half_life_nanos);
  view.successes = name.successes;
  view.failures = name.failures;
  view.endpoints_succeeded = name.endpoints_succeeded.count();
  view.clients_succeeded = name.clients_succeeded.count();
  view.blocked = name.blocked;
  view.clients_blocked = name.clients_blocked.count();
  view.endpoints_blocked = name.endpoints_blocked.count();
  store_->compare_issuers(record, name, issuer, view);
  return view;
}

/// What most others were shown; networks count, so that one busy network does not outvote the rest.
void NameMemory::Store::compare_issuers(const HandshakeRecord& record, const NameRecord& name,
                                        std::string_view shown, NameView& view) const {
  const std::uint32_t network = client_network_mark(record);
  const NameIssuer* usual = nullptr;
  std::uint32_t usual_networks = 0;
  for (const NameIssuer& issuer : name.issuers) {
    if (issuer.issuer == 0 || !recent(issuer.last, record.order_time)) continue;
    const std::uint32_t networks = issuer.networks.count_of_others(network);
    const bool more = networks > usual_networks;
    const bool later = networks == usual_networks && usual != nullptr && issuer.last > usual->last;
    if (networks == 0 || !(more || later)) continue;
    usual = &issuer;
    usual_networks = networks;
  }
  if (usual == nullptr) return;
  view.usual_issuer = texts.text(usual->issuer);
  view.usual_issuer_trusted = usual->trusted;
  view.usual_issuer_networks = usual_networks;
  if (shown.empty()) return;
  const std::uint64_t own_key = keys.text(shown);
  if (own_key == usual->issuer) return;
  const NameIssuer* own = name.find_issuer(own_key);
  const std::uint32_t own_networks = own == nullptr ? 0 : own->networks.count_of_others(network);
  // Others are shown it too, and nobody the usual one since: the server has a new certificate.
  const bool renewed = own_networks != 0 && usual->last < own->first;
  view.issuer_unusual = usual_networks > own_networks && !renewed;
}

std::uint32_t NameMemory::Store::names_of(const HandshakeRecord& record,
                                          std::string_view issuer) const {
  const std::uint64_t key = keys.pair(keys.client_network(record), keys.text(issuer));
  const std::uint32_t place = private_index.find(key);
  if (place == LruIndex::kNone) return 0;
  const PrivateIssuer& known = private_issuers[place];
  return recent(known.last, record.order_time) ? known.names.count() : 0;
}

std::size_t NameMemory::name_count() const { return store_->index.size(); }
std::uint64_t NameMemory::evicted_count() const { return store_->index.evicted_count(); }

std::size_t NameMemory::memory_max(const NameMemorySettings& settings) {
  return LruIndex::memory_max(settings.name_count_max) +
         settings.name_count_max * sizeof(NameRecord) +
         LruIndex::memory_max(settings.network_issuer_count_max) +
         settings.network_issuer_count_max * sizeof(PrivateIssuer) +
         IssuerTexts::memory_max(kIssuerTextCountMax);
}

}  // namespace shakedown::diagnose
