// SPDX-License-Identifier: Apache-2.0
#include "ingest/visibility.h"

#include <functional>
#include <string_view>

namespace shakedown::ingest {

std::size_t Visibility::AddressHash::operator()(const IpAddress& address) const noexcept {
  return std::hash<std::string_view>{}(
      {reinterpret_cast<const char*>(address.bytes.data()), address.bytes.size()});
}

void Visibility::judge(HandshakeRecord& record) {
  const std::size_t vlan = record.vlan_outer % kVlanCount;
  if ((record.flags & HandshakeRecord::server_seen) != 0) {
    answering_vlans_.set(vlan);
    if (servers_.find(record.server_address) == nullptr) servers_.insert(record.server_address, {});
    return;
  }
  const bool rests_on_no_answer =
      record.outcome.kind == OutcomeKind::silence || record.outcome.kind == OutcomeKind::unanswered;
  if (!rests_on_no_answer) return;
  if (answering_vlans_.test(vlan) || servers_.find(record.server_address) != nullptr) return;
  record.outcome.kind = OutcomeKind::unseen;
  record.outcome.by = Party::none;
  record.outcome.unseen_reason = UnseenReason::one_way;
  record.flags |= HandshakeRecord::one_way;
}

}  // namespace shakedown::ingest
