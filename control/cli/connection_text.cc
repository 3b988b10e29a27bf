// SPDX-License-Identifier: Apache-2.0
//
// `shakedown connection`: where a connection is, and what is known of its handshake so far.
#include <fmt/format.h>

#include "cli/answer_fields.h"
#include "cli/remote_text.h"
#include "export/text.h"

namespace shakedown::cli {

namespace {

using exporting::grouped;

std::string_view meaning(std::string_view followed) {
  if (followed == "connection") return "its handshake is being followed";
  if (followed == "embryo") return "it was opened, and nothing was said yet";
  if (followed == "decided") return "it is over: reported, or found not to be TLS";
  return "no worker knows it: not seen, over for long, or not followed";
}

class ConnectionText {
 public:
  explicit ConnectionText(const boost::json::value& answer)
      : answer_(answer), event_(answer_.in("handshake")), ours_(event_.in("shakedown")) {}

  std::string take() {
    where();
    ends();
    hellos();
    alerts();
    workers();
    return std::move(out_);
  }

 private:
  void line(std::string_view label, const std::string& text) {
    if (!text.empty()) out_ += fmt::format("  {:<12}{}\n", label, text);
  }

  void where() {
    const std::string followed = answer_.text("followed");
    out_ += fmt::format("{}: {}\n", followed, meaning(followed));
    if (!answer_.has("worker")) return;
    line("worker", grouped(answer_.count("worker")));
    if (answer_.has("deadline")) {
      const double seconds = answer_.number("deadline_in_seconds");
      line("deadline", fmt::format("{}, {}", answer_.text("deadline"),
                                   seconds >= 0 ? "in " + duration_text(seconds)
                                                : duration_text(-seconds) + " ago"));
    }
    if (followed == "connection") {
      line("held",
           fmt::format("{} bytes wait for earlier ones", grouped(answer_.count("held_bytes"))));
    }
  }

  static std::string endpoint(const Fields& end) {
    const std::string address = end.text("ip");
    if (address.empty()) return {};
    const bool six = address.find(':') != std::string::npos;
    return fmt::format("{}{}{}:{}", six ? "[" : "", address, six ? "]" : "", end.count("port"));
  }

  void ends() {
    const std::string client = endpoint(event_.in("source"));
    if (client.empty()) return;
    const bool certain = answer_.truth("client_certain");
    line("client", client + (certain ? "" : " (or the other way round)"));
    line("server", endpoint(event_.in("destination")));
    line("begun", event_.in("event").text("start"));
    line("link", event_.in("observer").in("ingress").in("interface").text("name"));
    if (event_.in("network").has("vlan")) {
      line("VLAN", event_.in("network").in("vlan").text("id"));
    }
    line("tunnel", ours_.text("tunnel"));
  }

  void hellos() {
    const Fields tls = event_.in("tls");
    line("name", tls.in("client").text("server_name"));
    line("offers", ours_.in("client_hello").text("max_version"));
    line("selected", join(tls.text("version"), tls.text("cipher")));
    line("ALPN", tls.text("next_protocol"));
    line("history", ours_.text("history"));
    line("JA4", ours_.text("ja4"));
    line("upgrade", ours_.text("starttls"));
  }

  void alerts() {
    std::string text;
    for (const auto& item : ours_.list("alerts")) {
      const Fields alert(item);
      text = join(text, fmt::format("{} from {}", alert.text("name"), alert.text("from")));
    }
    line("alerts", text);
  }

  void workers() {
    std::string also;
    for (const auto& item : answer_.list("also_at")) {
      const Fields other(item);
      also =
          join(also, fmt::format("worker {} ({})", other.count("worker"), other.text("followed")));
    }
    line("also at", also);
    std::string silent;
    for (const auto& item : answer_.list("silent_workers")) {
      silent = join(silent, printable_text(item));
    }
    if (!silent.empty()) line("no answer", "from worker " + silent + " within a second");
  }

  static std::string join(std::string first, const std::string& second) {
    return first.empty() || second.empty() ? first + second : std::move(first) + ", " + second;
  }

  Fields answer_;
  Fields event_;
  Fields ours_;
  std::string out_;
};

}  // namespace

std::string connection_text(const boost::json::value& answer) {
  return ConnectionText(answer).take();
}

}  // namespace shakedown::cli
