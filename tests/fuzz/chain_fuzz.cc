// SPDX-License-Identifier: Apache-2.0
//
// Method: the input is a certificate_chain definition.
// It goes through ChainJudge::chain_of and assess, with its own last certificate as trust anchor
// beside none at all, so that path search, constraints and names are reached. Asking twice must give
// the same, nothing may be trusted by a judge who trusts nobody, and OpenSSL's errors must be gone.
#include <openssl/err.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "enrich/certificate_reader.h"
#include "enrich/chain_judge.h"
#include "enrich/chain_verdict.h"
#include "enrich/trust_store_state.h"
#include "shakedown/definition.h"
#include "shakedown/limits.h"

using namespace shakedown;

namespace {

constexpr UnixNanos kMoment{1'717'286'400'000'000'000};

void require(bool good) {
  if (!good) std::abort();
}

bool same(const enrich::Assessment& a, const enrich::Assessment& b) {
  return a.trust == b.trust && a.name == b.name && a.staple == b.staple && a.expired == b.expired &&
         a.wrong_usage == b.wrong_usage && a.culprit == b.culprit && a.issuer == b.issuer &&
         a.margin_nanos == b.margin_nanos;
}

void ask(enrich::ChainJudge& judge, Bytes body, bool trusts_nobody) {
  const enrich::ChainPointer chain = judge.chain_of(body);
  if (chain == nullptr) return;
  require(!chain->certificates.empty() && chain->certificates.size() <= kCertificateCountMax);
  for (const char* name : {"", "example.com", "192.0.2.1",
                           "b\xc3\xbc"
                           "cher.example",
                           "\xff"}) {
    for (const auto purpose : {enrich::Purpose::server, enrich::Purpose::client}) {
      const enrich::Assessment first = judge.assess(*chain, purpose, kMoment, name, body);
      require(same(first, judge.assess(*chain, purpose, kMoment, name, body)));
      require(first.culprit < static_cast<int>(chain->certificates.size()));
      const bool led_somewhere = first.trust == enrich::Trust::trusted ||
                                 first.trust == enrich::Trust::intermediate_missing;
      require(!(trusts_nobody && led_somewhere));
    }
  }
  require(ERR_peek_error() == 0);
}

/// Trusts what the chain itself ends with.
void ask_with_anchor(Bytes body) {
  const std::vector<Bytes> sent = enrich::certificates_of(body);
  if (sent.empty()) return;
  enrich::TrustStore::State store;
  enrich::X509Pointer anchor = enrich::parse_certificate(sent.back());
  if (anchor != nullptr) {
    store.by_subject[enrich::name_hash(X509_get_subject_name(anchor.get()))] = {0};
    store.certificates.push_back(std::move(anchor));
  }
  enrich::ChainJudge judge;
  const enrich::ChainPointer chain = judge.chain_of(body);
  enrich::CertificateMemory memory;
  enrich::Intermediates learnt(16);
  enrich::RevocationLists lists(store);
  const enrich::ChainVerdict verdict = enrich::judge_chain(*chain, store, memory, learnt, lists);
  require(verdict.routes.size() <= enrich::kPathCountMax);
  ERR_clear_error();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > kDefinitionBodyMax) return 0;
  const Bytes body(data, size);
  enrich::ChainJudge nobody;
  ask(nobody, body, true);
  ask_with_anchor(body);
  return 0;
}
