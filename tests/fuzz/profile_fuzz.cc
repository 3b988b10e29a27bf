// SPDX-License-Identifier: Apache-2.0
//
// Method: the first byte chooses the table, the rest is one entry of a profile file. What decodes
// must obey the bounds of a profile, encode to bytes that decode to the same bytes again, and take
// part in views without a negative weight or a number that is none.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "diagnose/profile/profile_codec.h"
#include "diagnose/profile/profile_store.h"

using namespace shakedown;
using namespace shakedown::diagnose;

namespace {

void require(bool right) {
  if (!right) std::abort();
}

enrich::OfferPointer an_offer(std::uint64_t) {
  static const auto offer = std::make_shared<const enrich::ClientOffer>();
  return offer;
}

enrich::ChainPointer a_chain(std::string_view digest) {
  auto chain = std::make_shared<enrich::Chain>();
  chain->digest = digest;
  chain->certificates.resize(1);
  return chain;
}

template <class Profile, class Find>
void round_trip(Bytes bytes, const ProfileClock& clock, const Find& find, Profile& profile) {
  std::vector<std::uint8_t> once;
  encode(profile, once);
  require(once.size() == bytes.size());
  Profile again;
  require(decode(once, clock, find, again) == ParseStatus::ok);
  std::vector<std::uint8_t> twice;
  encode(again, twice);
  require(once == twice);
}

void look_at(ServerProfiles& profiles, UnixNanos moment) {
  HandshakeRecord record;
  record.server_port = 443;
  record.family = IpFamily::ipv4;
  record.first_seen = record.client_hello = record.order_time = record.end = moment;
  record.outcome = {.kind = OutcomeKind::alert, .by = Party::server, .stage = Stage::client_hello};
  const enrich::Handshake handshake{.record = record,
                                    .offer = nullptr,
                                    .server_chain = nullptr,
                                    .client_chain = nullptr,
                                    .server_name = {}};
  for (int round = 0; round < 2; ++round) {
    const ServerView view = profiles.view(handshake);
    require(std::isfinite(view.successes) && view.successes >= 0);
    require(std::isfinite(view.name_failures) && view.name_failures >= 0);
    require(view.now.latency_nanos >= 0 && view.usual_latency_nanos >= 0);
    require(view.success_before < moment || !view.success_before.known());
    for (const auto& version : view.versions) require(version.weight >= 0);
    profiles.learn(handshake);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Bytes bytes(data + 1, size - 1);
  ServerProfiles profiles({.endpoint_count_max = 2, .name_count_max = 2});
  ServerProfiles::Store& store = profiles.store();
  const UnixNanos moment{1'763'647'501 * kNanosPerSecond};
  store.clock.restore(1000.5, 1e6, moment);

  EndpointKey key{
      .address = {}, .port = 443, .transport = Transport::tcp, .family = IpFamily::ipv4};
  if (data[0] % 2 == 0) {
    std::vector<std::uint64_t> digests;
    const bool named = referenced_offers(bytes, digests) == ParseStatus::ok;
    EndpointProfile profile;
    if (decode(bytes, store.clock, an_offer, profile) != ParseStatus::ok) return 0;
    require(named && digests.size() == profile.hellos.size());
    round_trip(bytes, store.clock, an_offer, profile);
    const std::uint32_t slot = store.endpoints.insert(key, hash_of(key));
    profile.key = key;
    profile.pool = store.endpoints[slot].pool;
    store.endpoints[slot] = std::move(profile);
    store.endpoints.settle(slot);
  } else {
    std::vector<std::string_view> digests;
    const bool named = referenced_chains(bytes, digests) == ParseStatus::ok;
    NameProfile profile;
    if (decode(bytes, store.clock, a_chain, profile) != ParseStatus::ok) return 0;
    require(named && digests.size() == profile.chains.size());
    round_trip(bytes, store.clock, a_chain, profile);
    const NameKey name{.endpoint = hash_of(key), .name = hash_of_name({})};
    const std::uint32_t slot = store.names.insert(name, hash_of(name));
    profile.key = name;
    profile.pool = store.names[slot].pool;
    store.names[slot] = std::move(profile);
    store.names.settle(slot);
  }
  look_at(profiles, moment);
  return 0;
}
