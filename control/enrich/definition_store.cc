// SPDX-License-Identifier: Apache-2.0
#include "enrich/definition_store.h"

#include <utility>

namespace shakedown::enrich {

void DefinitionStore::add(const DefinitionHeader& header, Bytes body) {
  if (entries_.find(header.id) != nullptr) return;
  while (!entries_.empty() &&
         (entries_.size() == entries_.capacity() || bytes_ + body.size() > bytes_max_)) {
    bytes_ -= entries_.oldest().body.size();
    entries_.evict_oldest();
    ++evicted_count_;
  }
  Entry entry;
  entry.kind = header.kind;
  entry.body.assign(body.begin(), body.end());
  bytes_ += body.size();
  entries_.insert(header.id, std::move(entry));
}

DefinitionStore::Entry* DefinitionStore::find(std::uint64_t id, DefinitionKind kind) {
  if (id == 0) return nullptr;
  Entry* entry = entries_.find(id);
  if (entry == nullptr || entry->kind != kind) {
    ++missing_count_;
    return nullptr;
  }
  return entry;
}

OfferPointer DefinitionStore::client_offer(std::uint64_t id) {
  Entry* entry = find(id, DefinitionKind::client_offer);
  if (entry == nullptr) return nullptr;
  if (!std::exchange(entry->decoded, true)) {
    auto offer = std::make_shared<ClientOffer>();
    if (decode_client_offer(entry->body, *offer) == ParseStatus::ok)
      entry->offer = std::move(offer);
  }
  return entry->offer;
}

ChainPointer DefinitionStore::certificate_chain(std::uint64_t id, ChainJudge& judge) {
  Entry* entry = find(id, DefinitionKind::certificate_chain);
  if (entry == nullptr) return nullptr;
  if (!std::exchange(entry->decoded, true)) {
    entry->chain = judge.chain_of(entry->body);
  }
  return entry->chain;
}

Bytes DefinitionStore::ocsp_response(std::uint64_t id) {
  const Entry* entry = find(id, DefinitionKind::ocsp_response);
  return entry == nullptr ? Bytes{} : Bytes(entry->body);
}

std::string_view DefinitionStore::server_name(std::uint64_t id) {
  const Entry* entry = find(id, DefinitionKind::server_name);
  if (entry == nullptr) return {};
  return {reinterpret_cast<const char*>(entry->body.data()), entry->body.size()};
}

void DefinitionStore::clear() {
  entries_.clear();
  bytes_ = 0;
}

}  // namespace shakedown::enrich
