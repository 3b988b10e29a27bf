// SPDX-License-Identifier: Apache-2.0
#include "diagnose/profile/profile_file.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "diagnose/profile/profile_codec.h"
#include "diagnose/profile/profile_database.h"
#include "diagnose/profile/profile_store.h"

namespace shakedown::diagnose {

namespace {

using Store = ServerProfiles::Store;

/// A job and what it was made of, so that it can be made again.
struct Turn {
  ProfileJob job;
  std::vector<std::uint32_t> endpoint_slots;
  std::vector<std::uint32_t> name_slots;

  [[nodiscard]] std::size_t size() const { return endpoint_slots.size() + name_slots.size(); }
};

/// Names each shared thing once.
struct Shared {
  std::unordered_set<const void*> seen;

  void name(const EndpointProfile& profile, ProfileJob& job) {
    for (const Hello& hello : profile.hellos) {
      if (!seen.insert(hello.facts.offer.get()).second) continue;
      job.offers.emplace_back(hello.offer_digest, hello.facts.offer);
    }
  }
  void name(const NameProfile& profile, ProfileJob& job) {
    for (const KnownChain& known : profile.chains) {
      if (known.chain->digest.size() != kChainDigestBytes) continue;
      if (seen.insert(known.chain.get()).second) job.chains.push_back(known.chain);
    }
  }
};

template <class Profile>
void take(ProfilePool<Profile>& pool, ProfileTable table, std::size_t count_max, Shared& shared,
          ProfileJob& job, std::vector<std::uint32_t>& slots) {
  auto& rows = job.rows[static_cast<unsigned>(table)];
  while (pool.marked_count() > 0 && slots.size() < count_max) {
    const std::uint32_t slot = pool.take_marked();
    if (!pool.used(slot)) continue;
    const Profile& profile = pool[slot];
    const auto key = encode_key(profile.key);
    ProfileRow& row = rows.emplace_back();
    row.key.assign(key.begin(), key.end());
    row.used = profile.used;
    row.proven = pool.proven(slot);
    encode(profile, row.profile);
    shared.name(profile, job);
    slots.push_back(slot);
  }
}

template <class Profile>
void bound(ProfilePool<Profile>& pool, ProfileTable table, std::uint64_t learnt_count,
           ProfileJob& job) {
  for (const bool proven : {false, true}) {
    const std::uint32_t oldest = pool.oldest(proven);
    job.keep_from[static_cast<unsigned>(table)][proven ? 1 : 0] =
        oldest == pool.kNone ? learnt_count + 1 : pool[oldest].used;
  }
}

Turn make_turn(Store& store) {
  Turn turn;
  Shared shared;
  // Half for each, and what one leaves for the other.
  const std::size_t half = kProfilesPerSave / 2;
  const std::size_t names = std::min(store.names.marked_count(), half);
  take(store.endpoints, ProfileTable::endpoint, kProfilesPerSave - names, shared, turn.job,
       turn.endpoint_slots);
  take(store.names, ProfileTable::name, kProfilesPerSave - turn.endpoint_slots.size(), shared,
       turn.job, turn.name_slots);
  bound(store.endpoints, ProfileTable::endpoint, store.learnt_count, turn.job);
  bound(store.names, ProfileTable::name, store.learnt_count, turn.job);
  turn.job.clock = {.half_lives = store.clock.half_lives(),
                    .watched_seconds = store.clock.watched_seconds(),
                    .last = store.clock.last(),
                    .learnt_count = store.learnt_count,
                    .last_order = store.last_order,
                    .last_first_seen = store.last_first_seen};
  return turn;
}

void mark_again(Store& store, const Turn& turn) {
  for (const std::uint32_t slot : turn.endpoint_slots) store.endpoints.mark(slot);
  for (const std::uint32_t slot : turn.name_slots) store.names.mark(slot);
}

/// A profile of the file, put where learning would have put it.
template <class Profile>
void put(ProfilePool<Profile>& pool, Profile&& profile, bool proven) {
  const std::uint64_t hash = hash_of(profile.key);
  if (pool.find(profile.key, hash) != pool.kNone) return;
  const std::uint32_t slot = pool.insert(profile.key, hash);
  profile.pool = pool[slot].pool;
  pool[slot] = std::move(profile);
  pool.touch(slot, proven);
  pool.settle(slot);
}

}  // namespace

struct ProfileFile::Implementation {
  ProfileDatabase database;
  std::thread writer;
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<Turn> turn;  ///< handed over; empty: the writer waits
  bool stopping = false;
  std::optional<Turn> failed;
  std::string failure;  ///< not yet told
  std::uint64_t unreadable_count = 0;

  ~Implementation() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    changed.notify_all();
    if (writer.joinable()) writer.join();
  }

  void write_turns() {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return turn.has_value() || stopping; });
      if (!turn.has_value()) return;
      lock.unlock();
      std::string error = database.write(turn->job);
      lock.lock();
      if (!error.empty()) {
        failure = std::move(error);
        failed = std::move(turn);
      }
      turn.reset();
      changed.notify_all();
    }
  }

  /// Takes back what could not be written. With the lock.
  void take_back(Store& store) {
    if (failed) mark_again(store, *failed);
    failed.reset();
  }
  void hand_over(Turn&& next) {
    {
      const std::lock_guard lock(mutex);
      turn = std::move(next);
    }
    changed.notify_all();
  }
  void wait_until_idle(std::unique_lock<std::mutex>& lock) {
    changed.wait(lock, [this] { return !turn.has_value(); });
  }
};

ProfileFile::ProfileFile() : implementation_(std::make_unique<Implementation>()) {}
ProfileFile::~ProfileFile() = default;

std::string ProfileFile::open(const std::string& path) {
  Implementation& self = *implementation_;
  std::unique_lock lock(self.mutex);
  self.wait_until_idle(lock);
  std::string error = self.database.open(path);
  if (error.empty() && !self.writer.joinable()) {
    self.writer = std::thread([&self] { self.write_turns(); });
  }
  return error;
}

bool ProfileFile::is_open() const { return implementation_->database.is_open(); }
std::uint64_t ProfileFile::unreadable_count() const { return implementation_->unreadable_count; }

std::string ProfileFile::load(ServerProfiles& profiles, enrich::ChainJudge& judge) {
  Implementation& self = *implementation_;
  if (!is_open()) return {};
  std::unique_lock lock(self.mutex);
  self.wait_until_idle(lock);
  Store& store = profiles.store();

  SavedClock clock;
  bool found = false;
  std::string error = self.database.read_clock(clock, found);
  if (!error.empty() || !found) return error;
  const auto possible = [](double value) {
    return value >= 0 && value <= ProfileClock::kHalfLivesMax;
  };
  if (!possible(clock.half_lives) || !possible(clock.watched_seconds)) {
    ++self.unreadable_count;
    return {};
  }
  store.clock.restore(clock.half_lives, clock.watched_seconds, clock.last);
  store.learnt_count = clock.learnt_count;
  store.has_learnt = true;
  store.last_order = clock.last_order;
  store.last_first_seen = clock.last_first_seen;

  std::unordered_map<std::uint64_t, enrich::OfferPointer> offers;
  error = self.database.read_offers([&](std::uint64_t digest, Bytes body) {
    auto offer = std::make_shared<enrich::ClientOffer>();
    if (enrich::decode_client_offer(body, *offer) == ParseStatus::ok) {
      offers.emplace(digest, std::move(offer));
    } else {
      ++self.unreadable_count;
    }
  });
  std::unordered_map<std::string, enrich::ChainPointer> chains;
  if (error.empty()) {
    error = self.database.read_chains([&](Bytes digest, Bytes body) {
      enrich::ChainPointer chain = judge.chain_of(body);
      // A body that is not what its digest says is another chain.
      const std::string name(digest.begin(), digest.end());
      if (chain == nullptr || chain->digest != name) {
        ++self.unreadable_count;
      } else {
        chains.emplace(name, std::move(chain));
      }
    });
  }
  const FindOffer find_offer = [&offers](std::uint64_t digest) {
    const auto place = offers.find(digest);
    return place == offers.end() ? nullptr : place->second;
  };
  const FindChain find_chain = [&chains](std::string_view digest) {
    const auto place = chains.find(std::string(digest));
    return place == chains.end() ? nullptr : place->second;
  };
  const auto read = [&](ProfileTable table, auto& pool, const auto& find) {
    if (!error.empty()) return;
    error = self.database.read_rows(table, [&](Bytes key, bool proven, Bytes bytes) {
      std::remove_reference_t<decltype(pool[0])> profile;
      if (decode_key(key, profile.key) != ParseStatus::ok ||
          decode(bytes, store.clock, find, profile) != ParseStatus::ok) {
        ++self.unreadable_count;
        return;
      }
      put(pool, std::move(profile), proven);
    });
  };
  read(ProfileTable::endpoint, store.endpoints, find_offer);
  read(ProfileTable::name, store.names, find_chain);
  return error;
}

std::size_t ProfileFile::save(ServerProfiles& profiles) {
  Implementation& self = *implementation_;
  if (!is_open()) return 0;
  {
    const std::lock_guard lock(self.mutex);
    if (self.turn) return 0;
    self.take_back(profiles.store());
  }
  // Made without the lock: nobody else hands over turns.
  Turn turn = make_turn(profiles.store());
  const std::size_t count = turn.size();
  if (count != 0) self.hand_over(std::move(turn));
  return count;
}

std::string ProfileFile::finish(ServerProfiles& profiles) {
  Implementation& self = *implementation_;
  if (!is_open()) return {};
  std::unique_lock lock(self.mutex);
  self.wait_until_idle(lock);
  self.take_back(profiles.store());
  // The clock goes with the last turn, even if that is all it has.
  std::size_t count = 0;
  do {
    lock.unlock();
    Turn turn = make_turn(profiles.store());
    count = turn.size();
    self.hand_over(std::move(turn));
    lock.lock();
    self.wait_until_idle(lock);
    if (self.failed) {
      self.take_back(profiles.store());
      return std::exchange(self.failure, {});
    }
  } while (count != 0);
  return {};
}

std::string ProfileFile::error() {
  const std::lock_guard lock(implementation_->mutex);
  return std::exchange(implementation_->failure, {});
}

}  // namespace shakedown::diagnose
