// SPDX-License-Identifier: Apache-2.0
#include "enrich/judgement_table.h"

#include <cstring>
#include <utility>

namespace shakedown::enrich {

namespace {

Digest digest_of(const Chain& chain) {
  Digest digest{};
  // Chains that were put together by hand have none.
  if (chain.digest.size() != digest.size()) return sha256(chain.body);
  std::memcpy(digest.data(), chain.digest.data(), digest.size());
  return digest;
}

std::size_t bytes_of(const Chain& chain) {
  std::size_t sum = sizeof chain + chain.body.capacity() + chain.digest.capacity();
  for (const Certificate& certificate : chain.certificates) {
    sum += sizeof certificate + certificate.sha256.capacity() + certificate.subject.capacity() +
           certificate.issuer.capacity() + certificate.serial.capacity() +
           certificate.not_before.capacity() + certificate.not_after.capacity();
    for (const std::string& name : certificate.names) sum += sizeof name + name.capacity();
  }
  return sum;
}

}  // namespace

JudgementTable::~JudgementTable() {
  // Chains outlive us with their judgements, and nobody may take another table for this one.
  for (; !entries_.empty(); entries_.evict_oldest()) entries_.oldest().judgement->judge = nullptr;
}

ChainPointer JudgementTable::chain(const Digest& digest) {
  const Entry* entry = entries_.find(digest);
  return entry == nullptr ? nullptr : entry->chain;
}

void JudgementTable::keep(const Digest& digest, const ChainPointer& chain) {
  Judgement& judgement = add(digest, *chain, chain);
  grow(judgement, bytes_of(*chain) + judgement.count_bytes());
}

Judgement& JudgementTable::judgement_of(const Chain& chain) {
  Judgement* known = chain.judgement.get();
  if (known != nullptr && known->judge == this && known->chain == &chain) {
    known->used = true;
    return *known;
  }
  Judgement& judgement = add(digest_of(chain), chain, nullptr);
  grow(judgement, judgement.count_bytes());
  return judgement;
}

Judgement& JudgementTable::add(const Digest& digest, const Chain& chain, ChainPointer owner) {
  Entry* entry = entries_.find(digest);
  if (entry == nullptr) {
    while (entries_.size() == entries_.capacity()) remove_oldest(nullptr);
    entry = &entries_.insert(digest, {.digest = digest, .chain = nullptr, .judgement = nullptr});
  } else {
    // Another object of the same chain had it: what was found out is about this one as well.
    bytes_ -= entry->judgement->bytes;
  }
  auto judgement = entry->judgement == nullptr ? std::make_shared<Judgement>()
                                               : std::make_shared<Judgement>(*entry->judgement);
  if (entry->judgement != nullptr) entry->judgement->judge = nullptr;
  judgement->chain = &chain;
  judgement->judge = this;
  judgement->must_staple = chain.leaf().must_staple;
  judgement->bytes = 0;
  chain.judgement = judgement;
  if (owner != nullptr) entry->chain = std::move(owner);
  entry->judgement = std::move(judgement);
  return *entry->judgement;
}

void JudgementTable::account(const Chain& chain, Judgement& judgement) {
  grow(judgement, bytes_of(chain) + judgement.count_bytes());
}

void JudgementTable::grow(Judgement& judgement, std::size_t bytes) {
  bytes_ += bytes - judgement.bytes;
  judgement.bytes = bytes;
  while (bytes_ > bytes_max_ && entries_.size() > 1) remove_oldest(&judgement);
}

void JudgementTable::remove_oldest(const Judgement* staying) {
  Entry* oldest = &entries_.oldest();
  while (oldest->judgement->used || oldest->judgement.get() == staying) {
    oldest->judgement->used = false;
    static_cast<void>(entries_.find(oldest->digest));  // which makes it the youngest
    oldest = &entries_.oldest();
  }
  Judgement& judgement = *oldest->judgement;
  bytes_ -= judgement.bytes;
  judgement.judge = nullptr;
  judgement.verdict.reset();
  judgement.staples.clear();
  entries_.evict_oldest();
}

}  // namespace shakedown::enrich
