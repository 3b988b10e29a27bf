// SPDX-License-Identifier: Apache-2.0
#include "enrich/trust_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <set>
#include <utility>

#include "enrich/asn1_time.h"
#include "enrich/certificate_reader.h"
#include "enrich/trust_files.h"
#include "enrich/trust_store_state.h"

namespace shakedown::enrich {

namespace {

/// A folder of thousands of files that are something else is told of once.
constexpr std::size_t kWarningCountMax = 16;

class Loader {
 public:
  Loader(TrustStore::State& state, TrustStore::Loaded& loaded) : state_(state), loaded_(loaded) {}

  void add_system() {
    KnownCertificates known;
    for (const std::string& path : system_trust_files()) {
      TrustFile file = read_trust_file(path, &known);
      for (X509Pointer& certificate : file.certificates) add(std::move(certificate));
    }
    if (state_.root_count != 0) return;
    warn(
        "the system has no trust anchors, so that no certificate can be told to be trusted: "
        "install "
        "the package ca-certificates, or name files in diagnosis.roots");
  }

  void add_roots(const std::string& path) {
    add_path(path, "certificate", [this](TrustFile& file, const std::string& name) {
      const bool any = !file.certificates.empty();
      for (X509Pointer& certificate : file.certificates) {
        note_if_no_root(*certificate, name);
        add(std::move(certificate));
      }
      return any;
    });
  }

  void add_crls(const std::string& path) {
    add_path(path, "revocation list", [this](TrustFile& file, const std::string& name) {
      const bool any = !file.crls.empty();
      for (CrlPointer& list : file.crls) {
        note_if_old(*list, name);
        add(std::move(list));
      }
      return any;
    });
  }

  void finish() {
    if (left_out_ != 0) {
      loaded_.warnings.push_back(fmt::format("{} more warnings of this kind", left_out_));
    }
    index();
  }

 private:
  template <class Take>
  void add_path(const std::string& path, std::string_view what, Take take) {
    const TrustPath listed = list_trust_path(path);
    if (!listed.error.empty()) {
      loaded_.errors.push_back(listed.error);
      return;
    }
    bool any = false;
    bool told = false;
    for (const std::string& name : listed.files) {
      TrustFile file = read_trust_file(name);
      if (take(file, name)) {
        any = true;
        continue;
      }
      const std::string reason = file.error.empty()
                                     ? fmt::format("{} holds no {} in PEM or DER form", name, what)
                                     : file.error;
      if (listed.is_folder) {
        warn(reason);
      } else {
        loaded_.errors.push_back(reason + ": name another file, or leave it out");
        told = true;
      }
    }
    if (!any && !told) {
      loaded_.errors.push_back(
          fmt::format("the folder {} holds no {} in PEM or DER form: name another, or leave it out",
                      path, what));
    }
  }

  void warn(std::string sentence) {
    if (loaded_.warnings.size() < kWarningCountMax) {
      loaded_.warnings.push_back(std::move(sentence));
    } else {
      ++left_out_;
    }
  }

  void note_if_no_root(X509& certificate, const std::string& name) {
    if (X509_NAME_cmp(X509_get_subject_name(&certificate), X509_get_issuer_name(&certificate)) == 0)
      return;
    warn(
        fmt::format("{}: {} is no root, as {} issued it: it helps to find paths and is not trusted "
                    "by itself",
                    name, name_text(X509_get_subject_name(&certificate)),
                    name_text(X509_get_issuer_name(&certificate))));
  }

  /// Against today, not against packets: this is about the operator's files.
  void note_if_old(const X509_CRL& list, const std::string& name) {
    const UnixNanos next = last_unix_nanos(X509_CRL_get0_nextUpdate(&list));
    const UnixNanos now{std::time(nullptr) * kNanosPerSecond};
    if (!next.known() || now <= next) return;
    warn(fmt::format(
        "the revocation list {} of {} is out of date since {}: what was revoked later is "
        "not known; fetch it anew",
        name, name_text(X509_CRL_get_issuer(&list)), time_text(X509_CRL_get0_nextUpdate(&list))));
  }

  void add(X509Pointer certificate) {
    Digest digest{};
    if (X509_digest(certificate.get(), EVP_sha256(), digest.data(), nullptr) != 1) return;
    if (!certificates_.insert(digest).second) return;
    X509_NAME* subject = X509_get_subject_name(certificate.get());
    if (X509_NAME_cmp(subject, X509_get_issuer_name(certificate.get())) == 0) ++state_.root_count;
    state_.by_subject[name_hash(subject)].push_back(state_.certificates.size());
    state_.certificates.push_back(std::move(certificate));
  }

  void add(CrlPointer list) {
    Digest digest{};
    if (X509_CRL_digest(list.get(), EVP_sha256(), digest.data(), nullptr) != 1) return;
    if (crls_.insert(digest).second) state_.crls.push_back(std::move(list));
  }

  void index() {
    std::stable_sort(state_.crls.begin(), state_.crls.end(),
                     [](const CrlPointer& a, const CrlPointer& b) {
                       return unix_nanos(X509_CRL_get0_lastUpdate(a.get())) <
                              unix_nanos(X509_CRL_get0_lastUpdate(b.get()));
                     });
    for (std::size_t i = 0; i < state_.crls.size(); ++i) {
      state_.crls_by_issuer[name_hash(X509_CRL_get_issuer(state_.crls[i].get()))].push_back(i);
    }
  }

  TrustStore::State& state_;
  TrustStore::Loaded& loaded_;
  std::set<Digest> certificates_;
  std::set<Digest> crls_;
  std::size_t left_out_ = 0;
};

}  // namespace

TrustStore::TrustStore() : state_(std::make_unique<State>()) {}
TrustStore::~TrustStore() = default;
TrustStore::TrustStore(TrustStore&&) noexcept = default;
TrustStore& TrustStore::operator=(TrustStore&&) noexcept = default;

TrustStore TrustStore::load(const TrustSettings& settings, Loaded& loaded) {
  const QuietErrors quiet;
  TrustStore store;
  Loader loader(*store.state_, loaded);
  if (settings.system_roots) loader.add_system();
  for (const std::string& path : settings.roots) loader.add_roots(path);
  for (const std::string& path : settings.crls) loader.add_crls(path);
  loader.finish();
  return store;
}

std::size_t TrustStore::root_count() const { return state_->root_count; }
std::size_t TrustStore::crl_count() const { return state_->crls.size(); }

}  // namespace shakedown::enrich
