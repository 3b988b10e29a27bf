// SPDX-License-Identifier: Apache-2.0
//
// What ClientMemory answers: the attempt that a handshake belongs to, and what its client did.
#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "diagnose/links/client_store.h"
#include "diagnose/rejection.h"

namespace shakedown::diagnose {

namespace {

HelloSketch sketch_of(const PastHandshake& past, const enrich::ClientOffer* offer) {
  return {.offer = offer,
          .stack = past.stack,
          .flags = past.hello_flags,
          .name_hash = past.name_hash,
          .endpoint = past.endpoint,
          .max_version = past.max_version,
          .length = past.length,
          .segment_count = past.segment_count,
          .resumption_offered = past.has(PastHandshake::resumption_offered),
          .family = past.family};
}

LinkedHandshake linked(const PastHandshake& past, const enrich::OfferPointer& offer,
                       std::uint32_t endpoint) {
  return {.at = past.at,
          .outcome = past.outcome,
          .offer = offer,
          .max_version = past.max_version,
          .length = past.length,
          .hello_flags = past.hello_flags,
          .name_hash = past.name_hash,
          .family = past.family,
          .same_endpoint = past.endpoint == endpoint,
          .late_rejection = past.has(PastHandshake::late_rejection)};
}

using Asked = ClientMemory::Store::Asked;

/// The handshakes of one attempt; two clients have that many at most.
class Company {
 public:
  explicit Company(const Asked& asked) : asked_(asked) {}

  /// Of the client itself: to the same endpoint, or for the same name elsewhere.
  void add_own(const HandshakeRow& row) {
    for (const PastHandshake* past : row) {
      if (past->digest == asked_.digest) own_serial_ = past->serial;
      const bool same_server = past->endpoint == asked_.hello.endpoint || same_name(*past);
      if (same_server) add(*past);
    }
  }
  /// Of its other address: for the same name, from a TLS and a TCP that look the same.
  void add_twin(const HandshakeRow& row) {
    for (const PastHandshake* past : row) {
      const bool same_host =
          past->stack == asked_.hello.stack && past->window_scale == asked_.window_scale;
      if (same_host && same_name(*past)) add(*past);
    }
  }
  /// The oldest first.
  [[nodiscard]] std::span<const PastHandshake* const> sorted() {
    const auto end = all_.begin() + static_cast<std::ptrdiff_t>(count_);
    std::sort(all_.begin(), end,
              [](const PastHandshake* a, const PastHandshake* b) { return order(a) < order(b); });
    return {all_.data(), count_};
  }
  [[nodiscard]] bool after(const PastHandshake* past) const {
    return order(past) > std::pair(asked_.at, own_serial_);
  }

 private:
  [[nodiscard]] static std::pair<UnixNanos, std::uint64_t> order(const PastHandshake* past) {
    return {past->at, past->serial};
  }
  [[nodiscard]] bool same_name(const PastHandshake& past) const {
    return past.name_hash != 0 && past.name_hash == asked_.hello.name_hash;
  }
  void add(const PastHandshake& past) {
    if (past.digest != asked_.digest && distance(past.at, asked_.at) < kAttemptNanos) {
      all_[count_++] = &past;
    }
  }

  const Asked& asked_;
  std::array<const PastHandshake*, kRowMax * 2> all_;
  std::size_t count_ = 0;
  /// Of two at the same time the one that was learnt first came first; one that is not known comes
  /// last.
  std::uint64_t own_serial_ = std::numeric_limits<std::uint64_t>::max();
};

bool alike(const PastHandshake& past, const enrich::Handshake& handshake) {
  const Outcome& own = handshake.record.outcome;
  const bool late = handshake.has(HandshakeRecord::late_rejection);
  return (is_failure(own.kind) || late) && past.outcome.kind == own.kind &&
         past.outcome.stage == own.stage && past.has(PastHandshake::late_rejection) == late;
}

void keep_nearest(std::vector<LinkedHandshake>& before, std::vector<LinkedHandshake>& after) {
  if (before.size() > kLinkedCountMax) {
    before.erase(before.begin(), before.end() - static_cast<std::ptrdiff_t>(kLinkedCountMax));
  }
  if (after.size() > kLinkedCountMax) after.resize(kLinkedCountMax);
}

/// Distinct endpoints of a client, and what it did there under any name.
class EndpointTally {
 public:
  void add(std::uint32_t endpoint, const DeedNumbers& counts) {
    std::size_t place = 0;
    while (place < size_ && endpoints_[place] != endpoint) ++place;
    if (place == size_) endpoints_[size_++] = endpoint;
    for (std::size_t i = 0; i < kDeedCount; ++i) did_[place][i] |= counts[i] != 0;
  }
  [[nodiscard]] std::uint32_t count(Deed deed) const {
    const auto end = did_.begin() + static_cast<std::ptrdiff_t>(size_);
    return static_cast<std::uint32_t>(std::count_if(did_.begin(), end, [deed](const auto& did) {
      return did[static_cast<std::size_t>(deed)];
    }));
  }

 private:
  std::array<std::uint32_t, kServersPerClientMax> endpoints_;
  std::array<std::array<bool, kDeedCount>, kServersPerClientMax> did_{};
  std::size_t size_ = 0;
};

std::uint32_t number(const DeedNumbers& numbers, Deed deed) {
  return numbers[static_cast<std::size_t>(deed)];
}

}  // namespace

AttemptView ClientMemory::attempt(const enrich::Handshake& handshake) const {
  const Asked asked = store_->asked(handshake);
  Company company(asked);
  if (const Client* client = store_->find_client(asked.client)) {
    company.add_own(store_->rows.row(asked.client, client->places, client->row));
  }
  if (const std::optional<std::uint64_t> twin = store_->find_twin(asked)) {
    if (const Client* other = store_->find_client(*twin)) {
      company.add_twin(store_->rows.row(*twin, other->places, other->row));
    }
  }
  AttemptView view;
  for (const PastHandshake* past : company.sorted()) {
    const bool after = company.after(past);
    const enrich::OfferPointer offer = past->offer.lock();
    const HelloSketch hello = sketch_of(*past, offer.get());
    if (alike(*past, handshake)) ++view.failed_alike;
    if (past->has(PastHandshake::succeeded) && same_software(asked.hello, hello)) {
      if (!after) {
        view.succeeded_before |= past->endpoint == asked.hello.endpoint;
      } else if (!view.succeeded_after) {
        view.succeeded_after = true;
        view.retry = retry_difference(asked.hello, hello);
      }
    }
    (after ? view.after : view.before).push_back(linked(*past, offer, asked.hello.endpoint));
  }
  keep_nearest(view.before, view.after);
  return view;
}

ClientView ClientMemory::view(const enrich::Handshake& handshake) const {
  const HandshakeRecord& record = handshake.record;
  const Asked asked = store_->asked(handshake);
  ClientView view;
  const std::uint32_t certificate = store_->certificate_index.find(asked.client);
  if (certificate != LruIndex::kNone) view.certificate = store_->certificates[certificate];
  const Client* client = store_->find_client(asked.client);
  const auto offset =
      store_->clocks.offset(client == nullptr ? ClockSlots{} : client->clocks, asked.client,
                            ClockReading::of(record, asked.hello.stack));
  view.clock_known = offset.has_value();
  view.clock_offset_seconds = offset.value_or(0);
  if (client == nullptr) return view;

  const Turn now = turn_of(record.order_time);
  const DeedNumbers own = store_->own_deeds(*client, asked, handshake);
  const DeedNumbers all = client->deeds.numbers(client->turn, now, own);
  view.successes = number(all, Deed::success);
  view.failures = number(all, Deed::failure);
  const std::uint32_t own_name = name_mark(asked.hello.name_hash);
  EndpointTally tally;
  const ServerList& servers = client->servers;
  for (std::size_t i = 0; i < client->server_count; ++i) {
    const ServerKey& key = servers.keys[i];
    const bool here = key.endpoint == asked.hello.endpoint;
    const bool same = here && key.name == own_name;
    const DeedNumbers done =
        servers.deeds[i].numbers(servers.turns[i], now, same ? own : DeedNumbers{});
    tally.add(key.endpoint, done);
    if (!here) continue;
    view.successes_here += number(done, Deed::success);
    view.rejections_here += number(done, Deed::rejection);
    const bool other_name = key.name != 0 && key.name != own_name;
    if (other_name && number(done, Deed::success) != 0) ++view.names_succeeded_here;
  }
  view.servers_succeeded = tally.count(Deed::success);
  view.servers_failed = tally.count(Deed::failure);
  view.servers_certificate_rejected = tally.count(Deed::rejection);
  view.servers_date_rejected = tally.count(Deed::date_rejection);
  return view;
}

std::optional<std::uint64_t> ClientMemory::Store::find_twin(const Asked& asked) const {
  if (asked.twin == 0) return std::nullopt;
  return twins.twin(asked.twin, asked.hello.family, asked.client, asked.at);
}

/// What the handshake itself has added to the counts: nothing unless it was learnt. A busy client
/// has overwritten it in its row; but records are learnt in order.
DeedNumbers ClientMemory::Store::own_deeds(const Client& client, const Asked& asked,
                                           const enrich::Handshake& handshake) const {
  const HandshakeRow row = rows.row(asked.client, client.places, client.row);
  const auto found = std::find_if(row.begin(), row.end(), [&](const PastHandshake* past) {
    return past->digest == asked.digest;
  });
  const bool kept = found != row.end();
  if (!kept && client.last_order < handshake.record.order_time) return {};
  const bool by_date =
      kept ? (*found)->has(PastHandshake::date_rejected)
           : ending_alert(handshake.record, Party::client) == AlertDescription::certificate_expired;
  DeedNumbers deeds = deeds_of(handshake);
  deeds[static_cast<std::size_t>(Deed::date_rejection)] = by_date;
  return deeds;
}

}  // namespace shakedown::diagnose
