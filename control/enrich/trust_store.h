// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Whom to trust and what was revoked: the system's trust anchors, those of the
//            configuration, and revocation lists of a file or folder.
// Units:     none
// Ownership: Owns OpenSSL's store.
// Threading: Made in any thread, then moved to the one that judges.
// Limits:    kTrustFileBytesMax per file, kTrustFileCountMax files of a folder.
// Failure:   load() says in whole sentences what could not be used and goes on with the rest of a
//            folder; a file that was asked for by name and holds nothing usable is an error.
// RFC:       RFC 5280 §5 (revocation lists), RFC 7468 (PEM)
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace shakedown::enrich {

inline constexpr std::size_t kTrustFileBytesMax = 64u << 20;
inline constexpr std::size_t kTrustFileCountMax = 10'000;

struct TrustSettings {
  bool system_roots = true;  ///< what OpenSSL's default paths hold (SSL_CERT_FILE, SSL_CERT_DIR)
  std::vector<std::string> roots;  ///< PEM or DER files, or folders of them, further trust anchors
  std::vector<std::string> crls;   ///< the same for revocation lists

  bool operator==(const TrustSettings&) const = default;
};

class TrustStore {
 public:
  /// Trusts nobody.
  TrustStore();
  ~TrustStore();
  TrustStore(TrustStore&&) noexcept;
  TrustStore& operator=(TrustStore&&) noexcept;

  struct Loaded {
    std::vector<std::string> errors;  ///< what was named and cannot be used; control must not start
    std::vector<std::string> warnings;  ///< single files of folders, revocation lists out of date
  };
  [[nodiscard]] static TrustStore load(const TrustSettings& settings, Loaded& loaded);

  [[nodiscard]] std::size_t root_count() const;
  [[nodiscard]] std::size_t crl_count() const;

  struct State;  ///< trust_store_state.h, for ChainJudge alone
  [[nodiscard]] const State& state() const { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

}  // namespace shakedown::enrich
