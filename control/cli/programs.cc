// SPDX-License-Identifier: Apache-2.0
#include "cli/programs.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "config/values.h"

namespace shakedown::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDataplaneName = "shakedown-dataplane";
constexpr const char* kControlName = "shakedown-control";

std::optional<std::string> find_in(const std::vector<fs::path>& folders, const char* name) {
  for (const fs::path& folder : folders) {
    const fs::path candidate = folder / name;
    std::error_code ignored;
    if (fs::is_regular_file(candidate, ignored) && access(candidate.c_str(), X_OK) == 0) {
      return candidate.string();
    }
  }
  return std::nullopt;
}

void add(std::vector<std::string>& words, const char* option,
         const std::optional<std::string>& value) {
  if (!value) return;
  words.emplace_back(option);
  words.push_back(*value);
}

void add(std::vector<std::string>& words, const char* option,
         const std::optional<unsigned>& value) {
  if (value) add(words, option, std::optional{std::to_string(*value)});
}

void add(std::vector<std::string>& words, const char* option, bool given) {
  if (given) words.emplace_back(option);
}

/// A file whose name begins with a dash would be taken for an option.
std::string not_an_option(const std::string& path) {
  return path.starts_with('-') ? "./" + path : path;
}

/// One processor for each worker.
std::optional<unsigned> worker_count(const RunCommand& run) {
  if (run.worker_count || !run.worker_cpus) return run.worker_count;
  std::vector<unsigned> processors;
  // Was checked when it was read.
  static_cast<void>(config::parse_processors(*run.worker_cpus, ',', processors));
  return static_cast<unsigned>(processors.size());
}

std::vector<std::string> dataplane_words_of(const std::string& program, const CommonOptions& common,
                                            std::optional<unsigned> worker_count) {
  std::vector<std::string> words = {program};
  add(words, "--workers", worker_count);
  add(words, "--silence-timeout", common.silence_timeout);
  // A connection that consists of SYNs only is an embryo to the data plane.
  add(words, "--embryo-timeout", common.syn_timeout);
  add(words, "--watch-port", common.watch_ports);
  add(words, "--max-flows", common.flow_count_max);
  add(words, "--quiet", common.quiet);
  add(words, "--verbose", common.verbose);
  return words;
}

std::vector<std::string> control_words_of(const std::string& program, const CommonOptions& common) {
  std::vector<std::string> words = {program};
  if (common.config) add(words, "--config", std::optional{not_an_option(*common.config)});
  add(words, "--events", common.events);
  add(words, "--health", common.health);
  for (const std::string& path : common.roots)
    words.insert(words.end(), {"--roots", not_an_option(path)});
  add(words, "--no-system-roots", common.no_system_roots);
  for (const std::string& path : common.crls)
    words.insert(words.end(), {"--crls", not_an_option(path)});
  if (common.profiles) add(words, "--profiles", std::optional{not_an_option(*common.profiles)});
  add(words, "--diagnosis-wait", common.diagnosis_wait);
  add(words, "--all", common.all);
  add(words, "--json", common.json);
  add(words, "--top", common.top_count);
  add(words, "--color", common.color);
  add(words, "--progress", common.progress);
  add(words, "--quiet", common.quiet);
  add(words, "--verbose", common.verbose);
  return words;
}

}  // namespace

Programs find_programs(const char* libexec_override, const std::string& own_folder) {
  std::vector<fs::path> folders;
  if (libexec_override != nullptr && *libexec_override != '\0') {
    folders = {libexec_override};
  } else {
    const fs::path own = own_folder;
    folders = {own, (own / "../libexec/shakedown").lexically_normal(), SHAKEDOWN_LIBEXECDIR};
  }
  Programs found;
  for (const auto& [name, target] :
       {std::pair{kDataplaneName, &found.dataplane}, std::pair{kControlName, &found.control}}) {
    if (auto path = find_in(folders, name)) {
      *target = std::move(*path);
      continue;
    }
    found.error = fmt::format("the program {} is missing; looked in", name);
    for (const fs::path& folder : folders) {
      found.error += (folder == folders.front() ? " " : ", ") + folder.string();
    }
    return found;
  }
  return found;
}

Programs find_programs() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  return find_programs(std::getenv("SHAKEDOWN_LIBEXEC"), error ? "." : self.parent_path().string());
}

std::vector<std::string> dataplane_words(const std::string& program, const ReadCommand& read) {
  std::vector<std::string> words = dataplane_words_of(program, read, read.worker_count);
  for (const std::string& file : read.files) {
    words.insert(words.end(), {"--read", not_an_option(file)});
  }
  return words;
}

std::vector<std::string> dataplane_words(const std::string& program, const RunCommand& run) {
  std::vector<std::string> words = dataplane_words_of(program, run, worker_count(run));
  add(words, "--busy-poll", run.busy_poll);
  add(words, "--worker-cpus", run.worker_cpus);
  add(words, "--main-cpu", run.main_cpu);
  add(words, "--distribution", run.distribution);
  add(words, "--hugepages", run.hugepages);
  add(words, "--shed", run.shed);
  add(words, "--keep-rights", run.keep_rights);
  add(words, "--log-level", run.log_level);
  for (const std::string& port : run.ports) words.insert(words.end(), {"--port", port});
  return words;
}

std::vector<std::string> control_words(const std::string& program, const ReadCommand& read) {
  return control_words_of(program, read);
}

std::vector<std::string> control_words(const std::string& program, const RunCommand& run) {
  std::vector<std::string> words = control_words_of(program, run);
  add(words, "--sensor", run.sensor_name);
  add(words, "--log-level", run.log_level);
  return words;
}

}  // namespace shakedown::cli
