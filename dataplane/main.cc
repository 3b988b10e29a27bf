// SPDX-License-Identifier: Apache-2.0
//
// shakedown-dataplane: the process with the ports. What it does is in process.h; the path of a
// packet is Worker::run_once() in worker.cc.
#include "options.h"
#include "process.h"
#include "self_test.h"

int main(int argument_count, char** arguments) {
  // Alone: no option of a run means anything to it.
  if (argument_count == 2 && arguments[1] == shakedown::kSelfTestWord) {
    return shakedown::run_self_test();
  }
  const shakedown::ParsedOptions parsed = shakedown::parse_options(argument_count, arguments);
  if (!parsed.options) return parsed.exit_code;
  return shakedown::run_dataplane(*parsed.options);
}
