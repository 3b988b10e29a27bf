// SPDX-License-Identifier: Apache-2.0
#include "enrich/path_search.h"

#include <algorithm>
#include <utility>

#include "enrich/certificate_reader.h"
#include "enrich/chain_judge.h"

namespace shakedown::enrich {

namespace {

/// Which dead end tells most about the chain.
int rank(Trust trust) {
  switch (trust) {
    case Trust::self_signed:
    case Trust::unknown_root:
      return 3;
    case Trust::bad_signature:
      return 2;
    case Trust::unknown_issuer:
      return 1;
    default:
      return 0;
  }
}

/// By name, and by the key identifiers where there are some. That it may not sign certificates is
/// judged later: it is the issuer all the same.
bool may_have_issued(X509& issuer, X509& subject) {
  const int result = X509_check_issued(&issuer, &subject);
  return result == X509_V_OK || result == X509_V_ERR_KEYUSAGE_NO_CERTSIGN;
}

}  // namespace

PathSearch::PathSearch(std::span<X509* const> sent, const TrustStore::State& store,
                       Intermediates& learnt)
    : store_(store), learnt_(learnt) {
  for (std::size_t i = 0; i < sent.size(); ++i) {
    const auto same = [&](const Node& node) { return X509_cmp(node.certificate, sent[i]) == 0; };
    if (sent[i] == nullptr || std::any_of(nodes_.begin(), nodes_.end(), same)) continue;
    nodes_.push_back({.certificate = sent[i], .place = static_cast<std::int8_t>(i)});
  }
  sent_count_ = nodes_.size();
  for (Node& node : nodes_) {
    const X509_NAME* subject = X509_get_subject_name(node.certificate);
    const auto known = store_.by_subject.find(name_hash(subject));
    if (known == store_.by_subject.end()) continue;
    node.anchor = std::any_of(known->second.begin(), known->second.end(), [&](std::size_t index) {
      X509* kept = store_.certificates[index].get();
      return X509_cmp(kept, node.certificate) == 0 &&
             X509_NAME_cmp(subject, X509_get_issuer_name(kept)) == 0;
    });
  }
}

PathSearchResult PathSearch::run() {
  PathSearchResult result;
  way_ = {0};
  extend();
  if (found_.empty()) {
    elsewhere_ = true;
    way_ = {0};
    extend();
  }
  if (found_.empty()) {
    find_dead_end(result);
    result.signature_checks = check_count_;
    return result;
  }
  result.signature_checks = check_count_;
  result.trust = elsewhere_ ? Trust::intermediate_missing : Trust::trusted;
  for (const auto& way : found_) result.paths.push_back(path_of(way));
  if (elsewhere_) {
    result.issuer = first_not_sent(found_.front());
    result.wanted = {name_hash(result.issuer)};
  }
  return result;
}

void PathSearch::find_dead_end(PathSearchResult& result) {
  // A leaf that signed itself is that first of all, whoever else of its name was sent.
  X509* leaf = nodes_[0].certificate;
  if (X509_NAME_cmp(X509_get_subject_name(leaf), X509_get_issuer_name(leaf)) == 0 &&
      check(0, 0) == Signature::good) {
    dead_end_trust_ = Trust::self_signed;
    dead_end_ = {0};
  } else if (limit_reached_) {
    dead_end_trust_ = Trust::not_judged;
  }
  if (dead_end_.empty()) dead_end_ = {0};
  result.trust = dead_end_trust_;
  result.paths.push_back(path_of(dead_end_));
  result.issuer = X509_get_issuer_name(nodes_[dead_end_.back()].certificate);
  std::sort(wanted_.begin(), wanted_.end());
  wanted_.erase(std::unique(wanted_.begin(), wanted_.end()), wanted_.end());
  result.wanted = std::move(wanted_);
}

bool PathSearch::enough() const {
  return found_.size() == kPathCountMax || step_count_ >= kSearchStepCountMax;
}

void PathSearch::extend() {
  const std::size_t last = way_.back();
  if (nodes_[last].anchor) {
    found_.push_back(way_);
    return;
  }
  if (++step_count_ >= kSearchStepCountMax || way_.size() == kPathLengthMax) {
    limit_reached_ |= step_count_ >= kSearchStepCountMax;
    end_here(false);
    return;
  }
  bool extended = false;
  bool bad = false;
  for (const std::size_t issuer : issuers_of(last)) {
    if (std::find(way_.begin(), way_.end(), issuer) != way_.end()) continue;
    const Signature signature = check(last, issuer);
    bad |= signature == Signature::bad;
    if (signature != Signature::good) continue;
    extended = true;
    way_.push_back(issuer);
    extend();
    way_.pop_back();
    if (enough()) return;
  }
  if (!extended) end_here(bad);
}

void PathSearch::end_here(bool bad_signature) {
  X509* last = nodes_[way_.back()].certificate;
  const X509_NAME* issuer = X509_get_issuer_name(last);
  wanted_.push_back(name_hash(issuer));
  Trust trust = bad_signature ? Trust::bad_signature : Trust::unknown_issuer;
  if (X509_NAME_cmp(X509_get_subject_name(last), issuer) == 0 && may_have_issued(*last, *last)) {
    const Signature signature = check(way_.back(), way_.back());
    if (signature == Signature::good) {
      trust = way_.size() == 1 ? Trust::self_signed : Trust::unknown_root;
    } else if (signature == Signature::bad) {
      trust = Trust::bad_signature;
    }
  }
  if (rank(trust) > rank(dead_end_trust_)) {
    dead_end_trust_ = trust;
    dead_end_ = way_;
  }
}

std::size_t PathSearch::node_of(X509* certificate, bool anchor) {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (X509_cmp(nodes_[i].certificate, certificate) == 0) return i;
  }
  nodes_.push_back({.certificate = certificate, .place = -1, .anchor = anchor});
  return nodes_.size() - 1;
}

std::vector<std::size_t> PathSearch::issuers_of(std::size_t subject) {
  std::vector<std::size_t> issuers;
  add_from_store(subject, true, issuers);
  for (std::size_t i = 1; i < sent_count_; ++i) {
    const bool known = std::find(issuers.begin(), issuers.end(), i) != issuers.end();
    if (i == subject || known) continue;
    if (may_have_issued(*nodes_[i].certificate, *nodes_[subject].certificate)) issuers.push_back(i);
  }
  if (elsewhere_) {
    add_from_store(subject, false, issuers);
    add_learnt(subject, issuers);
  }
  return issuers;
}

void PathSearch::add_from_store(std::size_t subject, bool anchors,
                                std::vector<std::size_t>& issuers) {
  X509* certificate = nodes_[subject].certificate;
  const auto known = store_.by_subject.find(name_hash(X509_get_issuer_name(certificate)));
  if (known == store_.by_subject.end()) return;
  for (const std::size_t index : known->second) {
    X509* candidate = store_.certificates[index].get();
    const bool anchor =
        X509_NAME_cmp(X509_get_subject_name(candidate), X509_get_issuer_name(candidate)) == 0;
    if (anchor != anchors || !may_have_issued(*candidate, *certificate)) continue;
    const std::size_t node = node_of(candidate, anchor);
    if (node != subject) issuers.push_back(node);
  }
}

void PathSearch::add_learnt(std::size_t subject, std::vector<std::size_t>& issuers) {
  X509* certificate = nodes_[subject].certificate;
  for (X509Pointer& candidate : learnt_.with_subject(X509_get_issuer_name(certificate))) {
    if (!may_have_issued(*candidate, *certificate)) continue;
    const std::size_t count = nodes_.size();
    const std::size_t node = node_of(candidate.get(), false);
    if (nodes_.size() != count) owned_.push_back(std::move(candidate));
    const bool known = std::find(issuers.begin(), issuers.end(), node) != issuers.end();
    if (node != subject && !known) issuers.push_back(node);
  }
}

PathSearch::Signature PathSearch::check(std::size_t subject, std::size_t issuer) {
  for (const Check& done : checks_) {
    if (done.subject == subject && done.issuer == issuer) return done.result;
  }
  const Signature result = check_now(subject, issuer);
  limit_reached_ |= result == Signature::not_checked;
  checks_.push_back({subject, issuer, result});
  return result;
}

PathSearch::Signature PathSearch::check_now(std::size_t subject, std::size_t issuer) {
  EVP_PKEY* key = X509_get0_pubkey(nodes_[issuer].certificate);
  if (!usable_key(key)) return Signature::not_checked;
  if (check_count_ == kSignatureCheckCountMax) return Signature::not_checked;
  ++check_count_;
  return X509_verify(nodes_[subject].certificate, key) == 1 ? Signature::good : Signature::bad;
}

Path PathSearch::path_of(const std::vector<std::size_t>& way) const {
  Path path;
  for (const std::size_t index : way) {
    const Node& node = nodes_[index];
    path.push_back({node.certificate, node.place, node.anchor});
  }
  return path;
}

const X509_NAME* PathSearch::first_not_sent(const std::vector<std::size_t>& way) const {
  const auto found = std::find_if(way.begin(), way.end(), [this](std::size_t index) {
    return nodes_[index].place < 0 && !nodes_[index].anchor;
  });
  return found == way.end() ? nullptr : X509_get_subject_name(nodes_[*found].certificate);
}

}  // namespace shakedown::enrich
