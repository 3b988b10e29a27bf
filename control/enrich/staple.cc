// SPDX-License-Identifier: Apache-2.0
#include "enrich/staple.h"

#include <algorithm>

#include "enrich/asn1_time.h"
#include "enrich/certificate_reader.h"

namespace shakedown::enrich {

namespace {

OcspBasicPointer parse(Bytes response) {
  if (response.empty() || response.size() > kStapleBytesMax) return nullptr;
  const std::uint8_t* cursor = response.data();
  const OcspResponsePointer outer(
      d2i_OCSP_RESPONSE(nullptr, &cursor, static_cast<long>(response.size())));
  const bool whole = outer != nullptr && cursor == response.data() + response.size();
  if (!whole || OCSP_response_status(outer.get()) != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
    return nullptr;
  }
  return OcspBasicPointer(OCSP_response_get1_basic(outer.get()));
}

/// Several certificates are one issuer where name and key are the same.
bool is_same_authority(X509& a, X509& b) {
  return X509_NAME_cmp(X509_get_subject_name(&a), X509_get_subject_name(&b)) == 0 &&
         EVP_PKEY_eq(X509_get0_pubkey(&a), X509_get0_pubkey(&b)) == 1;
}

/// The issuer itself, or one whom it has put in charge of OCSP.
bool may_answer(X509& signer, X509& issuer) {
  if (is_same_authority(signer, issuer)) return true;
  const std::uint32_t flags = X509_get_extension_flags(&signer);
  const bool in_charge =
      (flags & EXFLAG_XKUSAGE) != 0 && (X509_get_extended_key_usage(&signer) & XKU_OCSP_SIGN) != 0;
  EVP_PKEY* key = X509_get0_pubkey(&issuer);
  return in_charge && X509_check_issued(&issuer, &signer) == X509_V_OK && usable_key(key) &&
         X509_verify(&signer, key) == 1;
}

/// Who signed it, if that one may and did; null otherwise.
X509* check_signature(OCSP_BASICRESP& basic, X509& issuer) {
  struct ReleaseStack {
    void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
  };
  const std::unique_ptr<STACK_OF(X509), ReleaseStack> others(sk_X509_new_null());
  X509* signer = nullptr;
  if (others == nullptr || sk_X509_push(others.get(), &issuer) <= 0) return nullptr;
  if (OCSP_resp_get0_signer(&basic, &signer, others.get()) != 1 || signer == nullptr) {
    return nullptr;
  }
  if (!usable_key(X509_get0_pubkey(signer)) || !may_answer(*signer, issuer)) return nullptr;
  // Whom to trust is settled: the signature alone is left to check.
  return OCSP_basic_verify(&basic, others.get(), nullptr, OCSP_NOVERIFY) == 1 ? signer : nullptr;
}

bool is_about(OCSP_SINGLERESP& answer, const X509& leaf, const X509& issuer) {
  auto* id = const_cast<OCSP_CERTID*>(OCSP_SINGLERESP_get0_id(&answer));
  ASN1_OBJECT* algorithm = nullptr;
  if (OCSP_id_get0_info(nullptr, &algorithm, nullptr, nullptr, id) != 1) return false;
  const EVP_MD* digest = EVP_get_digestbyobj(algorithm);
  if (digest == nullptr) return false;
  const OcspIdPointer expected(OCSP_cert_to_id(digest, &leaf, &issuer));
  return expected != nullptr && OCSP_id_cmp(expected.get(), id) == 0;
}

StapleAnswer answer_of(OCSP_SINGLERESP& single) {
  StapleAnswer answer;
  int reason = 0;
  ASN1_GENERALIZEDTIME* revoked = nullptr;
  ASN1_GENERALIZEDTIME* this_update = nullptr;
  ASN1_GENERALIZEDTIME* next_update = nullptr;
  switch (OCSP_single_get0_status(&single, &reason, &revoked, &this_update, &next_update)) {
    case V_OCSP_CERTSTATUS_GOOD:
      answer.status = Staple::good;
      break;
    case V_OCSP_CERTSTATUS_REVOKED:
      answer.status = Staple::revoked;
      break;
    case V_OCSP_CERTSTATUS_UNKNOWN:
      answer.status = Staple::unknown;
      break;
    default:
      return answer;
  }
  answer.this_update = unix_nanos(this_update);
  answer.revoked_from = unix_nanos(revoked);
  if (next_update != nullptr) answer.next_update = last_unix_nanos(next_update);
  return answer;
}

}  // namespace

Staple StapleAnswer::at(UnixNanos moment) const {
  if (status == Staple::unusable) return status;
  // That it was revoked stays true, however old the answer.
  if (status == Staple::revoked && revoked_from <= moment) return Staple::revoked;
  if (moment < add_saturating(this_update, -kStapleSlackNanos)) return Staple::unusable;
  if (moment > add_saturating(next_update, kStapleSlackNanos)) return Staple::expired;
  return status == Staple::revoked ? Staple::good : status;
}

StapleAnswer read_staple(Bytes response, X509& leaf, X509& issuer) {
  const OcspBasicPointer basic = parse(response);
  if (basic == nullptr) return {};
  X509* signer = check_signature(*basic, issuer);
  if (signer == nullptr) return {};
  const int count = std::min(OCSP_resp_count(basic.get()), kStapleAnswerCountMax);
  for (int i = 0; i < count; ++i) {
    OCSP_SINGLERESP* single = OCSP_resp_get0(basic.get(), i);
    if (!is_about(*single, leaf, issuer)) continue;
    StapleAnswer answer = answer_of(*single);
    // No answer is good for longer than who gave it.
    const UnixNanos end = last_unix_nanos(X509_get0_notAfter(signer));
    if (end.known()) answer.next_update = std::min(answer.next_update, end);
    return answer;
  }
  return {};
}

}  // namespace shakedown::enrich
