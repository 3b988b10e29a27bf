// SPDX-License-Identifier: Apache-2.0
#include "cli/diagnosis_paths.h"

#include <fmt/format.h>

#include <filesystem>
#include <string_view>
#include <system_error>

#include "config/problem.h"
#include "config/values.h"

namespace shakedown::cli {
namespace {

namespace fs = std::filesystem;

/// The rest of a sentence that begins with whoever names the path; empty when it is good.
std::string input_error(const std::string& path) {
  if (std::string error = config::path_error(path); !error.empty()) return error;
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) {
    return fmt::format("names {}, which is not there", config::in_quotes(path));
  }
  if (error) {
    return fmt::format("names {}, which cannot be read: {}", config::in_quotes(path),
                       error.message());
  }
  if (fs::is_regular_file(status) || fs::is_directory(status)) return {};
  return fmt::format("names {}, which is neither a file nor a folder", config::in_quotes(path));
}

/// Of a file that is made when it is not there.
std::string database_error(const std::string& path) {
  if (std::string error = config::path_error(path); !error.empty()) return error;
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  if (fs::is_directory(status)) {
    return fmt::format("names {}, which is a folder; it must be a file", config::in_quotes(path));
  }
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    return fmt::format("names {}, which is no regular file", config::in_quotes(path));
  }
  const fs::path folder = fs::absolute(path, ignored).parent_path();
  if (fs::is_directory(folder, ignored)) return {};
  return fmt::format("names {}, and there is no folder {}", config::in_quotes(path),
                     config::in_quotes(folder.string()));
}

void make_absolute(std::string& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  if (!error) path = absolute.lexically_normal().string();
}

class Checker {
 public:
  explicit Checker(const CommonOptions& common) : common_(common) {}

  /// Of the command line where it says something, else of the file.
  void check(std::string_view option, const std::vector<std::string>& said, std::string_view key,
             const std::vector<std::string>& configured,
             std::string (*error_of)(const std::string&)) {
    for (const std::string& path : said) add(std::string(option), error_of(path));
    if (!said.empty()) return;
    for (const std::string& path : configured) {
      add(fmt::format("'diagnosis.{}' of {}", key, common_.config.value_or("")), error_of(path));
    }
  }
  void add(const std::string& subject, const std::string& error) {
    if (!error.empty()) problems_.push_back(fmt::format("shakedown: {} {}", subject, error));
  }
  [[nodiscard]] std::vector<std::string> take() { return std::move(problems_); }

 private:
  const CommonOptions& common_;
  std::vector<std::string> problems_;
};

std::vector<std::string> list_of(const std::optional<std::string>& path) {
  return path ? std::vector<std::string>{*path} : std::vector<std::string>{};
}

}  // namespace

std::vector<std::string> prepare_diagnosis(const config::DiagnosisSettings& configured,
                                           CommonOptions& common) {
  Checker checker(common);
  checker.check("--roots", common.roots, "roots", configured.roots, input_error);
  checker.check("--crls", common.crls, "crls", configured.crls, input_error);
  checker.check("--profiles", list_of(common.profiles), "profiles", list_of(configured.profiles),
                database_error);
  if (common.no_system_roots && common.roots.empty() && configured.roots.empty()) {
    checker.add("--no-system-roots", "without --roots would trust nobody");
  }
  for (std::string& path : common.roots) make_absolute(path);
  for (std::string& path : common.crls) make_absolute(path);
  if (common.profiles) make_absolute(*common.profiles);
  return checker.take();
}

}  // namespace shakedown::cli
