// SPDX-License-Identifier: Apache-2.0
#include "serve/recent_events.h"

#include <algorithm>
#include <utility>

#include "export/event_id.h"

namespace shakedown::serve {

namespace {

SubjectTraits traits_of(const RecentEvents::Entry& entry) {
  const HandshakeRecord& record = entry.record;
  return {.event_id = entry.event_id,
          .family = record.family,
          .client_address = record.client_address,
          .server_address = record.server_address,
          .client_port = record.client_port,
          .server_port = record.server_port,
          .server_name = entry.server_name};
}

}  // namespace

void RecentEvents::add(const enrich::Handshake& handshake, std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  Entry entry{.record = handshake.record,
              .event_id = exporting::event_id(handshake.record),
              .server_name = std::string(handshake.server_name),
              .line = std::string(line)};
  const std::size_t size = entry.bytes();
  if (size > bytes_max_) return;
  while (bytes_ + size > bytes_max_) {
    bytes_ -= entries_.front().bytes();
    entries_.pop_front();
  }
  bytes_ += size;
  entries_.push_back(std::move(entry));
}

RecentEvents::Found RecentEvents::latest(const Subject& subject, std::size_t count_max) const {
  Found found;
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    if (!matches(subject, traits_of(*entry))) continue;
    ++found.count;
    if (found.entries.size() < count_max) found.entries.push_back(&*entry);
  }
  std::ranges::reverse(found.entries);
  return found;
}

}  // namespace shakedown::serve
