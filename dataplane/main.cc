// SPDX-License-Identifier: Apache-2.0
//
// shakedown-dataplane: the process with the ports. What it does is in process.h; the path of a
// packet is Worker::run_once() in worker.cc.
#include "options.h"
#include "process.h"

int main(int argument_count, char** arguments) {
  const shakedown::ParsedOptions parsed = shakedown::parse_options(argument_count, arguments);
  if (!parsed.options) return parsed.exit_code;
  return shakedown::run_dataplane(*parsed.options);
}
