// SPDX-License-Identifier: Apache-2.0
#include "explain/explanation.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <iterator>
#include <string_view>
#include <vector>

#include "diagnose/cause.h"
#include "explain/event_fields.h"
#include "explain/seen.h"
#include "report/text_block.h"

namespace shakedown::explain {

namespace {

namespace json = boost::json;

/// Titles, and under each its sentences.
class Page {
 public:
  void title(std::string_view words) { fmt::format_to(std::back_inserter(text_), "{}\n", words); }
  void sentence(std::string_view words) {
    if (words.empty()) return;
    text_ += report::wrapped(fmt::format("- {}", words), 2) + '\n';
  }
  void sentences(std::string_view title_words, const std::vector<std::string>& all) {
    if (all.empty()) return;
    title(title_words);
    for (const std::string& words : all) sentence(words);
  }
  void paragraph(std::string_view words) { text_ += report::wrapped(words, 2) + '\n'; }
  /// As it is: it is there to be copied.
  void command(std::string_view words) {
    fmt::format_to(std::back_inserter(text_), "  {}\n", words);
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string with_capital(std::string words) {
  if (!words.empty() && words[0] >= 'a' && words[0] <= 'z') {
    words[0] = static_cast<char>(words[0] - 'a' + 'A');
  }
  return words;
}

void add_conclusion(Page& page, const json::value& cause) {
  const std::string id = text(cause, "id");
  const std::string confidence = text(cause, "confidence");
  page.title("What was concluded");
  if (id == "unknown") {
    page.paragraph("What was seen does not tell why it failed (unknown).");
  } else {
    page.paragraph(fmt::format("The handshake failed because {} ({}). This is {}.", sentence_of(id),
                               id, confidence.empty() ? "possible" : confidence));
  }
  page.sentences("Why", texts(cause, "evidence"));
  page.sentences("What speaks against it", texts(cause, "against"));
  std::vector<std::string> others;
  for (const json::value& other : list(cause, "alternatives")) {
    const std::string other_id = text(other, "id");
    others.push_back(
        fmt::format("{} ({}, {})", sentence_of(other_id), other_id, text(other, "confidence")));
  }
  page.sentences("What else it could be", others);
  if (const std::string words = text(cause, "refutation"); !words.empty()) {
    page.title("What would prove it wrong");
    page.sentence(words);
  }
}

void add_remedy(Page& page, const json::value& cause) {
  const std::string remedy = text(cause, "remedy");
  if (remedy.empty()) return;
  const std::string who = text(cause, "for");
  page.title(who.empty() ? "What to do" : fmt::format("What the {} can do", who));
  page.paragraph(remedy);
}

void add_commands(Page& page, const json::value& cause) {
  const std::string failing = long_text(cause, "reproduce");
  const std::string working = long_text(cause, "reproduce_working");
  if (!failing.empty()) {
    page.title("To see it again");
    page.command(failing);
  }
  if (!working.empty()) {
    page.title("To compare: the nearest hello that succeeds there");
    page.command(working);
  }
}

void add_cause(Page& page, const json::value& cause) {
  add_conclusion(page, cause);
  add_remedy(page, cause);
  add_commands(page, cause);
}

void add_warnings(Page& page, const json::value& event) {
  for (const json::value& warning : list(event, "shakedown.warnings")) {
    page.title("It succeeded, but");
    page.paragraph(
        fmt::format("{} ({}).", with_capital(text(warning, "text")), text(warning, "id")));
    if (const json::value* cause = find(warning, "cause")) add_cause(page, *cause);
  }
}

}  // namespace

std::string sentence_of(const std::string& cause_id) {
  const auto cause = diagnose::cause_named(cause_id);
  return cause ? std::string(diagnose::describe(*cause).sentence) : cause_id;
}

std::string explanation(const json::value& event) {
  Page page;
  const std::string id = text(event, "event.id");
  const std::string time = short_time(raw_text(event, "@timestamp"));
  page.title(fmt::format("{}, {}", id.empty() ? "An event" : fmt::format("Event {}", id),
                         time.empty() ? "at a time that is not known" : time + " UTC"));
  page.sentences("What was seen", what_was_seen(event));
  if (const json::value* cause = find(event, "shakedown.cause")) {
    add_cause(page, *cause);
  } else if (!list(event, "shakedown.warnings").empty()) {
    add_warnings(page, event);
  } else if (raw_text(event, "event.outcome") == "failure") {
    page.title("What was concluded");
    page.paragraph("The event names no cause: it was written by an older version.");
  }
  return page.take();
}

}  // namespace shakedown::explain
