// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   `shakedown-dataplane --self-test`: what only this program can try, because only it has
//            the libraries: that DPDK starts, that the patterns of services compile for this
//            processor, and that the hash which spreads packets over queues brings both directions
//            of a connection together. For `shakedown doctor`.
// Units:     none
// Ownership: Everything goes before the function returns. No port is opened.
// Threading: Main thread.
// Limits:    none
// Failure:   One line of JSON a test on standard output, {"grade","name","found","repair"}, where
//            grade is ok, warn or fail; the exit code is 1 with any that failed.
// RFC:       none
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace shakedown {

inline constexpr std::string_view kSelfTestWord = "--self-test";

struct SelfTestLine {
  bool good = true;
  std::string name;
  std::string found;
  std::string repair = {};
};

[[nodiscard]] SelfTestLine test_dpdk();
[[nodiscard]] SelfTestLine test_services();
[[nodiscard]] SelfTestLine test_rss();

/// Without the newline.
[[nodiscard]] std::string text_of(const SelfTestLine& line);

/// Prints all of them. Returns the exit code.
[[nodiscard]] int run_self_test();

}  // namespace shakedown
