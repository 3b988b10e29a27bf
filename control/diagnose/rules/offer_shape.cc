// SPDX-License-Identifier: Apache-2.0
#include "diagnose/rules/offer_shape.h"

#include <algorithm>
#include <string_view>

#include "export/tls_names.h"

namespace shakedown::diagnose {

namespace {

constexpr std::uint16_t code_of(ProtocolVersion version) {
  return static_cast<std::uint16_t>(version);
}

bool is_tls13_suite(std::uint16_t code) { return code >> 8 == 0x13; }

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// By what records are encrypted with; `other` lumps together what hardly any server prefers.
enum class Bulk : std::uint8_t { none, aes128, aes256, chacha20, other };

Bulk bulk_of(std::string_view name) {
  if (contains(name, "AES_128")) return Bulk::aes128;
  if (contains(name, "AES_256")) return Bulk::aes256;
  if (contains(name, "CHACHA20")) return Bulk::chacha20;
  return Bulk::other;
}

bool is_up_to_date(std::uint16_t code, std::string_view name) {
  if (is_tls13_suite(code)) return true;
  const bool authenticated =
      contains(name, "_GCM") || contains(name, "_CCM") || contains(name, "CHACHA20");
  return authenticated && name.starts_with("TLS_ECDHE_");
}

Remark suites_remark(const enrich::ClientOffer& offer) {
  bool up_to_date = false;
  bool several = false;
  Bulk only = Bulk::none;
  for (const std::uint16_t code : offer.cipher_suites) {
    if (is_grease(code) || is_signalling_suite(code)) continue;
    const std::string_view name = exporting::registered_cipher_suite(code);
    up_to_date = up_to_date || is_up_to_date(code, name);
    const Bulk bulk = bulk_of(name);
    several = several || (only != Bulk::none && bulk != only);
    only = bulk;
  }
  if (only == Bulk::none) return Remark::none;
  if (!up_to_date) return Remark::strange;
  return several ? Remark::none : Remark::narrow;
}

Remark groups_remark(const enrich::ClientOffer& offer) {
  unsigned count = 0;
  bool usual = false;
  for (const std::uint16_t group : offer.supported_groups) {
    if (is_grease(group)) continue;
    ++count;
    // secp256r1, secp384r1, x25519: every server of these years takes one of them.
    usual = usual || group == 23 || group == 24 || group == 29;
  }
  if (count == 0) return Remark::none;
  if (!usual) return Remark::strange;
  return count == 1 ? Remark::narrow : Remark::none;
}

struct Signatures {
  bool rsa = false;
  bool elliptic = false;
  bool sha2 = false;
};

void add_scheme(std::uint16_t scheme, Signatures& found) {
  const unsigned high = scheme >> 8;
  const unsigned low = scheme & 0xffu;
  if (high == 0x08) {
    // RFC 8446 §4.2.3: 0x0804-06 and 0x0809-0b are RSA-PSS, 07 and 08 EdDSA, 1a-1c Brainpool.
    const bool edwards = low == 0x07 || low == 0x08;
    found.rsa = found.rsa || (low >= 0x04 && low <= 0x0b && !edwards);
    found.elliptic = found.elliptic || edwards || low >= 0x1a;
    found.sha2 = true;
    return;
  }
  // RFC 5246 §7.4.1.4.1: the hash, and the key.
  if (high == 0 || high > 6) return;
  found.rsa = found.rsa || low == 1;
  found.elliptic = found.elliptic || low == 3;
  found.sha2 = found.sha2 || high >= 4;
}

Signatures signatures_of(const enrich::ClientOffer& offer) {
  Signatures found;
  for (const std::uint16_t scheme : offer.signature_algorithms) {
    if (!is_grease(scheme)) add_scheme(scheme, found);
  }
  return found;
}

Remark signatures_remark(const enrich::ClientOffer& offer) {
  const Signatures found = signatures_of(offer);
  if (!found.rsa && !found.elliptic) return Remark::none;
  // Most servers have nothing but an RSA certificate, and none can sign with SHA-1 in TLS 1.3.
  if (!found.sha2 || !found.rsa) return Remark::strange;
  return found.elliptic ? Remark::none : Remark::narrow;
}

Remark version_remark(const Facts& facts) {
  const std::uint16_t highest = facts.record.client_hello_facts.max_version;
  if (highest == 0) return Remark::none;
  if (offers_only_tls13(facts)) return Remark::strange;
  if (offers_tls13(facts)) return Remark::none;
  return highest < code_of(ProtocolVersion::tls12) ? Remark::strange : Remark::slight;
}

}  // namespace

Remark OfferShape::most() const {
  return std::max({version, cipher_suite, named_group, signature_algorithm});
}

Remark OfferShape::of(Cause cause) const {
  switch (cause) {
    case Cause::version_mismatch:
      return version;
    case Cause::cipher_mismatch:
      return cipher_suite;
    case Cause::group_mismatch:
      return named_group;
    case Cause::signature_algorithm_mismatch:
      return signature_algorithm;
    default:
      return Remark::none;
  }
}

bool offers_tls13(const Facts& facts) {
  return is_tls13_family(ProtocolVersion{facts.record.client_hello_facts.max_version});
}

bool offers_only_tls13(const Facts& facts) {
  const enrich::ClientOffer* offer = facts.handshake.offer.get();
  if (offer == nullptr || offer->supported_versions.empty()) return false;
  return std::all_of(
      offer->supported_versions.begin(), offer->supported_versions.end(),
      [](std::uint16_t code) { return is_grease(code) || is_tls13_family(ProtocolVersion{code}); });
}

bool offers_version(const Facts& facts, std::uint16_t version) {
  const enrich::ClientOffer* offer = facts.handshake.offer.get();
  if (offer != nullptr && !offer->supported_versions.empty()) {
    const auto& offered = offer->supported_versions;
    return std::find(offered.begin(), offered.end(), version) != offered.end();
  }
  return version <= facts.record.client_hello_facts.max_version;
}

bool takes_signatures_of(const Facts& facts, bool rsa) {
  const Signatures found = signatures_of(*facts.handshake.offer);
  return rsa ? found.rsa : found.elliptic;
}

bool groups_matter(const Facts& facts) {
  if (offers_tls13(facts)) return true;
  const enrich::ClientOffer* offer = facts.handshake.offer.get();
  if (offer == nullptr) return false;
  return std::none_of(offer->cipher_suites.begin(), offer->cipher_suites.end(),
                      [](std::uint16_t code) {
                        if (is_grease(code) || is_signalling_suite(code)) return false;
                        return !exporting::registered_cipher_suite(code).starts_with("TLS_ECDHE_");
                      });
}

OfferShape shape_of(const Facts& facts) {
  OfferShape shape;
  shape.version = version_remark(facts);
  const enrich::ClientOffer* offer = facts.handshake.offer.get();
  if (offer == nullptr || facts.handshake.has(ClientHelloFacts::truncated_parse)) return shape;
  shape.cipher_suite = suites_remark(*offer);
  if (groups_matter(facts)) shape.named_group = groups_remark(*offer);
  shape.signature_algorithm = signatures_remark(*offer);
  return shape;
}

}  // namespace shakedown::diagnose
