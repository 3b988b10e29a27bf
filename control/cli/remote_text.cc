// SPDX-License-Identifier: Apache-2.0
#include "cli/remote_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "cli/answer_fields.h"
#include "cli/text_table.h"
#include "export/text.h"

namespace shakedown::cli {

namespace {

namespace json = boost::json;

using exporting::grouped;
using Align = TextTable::Align;

/// Rows in the order of their counts, the largest first.
std::vector<Fields> by_count(const json::array& items, std::string_view count, bool all) {
  std::vector<Fields> rows;
  for (const json::value& item : items) {
    const Fields fields(item);
    if (all || fields.count(count) != 0) rows.push_back(fields);
  }
  std::ranges::stable_sort(rows, std::greater<>(),
                           [count](const Fields& row) { return row.count(count); });
  return rows;
}

std::string section(std::string_view title, const TextTable& table) {
  return table.empty() ? std::string() : fmt::format("{}\n{}", title, table.text());
}

std::size_t worker_count(const Fields& answer) {
  const json::array& counters = answer.list("counters");
  return counters.empty() ? 0 : Fields(counters.front()).list("workers").size();
}

TextTable counter_table(std::size_t workers) {
  std::vector<TextTable::Column> columns{{"counter"}, {"total", Align::right}};
  for (std::size_t i = 0; i < workers; ++i) {
    columns.push_back({fmt::format("worker {}", i), Align::right});
  }
  columns.push_back({"unit"});
  columns.push_back({"what it counts"});
  return TextTable(std::move(columns));
}

void add_counter(TextTable& table, const Fields& counter, bool workers) {
  std::vector<std::string> cells{counter.text("name"), grouped(counter.count("total"))};
  if (workers) {
    for (const json::value& value : counter.list("workers")) {
      cells.push_back(grouped(value.is_uint64()  ? value.get_uint64()
                              : value.is_int64() ? static_cast<std::uint64_t>(value.get_int64())
                                                 : 0));
    }
  }
  cells.push_back(counter.text("unit"));
  cells.push_back(counter.text("sentence"));
  table.add(std::move(cells));
}

std::string speed_text(std::uint64_t mbps) {
  if (mbps == 0) return {};
  return mbps % 1000 == 0 ? fmt::format("{} Gbit/s", mbps / 1000) : fmt::format("{} Mbit/s", mbps);
}

std::string filter_text(const Fields& port) {
  if (!port.has("filter")) return port.truth("filter_active") ? "on" : "off";
  return fmt::format("{} dropped", percent_text(port.in("filter").number("dropped_share")));
}

std::string reasons_text(const Fields& port, bool all) {
  TextTable table(
      {{"reason"}, {"packets", Align::right}, {"share", Align::right}, {"what it counts"}});
  for (const Fields& reason : by_count(port.in("filter").list("reasons"), "packets", all)) {
    table.add({reason.text("name"), grouped(reason.count("packets")),
               percent_text(reason.number("share")), reason.text("sentence")});
  }
  return section(fmt::format("\nThe filter below {}", port.text("name")), table);
}

std::string list_text(const Fields& answer, std::string_view name, std::string_view title) {
  std::string text;
  for (const json::value& item : answer.list(name)) {
    text += fmt::format("{}  {}\n", text.empty() ? fmt::format("{}\n", title) : std::string(),
                        printable_text(item));
  }
  return text;
}

}  // namespace

std::string counters_text(const json::value& answer, bool all, bool workers) {
  const Fields fields(answer);
  const std::size_t columns = workers ? worker_count(fields) : 0;
  TextTable fates = counter_table(columns);
  TextTable lost = counter_table(columns);
  TextTable odd = counter_table(columns);
  TextTable other = counter_table(columns);
  for (const Fields& counter : by_count(fields.list("counters"), "total", all)) {
    const std::string severity = counter.text("severity");
    TextTable& table = counter.truth("packet_fate")                ? fates
                       : severity == "loss" || severity == "error" ? lost
                       : severity == "notice"                      ? odd
                                                                   : other;
    add_counter(table, counter, workers);
  }
  std::string text = section("Lost, or wrong", lost) + section("Odd traffic", odd) +
                     section("What became of each packet", fates) + section("Traffic", other);
  for (const json::value& item : fields.list("ports")) {
    const Fields port(item);
    TextTable table({{"counter"}, {"total", Align::right}, {"what it counts"}});
    for (const Fields& counter : by_count(port.list("counters"), "total", all)) {
      table.add({counter.text("name"), grouped(counter.count("total")), counter.text("sentence")});
    }
    text += section("Port " + port.text("port"), table);
  }
  return text.empty() ? "Nothing was counted yet.\n" : text;
}

std::string ports_text(const json::value& answer, bool all) {
  TextTable table({{"port"},
                   {"driver"},
                   {"link"},
                   {"state"},
                   {"speed", Align::right},
                   {"NUMA", Align::right},
                   {"queues", Align::right},
                   {"packets", Align::right},
                   {"missed", Align::right},
                   {"no buffer", Align::right},
                   {"errors", Align::right},
                   {"link changes", Align::right},
                   {"filter", Align::right}});
  std::string reasons;
  for (const json::value& item : Fields(answer).list("ports")) {
    const Fields port(item);
    table.add({port.text("name"), port.text("driver"), port.text("link"), port.text("link_state"),
               speed_text(port.count("speed_mbps")), port.text("numa_node"),
               grouped(port.count("queues")), grouped(port.count("packets")),
               grouped(port.count("missed")), grouped(port.count("no_buffer")),
               grouped(port.count("errors")), grouped(port.count("link_changes")),
               filter_text(port)});
    reasons += reasons_text(port, all);
  }
  return table.text(0) + reasons;
}

std::string queues_text(const json::value& answer) {
  const Fields fields(answer);
  TextTable queues({{"port"},
                    {"queue", Align::right},
                    {"read by"},
                    {"processor", Align::right},
                    {"size", Align::right},
                    {"packets", Align::right},
                    {"share", Align::right}});
  for (const json::value& item : fields.list("queues")) {
    const Fields queue(item);
    queues.add({queue.text("port"), grouped(queue.count("queue")),
                queue.has("worker") ? fmt::format("worker {}", queue.count("worker"))
                                    : std::string("distributor"),
                queue.text("processor"), grouped(queue.count("size")),
                grouped(queue.count("packets")), percent_text(queue.number("share"))});
  }
  TextTable workers({{"worker", Align::right},
                     {"packets", Align::right},
                     {"share", Align::right},
                     {"wrong worker", Align::right},
                     {"ring", Align::right}});
  for (const json::value& item : fields.list("workers")) {
    const Fields worker(item);
    workers.add({grouped(worker.count("worker")), grouped(worker.count("packets")),
                 percent_text(worker.number("share")), grouped(worker.count("wrong_worker")),
                 percent_text(worker.number("ring_share"))});
  }
  const std::string imbalance =
      fields.list("workers").size() < 2 || fields.number("imbalance") <= 0.0
          ? std::string()
          : fmt::format("The busiest worker has {:.2f} times the mean.\n",
                        fields.number("imbalance"));
  return fmt::format("Packets come to workers by: {}\n", fields.text("distribution")) +
         section("Queues", queues) + section("Workers", workers) + imbalance;
}

std::string reload_text(const json::value& answer) {
  const Fields fields(answer);
  const std::string text =
      list_text(fields, "problems", "Problems of the configuration") +
      list_text(fields, "failed", "Not done") +
      list_text(fields, "taken", "Changed, and in effect now") +
      list_text(fields, "overridden", "Changed, but the command line says otherwise") +
      list_text(fields, "needs_restart", "Changed, and in effect after a restart") +
      list_text(fields, "reopened", "Written to anew");
  return text.empty() ? "Reloaded; nothing has changed.\n" : text;
}

std::string answer_text(const RemoteCommand& command, const json::value& answer) {
  if (command.name == "status") return status_text(answer);
  if (command.name == "counters") return counters_text(answer, command.all, command.workers);
  if (command.name == "ports") return ports_text(answer, command.all);
  if (command.name == "queues") return queues_text(answer);
  if (command.name == "connection") return connection_text(answer);
  if (command.name == "reload") return reload_text(answer);
  return fmt::format("The log level is {} now.\n", Fields(answer).text("level"));
}

}  // namespace shakedown::cli
