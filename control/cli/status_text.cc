// SPDX-License-Identifier: Apache-2.0
//
// `shakedown status`: one line for each thing to know, the most important ones first.
#include <fmt/format.h>

#include <cmath>

#include "cli/answer_fields.h"
#include "cli/remote_text.h"
#include "export/text.h"

namespace shakedown::cli {

namespace {

using exporting::grouped;

class StatusText {
 public:
  explicit StatusText(const boost::json::value& answer) : status_(answer) {}

  std::string take() {
    headline();
    dataplane();
    control();
    traffic();
    health();
    overload();
    rings();
    blind();
    restarts();
    outputs();
    return std::move(out_);
  }

 private:
  void line(std::string_view label, const std::string& text) {
    out_ += fmt::format("  {:<12}{}\n", label, text);
  }

  void headline() {
    const Fields dataplane = status_.in("data_plane");
    const bool works = dataplane.truth("attached");
    out_ +=
        fmt::format("{}: {}, shakedown {}\n", status_.text("sensor"),
                    works ? "the sensor works" : "the sensor is blind", status_.text("version"));
  }

  void dataplane() {
    const Fields dataplane = status_.in("data_plane");
    if (!dataplane.truth("attached")) return line("data plane", "none is attached");
    std::string text =
        fmt::format("{}, process {}, up {}", dataplane.text("state"), dataplane.count("pid"),
                    duration_text(dataplane.number("uptime_seconds")));
    if (dataplane.has("heartbeat_age_seconds")) {
      text += fmt::format(", last seen {} ago",
                          duration_text(dataplane.number("heartbeat_age_seconds")));
    }
    line("data plane", text);
    line("", fmt::format("{} worker{}, {} port{}, packets by {}", dataplane.count("workers"),
                         plural(dataplane.count("workers")), dataplane.count("ports"),
                         plural(dataplane.count("ports")), dataplane.text("distribution")));
  }

  void control() {
    const Fields control = status_.in("control");
    std::string text =
        fmt::format("process {}, up {}, log level {}", control.count("pid"),
                    duration_text(control.number("uptime_seconds")), control.text("log_level"));
    if (control.has("configuration")) text += ", " + control.text("configuration");
    line("control", text);
  }

  void traffic() {
    const Fields traffic = status_.in("traffic");
    const Fields control = status_.in("control");
    if (traffic.has("packets")) {
      // In its first second a data plane has no rates yet.
      const bool rates = traffic.number("rate_seconds") > 0.0;
      const std::string all =
          grouped(traffic.count("packets")) + " packets since the data plane began";
      if (rates) {
        line("traffic", fmt::format("{} packets/s, {} handshakes/s, over the last {:.0f} s",
                                    rate_text(traffic.number("packets_per_second")),
                                    rate_text(traffic.number("handshakes_per_second")),
                                    traffic.number("rate_seconds")));
      }
      line(rates ? "" : "traffic", all);
    }
    line("handshakes", fmt::format("{} judged, {} failed", grouped(control.count("handshakes")),
                                   grouped(control.count("failures"))));
  }

  void health() {
    const Fields health = status_.in("capture_health");
    line("capture", health.text("verdict"));
    for (const auto& reason : health.list("reasons")) line("", printable_text(reason));
  }

  void overload() {
    const Fields overload = status_.in("overload");
    if (!overload.has("level")) return;
    const std::string level = overload.text("level");
    std::string text = level == "none" ? "none, all clients are followed"
                       : level == "tails"
                           ? "what follows handshakes is left out, all clients are followed"
                           : fmt::format("{} of the clients are followed",
                                         percent_text(overload.number("kept_share")));
    if (overload.number("clients_seconds") > 0.0) {
      text += fmt::format("; not all of them for {} so far",
                          duration_text(overload.number("clients_seconds")));
    }
    line("overload", text);
  }

  void rings() {
    const Fields records = status_.in("rings").in("records");
    if (!records.has("fullest_share")) return;
    const Fields definitions = status_.in("rings").in("definitions");
    const std::uint64_t refused = records.count("refused") + definitions.count("refused");
    line("rings", fmt::format("the fullest is {} full, {}",
                              percent_text(std::fmax(records.number("fullest_share"),
                                                     definitions.number("fullest_share"))),
                              refused == 0 ? "nothing was refused"
                                           : grouped(refused) + " entries were refused"));
  }

  void blind() {
    const Fields blind = status_.in("blind");
    if (blind.count("count") == 0) return line("blind", "never");
    std::string text =
        fmt::format("{} time{}, for {}", grouped(blind.count("count")),
                    plural(blind.count("count")), duration_text(blind.number("seconds")));
    if (blind.truth("now")) text += ", now, since " + blind.text("since");
    line("blind", text);
    if (const auto& latest = blind.list("latest"); !latest.empty() && !blind.truth("now")) {
      const Fields last(latest.back());
      line("", fmt::format("last from {} to {}", last.text("begin"), last.text("end")));
    }
  }

  void restarts() {
    const Fields supervisor = status_.in("supervisor");
    if (!supervisor.has("pid")) return;
    line("restarts", fmt::format("data plane {}, control {}",
                                 grouped(supervisor.in("data_plane").count("restarts")),
                                 grouped(supervisor.in("control").count("restarts"))));
  }

  void outputs() {
    for (const auto& item : status_.in("control").list("outputs")) {
      const Fields output(item);
      line(output.text("name"), output.text("path"));
    }
  }

  static std::string_view plural(std::uint64_t count) { return count == 1 ? "" : "s"; }

  Fields status_;
  std::string out_;
};

}  // namespace

std::string status_text(const boost::json::value& answer) { return StatusText(answer).take(); }

}  // namespace shakedown::cli
