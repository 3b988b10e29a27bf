// SPDX-License-Identifier: Apache-2.0
#include "enrich/revocation.h"

#include <cstring>

#include "enrich/asn1_time.h"
#include "enrich/certificate_reader.h"

namespace shakedown::enrich {

namespace {

constexpr int kRemoveFromList = 2;  // of X509_CRL_get0_by_cert
constexpr long kCertificateHold = 6;

bool is_hold(X509_REVOKED& entry) {
  using Reason = std::unique_ptr<ASN1_ENUMERATED, Release<ASN1_ENUMERATED_free>>;
  const Reason reason(static_cast<ASN1_ENUMERATED*>(
      X509_REVOKED_get_ext_d2i(&entry, NID_crl_reason, nullptr, nullptr)));
  return reason != nullptr && ASN1_ENUMERATED_get(reason.get()) == kCertificateHold;
}

bool is_delta(const X509_CRL& list) {
  return X509_CRL_get_ext_by_NID(&list, NID_delta_crl, -1) >= 0;
}

}  // namespace

std::vector<Revocation> RevocationLists::revocations(X509& certificate, X509& issuer) {
  std::vector<Revocation> found;
  const X509_NAME* name = X509_get_subject_name(&issuer);
  const auto lists = store_->crls_by_issuer.find(name_hash(name));
  if (lists == store_->crls_by_issuer.end()) return found;
  bool held = false;
  for (const std::size_t index : lists->second) {
    X509_CRL* list = store_->crls[index].get();
    if (X509_NAME_cmp(X509_CRL_get_issuer(list), name) != 0 || !signed_by(index, issuer)) continue;
    X509_REVOKED* entry = nullptr;
    const int state = X509_CRL_get0_by_cert(list, &entry, &certificate);
    // A newer list that says nothing of it, or takes it off, ends a hold.
    if (state == kRemoveFromList || (state == 0 && !is_delta(*list))) {
      if (held) found.back().until = unix_nanos(X509_CRL_get0_lastUpdate(list));
      held = false;
    }
    if (state != 1) continue;
    const bool hold = is_hold(*entry);
    // What was on hold and is revoked for good stays revoked since the hold began.
    if (!held) found.push_back({.from = unix_nanos(X509_REVOKED_get0_revocationDate(entry))});
    held = hold;
    if (!hold) break;
  }
  return found;
}

bool RevocationLists::signed_by(std::size_t list, X509& issuer) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  if (X509_digest(&issuer, EVP_sha256(), digest.data(), nullptr) != 1) return false;
  std::uint64_t key = 0;
  std::memcpy(&key, digest.data(), sizeof key);
  key += list;
  if (const bool* known = checks_.find(key)) return *known;
  const bool may_sign = (X509_get_extension_flags(&issuer) & EXFLAG_KUSAGE) == 0 ||
                        (X509_get_key_usage(&issuer) & KU_CRL_SIGN) != 0;
  EVP_PKEY* public_key = X509_get0_pubkey(&issuer);
  const bool good = may_sign && usable_key(public_key) &&
                    X509_CRL_verify(store_->crls[list].get(), public_key) == 1;
  return checks_.insert(key, good);
}

}  // namespace shakedown::enrich
