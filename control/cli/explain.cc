// SPDX-License-Identifier: Apache-2.0
#include "cli/explain.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "cli/answer_fields.h"
#include "cli/programs.h"
#include "cli/remote.h"
#include "cli/remote_connection.h"
#include "cli/settings.h"
#include "cli/supervisor.h"
#include "config/problem.h"
#include "explain/report.h"
#include "explain/rules_table.h"
#include "serve/protocol.h"
#include "serve/subject.h"

namespace shakedown::cli {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

ExplainResult failed(std::string sentence, int exit_code = kExitBadUse) {
  return {.output = {}, .problems = {}, .error = std::move(sentence), .exit_code = exit_code};
}

struct CloseFile {
  void operator()(std::FILE* file) const {
    if (file != stdin) std::fclose(file);
  }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

/// Hands on line after line. Empty: read to the end; else the sentence.
std::string read_events(const std::string& path, explain::Collection& collection) {
  const std::string shown = path == "-" ? "standard input" : config::printable(path);
  const File file(path == "-" ? stdin : std::fopen(path.c_str(), "re"));
  if (!file) return fmt::format("cannot open {}: {}", shown, std::strerror(errno));
  std::string line;
  char chunk[64 * 1024];
  while (std::fgets(chunk, sizeof chunk, file.get()) != nullptr) {
    line += chunk;
    const bool whole = line.ends_with('\n');
    if (!whole && line.size() < kEventLineMax) continue;
    if (whole) line.pop_back();
    collection.add_line(line);
    line.clear();
  }
  if (std::ferror(file.get()) != 0) {
    return fmt::format("cannot read {}: {}", shown, std::strerror(errno));
  }
  collection.add_line(line);
  if (collection.event_count() == 0 && collection.unreadable_count() != 0) {
    return fmt::format(
        "{} holds no events: each line should be one, as 'shakedown read --events' "
        "writes them",
        shown);
  }
  return {};
}

ExplainResult told(const ExplainCommand& command, const explain::Collection& collection,
                   const std::string& source, const json::value* answer = nullptr) {
  ExplainResult result;
  if (command.json) {
    result.output = explain::report_json(collection, command.row_count, answer);
  } else {
    result.output = explain::report_text(collection, source, command.row_count);
    if (answer != nullptr) result.output += explain::profiles_text(*answer);
  }
  result.exit_code = collection.explains() ? kExitOk : kExitNothing;
  return result;
}

/// A folder that goes with its owner.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::error_code error;
    path_ = (fs::temp_directory_path(error) / "shakedown-explain-XXXXXX").string();
    if (error || mkdtemp(path_.data()) == nullptr) path_.clear();
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

ExplainResult explain_captures(const ExplainCommand& command, explain::Collection& collection) {
  ReadCommand read = command.read;
  if (std::vector<std::string> problems = apply_configuration(read); !problems.empty()) {
    return {.output = {}, .problems = std::move(problems), .error = {}, .exit_code = kExitBadUse};
  }
  const Programs programs = find_programs();
  if (!programs.error.empty()) return failed(programs.error, kExitBroken);
  const TemporaryFolder folder;
  if (folder.path().empty()) {
    return failed("cannot make a folder for the events; TMPDIR names where");
  }
  read.events = folder.path() + "/events.ndjson";
  read.health.reset();
  read.all = true;
  read.quiet = true;
  const Verdict verdict = judge(
      supervise(dataplane_words(programs.dataplane, read), control_words(programs.control, read)),
      Input::capture);
  if (verdict.exit_code != kExitOk) return failed(verdict.sentence, verdict.exit_code);
  if (std::string sentence = read_events(*read.events, collection); !sentence.empty()) {
    return failed(std::move(sentence));
  }
  const std::string source = read.files.size() == 1
                                 ? fmt::format("in {}", config::printable(read.files.front()))
                                 : fmt::format("in {} captures", read.files.size());
  return told(command, collection, source);
}

ExplainResult ask_and_explain(const ExplainCommand& command, explain::Collection& collection) {
  const RemoteAnswer remote =
      ask_sensor(command.socket, serve::explain_request_line(command.subject), kAnswerPatience);
  if (!remote.error.empty()) {
    std::string sentence = remote.error;
    // Without a sensor people have files.
    if (!command.socket) sentence += "; or name captures, or --events FILE";
    return failed(std::move(sentence), remote.exit_code);
  }
  json::error_code error;
  const json::value answer = json::parse(remote.line, error);
  if (error || !answer.is_object()) {
    return failed("what answered is no sensor: it does not speak JSON", kExitBroken);
  }
  const Fields fields(answer);
  if (!fields.truth("ok")) {
    return failed(fields.text("reason") == "unknown_command"
                      ? fmt::format("the sensor (version {}) does not know 'explain': it is older "
                                    "than this program ({})",
                                    fields.text("version"), SHAKEDOWN_VERSION)
                      : fields.text("error"));
  }
  for (const json::value& event : fields.list("events")) collection.add(event);
  const std::uint64_t kept = fields.in("kept").count("events");
  return told(command, collection, fmt::format("among the {} latest failures of the sensor", kept),
              &answer);
}

ExplainResult print_rules(const ExplainCommand& command) {
  const auto rules = diagnose::rules();
  return {.output = command.json       ? explain::rules_json(rules)
                    : command.markdown ? explain::rules_markdown(rules)
                                       : explain::rules_text(rules),
          .problems = {},
          .error = {},
          .exit_code = kExitOk};
}

}  // namespace

ExplainResult explain(const ExplainCommand& command) {
  if (command.rules) return print_rules(command);
  const auto subject = serve::parse_subject(command.subject);
  if (!subject) return failed("there is nothing to be explained");
  explain::Collection collection(*subject);
  if (!command.read.files.empty()) return explain_captures(command, collection);
  if (!command.events_path) return ask_and_explain(command, collection);
  if (std::string sentence = read_events(*command.events_path, collection); !sentence.empty()) {
    return failed(std::move(sentence));
  }
  const std::string source = *command.events_path == "-"
                                 ? std::string("in what was read")
                                 : fmt::format("in {}", config::printable(*command.events_path));
  return told(command, collection, source);
}

}  // namespace shakedown::cli
