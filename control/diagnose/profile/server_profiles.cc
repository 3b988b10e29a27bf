// SPDX-License-Identifier: Apache-2.0
#include "diagnose/profile/server_profiles.h"

#include <algorithm>
#include <tuple>

#include "diagnose/profile/profile_store.h"

namespace shakedown::diagnose {

namespace {

std::size_t at_least_one(std::size_t count) { return std::max<std::size_t>(count, 1); }

/// The profile for the key, made when it is not there.
template <class Profile>
std::uint32_t use(ProfilePool<Profile>& pool, const decltype(Profile::key)& key, std::uint64_t hash,
                  const ProfileClock& clock) {
  std::uint32_t slot = pool.find(key, hash);
  if (slot != pool.kNone) return slot;
  slot = pool.insert(key, hash);
  pool[slot].landmark = clock.landmark();
  return slot;
}

template <class Profile>
void settle(ProfilePool<Profile>& pool, std::uint32_t slot, const ProfileClock& clock,
            std::uint64_t used) {
  Profile& profile = pool[slot];
  profile.used = used;
  profile.used_half_lives = clock.half_lives();
  pool.touch(slot, profile.proven());
  pool.mark(slot);
  pool.settle(slot);
}

/// Where the profile of this hash must lie, if there is one; its lines are on their way then.
template <class Profile>
const Profile* approach(ProfilePool<Profile>& pool, std::uint64_t hash) {
  const std::uint32_t slot = pool.guess(hash);
  if (slot == pool.kNone) return nullptr;
  const Profile* const profile = &pool[slot];
  const auto* line = reinterpret_cast<const char*>(profile);
  for (std::size_t offset = 0; offset < sizeof(Profile); offset += 64) {
    __builtin_prefetch(line + offset, 1);
  }
  return profile;
}

}  // namespace

ServerProfiles::Store::Store(const ProfileSettings& wanted)
    : settings(wanted),
      clock(wanted.half_life_nanos),
      endpoints(at_least_one(wanted.endpoint_count_max),
                at_least_one(wanted.endpoint_count_max) * kHeapPerEndpoint),
      names(at_least_one(wanted.name_count_max),
            at_least_one(wanted.name_count_max) * kHeapPerName) {}

bool ServerProfiles::Store::learnt(const HandshakeRecord& record) const {
  return has_learnt &&
         std::tie(record.order_time, record.first_seen) <= std::tie(last_order, last_first_seen);
}

void ServerProfiles::Store::forget() {
  const double age_max =
      static_cast<double>(settings.forget_nanos) / 1e9 / clock.half_life_seconds();
  const auto forget_of = [this, age_max](auto& pool) {
    for (const bool proven : {false, true}) {
      for (std::uint32_t slot = pool.oldest(proven); slot != pool.kNone;
           slot = pool.oldest(proven)) {
        if (clock.half_lives() - pool[slot].used_half_lives <= age_max) break;
        pool.remove(slot);
      }
    }
  };
  forget_of(endpoints);
  forget_of(names);
}

ServerProfiles::ServerProfiles(ProfileSettings settings)
    : store_(std::make_unique<Store>(settings)) {}
ServerProfiles::~ServerProfiles() = default;
ServerProfiles::ServerProfiles(ServerProfiles&&) noexcept = default;
ServerProfiles& ServerProfiles::operator=(ServerProfiles&&) noexcept = default;

void ServerProfiles::expect(const enrich::Handshake& handshake) {
  Store& store = *store_;
  // Each step needs what the one before it has asked for: the table, then the profile.
  const Store::Expected second = store.expected;
  approach(store.endpoints, second.endpoint);
  approach(store.names, second.name);
  const std::uint64_t hash = hash_of(endpoint_of(handshake.record));
  const NameKey name{.endpoint = hash, .name = hash_of_name(handshake.server_name)};
  store.expected = {.endpoint = hash, .name = hash_of(name)};
  store.endpoints.prefetch(hash);
  store.names.prefetch(store.expected.name);
}

void ServerProfiles::learn(const enrich::Handshake& handshake) {
  Store& store = *store_;
  const HandshakeRecord& record = handshake.record;
  store.clock.advance(record.order_time.known() ? record.order_time : record.end);
  store.has_learnt = true;
  store.last_order = record.order_time;
  store.last_first_seen = record.first_seen;
  if (record.outcome.kind == OutcomeKind::unseen) return;

  // Each profile lies somewhere else in memory: all that is needed is asked for before any of it is
  // waited for.
  const EndpointKey key = endpoint_of(record);
  const std::uint64_t hash = hash_of(key);
  const NameKey name_key{.endpoint = hash, .name = hash_of_name(handshake.server_name)};
  const std::uint64_t name_hash = hash_of(name_key);
  store.endpoints.prefetch(hash);
  store.names.prefetch(name_hash);
  const EndpointProfile* near = approach(store.endpoints, hash);
  const NameProfile* near_name = approach(store.names, name_hash);
  Lesson lesson = lesson_of(handshake);
  if (lesson.success && handshake.offer != nullptr) {
    lesson.offer_digest = store.digests.of(handshake.offer);
  }
  if (near != nullptr) near->prefetch(lesson);
  if (near_name != nullptr) near_name->prefetch();

  const std::uint64_t used = ++store.learnt_count;
  if (used % 64 == 0) store.forget();
  const std::uint32_t slot = use(store.endpoints, key, hash, store.clock);
  EndpointProfile& endpoint = store.endpoints[slot];
  if (endpoint.record_count == 0) endpoint.load.begin(store.clock);
  endpoint.learn(lesson, store.clock);
  if (handshake.server_chain != nullptr) endpoint.note_chain(name_key.name);
  settle(store.endpoints, slot, store.clock, used);

  // What has not come to TLS says nothing about a name.
  if (!lesson.success && !lesson.failure && handshake.server_chain == nullptr) return;
  const std::uint32_t name_slot = use(store.names, name_key, name_hash, store.clock);
  store.names[name_slot].learn(lesson, store.clock);
  settle(store.names, name_slot, store.clock, used);
}

std::size_t ServerProfiles::endpoint_count() const { return store_->endpoints.size(); }
std::size_t ServerProfiles::name_count() const { return store_->names.size(); }
std::uint64_t ServerProfiles::evicted_count() const {
  return store_->endpoints.evicted_count() + store_->names.evicted_count();
}

std::size_t ServerProfiles::memory_max(const ProfileSettings& settings) {
  const std::size_t endpoints = at_least_one(settings.endpoint_count_max);
  const std::size_t names = at_least_one(settings.name_count_max);
  // One profile may grow to its own bound before others give way to it.
  constexpr std::size_t kOneProfile = 64 << 10;
  return sizeof(Store) + 2 * kOneProfile +
         ProfilePool<EndpointProfile>::memory_max(endpoints, endpoints * kHeapPerEndpoint) +
         ProfilePool<NameProfile>::memory_max(names, names * kHeapPerName);
}

}  // namespace shakedown::diagnose
