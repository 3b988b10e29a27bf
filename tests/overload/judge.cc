// SPDX-License-Identifier: Apache-2.0
#include "judge.h"

#include <algorithm>
#include <cmath>

#include "overload/client_choice.h"
#include "worker_harness.h"

namespace shakedown::overload_test {

void Judge::add(const HandshakeRecord& record) {
  const ConnectionId id = Population::id_of(record);
  const Script& script = population_.script(population_.script_of(id));
  const bool right = test_harness::outcome_text(record) == script.outcome &&
                     test_harness::party_text(record.outcome.by) == script.by;
  seen_.push_back({id, right, is_failure(record.outcome.kind), record.kept_share});
}

Account Judge::account() {
  std::erase_if(offered_, [this](const Offered& each) { return each.time < judged_from_; });
  std::ranges::sort(offered_, {}, &Offered::id);
  // Of several records about one connection the first counts, and is wrong.
  std::ranges::stable_sort(seen_, {}, &Seen::id);
  for (std::size_t i = 1; i < seen_.size(); ++i) {
    if (seen_[i].id == seen_[i - 1].id) seen_[i - 1].right = seen_[i].right = false;
  }

  Account account;
  std::uint32_t share_min = kAllClients;
  for (const Offered& each : offered_) share_min = std::min(share_min, each.kept_share);
  found_.clear();
  for (const Offered& each : offered_) {
    const auto place = std::ranges::lower_bound(seen_, each.id, {}, &Seen::id);
    const Seen* const seen = place != seen_.end() && place->id == each.id ? &*place : nullptr;
    found_.push_back(seen);
    ++account.offered;
    account.reported_share += each.kept_share;
    const bool fails = population_.script(each.script).fails;
    account.offered_failures += fails ? 1 : 0;
    const bool right = seen != nullptr && seen->right;
    if (overload::is_kept(Population::address_of(each.id.client), share_min, sensor_seed_)) {
      ++account.kept_offered;
      account.kept_right += right ? 1 : 0;
    }
    if (seen == nullptr) continue;
    ++account.recorded;
    account.right += right ? 1 : 0;
    const double weight = double{kAllClients} / (seen->kept_share + 1);
    account.estimated += weight;
    account.estimated_failures += seen->fails ? weight : 0;
  }
  const auto offered = static_cast<double>(account.offered);
  account.reported_share /= offered * kAllClients;
  account.offered_failures /= offered;
  account.estimated_failures /= account.estimated;
  judge_classes(account);
  judge_clients(account);
  return account;
}

// Of a class of clients with n_i connections each, a share p of them kept: the number of connections
// kept has the mean p * sum n_i and the variance p * (1 - p) * sum n_i^2.
void Judge::judge_classes(Account& account) const {
  struct Class {
    double mean = 0;
    double recorded = 0;
    double variance = 0;
  };
  Class classes[kRateClassCount + 2];
  for (std::size_t i = 0; i < offered_.size();) {
    const std::uint32_t client = offered_[i].id.client;
    double mean = 0;
    double recorded = 0;
    double count = 0;
    for (; i < offered_.size() && offered_[i].id.client == client; ++i) {
      mean += static_cast<double>(offered_[i].kept_share) / kAllClients;
      recorded += found_[i] == nullptr ? 0 : 1;
      ++count;
    }
    const double share = mean / count;
    const unsigned family = kRateClassCount + (Population::is_ipv6(client) ? 1 : 0);
    for (const unsigned index : {population_.rate_class_of(client), family}) {
      classes[index].mean += mean;
      classes[index].recorded += recorded;
      classes[index].variance += share * (1 - share) * count * count;
    }
  }
  for (unsigned i = 0; i < kRateClassCount + 2; ++i) {
    // Where all clients are kept there is no choice that could vary.
    const double deviation = std::sqrt(std::max(classes[i].variance, 1.0));
    account.class_deviations[i] = (classes[i].recorded - classes[i].mean) / deviation;
  }
}

void Judge::judge_clients(Account& account) const {
  std::uint32_t share_min = kAllClients;
  for (const Offered& each : offered_) share_min = std::min(share_min, each.kept_share);
  double exact = 0;
  for (std::size_t i = 0; i < offered_.size();) {
    const std::uint32_t client = offered_[i].id.client;
    ClientCount count;
    for (; i < offered_.size() && offered_[i].id.client == client; ++i) {
      ++count.offered;
      count.failed += population_.script(offered_[i].script).fails ? 1u : 0u;
      count.seen += found_[i] == nullptr ? 0u : 1u;
      count.seen_failed += found_[i] != nullptr && found_[i]->fails ? 1u : 0u;
    }
    const bool kept = overload::is_kept(Population::address_of(client), share_min, sensor_seed_);
    if (!kept) continue;
    ++account.kept_clients;
    if (count.seen == count.offered && count.seen_failed == count.failed) ++exact;
    const double truth = static_cast<double>(count.failed) / count.offered;
    // Who was not seen at all says nothing, and is not exact.
    const double rate =
        count.seen == 0 ? truth : static_cast<double>(count.seen_failed) / count.seen;
    account.client_bias += rate - truth;
  }
  const double clients = std::max(1.0, static_cast<double>(account.kept_clients));
  account.client_bias /= clients;
  account.clients_exact = exact / clients;
}

}  // namespace shakedown::overload_test
