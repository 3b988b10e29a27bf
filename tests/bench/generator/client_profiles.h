// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The client software that generated captures pretend to hold: what each kind of client
//            offers, in which order, with which fresh values per connection.
// Units:     wire numbers.
// Ownership: the list of profiles lives as long as the program.
// Threading: none.
// Limits:    none.
// Failure:   none.
// RFC:       RFC 8446 §4.1.2, §4.2; RFC 8701.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "deterministic_random.h"
#include "hello_builder.h"

namespace shakedown::generator {

struct ClientProfile {
  std::string name{};
  uint16_t legacy_version = 0x0303;
  std::vector<test_support::Code16> suites{};
  std::vector<uint16_t> extensions{};  // in the order of the hello
  std::vector<test_support::Code16> groups{};
  std::vector<test_support::Code16> schemes{};
  std::vector<test_support::Code16>
      versions{};  // of supported_versions; empty = TLS 1.2 or older only
  std::vector<test_support::Code16> shares{};
  std::vector<std::string> alpn{};
  bool grease = false;  // in suites, groups, versions, shares, and as first and last extension
  bool shuffles_extensions = false;
  size_t padded_to = 0;

  [[nodiscard]] bool offers_tls13() const { return !versions.empty(); }
  [[nodiscard]] bool offers_suite(uint16_t suite) const;
};

/// All profiles; some forty, the old ones that know nothing newer than TLS 1.0 last.
[[nodiscard]] const std::vector<ClientProfile>& client_profiles();

/// Index of the first of the old profiles in client_profiles().
[[nodiscard]] size_t first_old_profile();

/// A fresh hello of that client; no SNI when the name is empty.
[[nodiscard]] test_support::ClientHelloBuilder make_hello(
    const ClientProfile& profile, std::string_view server_name,
    test_support::DeterministicRandom& random);

}  // namespace shakedown::generator
