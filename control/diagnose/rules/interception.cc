// SPDX-License-Identifier: Apache-2.0
//
// What tells a proxy that answers in a server's place from a server with an authority of its own.
#include <fmt/format.h>

#include <algorithm>

#include "diagnose/rules/certificate_words.h"
#include "diagnose/rules/verdict.h"
#include "diagnose/rules/words.h"

namespace shakedown::diagnose {

namespace {

/// One authority in front of so many names is a proxy, or an organisation's own authority.
constexpr std::uint32_t kNamesFew = 5;
constexpr std::uint32_t kNamesMany = 20;

/// RFC 1918, RFC 4193, RFC 6598, loopback and link-local: where an organisation's own servers are.
bool in_house(const HandshakeRecord& record) {
  const auto& bytes = record.server_address.bytes;
  if (record.family == IpFamily::ipv6) {
    return (bytes[0] & 0xfe) == 0xfc || (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80) ||
           (std::ranges::all_of(bytes.begin(), bytes.end() - 1, [](auto b) { return b == 0; }));
  }
  return bytes[0] == 10 || bytes[0] == 127 || (bytes[0] == 172 && (bytes[1] & 0xf0) == 16) ||
         (bytes[0] == 192 && bytes[1] == 168) || (bytes[0] == 169 && bytes[1] == 254) ||
         (bytes[0] == 100 && (bytes[1] & 0xc0) == 64);
}

bool through_proxy(const HandshakeRecord& record) {
  return record.starttls == StartTls::http_connect || record.starttls == StartTls::socks;
}

/// A chain of another issuer that the same server shows for the same name to other networks only,
/// while what is at hand is shown to this network only.
const ShownChain* shown_to_others_instead(const Facts& facts) {
  if (facts.server.chains_of_other_names) return nullptr;
  const JudgedChain& judged = facts.server_certificate;
  if (const ShownChain* own = shown(facts); own != nullptr && own->network_count > 1) {
    return nullptr;
  }
  for (const ShownChain& row : facts.server.chains) {
    if (row.chain == nullptr || row.chain->digest == judged.chain->digest) continue;
    if (row.chain->leaf().issuer == judged.chain->leaf().issuer) continue;
    // A certificate that was replaced in the meantime is not seen any more.
    if (!row.to_this_network && row.accepted >= 0.5f &&
        add_saturating(row.last, kFreshNanos) >= facts.at) {
      return &row;
    }
  }
  return nullptr;
}

bool leads_nowhere(const JudgedChain& judged) {
  const enrich::Trust trust = judged.assessment.trust;
  return trust == enrich::Trust::self_signed || trust == enrich::Trust::unknown_root ||
         trust == enrich::Trust::unknown_issuer;
}

/// The client at hand, or its network, was shown the chain.
bool of_this_network(const Facts& facts) {
  if (facts.server_certificate.source == ChainSource::wire) return true;
  const ShownChain* own = shown(facts);
  return facts.server_certificate.source == ChainSource::same_name && own != nullptr &&
         own->to_this_network;
}

}  // namespace

std::optional<Finding> interception_signs(const Facts& facts) {
  const JudgedChain& judged = facts.server_certificate;
  if (judged.chain == nullptr || !leads_nowhere(judged) || !of_this_network(facts)) {
    return std::nullopt;
  }
  const NameView& name = facts.name;
  const ShownChain* others = shown_to_others_instead(facts);
  const bool unusual = name.issuer_unusual && name.usual_issuer_trusted;
  const bool usual_elsewhere = unusual && name.usual_issuer_networks >= 2;
  const bool everybodys = !name.issuer_unusual && name.usual_issuer_networks >= 2;
  const std::uint32_t fronted = everybodys ? 0 : name.names_of_private_issuer;
  const bool own_servers = in_house(facts.record) && !through_proxy(facts.record);
  if (others == nullptr && !unusual && (fronted < kNamesFew || own_servers)) return std::nullopt;

  const bool replaced = others != nullptr || usual_elsewhere;
  Finding finding{.confidence = Confidence::possible};
  if (replaced || (fronted >= kNamesMany && !own_servers)) finding.confidence = Confidence::likely;
  if (replaced && name.usual_issuer_trusted && fronted >= kNamesFew &&
      facts.alert_from(Party::client) == AlertDescription::unknown_ca) {
    finding.confidence = Confidence::certain;
  }
  if (others != nullptr) {
    finding.evidence.push_back(fmt::format(
        "this server shows {} another certificate for the name, issued by {}, {} before",
        counted(others->network_count, "other network"), issuer_text({.chain = others->chain}),
        duration_text(add_saturating(facts.at, -others->last.value).value)));
  }
  if (unusual) {
    finding.evidence.push_back(fmt::format(
        "this client was shown an issuer {}; {} that of the name is {}", issuer_text(judged),
        name.usual_issuer_networks > 1 ? "to " + counted(name.usual_issuer_networks, "network")
                                       : std::string("elsewhere"),
        issuer_text({.assessment = {.issuer = name.usual_issuer}})));
  }
  if (fronted >= kNamesFew) {
    finding.evidence.push_back(fmt::format("{} issues for {} in this client's network",
                                           issuer_text(judged), counted(fronted, "name")));
  }
  if (own_servers && fronted >= kNamesFew) {
    finding.against.emplace_back(
        "the server has a private address: an organisation's own authority would look so as well");
  }
  return finding;
}

}  // namespace shakedown::diagnose
