// SPDX-License-Identifier: Apache-2.0
#include "diagnose/links/client_memory.h"

#include <memory>

#include "diagnose/links/client_store.h"
#include "diagnose/rejection.h"

namespace shakedown::diagnose {

namespace {

/// The client says that the certificate has expired, and at the packet's time it was valid.
bool rejected_by_date(const enrich::Handshake& handshake, const enrich::Assessment* certificate) {
  if (certificate == nullptr || certificate->expired || certificate->not_yet_valid) return false;
  if (certificate->trust == enrich::Trust::not_judged ||
      certificate->trust == enrich::Trust::unreadable) {
    return false;
  }
  return ending_alert(handshake.record, Party::client) == AlertDescription::certificate_expired;
}

/// Of these nothing can be learnt about attempts: nobody tried, or we have not seen what came of it.
bool teaches_nothing(OutcomeKind kind) {
  return kind == OutcomeKind::unseen || kind == OutcomeKind::no_hello;
}

}  // namespace

DeedNumbers deeds_of(const enrich::Handshake& handshake) {
  const bool established = handshake.record.outcome.kind == OutcomeKind::established;
  const bool late = handshake.has(HandshakeRecord::late_rejection);
  const bool success = established && !late;
  const bool failure = !established && handshake.judged_tls();
  return {success, failure, client_rejected(handshake), 0};
}

ClientMemory::Store::Store(const ClientMemorySettings& settings)
    : index(settings.client_count_max),
      rows(settings.client_count_max * kRowsPerClient),
      twins(settings.client_count_max / kClientsPerTwin),
      certificate_index(kCertificateCountMax) {
  clients.reserve(index.capacity());
}

ClientMemory::Store::Asked ClientMemory::Store::asked(const enrich::Handshake& handshake) const {
  const HandshakeRecord& record = handshake.record;
  const ClientHelloFacts& hello = record.client_hello_facts;
  const std::uint64_t name = name_hash(handshake.server_name);
  const std::uint32_t stack = stack_mark(record.ja4);
  return {.client = keys.client(record),
          .digest = record_digest(record),
          .twin = asked_for(name, stack),
          .at = moment_of(record),
          .hello = {.offer = handshake.offer.get(),
                    .stack = stack,
                    .flags = hello.flags,
                    .name_hash = name,
                    .endpoint = endpoint_mark(record),
                    .max_version = hello.max_version,
                    .length = hello.length,
                    .segment_count = hello.segment_count,
                    .resumption_offered = offers_resumption(hello),
                    .family = record.family},
          .window_scale = record.client_tcp.window_scale};
}

/// Starts to load the client while other things are done: waiting for memory is most of the cost.
void ClientMemory::Store::prefetch_client(std::uint64_t key) const {
  const std::uint32_t place = index.guess(key);
  if (place >= clients.size()) return;
  const auto* lines = reinterpret_cast<const char*>(&clients[place]);
  for (std::size_t offset = 0; offset < sizeof(Client); offset += 64) {
    __builtin_prefetch(lines + offset, 1);
  }
}

/// What came without a ClientHello is remembered only of clients that have sent one: a flood of SYN
/// from invented addresses must not push out those that are real.
Client* ClientMemory::Store::touch_client(const HandshakeRecord& record, std::uint64_t key) {
  const bool spoke =
      record.client_hello.known() || record.outcome.kind == OutcomeKind::starttls_refused;
  if (!spoke) {
    const std::uint32_t known = index.touch_known(key);
    return known == LruIndex::kNone ? nullptr : &clients[known];
  }
  const LruIndex::Place place = index.touch(key);
  if (place.index == clients.size()) clients.emplace_back();
  Client& client = clients[place.index];
  if (place.added) client = {};
  return &client;
}

const Client* ClientMemory::Store::find_client(std::uint64_t key) const {
  const std::uint32_t place = index.find(key);
  return place == LruIndex::kNone ? nullptr : &clients[place];
}

void ClientMemory::Store::add_to_row(Client& client, const Asked& asked,
                                     const enrich::Handshake& handshake, std::uint8_t marks) {
  PastHandshake& past = rows.add(asked.client, client.places, client.row);
  past.digest = asked.digest;
  past.endpoint = asked.hello.endpoint;
  past.name_hash = asked.hello.name_hash;
  past.at = asked.at;
  past.offer = handshake.offer;
  past.hello_flags = asked.hello.flags;
  past.stack = asked.hello.stack;
  past.max_version = asked.hello.max_version;
  past.length = asked.hello.length;
  past.outcome = handshake.record.outcome;
  past.segment_count = asked.hello.segment_count;
  past.window_scale = asked.window_scale;
  past.family = asked.hello.family;
  past.marks = marks;
}

void ClientMemory::Store::keep_certificate(std::uint64_t client,
                                           const enrich::ChainPointer& chain) {
  const LruIndex::Place place = certificate_index.touch(client);
  if (place.index == certificates.size()) certificates.emplace_back();
  certificates[place.index] = chain;
}

ClientMemory::ClientMemory(ClientMemorySettings settings)
    : store_(std::make_unique<Store>(settings)) {}
ClientMemory::~ClientMemory() = default;
ClientMemory::ClientMemory(ClientMemory&&) noexcept = default;
ClientMemory& ClientMemory::operator=(ClientMemory&&) noexcept = default;

void ClientMemory::prefetch(const enrich::Handshake& handshake) const {
  store_->index.prefetch(store_->keys.client(handshake.record));
}

void ClientMemory::learn(const enrich::Handshake& handshake,
                         const enrich::Assessment* server_certificate) {
  const HandshakeRecord& record = handshake.record;
  if (teaches_nothing(record.outcome.kind)) return;
  store_->prefetch_client(store_->keys.client(record));
  const Store::Asked asked = store_->asked(handshake);
  if (asked.twin != 0) store_->twins.prefetch(asked.twin);
  Client* client = store_->touch_client(record, asked.client);
  if (client == nullptr) return;

  DeedNumbers deeds = deeds_of(handshake);
  const bool by_date = rejected_by_date(handshake, server_certificate);
  deeds[static_cast<std::size_t>(Deed::date_rejection)] = by_date;
  const Turn now = turn_of(record.order_time);
  client->last_order = record.order_time;
  client->deeds.add(client->turn, now, deeds);
  ServerList& servers = client->servers;
  const std::size_t server =
      servers.place_of({asked.hello.endpoint, name_mark(asked.hello.name_hash)}, now,
                       client->server_count, client->server_hand);
  servers.deeds[server].add(servers.turns[server], now, deeds);

  const bool late = handshake.has(HandshakeRecord::late_rejection);
  std::uint8_t marks = 0;
  if (record.outcome.kind == OutcomeKind::established && !late) marks |= PastHandshake::succeeded;
  if (late) marks |= PastHandshake::late_rejection;
  if (asked.hello.resumption_offered) marks |= PastHandshake::resumption_offered;
  if (by_date) marks |= PastHandshake::date_rejected;
  store_->add_to_row(*client, asked, handshake, marks);

  store_->clocks.learn(client->clocks, asked.client, ClockReading::of(record, asked.hello.stack));
  if (asked.twin != 0) {
    store_->twins.learn(asked.twin, record.family, asked.client, asked.at);
  }
  if (handshake.client_chain != nullptr) {
    store_->keep_certificate(asked.client, handshake.client_chain);
  }
}

std::size_t ClientMemory::client_count() const { return store_->index.size(); }
std::uint64_t ClientMemory::evicted_count() const { return store_->index.evicted_count(); }

std::size_t ClientMemory::memory_max(const ClientMemorySettings& settings) {
  const std::size_t count = settings.client_count_max;
  return LruIndex::memory_max(count) + count * sizeof(Client) +
         HandshakeRows::memory_max(count * kRowsPerClient) + HelloClocks::memory_max() +
         FamilyTwins::memory_max(count / kClientsPerTwin) +
         LruIndex::memory_max(kCertificateCountMax) +
         kCertificateCountMax * sizeof(enrich::ChainPointer);
}

}  // namespace shakedown::diagnose
