// SPDX-License-Identifier: Apache-2.0
#include "certificate_builder.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <cstdio>
#include <cstdlib>
#include <map>

#include "enrich/asn1_time.h"

namespace shakedown::enrich::test {

namespace {

void require(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "the test cannot make a certificate: %s\n", what);
  ERR_print_errors_fp(stderr);
  std::abort();
}

using TimePointer = std::unique_ptr<ASN1_TIME, Release<ASN1_TIME_free>>;

TimePointer time_of(const std::string& text) {
  TimePointer time(ASN1_TIME_new());
  require(ASN1_TIME_set_string(time.get(), text.c_str()) == 1, text.c_str());
  return time;
}

Key owned(EVP_PKEY* key) {
  require(key != nullptr, "key");
  return {key, EVP_PKEY_free};
}

void add_extension(X509& certificate, X509& issuer, const Extension& extension) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  X509_EXTENSION* made =
      X509V3_EXT_conf_nid(nullptr, &context, extension.id, extension.value.c_str());
  require(made != nullptr, extension.value.c_str());
  require(X509_add_ext(&certificate, made, -1) == 1, "extension");
  X509_EXTENSION_free(made);
}

/// `issuer` null: itself.
Made make(const Plan& plan, const Made* issuer, const Key& signing_key) {
  static long serial = 1000;
  Made made{.certificate = {X509_new(), X509_free}, .key = plan.key ? plan.key : ec_key()};
  X509* x509 = made.certificate.get();
  require(X509_set_version(x509, X509_VERSION_3) == 1, "version");
  require(ASN1_INTEGER_set(X509_get_serialNumber(x509), ++serial) == 1, "serial");
  if (!plan.common_name.empty()) {
    const auto* text = reinterpret_cast<const unsigned char*>(plan.common_name.c_str());
    require(X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_UTF8, text, -1,
                                       -1, 0) == 1,
            "subject");
  }
  X509* parent = issuer == nullptr ? x509 : issuer->certificate.get();
  require(X509_set_issuer_name(x509, X509_get_subject_name(parent)) == 1, "issuer");
  require(X509_set1_notBefore(x509, time_of(plan.from).get()) == 1, "from");
  require(X509_set1_notAfter(x509, time_of(plan.until).get()) == 1, "until");
  require(X509_set_pubkey(x509, made.key.get()) == 1, "public key");
  for (const Extension& extension : plan.extensions) add_extension(*x509, *parent, extension);
  EVP_PKEY* key = signing_key ? signing_key.get() : made.key.get();
  require(X509_sign(x509, key, plan.digest) > 0, "signature");
  return made;
}

template <class Object>
std::string pem_of(Object* object, int (*write)(BIO*, const Object*)) {
  const BioPointer bio(BIO_new(BIO_s_mem()));
  require(write(bio.get(), object) == 1, "PEM");
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace

Key ec_key(const char* curve) { return owned(EVP_EC_gen(curve)); }

Key explicit_curve_key() {
  const std::unique_ptr<EVP_PKEY_CTX, Release<EVP_PKEY_CTX_free>> context(
      EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  char curve[] = "P-256";
  char encoding[] = "explicit";
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_EC_ENCODING, encoding, 0),
      OSSL_PARAM_construct_end()};
  EVP_PKEY* key = nullptr;
  require(EVP_PKEY_keygen_init(context.get()) == 1, "keygen");
  require(EVP_PKEY_CTX_set_params(context.get(), parameters) == 1, "explicit curve");
  require(EVP_PKEY_keygen(context.get(), &key) == 1, "keygen");
  return owned(key);
}

Key rsa_key(unsigned bits) {
  static std::map<unsigned, Key> made;
  Key& key = made[bits];
  if (!key) key = owned(EVP_RSA_gen(bits));
  return key;
}

Key public_rsa_key(unsigned bits) {
  const BignumPointer modulus(BN_new());
  require(BN_set_bit(modulus.get(), static_cast<int>(bits) - 1) == 1 &&
              BN_add_word(modulus.get(), 1) == 1,
          "modulus");
  const std::unique_ptr<OSSL_PARAM_BLD, Release<OSSL_PARAM_BLD_free>> builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
  OSSL_PARAM_BLD_push_ulong(builder.get(), OSSL_PKEY_PARAM_RSA_E, 65537);
  const std::unique_ptr<OSSL_PARAM, Release<OSSL_PARAM_free>> parameters(
      OSSL_PARAM_BLD_to_param(builder.get()));
  const std::unique_ptr<EVP_PKEY_CTX, Release<EVP_PKEY_CTX_free>> context(
      EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* key = nullptr;
  require(EVP_PKEY_fromdata_init(context.get()) == 1, "RSA");
  require(EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) == 1,
          "RSA");
  return owned(key);
}

Key ed25519_key() { return owned(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")); }

Body Made::der() const {
  Body out(static_cast<std::size_t>(i2d_X509(certificate.get(), nullptr)));
  std::uint8_t* cursor = out.data();
  i2d_X509(certificate.get(), &cursor);
  return out;
}

std::string Made::pem() const { return pem_of<X509>(certificate.get(), PEM_write_bio_X509); }

Plan server(const std::string& names) {
  return {.common_name = "a server",
          .extensions = {{NID_subject_alt_name, names},
                         {NID_key_usage, "critical,digitalSignature"},
                         {NID_ext_key_usage, "serverAuth"}}};
}

Plan authority(const std::string& common_name) {
  return {.common_name = common_name,
          .from = "20100101000000Z",
          .until = "20400101000000Z",
          .extensions = {{NID_basic_constraints, "critical,CA:TRUE"},
                         {NID_key_usage, "critical,keyCertSign,cRLSign"},
                         {NID_subject_key_identifier, "hash"}}};
}

Made self_signed(const Plan& plan) { return make(plan, nullptr, nullptr); }

Made issue(const Plan& plan, const Made& issuer) { return make(plan, &issuer, issuer.key); }

Made forge(const Plan& plan, const Made& issuer, const Key& key) {
  return make(plan, &issuer, key);
}

Body chain_body(const std::vector<Made>& certificates) {
  std::vector<Body> bodies;
  for (const Made& made : certificates) bodies.push_back(made.der());
  return chain_body(bodies);
}

Body chain_body(const std::vector<Body>& certificates) {
  Body body;
  for (const Body& der : certificates) {
    body.push_back(static_cast<std::uint8_t>(der.size() >> 16 & 0xff));
    body.push_back(static_cast<std::uint8_t>(der.size() >> 8 & 0xff));
    body.push_back(static_cast<std::uint8_t>(der.size() & 0xff));
    body.insert(body.end(), der.begin(), der.end());
  }
  return body;
}

std::string crl_pem(const Made& issuer, const std::vector<RevokedEntry>& entries,
                    const std::string& this_update, const std::string& next_update) {
  const CrlPointer list(X509_CRL_new());
  require(X509_CRL_set_version(list.get(), X509_CRL_VERSION_2) == 1, "version");
  X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(issuer.certificate.get()));
  X509_CRL_set1_lastUpdate(list.get(), time_of(this_update).get());
  X509_CRL_set1_nextUpdate(list.get(), time_of(next_update).get());
  for (const RevokedEntry& entry : entries) {
    X509_REVOKED* revoked = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(revoked,
                                  X509_get_serialNumber(entry.certificate->certificate.get()));
    X509_REVOKED_set_revocationDate(revoked, time_of(entry.at).get());
    if (entry.reason >= 0) {
      const std::unique_ptr<ASN1_ENUMERATED, Release<ASN1_ENUMERATED_free>> reason(
          ASN1_ENUMERATED_new());
      ASN1_ENUMERATED_set(reason.get(), entry.reason);
      X509_REVOKED_add1_ext_i2d(revoked, NID_crl_reason, reason.get(), 0, 0);
    }
    require(X509_CRL_add0_revoked(list.get(), revoked) == 1, "entry");
  }
  X509_CRL_sort(list.get());
  require(X509_CRL_sign(list.get(), issuer.key.get(), EVP_sha256()) > 0, "signature");
  return pem_of<X509_CRL>(list.get(), PEM_write_bio_X509_CRL);
}

Body staple(const Made& leaf, const Made& issuer, const Made& signer, const StaplePlan& plan) {
  const OcspBasicPointer basic(OCSP_BASICRESP_new());
  const OcspIdPointer id(
      OCSP_cert_to_id(EVP_sha1(), leaf.certificate.get(), issuer.certificate.get()));
  const TimePointer next = plan.next_update.empty() ? nullptr : time_of(plan.next_update);
  const bool revoked = plan.status == V_OCSP_CERTSTATUS_REVOKED;
  require(OCSP_basic_add1_status(basic.get(), id.get(), plan.status, OCSP_REVOKED_STATUS_NOSTATUS,
                                 revoked ? time_of(plan.revoked_at).get() : nullptr,
                                 time_of(plan.this_update).get(), next.get()) != nullptr,
          "OCSP answer");
  const unsigned long flags = signer.certificate == issuer.certificate ? OCSP_NOCERTS : 0;
  require(OCSP_basic_sign(basic.get(), signer.certificate.get(), signer.key.get(), EVP_sha256(),
                          nullptr, flags) == 1,
          "OCSP signature");
  const OcspResponsePointer response(
      OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get()));
  Body out(static_cast<std::size_t>(i2d_OCSP_RESPONSE(response.get(), nullptr)));
  std::uint8_t* cursor = out.data();
  i2d_OCSP_RESPONSE(response.get(), &cursor);
  return out;
}

UnixNanos moment(const std::string& time) { return unix_nanos(time_of(time).get()); }

}  // namespace shakedown::enrich::test
