// SPDX-License-Identifier: Apache-2.0
#include "enrich/path_check.h"

#include <openssl/x509_vfy.h>

namespace shakedown::enrich {

namespace {

using CertificateStack = STACK_OF(X509);
struct ReleaseStack {
  void operator()(CertificateStack* stack) const { sk_X509_free(stack); }
};
using StackPointer = std::unique_ptr<CertificateStack, ReleaseStack>;

bool extended_usage_allows(X509& certificate, std::uint32_t usages) {
  return (X509_get_extension_flags(&certificate) & EXFLAG_XKUSAGE) == 0 ||
         (X509_get_extended_key_usage(&certificate) & (usages | XKU_ANYEKU)) != 0;
}

bool key_usage_allows(X509& certificate, std::uint32_t usages) {
  return (X509_get_extension_flags(&certificate) & EXFLAG_KUSAGE) == 0 ||
         (X509_get_key_usage(&certificate) & usages) != 0;
}

Misuse misuse_of_leaf(X509& leaf) {
  constexpr std::uint32_t kServer = KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT;
  constexpr std::uint32_t kClient = KU_DIGITAL_SIGNATURE | KU_KEY_AGREEMENT;
  return {.as_server = !extended_usage_allows(leaf, XKU_SSL_SERVER | XKU_SGC) ||
                       !key_usage_allows(leaf, kServer),
          .as_client =
              !extended_usage_allows(leaf, XKU_SSL_CLIENT) || !key_usage_allows(leaf, kClient)};
}

/// A trust anchor is trusted as it is; nobody looks at its usages.
Misuse misuse_of_issuer(const PathStep& step) {
  if (step.anchor) return {};
  X509& issuer = *step.certificate;
  const bool no_authority = (X509_get_extension_flags(&issuer) & EXFLAG_CA) == 0 ||
                            !key_usage_allows(issuer, KU_KEY_CERT_SIGN);
  return {.as_server = no_authority || !extended_usage_allows(issuer, XKU_SSL_SERVER | XKU_SGC),
          .as_client = no_authority || !extended_usage_allows(issuer, XKU_SSL_CLIENT)};
}

/// OpenSSL goes over the whole path and tells of every fault; each belongs to the step at its depth.
int note_fault(int ok, X509_STORE_CTX* context) {
  if (ok == 1) return 1;
  auto& misuses = *static_cast<std::vector<Misuse>*>(X509_STORE_CTX_get_app_data(context));
  const int depth = X509_STORE_CTX_get_error_depth(context);
  if (depth >= 0 && static_cast<std::size_t>(depth) < misuses.size()) {
    misuses[static_cast<std::size_t>(depth)] = {.as_server = true, .as_client = true};
  }
  return 1;
}

/// The signatures of the path are good: they are what made it one. Dates are judged later.
int skip_signatures(X509_STORE_CTX*) { return 1; }

void check_constraints(const Path& path, std::vector<Misuse>& misuses) {
  const StackPointer between(sk_X509_new_null());
  const StackPointer anchors(sk_X509_new_null());
  const X509ContextPointer context(X509_STORE_CTX_new());
  bool made = between != nullptr && anchors != nullptr && context != nullptr;
  for (std::size_t i = 1; made && i < path.size(); ++i) {
    CertificateStack* stack = path[i].anchor ? anchors.get() : between.get();
    made = sk_X509_push(stack, path[i].certificate) > 0;
  }
  if (!made ||
      X509_STORE_CTX_init(context.get(), nullptr, path.front().certificate, between.get()) != 1) {
    return;
  }
  X509_STORE_CTX_set0_trusted_stack(context.get(), anchors.get());
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_NO_CHECK_TIME | X509_V_FLAG_TRUSTED_FIRST);
  X509_VERIFY_PARAM_set_auth_level(parameters, 0);
  X509_STORE_CTX_set_app_data(context.get(), &misuses);
  X509_STORE_CTX_set_verify_cb(context.get(), note_fault);
  X509_STORE_CTX_set_verify(context.get(), skip_signatures);
  if (X509_verify_cert(context.get()) <= 0)
    misuses.front() = {.as_server = true, .as_client = true};
}

}  // namespace

std::vector<Misuse> misuses_of(const Path& path) {
  std::vector<Misuse> misuses;
  for (const PathStep& step : path) {
    misuses.push_back(misuses.empty() ? misuse_of_leaf(*step.certificate) : misuse_of_issuer(step));
  }
  if (path.size() > 1 && path.back().anchor) check_constraints(path, misuses);
  return misuses;
}

}  // namespace shakedown::enrich
