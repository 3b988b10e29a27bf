// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The subcommands that ask a running sensor: status, counters, ports, queues, connection,
//            reload, log-level. Their options and help, declared to CLI11.
// Units:     none
// Ownership: RemoteDeclaration must outlive the parsing.
// Threading: Pure.
// Limits:    none
// Failure:   CLI11 throws while it parses; parse_arguments() turns that into a Notice. What CLI11
//            does not see is a sentence of find_mistake().
// RFC:       none
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/remote_request.h"

namespace shakedown::cli {

class RemoteDeclaration {
 public:
  explicit RemoteDeclaration(CLI::App& app);
  RemoteDeclaration(const RemoteDeclaration&) = delete;
  RemoteDeclaration& operator=(const RemoteDeclaration&) = delete;

  /// The subcommand that was parsed, and its request; null when it was none of these.
  [[nodiscard]] const CLI::App* parsed() const;
  /// Of the subcommand that was parsed.
  [[nodiscard]] RemoteCommand command() const;

  [[nodiscard]] static const std::vector<std::string>& names();

 private:
  CLI::App* add(CLI::App& app, const std::string& name, const std::string& description,
                const std::string& footer);

  RemoteCommand command_;
  std::vector<const CLI::App*> subcommands_;
};

/// What is wrong with the words of a request, before any sensor is asked; empty when all is well.
[[nodiscard]] std::string find_mistake(const RemoteCommand& command);

}  // namespace shakedown::cli
