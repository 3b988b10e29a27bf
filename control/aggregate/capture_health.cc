// SPDX-License-Identifier: Apache-2.0
#include "aggregate/capture_health.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace shakedown::aggregate {

namespace {

// All thresholds of what the mirror shows are here.
constexpr Threshold kOneWay{0.05, 0.90};        // of the connections
constexpr Threshold kLossy{0.01, 0.50};         // of the connections shown in both directions
constexpr Threshold kTruncated{0.01, 0.90};     // of the connections
constexpr Threshold kMidstream{0.20, kNever};   // of the connections
constexpr Threshold kEvicted{0.01, 0.50};       // of the connections
constexpr Threshold kDuplicates{0.05, kNever};  // of the packets
constexpr Threshold kOutOfOrder{0.05, kNever};  // of the packets
/// A mirror session shows a packet once. From this share on, (nearly) each is shown again.
constexpr double kAllTwice = 0.40;

bool has(const HandshakeRecord& record, HandshakeRecord::Flag flag) {
  return (record.flags & flag) != 0;
}

class Judge {
 public:
  explicit Judge(const LinkCounts& counts) : counts_(counts) {}

  LinkHealth take() {
    std::stable_sort(found_.begin(), found_.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    LinkHealth health;
    for (auto& [verdict, sentence] : found_) {
      health.verdict = std::max(health.verdict, verdict);
      health.reasons.push_back(std::move(sentence));
    }
    return health;
  }

  void directions() {
    const std::uint64_t all = counts_.connections;
    check(counts_.client_only, all, kOneWay, [](const std::string& part) {
      return part +
             " of the connections show only the client's direction: the server's direction "
             "is not mirrored";
    });
    check(counts_.server_only, all, kOneWay, [](const std::string& part) {
      return part +
             " of the connections show only the server's direction: the client's direction "
             "is not mirrored";
    });
    // Single SYNs into the dark are no sign of a bad mirror where others are answered.
    if (counts_.both == 0 && counts_.client_only == 0 && counts_.server_only == 0) {
      check(counts_.answer_not_known, all, kOneWay, [](const std::string&) {
        return std::string(
            "no answer to any connection was shown: the servers' direction may not "
            "be mirrored");
      });
    }
  }

  void loss() {
    check(counts_.lossy, counts_.both, kLossy, [](const std::string& part) {
      return part +
             " of the connections acknowledge or miss bytes that the mirror never showed: "
             "the mirror loses packets";
    });
    check(counts_.truncated, counts_.connections, kTruncated, [](const std::string& part) {
      return part +
             " of the connections have packets cut by the snap length: capture whole packets";
    });
    const std::uint64_t evicted = counts_.unseen[static_cast<std::size_t>(UnseenReason::evicted)];
    check(evicted, counts_.connections, kEvicted, [](const std::string& part) {
      return part + " of the connections were given up because a table was full: allow more flows";
    });
  }

  void order() {
    const std::uint64_t shown = counts_.packets + counts_.duplicates;
    check(counts_.duplicates, shown, kDuplicates, [this](const std::string& part) {
      const double again = share(counts_.duplicates, counts_.packets + counts_.duplicates);
      if (again < kAllTwice) {
        return part + " of the packets are shown again: mirror sessions overlap in part";
      }
      const auto times = static_cast<unsigned>(1.0 / (1.0 - std::min(again, 0.99)) + 0.5);
      return times <= 2 ? std::string("every packet is shown twice: two mirror sessions overlap")
                        : fmt::format("every packet is shown {} times: {} mirror sessions overlap",
                                      times, times);
    });
    check(counts_.out_of_order, counts_.packets, kOutOfOrder, [](const std::string& part) {
      return part + " of the packets come out of order: the mirror joins several queues or ports";
    });
    check(counts_.midstream, counts_.connections, kMidstream, [](const std::string& part) {
      return part +
             " of the connections are shown without their beginning: the capture began later, "
             "or leaves out SYN packets";
    });
  }

  void sensor(const SensorLoss& loss) {
    Found found = judge_sensor(loss);
    std::ranges::move(found, std::back_inserter(found_));
  }

 private:
  template <class Sentence>
  void check(std::uint64_t part, std::uint64_t whole, Threshold threshold, Sentence sentence) {
    aggregate::check(found_, part, whole, threshold, sentence);
  }

  const LinkCounts& counts_;
  Found found_;
};

}  // namespace

void LinkCounts::add(const HandshakeRecord& record, ingest::Sight sight) {
  ++connections;
  packets += record.client_tcp.packet_count + record.server_tcp.packet_count;
  out_of_order += record.client_tcp.out_of_order_count + record.server_tcp.out_of_order_count;
  duplicates += record.path.duplicate_count;
  if (record.path.duplicate_count != 0) ++duplicated_connections;
  if (has(record, HandshakeRecord::truncated)) ++truncated;
  if (has(record, HandshakeRecord::midstream)) ++midstream;
  if (record.outcome.kind == OutcomeKind::unseen) {
    const auto reason = static_cast<std::size_t>(record.outcome.unseen_reason);
    if (reason < unseen.size()) ++unseen[reason];
  }
  switch (sight) {
    case ingest::Sight::client_only:
      ++client_only;
      return;
    case ingest::Sight::server_only:
      ++server_only;
      return;
    case ingest::Sight::not_known:
      ++answer_not_known;
      return;
    case ingest::Sight::no_answer:
      return;
    case ingest::Sight::both:
      break;
  }
  ++both;
  // What the snap length cut was shown, and is counted as that. One-way connections acknowledge
  // what was not shown in any case.
  const bool cut = has(record, HandshakeRecord::truncated);
  const bool gap = has(record, HandshakeRecord::capture_gap) && !cut;
  const bool client_ack = has(record, HandshakeRecord::client_ack_beyond);
  const bool server_ack = has(record, HandshakeRecord::server_ack_beyond);
  if (gap) ++with_gap;
  if (client_ack) ++client_ack_beyond;
  if (server_ack) ++server_ack_beyond;
  if (gap || client_ack || server_ack) ++lossy;
}

std::uint64_t LinkCounts::withheld() const {
  const auto of = [this](UnseenReason reason) { return unseen[static_cast<std::size_t>(reason)]; };
  return of(UnseenReason::one_way) + of(UnseenReason::gap) + of(UnseenReason::truncated);
}

LinkHealth judge(const LinkCounts& counts, const SensorLoss& loss) {
  Judge judge(counts);
  judge.directions();
  judge.loss();
  judge.order();
  judge.sensor(loss);
  return judge.take();
}

LinkCounts& CaptureHealth::counts_of(Links& links, const HandshakeRecord& record) {
  const HealthLink link{.port_index = record.port_index, .vlan = record.vlan_outer};
  const auto place = links.find(link);
  if (place != links.end()) return place->second;
  return links.size() < kHealthLinkCountMax ? links[link] : links[HealthLink{.other = true}];
}

void CaptureHealth::begin_interval(UnixNanos at) {
  // Intervals begin at whole minutes, so that those of several sensors can be joined.
  const std::int64_t since = at.value % kHealthIntervalNanos;
  const std::int64_t into = since < 0 ? since + kHealthIntervalNanos : since;
  open_.begin = add_saturating(at, -into);
  open_.end = add_saturating(open_.begin, kHealthIntervalNanos);
}

void CaptureHealth::advance(UnixNanos clock, const Sink& sink) {
  const bool empty = open_.links.empty();
  if (empty && !keeps_time_) return;
  if (empty && !open_.end.known()) return begin_interval(clock);
  if (clock < open_.end) return;
  sink(open_);
  open_ = {};
}

void CaptureHealth::add(const HandshakeRecord& record, ingest::Sight sight) {
  newest_ = std::max(newest_, record.order_time);
  if (open_.links.empty()) begin_interval(record.order_time);
  counts_of(open_.links, record).add(record, sight);
  counts_of(links_, record).add(record, sight);
}

void CaptureHealth::close(const Sink& sink) {
  if (open_.links.empty()) return;
  open_.end = std::clamp(newest_, open_.begin, open_.end);
  sink(open_);
  open_ = {};
}

}  // namespace shakedown::aggregate
