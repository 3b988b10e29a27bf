// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Finds the ways from a leaf to trust anchors by names and signatures alone. Dates,
//            usages and constraints are judged afterwards (path_check.h), so that what is found
//            holds for any moment and any purpose.
// Units:     Places: index in the chain as sent, the leaf is 0; -1: not sent.
// Ownership: The result shares OpenSSL's objects.
// Threading: One thread.
// Limits:    kSignatureCheckCountMax checks, kKeyBitsMax, kPathCountMax paths, kPathLengthMax steps
//            each, kSearchStepCountMax turns: certificates that all signed each other end early.
// Failure:   `not_judged` when a limit was reached before any path was found.
// RFC:       RFC 5280 §6.1, RFC 4158 §2.3 (several paths)
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "enrich/chain.h"
#include "enrich/intermediates.h"
#include "enrich/openssl_types.h"
#include "enrich/trust_store_state.h"

namespace shakedown::enrich {

inline constexpr std::size_t kPathCountMax = 4;
inline constexpr std::size_t kPathLengthMax = 10;
inline constexpr unsigned kSearchStepCountMax = 200;

struct PathStep {
  X509* certificate = nullptr;
  std::int8_t place = -1;
  bool anchor = false;
};
using Path = std::vector<PathStep>;

struct PathSearchResult {
  Trust trust = Trust::not_judged;
  /// To anchors; where there is none, the way that came farthest. Never empty.
  std::vector<Path> paths;
  /// Of the issuer that is missing or not trusted; null where nobody is.
  const X509_NAME* issuer = nullptr;
  unsigned signature_checks = 0;
  /// Names whose certificate could change the answer (name_hash()).
  std::vector<std::uint32_t> wanted;
};

class PathSearch {
 public:
  /// `sent`: null where one is not readable; the first is readable.
  PathSearch(std::span<X509* const> sent, const TrustStore::State& store, Intermediates& learnt);

  /// The result's pointers are valid as long as this object.
  [[nodiscard]] PathSearchResult run();

 private:
  enum class Signature : std::uint8_t { good, bad, not_checked };
  struct Node {
    X509* certificate = nullptr;
    std::int8_t place = -1;
    bool anchor = false;
  };
  struct Check {
    std::size_t subject;
    std::size_t issuer;
    Signature result;
  };

  std::size_t node_of(X509* certificate, bool anchor);
  [[nodiscard]] std::vector<std::size_t> issuers_of(std::size_t subject);
  void add_from_store(std::size_t subject, bool anchors, std::vector<std::size_t>& out);
  void add_learnt(std::size_t subject, std::vector<std::size_t>& out);
  [[nodiscard]] Signature check(std::size_t subject, std::size_t issuer);
  [[nodiscard]] Signature check_now(std::size_t subject, std::size_t issuer);
  void extend();
  void end_here(bool bad_signature);
  void find_dead_end(PathSearchResult& result);
  [[nodiscard]] bool enough() const;
  [[nodiscard]] Path path_of(const std::vector<std::size_t>& way) const;
  [[nodiscard]] const X509_NAME* first_not_sent(const std::vector<std::size_t>& way) const;

  const TrustStore::State& store_;
  Intermediates& learnt_;
  std::vector<X509Pointer> owned_;
  std::vector<Node> nodes_;
  std::size_t sent_count_ = 0;
  std::vector<Check> checks_;
  unsigned check_count_ = 0;
  unsigned step_count_ = 0;
  bool elsewhere_ = false;  ///< certificates that were not sent may be used
  bool limit_reached_ = false;
  std::vector<std::size_t> way_;
  std::vector<std::vector<std::size_t>> found_;
  std::vector<std::size_t> dead_end_;
  Trust dead_end_trust_ = Trust::not_judged;
  std::vector<std::uint32_t> wanted_;
};

}  // namespace shakedown::enrich
