// SPDX-License-Identifier: Apache-2.0
#include "diagnose/difference.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <string>

#include "diagnose/links/link_keys.h"
#include "shakedown/tls_types.h"

namespace shakedown::diagnose {

namespace {

using Codes = std::vector<std::uint16_t>;
using Weighed16 = std::span<const Weighed<std::uint16_t>>;

/// A success of a day ago says what the server takes today.
constexpr std::int64_t kComparableNanos = 86'400 * kNanosPerSecond;
constexpr float kComparableWeight = 0.5f;
/// What is left of a handshake after four half-lives and more is as good as none.
constexpr float kFadedWeight = 0.05f;
/// More signature algorithms are not compared; the registry has some thirty.
constexpr std::size_t kSignatureAlgorithmsMax = 64;
/// What a segment carries of a ClientHello where the peer's MSS is not known: Ethernet, IPv6 and
/// TCP timestamps.
constexpr std::size_t kSegmentBytes = 1428;
constexpr std::size_t kTimestampBytes = 12;
/// Record and handshake header before the body of a ClientHello.
constexpr std::size_t kHelloHeaderBytes = 9;

bool contains(const Codes& codes, std::uint16_t code) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

bool is_tls13(std::uint16_t version) { return is_tls13_family(ProtocolVersion{version}); }
bool is_tls13_suite(std::uint16_t suite) { return (suite >> 8) == 0x13; }

/// The versions that a hello offers. Without supported_versions it is the newest one, and the client
/// may know any older.
class OfferedVersions {
 public:
  explicit OfferedVersions(const enrich::ClientOffer& offer) : offer_(offer) {}

  [[nodiscard]] bool holds(std::uint16_t version) const {
    return offer_.supported_versions.empty() ? version <= offer_.legacy_version
                                             : contains(offer_.supported_versions, version);
  }
  [[nodiscard]] bool tls13() const {
    return std::any_of(offer_.supported_versions.begin(), offer_.supported_versions.end(),
                       is_tls13);
  }
  [[nodiscard]] bool older() const {
    return offer_.supported_versions.empty() ||
           !std::all_of(offer_.supported_versions.begin(), offer_.supported_versions.end(),
                        is_tls13);
  }

 private:
  const enrich::ClientOffer& offer_;
};

Overlap version_overlap(const enrich::ClientOffer& offer, Weighed16 chosen) {
  if (chosen.empty()) return Overlap::unknown;
  const OfferedVersions versions(offer);
  const bool common = std::any_of(chosen.begin(), chosen.end(), [&](const auto& version) {
    return versions.holds(version.value);
  });
  return common ? Overlap::common : Overlap::disjoint;
}

/// Suites of TLS 1.3 against such, older ones against older: the two share nothing but the list.
Overlap suite_overlap_of(const enrich::ClientOffer& offer, Weighed16 chosen, bool tls13) {
  bool known = false;
  for (const auto& suite : chosen) {
    if (is_tls13_suite(suite.value) != tls13) continue;
    if (contains(offer.cipher_suites, suite.value)) return Overlap::common;
    known = true;
  }
  return known ? Overlap::disjoint : Overlap::unknown;
}

Overlap suite_overlap(const enrich::ClientOffer& offer, Weighed16 chosen) {
  const OfferedVersions versions(offer);
  const Overlap newer =
      versions.tls13() ? suite_overlap_of(offer, chosen, true) : Overlap::disjoint;
  const Overlap older =
      versions.older() ? suite_overlap_of(offer, chosen, false) : Overlap::disjoint;
  if (newer == Overlap::common || older == Overlap::common) return Overlap::common;
  return newer == Overlap::disjoint && older == Overlap::disjoint ? Overlap::disjoint
                                                                  : Overlap::unknown;
}

/// An older suite without an elliptic curve needs no group: those with one stand from 0xc001 on.
bool works_without_group(const enrich::ClientOffer& offer, Weighed16 suites) {
  return OfferedVersions(offer).older() &&
         std::any_of(suites.begin(), suites.end(), [&](const auto& suite) {
           return suite.value < 0xc000 && !is_tls13_suite(suite.value) &&
                  contains(offer.cipher_suites, suite.value);
         });
}

Overlap group_overlap(const enrich::ClientOffer& offer, const ServerView& server) {
  if (offer.supported_groups.empty() || server.named_groups.empty()) return Overlap::unknown;
  for (const auto& group : server.named_groups) {
    if (contains(offer.supported_groups, group.value)) return Overlap::common;
  }
  return works_without_group(offer, server.cipher_suites) ? Overlap::unknown : Overlap::disjoint;
}

/// SignatureScheme (RFC 8446 §4.2.3), or a hash and signature of RFC 5246 §7.4.1.4.1.
bool fits_key(std::uint16_t scheme, enrich::KeyKind key) {
  const unsigned low = scheme & 0xff;
  const bool intrinsic = (scheme >> 8) == 0x08;
  switch (key) {
    case enrich::KeyKind::rsa:
      return intrinsic ? (low >= 0x04 && low <= 0x06) || (low >= 0x09 && low <= 0x0b) : low == 0x01;
    case enrich::KeyKind::ec:
      return intrinsic ? low >= 0x1a && low <= 0x1c : low == 0x03;
    case enrich::KeyKind::eddsa:
      return intrinsic && (low == 0x07 || low == 0x08);
    case enrich::KeyKind::dsa:
      return !intrinsic && low == 0x02;
    case enrich::KeyKind::unknown:
      return true;
  }
  return true;
}

/// By one of the keys that the server has shown, where it has shown any.
bool usable(std::uint16_t scheme, const std::vector<ShownChain>& chains) {
  return chains.empty() || std::any_of(chains.begin(), chains.end(), [&](const ShownChain& shown) {
           return fits_key(scheme, shown.chain->leaf().key);
         });
}

/// What all have in common that succeeded with a version of this offer; resumed sessions need no
/// signature. Empty: not known.
Codes common_signature_algorithms(const enrich::ClientOffer& offer, const ServerView& server) {
  const OfferedVersions versions(offer);
  Codes common;
  bool first = true;
  for (const SuccessfulHello& hello : server.hellos) {
    const Codes& algorithms = hello.offer->signature_algorithms;
    if (hello.resumed || !versions.holds(hello.selected_version)) continue;
    // One that names none has succeeded all the same: nothing is needed.
    if (algorithms.empty()) return {};
    if (first) {
      common.assign(algorithms.begin(),
                    algorithms.begin() + static_cast<std::ptrdiff_t>(
                                             std::min(algorithms.size(), kSignatureAlgorithmsMax)));
      first = false;
    } else {
      std::erase_if(common, [&](std::uint16_t scheme) { return !contains(algorithms, scheme); });
    }
  }
  std::erase_if(common, [&](std::uint16_t scheme) { return !usable(scheme, server.chains); });
  return common;
}

Overlap signature_overlap(const enrich::ClientOffer& offer, const ServerView& server) {
  if (offer.signature_algorithms.empty()) return Overlap::unknown;
  const Codes common = common_signature_algorithms(offer, server);
  if (common.empty()) return Overlap::unknown;
  const auto taken = [&](std::uint16_t scheme) {
    return contains(offer.signature_algorithms, scheme);
  };
  if (std::none_of(common.begin(), common.end(), taken)) return Overlap::disjoint;
  // Which of them the server needs is known by its key alone.
  const bool key_known = !server.chains.empty();
  return key_known || std::all_of(common.begin(), common.end(), taken) ? Overlap::common
                                                                       : Overlap::unknown;
}

Overlap protocol_overlap(const enrich::ClientOffer& offer, const ServerView& server) {
  if (offer.alpn.empty() || server.application_protocols.empty()) return Overlap::unknown;
  for (const std::string& protocol : server.application_protocols) {
    if (std::find(offer.alpn.begin(), offer.alpn.end(), protocol) != offer.alpn.end()) {
      return Overlap::common;
    }
  }
  return Overlap::disjoint;
}

std::size_t segment_count(std::size_t length, std::uint16_t server_mss) {
  const std::size_t bytes =
      server_mss > kTimestampBytes * 2 ? server_mss - kTimestampBytes : kSegmentBytes;
  return (length + kHelloHeaderBytes + bytes - 1) / bytes;
}

/// RFC 7685 §1: boxes are known that fail at just these ClientHellos.
bool in_padded_range(std::size_t length) {
  constexpr std::size_t kMessageHeaderBytes = 4;
  const std::size_t message = length + kMessageHeaderBytes;
  return message >= 256 && message <= 511;
}

/// Only where a size can matter: some bytes more or less stop nobody.
bool is_larger(const HandshakeRecord& record, std::size_t other) {
  const std::size_t length = record.client_hello_facts.length;
  if (other == 0 || length <= other) return false;
  const std::uint16_t mss = record.server_tcp.mss;
  return segment_count(length, mss) > segment_count(other, mss) ||
         (in_padded_range(length) && !in_padded_range(other));
}

/// Both ascend (definition.h).
Codes without(const Codes& codes, const Codes& others) {
  Codes rest;
  std::set_difference(codes.begin(), codes.end(), others.begin(), others.end(),
                      std::back_inserter(rest));
  return rest;
}

Codes new_extensions(const enrich::ClientOffer& offer, std::span<const SuccessfulHello> hellos) {
  if (hellos.empty()) return {};
  Codes rest = offer.extensions;
  for (const SuccessfulHello& hello : hellos) {
    if (rest.empty()) break;
    rest = without(rest, hello.offer->extensions);
  }
  return rest;
}

bool comparable(const ServerView& server, UnixNanos at) {
  return std::any_of(server.hellos.begin(), server.hellos.end(), [at](const auto& hello) {
    return hello.weight >= kComparableWeight && distance(hello.last, at) <= kComparableNanos;
  });
}

/// How many of the dimensions differ between the hello at hand and one that succeeded.
unsigned distance_of(const enrich::Handshake& handshake, const SuccessfulHello& other) {
  const HandshakeRecord& record = handshake.record;
  const ClientHelloFacts& hello = record.client_hello_facts;
  unsigned count = 0;
  const auto differ = [&count](bool different) { count += different ? 1 : 0; };
  differ(hello.max_version != other.max_version);
  differ(handshake.has(ClientHelloFacts::server_name_present) != other.server_name_present);
  differ(offers_resumption(hello) && !other.resumed);
  differ(is_larger(record, other.length));
  if (handshake.offer == nullptr || handshake.offer == other.offer) return count;
  const enrich::ClientOffer& offer = *handshake.offer;
  differ(offer.cipher_suites != other.offer->cipher_suites);
  differ(offer.supported_groups != other.offer->supported_groups);
  differ(offer.signature_algorithms != other.offer->signature_algorithms);
  differ(offer.alpn != other.offer->alpn);
  differ(offer.extensions != other.offer->extensions);
  return count;
}

void find_nearest(const enrich::Handshake& handshake, const ServerView& server,
                  Difference& result) {
  for (const SuccessfulHello& hello : server.hellos) {
    const unsigned differences = distance_of(handshake, hello);
    const bool fewer = result.nearest == nullptr || differences < result.nearest_distance;
    const bool later = result.nearest != nullptr && differences == result.nearest_distance &&
                       hello.last > result.nearest->last;
    if (!fewer && !later) continue;
    result.nearest = &hello;
    result.nearest_distance = differences;
  }
}

}  // namespace

Difference difference(const enrich::Handshake& handshake, const ServerView& server) {
  Difference result;
  if (!handshake.client_hello_seen()) return result;
  const HandshakeRecord& record = handshake.record;
  result.comparable = comparable(server, moment_of(record));
  if (handshake.offer != nullptr) {
    const enrich::ClientOffer& offer = *handshake.offer;
    result.version = version_overlap(offer, server.versions);
    result.cipher_suite = suite_overlap(offer, server.cipher_suites);
    result.named_group = group_overlap(offer, server);
    result.signature_algorithm = signature_overlap(offer, server);
    result.application_protocol = protocol_overlap(offer, server);
    result.extensions_new = new_extensions(offer, server.hellos);
  }
  const bool named = handshake.has(ClientHelloFacts::server_name_present);
  result.server_name_missing = !named && server.successes_with_name > kFadedWeight &&
                               server.successes_without_name <= kFadedWeight;
  result.server_name_new =
      named && server.names_succeeded != 0 && server.name_successes <= kFadedWeight;
  result.resumption_offered = offers_resumption(record.client_hello_facts);
  result.larger = is_larger(record, server.hello_length_max);
  result.network_new = server.networks_succeeded != 0 && !server.network_succeeded;
  find_nearest(handshake, server, result);
  return result;
}

}  // namespace shakedown::diagnose
