// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The table of all rules: the cause, what makes a rule apply, and what would prove it
//            wrong. The same for a screen, for programs, and for docs/diagnosis.md.
// Units:     none
// Ownership: Values.
// Threading: Pure.
// Limits:    Lines of report::kScreenWidth columns on the screen.
// Failure:   none
// RFC:       none
#pragma once

#include <span>
#include <string>

#include "diagnose/rule.h"

namespace shakedown::explain {

/// In the order of the rules.
[[nodiscard]] std::string rules_text(std::span<const diagnose::Rule> rules);
/// One object and a newline: `causes` and `rules`.
[[nodiscard]] std::string rules_json(std::span<const diagnose::Rule> rules);
/// Two tables: causes with who can act and the remedy, then rules.
[[nodiscard]] std::string rules_markdown(std::span<const diagnose::Rule> rules);

}  // namespace shakedown::explain
