// SPDX-License-Identifier: Apache-2.0
#include "enrich/chain_judge.h"

#include <algorithm>
#include <utility>

#include "enrich/certificate_memory.h"
#include "enrich/chain_verdict.h"
#include "enrich/digest.h"
#include "enrich/judgement_table.h"
#include "enrich/staple.h"
#include "ingest/lru_map.h"

namespace shakedown::enrich {

namespace {

/// Names in U-labels, whose A-labels take long to find.
constexpr std::size_t kUnicodeNameCountMax = 256;
/// What a map takes for an entry besides the entry itself: nodes of list and table.
constexpr std::size_t kEntryOverheadBytes = 128;
/// A chain that takes more is charged for each: strangers make those to keep us busy.
constexpr unsigned kUsualSignatureChecks = 4;

ChainPointer read_chain(Bytes body, const Digest& digest, CertificateMemory& memory) {
  auto chain = std::make_shared<Chain>();
  for (const Bytes der : certificates_of(body)) {
    chain->certificates.push_back(memory.read(der)->facts);
  }
  if (chain->certificates.empty()) return nullptr;
  chain->digest.assign(digest.begin(), digest.end());
  chain->body.assign(body.begin(), body.end());
  return chain;
}

/// New chains and new staples, by the records' time.
class Allowance {
 public:
  [[nodiscard]] bool take(UnixNanos at) {
    constexpr std::int64_t kNanosEach =
        kNanosPerSecond / static_cast<std::int64_t>(kJudgementsPerSecond);
    if (at > last_) {
      const std::int64_t passed = last_.known() ? at.value - last_.value : 0;
      const std::int64_t whole = passed / kNanosEach;
      left_ = std::min(left_ + static_cast<std::uint64_t>(whole), std::uint64_t{kJudgementBurst});
      last_ = last_.known() ? UnixNanos{last_.value + whole * kNanosEach} : at;
    }
    if (left_ == 0) return false;
    --left_;
    return true;
  }
  /// For what took longer than usual.
  void take_more(std::uint64_t count) { left_ -= std::min(left_, count); }

 private:
  std::uint64_t left_ = kJudgementBurst;
  UnixNanos last_;
};

}  // namespace

struct ChainJudge::Implementation {
  Implementation(TrustStore trust_store, const ChainJudgeSettings& given)
      : trust(std::move(trust_store)),
        settings(given),
        table(std::max<std::size_t>(1, given.chain_count_max), given.chain_bytes_max),
        learnt(std::max<std::size_t>(1, given.intermediate_count_max)),
        lists(trust.state()),
        unicode_names(kUnicodeNameCountMax) {}

  [[nodiscard]] bool up_to_date(Judgement& judgement);
  const ChainVerdict* verdict_of(Judgement& judgement, const Chain& chain, UnixNanos at);
  [[nodiscard]] ComparableName comparable(std::string_view name);
  void assess_staple(Judgement& judgement, const Chain& chain, UnixNanos at, Bytes response,
                     Assessment& assessment);
  const StapleAnswer* staple_of(Judgement& judgement, const Chain& chain, UnixNanos at,
                                Bytes response);

  TrustStore trust;
  ChainJudgeSettings settings;
  JudgementTable table;
  CertificateMemory certificates;
  Intermediates learnt;
  RevocationLists lists;
  ingest::LruMap<std::string, ComparableName> unicode_names;
  Allowance allowance;
  std::uint64_t trust_epoch = 1;
  std::uint64_t not_judged_count = 0;
};

bool ChainJudge::Implementation::up_to_date(Judgement& judgement) {
  if (!judgement.verdict || judgement.trust_epoch != trust_epoch) return false;
  ChainVerdict& verdict = *judgement.verdict;
  if (verdict.generation == learnt.generation()) return true;
  const bool news = std::any_of(
      verdict.wanted.begin(), verdict.wanted.end(),
      [&](std::uint32_t subject) { return learnt.learnt_at(subject) > verdict.generation; });
  if (!news) verdict.generation = learnt.generation();
  return !news;
}

const ChainVerdict* ChainJudge::Implementation::verdict_of(Judgement& judgement, const Chain& chain,
                                                           UnixNanos at) {
  if (up_to_date(judgement)) return &*judgement.verdict;
  // What was judged before is known to come back, and there are not many of them.
  if (!judgement.judged_before && !allowance.take(at)) {
    ++not_judged_count;
    return nullptr;
  }
  const QuietErrors quiet;
  judgement.verdict = judge_chain(chain, trust.state(), certificates, learnt, lists);
  if (!judgement.judged_before && judgement.verdict->signature_checks > kUsualSignatureChecks) {
    allowance.take_more(judgement.verdict->signature_checks - kUsualSignatureChecks);
  }
  judgement.judged_before = true;
  judgement.trust_epoch = trust_epoch;
  judgement.staples.clear();
  if (judgement.verdict->trust == Trust::not_judged) ++not_judged_count;
  table.account(chain, judgement);
  return &*judgement.verdict;
}

ComparableName ChainJudge::Implementation::comparable(std::string_view name) {
  const bool ascii = std::none_of(name.begin(), name.end(),
                                  [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  if (ascii) return ComparableName::asked(name);
  const std::string key(name);
  if (const ComparableName* known = unicode_names.find(key)) return *known;
  return unicode_names.insert(key, ComparableName::asked(name));
}

const StapleAnswer* ChainJudge::Implementation::staple_of(Judgement& judgement, const Chain& chain,
                                                          UnixNanos at, Bytes response) {
  for (const KnownStaple& known : judgement.staples) {
    if (std::equal(response.begin(), response.end(), known.response.begin(), known.response.end()))
      return &known.answer;
  }
  if (!allowance.take(at)) {
    ++not_judged_count;
    return nullptr;
  }
  const QuietErrors quiet;
  const ReadCertificatePointer leaf = certificates.read(certificates_of(chain.body).front());
  const ReadCertificatePointer issuer = certificates.read(judgement.verdict->leaf_issuer);
  if (leaf->x509 == nullptr || issuer->x509 == nullptr) return nullptr;
  KnownStaple staple{.response = {response.begin(), response.end()},
                     .answer = read_staple(response, *leaf->x509, *issuer->x509)};
  const std::size_t place = judgement.next_staple++ % kStaplesPerChain;
  if (place == judgement.staples.size()) {
    judgement.staples.push_back(std::move(staple));
  } else {
    judgement.staples[place % judgement.staples.size()] = std::move(staple);
  }
  table.account(chain, judgement);
  return &judgement.staples[place % judgement.staples.size()].answer;
}

void ChainJudge::Implementation::assess_staple(Judgement& judgement, const Chain& chain,
                                               UnixNanos at, Bytes response,
                                               Assessment& assessment) {
  assessment.staple_missing = response.empty() && judgement.must_staple;
  if (response.empty() || judgement.verdict->leaf_issuer.empty()) return;
  const StapleAnswer* answer = staple_of(judgement, chain, at, response);
  if (answer == nullptr) return;
  assessment.staple = at.known() ? answer->at(at) : answer->status;
  assessment.revoked |= assessment.staple == Staple::revoked;
}

ChainJudge::ChainJudge(TrustStore store, ChainJudgeSettings settings)
    : implementation_(std::make_unique<Implementation>(std::move(store), settings)) {}
ChainJudge::~ChainJudge() = default;
ChainJudge::ChainJudge(ChainJudge&&) noexcept = default;
ChainJudge& ChainJudge::operator=(ChainJudge&&) noexcept = default;

ChainPointer ChainJudge::chain_of(Bytes body) {
  const Digest digest = sha256(body);
  ChainPointer chain = implementation_->table.chain(digest);
  if (chain != nullptr) return chain;
  chain = read_chain(body, digest, implementation_->certificates);
  if (chain != nullptr) implementation_->table.keep(digest, chain);
  return chain;
}

Assessment ChainJudge::assess(const Chain& chain, Purpose purpose, UnixNanos at,
                              std::string_view server_name, Bytes staple) {
  Implementation& judge = *implementation_;
  const std::int64_t soon = judge.settings.expires_soon_nanos;
  Judgement& judgement = judge.table.judgement_of(chain);
  const ChainVerdict* verdict = judge.verdict_of(judgement, chain, at);
  if (verdict == nullptr) return assess_unjudged(chain.leaf(), at, soon);
  Assessment assessment = assess_at(*verdict, chain.leaf(), purpose, at, soon);
  if (!server_name.empty() && verdict->readable) {
    assessment.name = verdict->names.match(judge.comparable(server_name));
    assessment.name_from_subject =
        assessment.name == NameMatch::matches && verdict->names.from_subject();
  }
  if (purpose == Purpose::server) judge.assess_staple(judgement, chain, at, staple, assessment);
  set_culprit(*verdict, purpose, at, assessment);
  return assessment;
}

void ChainJudge::set_trust(TrustStore store) {
  implementation_->trust = std::move(store);
  implementation_->lists = RevocationLists(implementation_->trust.state());
  implementation_->learnt.clear();
  ++implementation_->trust_epoch;
}

void ChainJudge::set_expires_soon(std::int64_t nanos) {
  implementation_->settings.expires_soon_nanos = nanos;
}

std::size_t ChainJudge::chain_count() const { return implementation_->table.size(); }

std::size_t ChainJudge::intermediate_count() const { return implementation_->learnt.size(); }

std::uint64_t ChainJudge::not_judged_count() const { return implementation_->not_judged_count; }

std::size_t ChainJudge::memory_max(const ChainJudgeSettings& settings) {
  constexpr std::size_t kChain = 3 * sizeof(Digest) + kEntryOverheadBytes;
  constexpr std::size_t kIntermediate = kIntermediateBytesMax + kEntryOverheadBytes;
  constexpr std::size_t kName = sizeof(ComparableName) + kComparableNameMax + kEntryOverheadBytes;
  return settings.chain_bytes_max + settings.chain_count_max * kChain +
         settings.intermediate_count_max * kIntermediate + kUnicodeNameCountMax * kName +
         kRecentCertificateCountMax * (kRecentCertificateMemory + kEntryOverheadBytes);
}

}  // namespace shakedown::enrich
