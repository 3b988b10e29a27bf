// SPDX-License-Identifier: Apache-2.0
#include "config/live_sections.h"
#include "config/settings.h"
#include "config/values.h"

namespace shakedown::config {
namespace {

void take_account(Settings& settings, std::string_view key, std::optional<std::string>& target) {
  settings.take(key, [&target](const std::string& text) {
    std::string error = account_error(text);
    if (error.empty()) target = text;
    return error;
  });
}

/// The whole path counts, because it is what the kernel is given.
std::string set_socket(const Source& source, const std::string& text,
                       std::optional<std::string>& target) {
  std::optional<std::string> word;
  if (parse_word(text, {"off"}, word).empty()) {
    target = word;
    return {};
  }
  if (std::string error = path_error(text); !error.empty()) return error;
  const std::string path = beside(source.file, text);
  std::string error = socket_path_error(path);
  if (error.empty()) target = path;
  return error;
}

}  // namespace

ControlSettings read_control(const Node& section, const Source& source) {
  ControlSettings control;
  Settings settings(section, "control", source);
  take_account(settings, "user", control.user);
  settings.take("socket",
                [&](const std::string& text) { return set_socket(source, text, control.socket); });
  take_account(settings, "socket_group", control.socket_group);
  settings.take_word("log_level", log_level_names(), control.log_level);
  settings.refuse_others();
  return control;
}

}  // namespace shakedown::config
