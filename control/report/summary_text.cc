// SPDX-License-Identifier: Apache-2.0
//
// One function per block of the screen, from the most to the least important.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <string>
#include <utility>

#include "export/service_names.h"
#include "export/text.h"
#include "export/tls_names.h"
#include "report/causes.h"
#include "report/summary.h"
#include "report/text_block.h"

namespace shakedown::report {

namespace {

using aggregate::KeyCount;
using aggregate::Tally;
using aggregate::Totals;
using exporting::grouped;
using exporting::terminal_text;

constexpr std::string_view kRed = "\x1b[31m";
constexpr std::string_view kGreen = "\x1b[32m";
constexpr std::string_view kYellow = "\x1b[33m";
constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kPlain = "\x1b[0m";

double percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

std::string_view plural(std::uint64_t count) { return count == 1 ? "" : "s"; }

class SummaryText {
 public:
  explicit SummaryText(const Summary& summary) : summary_(summary), totals_(summary.totals) {}

  std::string take() {
    headline();
    overload();
    causes();
    failures();
    alerts();
    versions();
    server_names();
    services();
    path();
    worst();
    watchlists();
    connections();
    unjudged();
    health();
    more();
    return std::move(out_);
  }

 private:
  template <class... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
    out_.push_back('\n');
  }

  /// More rows asked for: lists may be as long as they are.
  [[nodiscard]] unsigned lines(unsigned usual) const {
    return summary_.rows > kDefaultRowCount ? 100 : usual;
  }

  std::string painted(std::string_view color, std::string text) const {
    return summary_.color ? fmt::format("{}{}{}", color, text, kPlain) : text;
  }

  void headline() {
    const Tally& tls = totals_.tls;
    if (tls.handshakes == 0) {
      line("{}", painted(kBold, "No TLS handshake could be judged"));
    } else {
      const std::string text = fmt::format(
          "{} of {} TLS handshake{} failed ({:.1f} %)", grouped(tls.failures),
          grouped(tls.handshakes), plural(tls.handshakes), percent(tls.failures, tls.handshakes));
      line("{}", painted(tls.failures == 0 ? kGreen : kRed, text));
    }
    line("{}{}, {} packets", period(), source(),
         grouped(summary_.snapshot.get(Counter::packets_received)));
    for (const std::string& warning : summary_.warnings) {
      line("{}", painted(kYellow, "Warning: " + terminal_text(warning, 240)));
    }
  }

  /// Everything else in the summary is counted; here is what it would be with those left out.
  void overload() {
    const std::uint64_t shed = summary_.snapshot.get(Counter::connections_shed);
    if (shed == 0 && totals_.sampled == 0) return;
    const Tally& tls = totals_.tls;
    std::string text = fmt::format("Overload: {} not followed", grouped(shed));
    if (tls.handshakes != 0) {
      text += fmt::format("; with them about {} handshakes, {:.1f} % failed",
                          grouped(rounded(tls.estimated_handshakes)),
                          100.0 * tls.estimated_failure_share());
    }
    line("{}", painted(kYellow, wrapped(text, 0)));
  }

  [[nodiscard]] static std::uint64_t rounded(double count) {
    return static_cast<std::uint64_t>(std::llround(count));
  }

  [[nodiscard]] bool live() const { return summary_.snapshot.mode == RunMode::live; }

  [[nodiscard]] std::string source() const {
    const auto& ports = summary_.snapshot.ports;
    if (!live()) {
      return ports.size() == 1 ? terminal_text(ports[0].label, 40)
                               : fmt::format("{} captures", ports.size());
    }
    std::string names;
    for (const ingest::PortSnapshot& port : ports) {
      names += (names.empty() ? "" : ", ") + terminal_text(port.label, 15);
    }
    // What leaves room for the number of packets on the line.
    constexpr std::size_t kNamesSizeMax = 20;
    if (names.size() > kNamesSizeMax && ports.size() > 1) {
      names = fmt::format("{} interfaces", ports.size());
    }
    return "live on " + names;
  }

  std::string period() const {
    const Period period = period_of(summary_);
    if (!period.begin.known()) return {};
    // Date and seconds are enough here: the events have the rest.
    const auto seconds = [](UnixNanos time) {
      std::string text = exporting::time_text(time).substr(0, 19);
      text[10] = ' ';
      return text;
    };
    const std::string first = seconds(period.begin);
    const std::string last = seconds(period.end);
    const bool same_day = first.substr(0, 10) == last.substr(0, 10);
    return fmt::format("{} to {} UTC, ", first, same_day ? last.substr(11) : last);
  }

  /// With more rows asked for, all of them are explained.
  void causes() {
    constexpr unsigned kExplainedCount = 2;
    const unsigned explained = summary_.rows > kDefaultRowCount ? summary_.rows : kExplainedCount;
    const CausesText why = causes_text(totals_.why, summary_.rows, explained);
    if (why.heading.empty()) return;
    line("\n{}", painted(kBold, why.heading));
    out_ += why.body;
  }

  /// Where causes are told, how it looked on the wire is a matter of fewer rows.
  [[nodiscard]] unsigned failure_rows() const {
    constexpr unsigned kFew = 3;
    const bool usual = summary_.rows == kDefaultRowCount && totals_.why.diagnosed != 0;
    return usual ? kFew : summary_.rows;
  }

  void failures() {
    if (totals_.failures.empty()) return;
    const unsigned row_count = failure_rows();
    std::vector<std::pair<Totals::FailureKey, const aggregate::FailureCount*>> rows;
    for (const auto& [key, failure] : totals_.failures) rows.emplace_back(key, &failure);
    std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
      return a.second->count > b.second->count;
    });
    line("\n{}", painted(kBold, fmt::format("{:<37}{:>6} {:>6}  first example", "Failures", "count",
                                            "share")));
    std::uint64_t shown = 0;
    for (std::size_t i = 0; i < rows.size() && i < row_count; ++i) {
      const auto& [key, failure] = rows[i];
      const HandshakeRecord& record = failure->example;
      const std::string client =
          exporting::endpoint_text(record.client_address, record.family, record.client_port);
      line("  {:<35}{:>6} {:>4.0f} %  {}", exporting::outcome_name(key.first, key.second),
           grouped(failure->count), percent(failure->count, totals_.tls.failures),
           terminal_text(client, 27));
      shown += failure->count;
    }
    if (rows.size() > row_count) {
      line("  {:<35}{:>6}", fmt::format("{} more kinds", rows.size() - row_count),
           grouped(totals_.tls.failures - shown));
    }
  }

  /// A title and its items, on at most `line_count_max` lines.
  void list(std::string_view title, const std::vector<std::string>& items,
            unsigned line_count_max) {
    if (items.empty()) return;
    const std::size_t column = std::max<std::size_t>(title.size() + 2, 10);
    line("{}{}", painted(kBold, fmt::format("{:<{}}", title, column)),
         listed(items, column, line_count_max));
  }

  void alerts() {
    std::vector<std::pair<aggregate::AlertKey, std::uint64_t>> rows(totals_.alerts.begin(),
                                                                    totals_.alerts.end());
    std::stable_sort(rows.begin(), rows.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    std::vector<std::string> items;
    for (const auto& [key, count] : rows) {
      const std::string name = key.encrypted
                                   ? "encrypted"
                                   : fmt::format("{} ({})", exporting::alert_name(key.description),
                                                 static_cast<unsigned>(key.description));
      items.push_back(
          fmt::format("{} {} from {}", grouped(count), name, exporting::party_name(key.from)));
    }
    list("Alerts", items, lines(2));
  }

  void versions() {
    list("Succeeded, by version offered", success_shares(totals_.by_offered_version), lines(1));
    list("              and negotiated", success_shares(totals_.by_negotiated_version), lines(1));
  }

  std::vector<std::string> success_shares(const std::map<std::uint16_t, Tally>& tallies) const {
    std::vector<std::pair<std::uint16_t, Tally>> rows(tallies.begin(), tallies.end());
    std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
      return a.second.handshakes > b.second.handshakes;
    });
    std::vector<std::string> items;
    for (const auto& [version, tally] : rows) {
      items.push_back(fmt::format(
          "{} {:.0f} % of {}",
          version == aggregate::kOtherVersion ? "others" : exporting::version_label(version),
          percent(tally.handshakes - tally.failures, tally.handshakes), grouped(tally.handshakes)));
    }
    return items;
  }

  void server_names() {
    const Tally& without = totals_.without_server_name;
    if (without.handshakes == 0) return;
    list("No SNI",
         {fmt::format("{} handshake{}, {} of them failed", grouped(without.handshakes),
                      plural(without.handshakes), grouped(without.failures))},
         1);
  }

  /// Items of the largest counts first, each with its name.
  template <std::size_t size, class NameOf>
  static std::vector<std::string> ranked(const std::array<std::uint64_t, size>& counts,
                                         NameOf name_of) {
    std::vector<std::pair<std::uint64_t, std::string>> rows;
    for (std::size_t i = 0; i < size; ++i) {
      if (counts[i] != 0) rows.emplace_back(counts[i], name_of(i));
    }
    std::stable_sort(rows.begin(), rows.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    std::vector<std::string> items;
    for (const auto& [count, name] : rows)
      items.push_back(fmt::format("{} {}", grouped(count), name));
    return items;
  }

  /// What was spoken instead of TLS, or before it.
  void services() {
    const auto named = [](std::string_view from) {
      return [from](std::size_t i) {
        const std::string_view name = exporting::service_name(static_cast<Service>(i));
        return fmt::format("{} from {}", name.empty() ? "not recognised" : name, from);
      };
    };
    std::vector<std::string> spoken = ranked(totals_.non_tls_by_service, named("server"));
    std::ranges::move(ranked(totals_.plaintext_by_service, named("client")),
                      std::back_inserter(spoken));
    list("Instead of TLS", spoken, lines(1));
    std::vector<std::string> items;
    for (std::size_t i = 0; i < kStartTlsCount; ++i) {
      const Tally& tally = totals_.by_starttls[i];
      if (tally.handshakes == 0) continue;
      items.push_back(fmt::format("{} {}/{} failed",
                                  exporting::starttls_name(static_cast<StartTls>(i)),
                                  grouped(tally.failures), grouped(tally.handshakes)));
    }
    list("STARTTLS", items, lines(1));
  }

  void path() {
    std::vector<std::string> items;
    if (totals_.path_interference != 0) {
      items.push_back(fmt::format("{} ended by the path", grouped(totals_.path_interference)));
    }
    if (totals_.path_suspected != 0) {
      items.push_back(fmt::format("{} perhaps", grouped(totals_.path_suspected)));
    }
    if (totals_.large_segments_lost != 0) {
      items.push_back(
          fmt::format("{} with large packets lost", grouped(totals_.large_segments_lost)));
    }
    list("Path", items, lines(1));
  }

  static std::string rate(const KeyCount& key) {
    return fmt::format("{:>9} {:>4.0f} %",
                       fmt::format("{}/{}", grouped(key.failures), grouped(key.handshakes)),
                       percent(key.failures, key.handshakes));
  }

  static std::string heading(std::string_view what, const aggregate::WorstKeys& keys) {
    return fmt::format("Worst {}{}", what, keys.approximate() ? " (approximate)" : "");
  }

  /// Clients and servers stand side by side when their addresses are short enough.
  void worst() {
    const auto clients = totals_.clients.worst(summary_.rows);
    const auto servers = totals_.servers.worst(summary_.rows);
    if (clients.empty()) return;
    constexpr std::size_t kHalf = 22;
    const auto fits = [](const std::vector<KeyCount>& keys) {
      return std::all_of(keys.begin(), keys.end(), [](const KeyCount& key) {
        return address_key_text(key.key).size() <= kHalf;
      });
    };
    out_.push_back('\n');
    if (fits(clients) && fits(servers)) {
      line("{}", painted(kBold, fmt::format("{:<42}{}", heading("clients", totals_.clients),
                                            heading("servers", totals_.servers))));
      for (std::size_t i = 0; i < std::max(clients.size(), servers.size()); ++i) {
        std::string row;
        if (i < clients.size()) {
          row =
              fmt::format("  {:<{}}{}", address_key_text(clients[i].key), kHalf, rate(clients[i]));
        }
        if (i < servers.size()) {
          row = fmt::format("{:<42}  {:<{}}{}", row, address_key_text(servers[i].key), kHalf - 2,
                            rate(servers[i]));
        }
        line("{}", row);
      }
    } else {
      table(heading("clients", totals_.clients), clients, address_key_text);
      table(heading("servers", totals_.servers), servers, address_key_text);
    }
    // Names take whole lines; with the default number of rows the screen has room for a few.
    const unsigned name_rows = summary_.rows == kDefaultRowCount ? 3 : summary_.rows;
    table(heading("names", totals_.names), totals_.names.worst(name_rows),
          [](std::string_view name) { return terminal_text(name, 60); });
  }

  template <class TextOf>
  void table(const std::string& title, const std::vector<KeyCount>& keys, TextOf text_of) {
    if (keys.empty()) return;
    line("{}", painted(kBold, title));
    for (const KeyCount& key : keys) line("  {:<61}{}", text_of(key.key), rate(key));
  }

  /// The operator's lists of names, the worst first.
  void watchlists() {
    if (totals_.watchlists.empty()) return;
    std::vector<KeyCount> rows;
    for (const auto& [name, tally] : totals_.watchlists) {
      if (tally.handshakes == 0) continue;
      rows.push_back({.key = name, .handshakes = tally.handshakes, .failures = tally.failures});
    }
    if (rows.empty()) {
      list("Watchlists", {"no handshake was for a name on one of them"}, 1);
      return;
    }
    std::ranges::stable_sort(rows, std::greater<>(), [](const KeyCount& row) {
      return std::pair(row.failures, row.handshakes);
    });
    const bool all = rows.size() <= summary_.rows;
    table(all ? "Watchlists" : fmt::format("Watchlists, the worst of {}", rows.size()),
          {rows.begin(), rows.begin() + std::min<std::ptrdiff_t>(summary_.rows, std::ssize(rows))},
          [](std::string_view name) { return terminal_text(name, 60); });
  }

  std::uint64_t of(OutcomeKind kind) const {
    return totals_.by_kind[static_cast<std::size_t>(kind)];
  }

  void connections() {
    std::vector<std::string> items;
    const auto item = [&items](std::uint64_t count, std::string_view text) {
      if (count != 0) items.push_back(fmt::format("{} {}", grouped(count), text));
    };
    item(of(OutcomeKind::refused), "refused");
    item(of(OutcomeKind::unanswered), "unanswered");
    item(of(OutcomeKind::no_hello), "closed without a ClientHello");
    list("Not TLS, not counted above", items, 1);
    items.clear();
    item(totals_.late_rejections, "closed by the client without a request");
    item(totals_.tails_not_followed, "not followed to that point (overload)");
    for (const auto& [id, count] : totals_.why.warnings) item(count, id);
    list("Succeeded, but", items, 1);
  }

  void unjudged() {
    std::vector<std::string> items;
    for (std::size_t i = 0; i < kUnseenReasonCount; ++i) {
      if (totals_.by_unseen_reason[i] == 0) continue;
      items.push_back(fmt::format("{} {}", grouped(totals_.by_unseen_reason[i]),
                                  exporting::unseen_reason_name(static_cast<UnseenReason>(i))));
    }
    const std::uint64_t unseen = of(OutcomeKind::unseen);
    if (unseen == 0) return;
    list(fmt::format("Could not be judged: {}", grouped(unseen)), items, lines(1));
  }

  void health() {
    list("Capture health", health_items(), lines(1));
    const std::vector<SickLink> sick = sick_links(summary_);
    const std::size_t shown = std::min<std::size_t>(sick.size(), lines(1));
    for (std::size_t i = 0; i < shown; ++i) {
      const bool blind = sick[i].verdict == aggregate::HealthVerdict::blind;
      line("{}", painted(blind ? kRed : kYellow, wrapped(sick[i].sentence, 2)));
    }
    if (shown < sick.size()) line("  {} more, with --json", sick.size() - shown);
  }

  std::vector<std::string> health_items() const {
    std::vector<std::string> items;
    if (totals_.one_way != 0) {
      items.push_back(
          fmt::format("{:.0f} % seen one way only", percent(totals_.one_way, totals_.records)));
    }
    if (totals_.with_gap != 0) {
      items.push_back(fmt::format("{} with a gap", grouped(totals_.with_gap)));
    }
    if (const auto repeated = summary_.snapshot.get(Counter::segments_retransmitted)) {
      items.push_back(fmt::format("{} repeated segments", grouped(repeated)));
    }
    const auto remarks = health_remarks(summary_.snapshot);
    for (const HealthRemark& remark : remarks) {
      std::string name(remark.name);
      std::replace(name.begin(), name.end(), '_', ' ');
      items.push_back(fmt::format("{} {}", grouped(remark.count), name));
    }
    if (summary_.released_early != 0) {
      items.push_back(
          fmt::format("{} events perhaps out of order", grouped(summary_.released_early)));
    }
    if (summary_.definitions_missing != 0) {
      items.push_back(
          fmt::format("{} offers or chains unknown", grouped(summary_.definitions_missing)));
    }
    if (items.empty()) items.emplace_back("nothing lost, nothing cut");
    return items;
  }

  void more() {
    line("More: --events FILE --all (each handshake), --top N (rows), --json (the numbers)");
    if (totals_.why.diagnosed != 0) line("Why, in full: shakedown explain ADDRESS|NAME [FILE]");
  }

  const Summary& summary_;
  const Totals& totals_;
  std::string out_;
};

}  // namespace

std::string summary_text(const Summary& summary) { return SummaryText(summary).take(); }

}  // namespace shakedown::report
