// SPDX-License-Identifier: Apache-2.0
#include "enrich/chain_verdict.h"

#include <algorithm>

#include "enrich/certificate_reader.h"
#include "enrich/path_search.h"
#include "shakedown/limits.h"

namespace shakedown::enrich {

namespace {

/// Null where one is not readable.
using Sent = std::vector<X509*>;

constexpr unsigned kRsaBitsMin = 2048;
constexpr unsigned kEcBitsMin = 224;

bool has_weak_key(const Certificate& facts) {
  switch (facts.key) {
    case KeyKind::rsa:
      return facts.key_bits < kRsaBitsMin;
    case KeyKind::ec:
      return facts.key_bits < kEcBitsMin;
    default:
      return facts.key == KeyKind::dsa;
  }
}

/// Nobody checks the signature of a root, its own.
bool has_weak_signature(const Certificate& facts, bool ends_here) {
  return (facts.digest == SignatureDigest::md5 || facts.digest == SignatureDigest::sha1) &&
         !(ends_here && facts.self_issued);
}

Certificate facts_of(const PathStep& step, const Chain& chain) {
  if (step.place >= 0) return chain.certificates[static_cast<std::size_t>(step.place)];
  Certificate facts;
  read_facts(*step.certificate, facts);
  return facts;
}

Route route_of(const Path& path, const Chain& chain, RevocationLists& lists) {
  const std::vector<Misuse> misuses = misuses_of(path);
  const bool to_anchor = path.back().anchor;
  Route route;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const Certificate facts = facts_of(path[i], chain);
    RouteStep step{.valid_from = facts.valid_from,
                   .valid_until = facts.valid_until,
                   .place = path[i].place,
                   .weak_key = has_weak_key(facts),
                   .weak_signature = has_weak_signature(facts, i + 1 == path.size()),
                   .misuse = misuses[i],
                   .revocations = {}};
    if (to_anchor && i + 1 < path.size()) {
      step.revocations = lists.revocations(*path[i].certificate, *path[i + 1].certificate);
    }
    route.push_back(std::move(step));
  }
  return route;
}

bool issued(X509& issuer, X509& subject) {
  return X509_NAME_cmp(X509_get_subject_name(&issuer), X509_get_issuer_name(&subject)) == 0;
}

/// Which of them the leaf leads to by names, whatever anyone trusts: another client's path may need
/// what ours does not.
std::vector<bool> reached_from_leaf(const Sent& sent) {
  std::vector<bool> reached(sent.size(), false);
  std::vector<std::size_t> queue{0};
  reached[0] = true;
  for (std::size_t next = 0; next < queue.size(); ++next) {
    for (std::size_t i = 1; i < sent.size(); ++i) {
      if (reached[i] || sent[i] == nullptr || !issued(*sent[i], *sent[queue[next]])) continue;
      reached[i] = true;
      queue.push_back(i);
    }
  }
  return reached;
}

bool sent_before(const Sent& sent, std::size_t place) {
  return std::any_of(
      sent.begin(), sent.begin() + static_cast<std::ptrdiff_t>(place),
      [&](X509* other) { return other != nullptr && X509_cmp(other, sent[place]) == 0; });
}

/// Each certificate should be the issuer of one that stands before it.
void judge_order(const Sent& sent, ChainVerdict& verdict) {
  const std::vector<bool> reached = reached_from_leaf(sent);
  for (std::size_t i = 1; i < sent.size(); ++i) {
    const auto place = static_cast<std::int8_t>(i);
    if (!reached[i] || sent_before(sent, i)) {
      if (verdict.superfluous < 0) verdict.superfluous = place;
      continue;
    }
    const auto before = sent.begin() + static_cast<std::ptrdiff_t>(i);
    const bool in_order = std::any_of(sent.begin(), before, [&](X509* other) {
      return other != nullptr && issued(*sent[i], *other);
    });
    if (!in_order && verdict.out_of_order < 0) verdict.out_of_order = place;
  }
}

void learn_from(const PathSearchResult& found, Intermediates& learnt) {
  for (const Path& path : found.paths) {
    for (std::size_t i = 1; i < path.size(); ++i) {
      if (path[i].place >= 0 && !path[i].anchor) learnt.learn(*path[i].certificate);
    }
  }
}

std::vector<std::uint8_t> der_of(X509& certificate) {
  std::vector<std::uint8_t> der(
      static_cast<std::size_t>(std::max(0, i2d_X509(&certificate, nullptr))));
  std::uint8_t* out = der.data();
  if (!der.empty()) i2d_X509(&certificate, &out);
  return der;
}

bool understood(const Certificate& certificate) {
  return certificate.readable && certificate.key != KeyKind::unknown &&
         certificate.digest != SignatureDigest::unknown;
}

}  // namespace

std::vector<Bytes> certificates_of(Bytes body) {
  std::vector<Bytes> certificates;
  ByteReader reader(body);
  ByteReader der;
  while (certificates.size() < kCertificateCountMax && reader.read_vector24(der)) {
    certificates.push_back(der.rest());
  }
  return certificates;
}

ChainVerdict judge_chain(const Chain& chain, const TrustStore::State& store,
                         CertificateMemory& certificates, Intermediates& learnt,
                         RevocationLists& lists) {
  ChainVerdict verdict;
  std::vector<ReadCertificatePointer> owned;
  Sent sent;
  for (const Bytes der : certificates_of(chain.body)) {
    owned.push_back(certificates.read(der));
    sent.push_back(owned.back()->x509.get());
  }
  if (!sent.empty() && sent[0] != nullptr) {
    verdict.readable = true;
    verdict.names = NameIndex(*sent[0]);
  }
  if (!verdict.readable || !understood(chain.leaf())) {
    verdict.trust = Trust::unreadable;
    return verdict;
  }
  judge_order(sent, verdict);

  PathSearch search(sent, store, learnt);
  PathSearchResult found = search.run();
  verdict.trust = found.trust;
  verdict.signature_checks = found.signature_checks;
  if (found.trust != Trust::trusted && found.issuer != nullptr) {
    verdict.issuer = name_text(found.issuer);
  }
  for (const Path& path : found.paths) verdict.routes.push_back(route_of(path, chain, lists));
  const Path& first = found.paths.front();
  if (first.size() > 1) {
    verdict.leaf_issuer = der_of(*first[1].certificate);
  } else if (found.trust == Trust::trusted || found.trust == Trust::self_signed) {
    verdict.leaf_issuer = der_of(*first[0].certificate);
  }
  verdict.wanted = std::move(found.wanted);
  if (found.paths.front().back().anchor) learn_from(found, learnt);
  verdict.generation = learnt.generation();
  return verdict;
}

std::size_t ChainVerdict::bytes() const {
  std::size_t sum = issuer.capacity() + names.bytes() + leaf_issuer.capacity() +
                    wanted.capacity() * sizeof(std::uint32_t);
  for (const Route& route : routes) {
    sum += sizeof route + route.capacity() * sizeof(RouteStep);
    for (const RouteStep& step : route) sum += step.revocations.capacity() * sizeof(Revocation);
  }
  return sum;
}

}  // namespace shakedown::enrich
