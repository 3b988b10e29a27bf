// SPDX-License-Identifier: Apache-2.0
#include "client_profiles.h"

#include <algorithm>
#include <utility>

namespace shakedown::generator {
namespace {

using test_support::Bytes;
using test_support::ClientHelloBuilder;
using test_support::Code16;
using test_support::DeterministicRandom;
using test_support::grease_value;
using Codes = std::vector<Code16>;

// Extension types, by number as in captures, because the lists below are read beside captures.
constexpr uint16_t kSni = 0;
constexpr uint16_t kStatusRequest = 5;
constexpr uint16_t kGroups = 10;
constexpr uint16_t kPointFormats = 11;
constexpr uint16_t kSchemes = 13;
constexpr uint16_t kAlpn = 16;
constexpr uint16_t kSct = 18;
constexpr uint16_t kEncryptThenMac = 22;
constexpr uint16_t kExtendedMasterSecret = 23;
constexpr uint16_t kCompressCertificate = 27;
constexpr uint16_t kRecordSizeLimit = 28;
constexpr uint16_t kDelegatedCredentials = 34;
constexpr uint16_t kTicket = 35;
constexpr uint16_t kVersions = 43;
constexpr uint16_t kPskModes = 45;
constexpr uint16_t kPostHandshakeAuth = 49;
constexpr uint16_t kShares = 51;
constexpr uint16_t kAlps = 17513;
constexpr uint16_t kEch = 0xfe0d;
constexpr uint16_t kRenegotiation = 0xff01;

constexpr uint16_t kX25519 = 0x001d;
constexpr uint16_t kP256 = 0x0017;
constexpr uint16_t kX25519MlKem768 = 0x11ec;

const Codes kModernVersions{0x0304, 0x0303};
const Codes kBrowserSchemes{0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601};

ClientProfile chrome(const std::string& name, bool post_quantum, bool alps) {
  ClientProfile p;
  p.name = name;
  p.suites = {0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9,
              0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035};
  p.extensions = {kSni,
                  kExtendedMasterSecret,
                  kRenegotiation,
                  kGroups,
                  kPointFormats,
                  kTicket,
                  kAlpn,
                  kStatusRequest,
                  kSchemes,
                  kSct,
                  kShares,
                  kPskModes,
                  kVersions,
                  kCompressCertificate,
                  kEch};
  if (alps) {
    p.extensions.push_back(kAlps);
  }
  p.groups = {kX25519, kP256, 0x0018};
  p.shares = {kX25519};
  if (post_quantum) {
    p.groups.insert(p.groups.begin(), kX25519MlKem768);
    p.shares.insert(p.shares.begin(), kX25519MlKem768);
  }
  p.schemes = kBrowserSchemes;
  p.versions = kModernVersions;
  p.alpn = {"h2", "http/1.1"};
  p.grease = true;
  p.shuffles_extensions = true;
  p.padded_to = post_quantum ? 0 : 517 - 5;
  return p;
}

ClientProfile firefox(const std::string& name, bool post_quantum) {
  ClientProfile p;
  p.name = name;
  p.suites = {0x1301, 0x1303, 0x1302, 0xc02b, 0xc02f, 0xcca9, 0xcca8, 0xc02c, 0xc030,
              0xc00a, 0xc009, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035};
  p.extensions = {
      kSni,      kExtendedMasterSecret, kRenegotiation,        kGroups, kPointFormats, kTicket,
      kAlpn,     kStatusRequest,        kDelegatedCredentials, kShares, kVersions,     kSchemes,
      kPskModes, kRecordSizeLimit,      kCompressCertificate,  kEch};
  p.groups = {kX25519, kP256, 0x0018, 0x0019, 0x0100, 0x0101};
  p.shares = {kX25519, kP256};
  if (post_quantum) {
    p.groups.insert(p.groups.begin(), kX25519MlKem768);
    p.shares.insert(p.shares.begin(), kX25519MlKem768);
  }
  p.schemes = {0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806,
               0x0401, 0x0501, 0x0601, 0x0203, 0x0201};
  p.versions = kModernVersions;
  p.alpn = {"h2", "http/1.1"};
  return p;
}

ClientProfile safari(const std::string& name) {
  ClientProfile p = chrome(name, false, false);
  p.suites = {0x1301, 0x1302, 0x1303, 0xc02c, 0xc02b, 0xcca9, 0xc030, 0xc02f, 0xcca8, 0xc00a,
              0xc009, 0xc014, 0xc013, 0x009d, 0x009c, 0x0035, 0x002f, 0xc008, 0xc012, 0x000a};
  p.extensions = {kSni,
                  kExtendedMasterSecret,
                  kRenegotiation,
                  kGroups,
                  kPointFormats,
                  kAlpn,
                  kStatusRequest,
                  kSchemes,
                  kSct,
                  kShares,
                  kPskModes,
                  kVersions,
                  kCompressCertificate};
  p.groups = {kX25519, kP256, 0x0018, 0x0019};
  p.versions = {0x0304, 0x0303, 0x0302, 0x0301};
  p.shuffles_extensions = false;
  p.padded_to = 0;
  return p;
}

ClientProfile openssl(const std::string& name, bool tls13, std::vector<std::string> alpn) {
  ClientProfile p;
  p.name = name;
  p.suites = {0xc02c, 0xc030, 0x009f, 0xcca9, 0xcca8, 0xccaa, 0xc02b, 0xc02f, 0x009e, 0xc024,
              0xc028, 0x006b, 0xc023, 0xc027, 0x0067, 0xc00a, 0xc014, 0x0039, 0xc009, 0xc013,
              0x0033, 0x009d, 0x009c, 0x003d, 0x003c, 0x0035, 0x002f, 0x00ff};
  p.extensions = {kSni, kPointFormats, kGroups, kTicket};
  if (!alpn.empty()) {
    p.extensions.push_back(kAlpn);
  }
  p.extensions.insert(p.extensions.end(), {kEncryptThenMac, kExtendedMasterSecret});
  if (tls13) {
    p.suites.insert(p.suites.begin(), {0x1302, 0x1303, 0x1301});
    p.extensions.push_back(kPostHandshakeAuth);
  }
  p.extensions.push_back(kSchemes);
  if (tls13) {
    p.extensions.insert(p.extensions.end(), {kVersions, kPskModes, kShares});
    p.versions = kModernVersions;
    p.shares = {kX25519};
  }
  p.groups = {kX25519, kP256, 0x001e, 0x0019, 0x0018};
  p.schemes = {0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0809, 0x080a, 0x080b,
               0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0303, 0x0301};
  p.alpn = std::move(alpn);
  return p;
}

ClientProfile go(const std::string& name, bool http2) {
  ClientProfile p;
  p.name = name;
  p.suites = {0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc009, 0xc013, 0xc00a,
              0xc014, 0x009c, 0x009d, 0x002f, 0x0035, 0x1301, 0x1302, 0x1303};
  p.extensions = {kSni,           kStatusRequest,        kGroups, kPointFormats, kSchemes,
                  kRenegotiation, kExtendedMasterSecret, kSct,    kVersions,     kShares};
  if (http2) {
    p.extensions.insert(p.extensions.begin() + 7, kAlpn);
    p.alpn = {"h2", "http/1.1"};
  }
  p.groups = {kX25519, kP256, 0x0018, 0x0019};
  p.shares = {kX25519};
  p.schemes = {0x0804, 0x0403, 0x0807, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0503, 0x0603};
  p.versions = kModernVersions;
  return p;
}

ClientProfile java(const std::string& name, bool tls13) {
  ClientProfile p;
  p.name = name;
  p.suites = {0xc02c, 0xc02b, 0xcca9, 0xc030, 0xcca8, 0xc02f, 0x009f, 0xccaa,
              0x009e, 0xc024, 0xc028, 0xc023, 0xc027, 0xc00a, 0xc014, 0xc009,
              0xc013, 0x009d, 0x009c, 0x0035, 0x002f, 0x00ff};
  p.extensions = {kSni,     kStatusRequest,        kGroups, kPointFormats,
                  kSchemes, kExtendedMasterSecret, kTicket};
  if (tls13) {
    p.suites.insert(p.suites.begin(), {0x1302, 0x1301, 0x1303});
    p.extensions.insert(p.extensions.end(), {kVersions, kPskModes, kShares});
    p.versions = kModernVersions;
    p.shares = {kX25519, kP256};
  }
  p.groups = {kX25519, kP256, 0x0018, 0x0019, 0x001e, 0x0100, 0x0101};
  p.schemes = {0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080a,
               0x080b, 0x0401, 0x0501, 0x0601, 0x0402, 0x0303, 0x0301, 0x0302, 0x0203, 0x0201};
  return p;
}

ClientProfile schannel(const std::string& name, bool tls13) {
  ClientProfile p;
  p.name = name;
  p.suites = {0xc02c, 0xc02b, 0xc030, 0xc02f, 0x009f, 0x009e, 0xc024, 0xc023, 0xc028, 0xc027,
              0xc00a, 0xc009, 0xc014, 0xc013, 0x009d, 0x009c, 0x003d, 0x003c, 0x0035, 0x002f};
  p.extensions = {kSni,  kStatusRequest,        kGroups,       kPointFormats, kSchemes, kTicket,
                  kAlpn, kExtendedMasterSecret, kRenegotiation};
  if (tls13) {
    p.suites.insert(p.suites.begin(), {0x1302, 0x1301});
    p.extensions.insert(p.extensions.end(), {kVersions, kPskModes, kShares});
    p.versions = kModernVersions;
    p.shares = {kX25519};
  }
  p.groups = {kX25519, kP256, 0x0018};
  p.schemes = {0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0201,
               0x0403, 0x0503, 0x0203, 0x0601, 0x0603};
  p.alpn = {"h2", "http/1.1"};
  return p;
}

ClientProfile old_client(const std::string& name, bool elliptic) {
  ClientProfile p;
  p.name = name;
  p.legacy_version = 0x0301;
  p.suites = {0x0035, 0x002f, 0x0005, 0x0004, 0x000a, 0x0039, 0x0033, 0x00ff};
  p.extensions = {kSni, kTicket};
  if (elliptic) {
    p.suites.insert(p.suites.begin(), {0xc014, 0xc013, 0xc00a, 0xc009});
    p.extensions = {kSni, kGroups, kPointFormats, kTicket};
    p.groups = {kP256, 0x0018, 0x0019};
  }
  return p;
}

/// The same software in another version or configuration: one suite fewer, one scheme fewer.
ClientProfile variant(ClientProfile p, const std::string& name, size_t suite_left_out) {
  p.name += "-" + name;
  p.suites.erase(p.suites.end() - 1 - static_cast<std::ptrdiff_t>(suite_left_out));
  if (!p.schemes.empty()) {
    p.schemes.pop_back();
  }
  return p;
}

std::vector<ClientProfile> make_profiles() {
  std::vector<ClientProfile> bases{chrome("chrome-131", true, true),
                                   chrome("chrome-120", false, true),
                                   chrome("edge-131", true, false),
                                   firefox("firefox-133", true),
                                   firefox("firefox-115", false),
                                   safari("safari-17"),
                                   openssl("curl", true, {"h2", "http/1.1"}),
                                   openssl("python", true, {"http/1.1"}),
                                   openssl("s_client", true, {}),
                                   openssl("openssl-1.0.2", false, {}),
                                   openssl("nginx-upstream", false, {"http/1.1"}),
                                   go("go-1.22", true),
                                   go("go-1.21-grpc", false),
                                   java("java-17", true),
                                   java("java-8", false),
                                   schannel("windows-11", true),
                                   schannel("windows-10", false),
                                   variant(java("java-21", true), "a", 1)};
  std::vector<ClientProfile> all = bases;
  for (const ClientProfile& base : bases) {
    all.push_back(variant(base, "b", 2));
  }
  all.push_back(old_client("terminal-1.0", false));
  all.push_back(old_client("android-2.3", true));
  all.push_back(variant(old_client("windows-xp", false), "sp3", 3));
  all.push_back(variant(old_client("embedded-1.0", true), "b", 4));
  return all;
}

/// Extensions that are the same in every hello of every client.
void add_constant_extension(ClientHelloBuilder& hello, uint16_t type) {
  switch (type) {
    case kStatusRequest:
      hello.status_request();
      return;
    case kPointFormats:
      hello.ec_point_formats();
      return;
    case kSct:
      hello.signed_certificate_timestamp();
      return;
    case kCompressCertificate:
      hello.compress_certificate();
      return;
    case kRecordSizeLimit:
      hello.record_size_limit();
      return;
    case kDelegatedCredentials:
      hello.delegated_credentials();
      return;
    case kPskModes:
      hello.psk_key_exchange_modes();
      return;
    case kAlps:
      hello.application_settings();
      return;
    case kRenegotiation:
      hello.renegotiation_info();
      return;
    default:  // the many whose body is empty
      hello.extension(type, {});
      return;
  }
}

void add_extension(ClientHelloBuilder& hello, const ClientProfile& p, uint16_t type,
                   std::string_view server_name, DeterministicRandom& random, unsigned grease) {
  const auto with_grease = [&](Codes codes, unsigned n) {
    if (p.grease) {
      codes.insert(codes.begin(), grease_value(grease + n));
    }
    return codes;
  };
  switch (type) {
    case kSni:
      if (!server_name.empty()) {
        hello.server_name(server_name);
      }
      return;
    case kGroups:
      hello.supported_groups(with_grease(p.groups, 1));
      return;
    case kSchemes:
      hello.signature_algorithms(p.schemes);
      return;
    case kAlpn:
      hello.alpn(p.alpn);
      return;
    case kVersions:
      hello.supported_versions(with_grease(p.versions, 2));
      return;
    case kShares: {
      std::vector<test_support::KeyShareEntry> entries;
      for (const Code16 group : with_grease(p.shares, 1)) {
        entries.push_back(test_support::client_key_share(group, random.next()));
      }
      hello.key_share_entries(entries);
      return;
    }
    case kEch:
      hello.encrypted_client_hello(144 + 32 * random.below(4));
      return;
    default:
      add_constant_extension(hello, type);
      return;
  }
}

}  // namespace

bool ClientProfile::offers_suite(uint16_t suite) const {
  return std::any_of(suites.begin(), suites.end(),
                     [&](Code16 offered) { return offered == suite; });
}

const std::vector<ClientProfile>& client_profiles() {
  static const std::vector<ClientProfile> profiles = make_profiles();
  return profiles;
}

size_t first_old_profile() { return client_profiles().size() - 4; }

ClientHelloBuilder make_hello(const ClientProfile& profile, std::string_view server_name,
                              DeterministicRandom& random) {
  const auto grease = static_cast<unsigned>(random.below(16));
  ClientHelloBuilder hello;
  hello.legacy_version(profile.legacy_version).random(test_support::make_random(random.next()));
  if (profile.offers_tls13()) {
    hello.session_id(random.bytes(32));
  }
  Codes suites = profile.suites;
  if (profile.grease) {
    suites.insert(suites.begin(), grease_value(grease));
  }
  hello.cipher_suites(std::move(suites));

  std::vector<uint16_t> order = profile.extensions;
  if (profile.shuffles_extensions) {
    for (size_t i = order.size(); i > 1; --i) {
      std::swap(order[i - 1], order[random.below(i)]);
    }
  }
  if (profile.grease) {
    hello.grease_extension(grease_value(grease + 3));
  }
  for (const uint16_t type : order) {
    add_extension(hello, profile, type, server_name, random, grease);
  }
  if (profile.grease) {
    hello.grease_extension(grease_value(grease + 4), Bytes{0});
  }
  if (profile.padded_to != 0) {
    hello.padding_to(profile.padded_to);
  }
  return hello;
}

}  // namespace shakedown::generator
