// SPDX-License-Identifier: Apache-2.0
#include "enrich/intermediates.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "enrich/certificate_reader.h"

namespace shakedown::enrich {

namespace {

/// The first bytes of the SHA-256: nobody makes two certificates of a public authority that share
/// them, and one that did would hide but itself.
std::uint64_t key_of(const X509& certificate) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  std::uint64_t key = 0;
  if (X509_digest(&certificate, EVP_sha256(), digest.data(), nullptr) == 1) {
    std::memcpy(&key, digest.data(), sizeof key);
  }
  return key;
}

}  // namespace

void Intermediates::learn(X509& certificate) {
  const std::uint64_t key = key_of(certificate);
  if (certificates_.find(key) != nullptr) return;
  const int size = i2d_X509(&certificate, nullptr);
  if (size <= 0 || static_cast<std::size_t>(size) > kIntermediateBytesMax) return;
  Learnt learnt{.subject_hash = name_hash(X509_get_subject_name(&certificate)),
                .key = key,
                .der = std::vector<std::uint8_t>(static_cast<std::size_t>(size))};
  std::uint8_t* out = learnt.der.data();
  i2d_X509(&certificate, &out);
  if (certificates_.size() == certificates_.capacity()) forget_oldest();
  Subject& subject = subjects_[learnt.subject_hash];
  subject.keys.insert(std::lower_bound(subject.keys.begin(), subject.keys.end(), key), key);
  subject.learnt_at = ++generation_;
  certificates_.insert(key, std::move(learnt));
}

void Intermediates::forget_oldest() {
  const Learnt& oldest = certificates_.oldest();
  const auto subject = subjects_.find(oldest.subject_hash);
  if (subject != subjects_.end()) {
    std::erase(subject->second.keys, oldest.key);
    if (subject->second.keys.empty()) subjects_.erase(subject);
  }
  certificates_.evict_oldest();
}

std::vector<X509Pointer> Intermediates::with_subject(const X509_NAME* name) {
  std::vector<X509Pointer> found;
  const auto subject = subjects_.find(name_hash(name));
  if (subject == subjects_.end()) return found;
  for (const std::uint64_t key : subject->second.keys) {
    const Learnt* learnt = certificates_.find(key);
    if (learnt == nullptr) continue;
    X509Pointer certificate = parse_certificate(learnt->der);
    if (certificate == nullptr) continue;
    if (X509_NAME_cmp(X509_get_subject_name(certificate.get()), name) != 0) continue;
    found.push_back(std::move(certificate));
  }
  return found;
}

std::uint64_t Intermediates::learnt_at(std::uint32_t subject_hash) const {
  const auto subject = subjects_.find(subject_hash);
  return subject == subjects_.end() ? 0 : subject->second.learnt_at;
}

void Intermediates::clear() {
  certificates_.clear();
  subjects_.clear();
  ++generation_;
}

}  // namespace shakedown::enrich
