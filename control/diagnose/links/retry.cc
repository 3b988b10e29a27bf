// SPDX-License-Identifier: Apache-2.0
#include "diagnose/links/retry.h"

#include <algorithm>
#include <iterator>

#include "shakedown/tls_types.h"

namespace shakedown::diagnose {

namespace {

constexpr auto kTls12 = static_cast<std::uint16_t>(ProtocolVersion::tls12);

/// TLS_FALLBACK_SCSV (RFC 7507), TLS_EMPTY_RENEGOTIATION_INFO_SCSV (RFC 5746), and TLS 1.3.
bool goes_with_version(std::uint16_t suite) {
  return suite == 0x5600 || suite == 0x00ff || (suite >> 8) == 0x13;
}

/// The first that does not go with the version, from `place` on.
std::size_t next_suite(const std::vector<std::uint16_t>& suites, std::size_t place) {
  while (place < suites.size() && goes_with_version(suites[place])) ++place;
  return place;
}

enum class Order { equal, contained, other };

/// `fewer` in `more`, in the same order.
Order compare_suites(const std::vector<std::uint16_t>& more,
                     const std::vector<std::uint16_t>& fewer) {
  std::size_t a = next_suite(more, 0);
  std::size_t b = next_suite(fewer, 0);
  Order order = Order::equal;
  for (; a < more.size(); a = next_suite(more, a + 1)) {
    if (b < fewer.size() && more[a] == fewer[b]) {
      b = next_suite(fewer, b + 1);
    } else {
      order = Order::contained;
    }
  }
  return b < fewer.size() ? Order::other : order;
}

bool goes_with_tls13(std::uint16_t extension) {
  switch (ExtensionType{extension}) {
    case ExtensionType::supported_versions:
    case ExtensionType::psk_key_exchange_modes:
    case ExtensionType::certificate_authorities:
    case ExtensionType::post_handshake_auth:
    case ExtensionType::key_share:
      return true;
    default:
      return false;
  }
}

bool told_otherwise(std::uint16_t extension) {
  switch (ExtensionType{extension}) {
    case ExtensionType::server_name:
    case ExtensionType::padding:
    case ExtensionType::pre_shared_key:
    case ExtensionType::early_data:
    case ExtensionType::cookie:
      return true;
    default:
      return false;
  }
}

std::vector<std::uint16_t> dropped(const HelloSketch& failed, const HelloSketch& worked,
                                   bool lower_version) {
  std::vector<std::uint16_t> all;
  if (failed.offer == nullptr || worked.offer == nullptr || failed.offer == worked.offer) {
    return all;
  }
  // Both ascend (definition.h).
  std::set_difference(failed.offer->extensions.begin(), failed.offer->extensions.end(),
                      worked.offer->extensions.begin(), worked.offer->extensions.end(),
                      std::back_inserter(all));
  std::erase_if(all, [lower_version](std::uint16_t extension) {
    return told_otherwise(extension) || (lower_version && goes_with_tls13(extension));
  });
  return all;
}

bool has_name(const HelloSketch& hello) {
  return (hello.flags & ClientHelloFacts::server_name_present) != 0;
}

}  // namespace

bool same_software(const HelloSketch& a, const HelloSketch& b) {
  if (a.stack != 0 && a.stack == b.stack) return true;
  if (a.offer == nullptr || b.offer == nullptr) return false;
  if (a.offer == b.offer) return true;
  const auto& first = a.offer->cipher_suites;
  const auto& second = b.offer->cipher_suites;
  // Nothing but TLS 1.3 in one of them leaves nothing to compare.
  if (next_suite(first, 0) == first.size() || next_suite(second, 0) == second.size()) return true;
  if (compare_suites(first, second) == Order::equal) return true;
  const bool a_is_old = a.max_version < kTls12 && a.max_version < b.max_version;
  const bool b_is_old = b.max_version < kTls12 && b.max_version < a.max_version;
  return (b_is_old && compare_suites(first, second) == Order::contained) ||
         (a_is_old && compare_suites(second, first) == Order::contained);
}

RetryDifference retry_difference(const HelloSketch& failed, const HelloSketch& worked) {
  RetryDifference retry;
  retry.lower_version = worked.max_version != 0 && worked.max_version < failed.max_version;
  retry.dropped_extensions = dropped(failed, worked, retry.lower_version);
  retry.fewer_extensions = !retry.dropped_extensions.empty();
  retry.no_server_name = has_name(failed) && !has_name(worked);
  retry.new_server_name =
      has_name(worked) && (!has_name(failed) || worked.name_hash != failed.name_hash);
  const bool by_a_third = std::uint32_t{worked.length} * 3 < std::uint32_t{failed.length} * 2;
  const bool to_one_segment = failed.segment_count > 1 && worked.segment_count == 1;
  retry.smaller = by_a_third || to_one_segment;
  retry.no_resumption = failed.resumption_offered && !worked.resumption_offered;
  retry.other_family = failed.family != worked.family;
  retry.other_endpoint = failed.endpoint != worked.endpoint;
  return retry;
}

}  // namespace shakedown::diagnose
