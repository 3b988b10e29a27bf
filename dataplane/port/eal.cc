// SPDX-License-Identifier: Apache-2.0
#include "port/eal.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_log.h>
#include <sched.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace shakedown::port {
namespace {

/// DPDK's last line, kept for the case that it is its last word.
std::string& last_log_line() {
  static std::string line;
  return line;
}

bool& log_is_shown() {
  static bool shown = false;
  return shown;
}

ssize_t keep_log_line(void*, const char* text, size_t size) {
  std::string line(text, size);
  if (log_is_shown()) std::fwrite(text, 1, size, stderr);
  while (!line.empty() && line.back() == '\n') line.pop_back();
  if (const auto prefix = line.find(": "); prefix != std::string::npos && prefix < 12) {
    line.erase(0, prefix + 2);
  }
  if (!line.empty()) last_log_line() = line;
  return static_cast<ssize_t>(size);
}

FILE* open_log() {
  cookie_io_functions_t functions{};
  functions.write = keep_log_line;
  FILE* const log = fopencookie(nullptr, "w", functions);
  if (log != nullptr) setvbuf(log, nullptr, _IOLBF, 1024);
  return log;
}

/// "(0-4)@(0,1,3)": so many lcores, each on any of the processors that the process may use.
std::string lcore_map(unsigned lcore_count) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  std::string processors;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
    for (std::size_t i = 0; i < RTE_MAX_LCORE; ++i) {
      if (!CPU_ISSET(i, &allowed)) continue;
      if (!processors.empty()) processors += ',';
      processors += std::to_string(i);
    }
  }
  if (processors.empty()) processors.assign(1, '0');
  std::string map = "(0-";
  map.append(std::to_string(lcore_count - 1)).append(")@(").append(processors).append(")");
  return map;
}

int run_body(void* argument) {
  (*static_cast<const std::function<void()>*>(argument))();
  return 0;
}

/// The id of worker lcore `index`.
unsigned lcore_id_of(unsigned index) {
  // The map numbers them from 0, and the lowest is the main one.
  return index + 1;
}

}  // namespace

std::string Eal::start(const EalConfig& config) {
  log_is_shown() = !config.log_level.empty();
  if (FILE* const log = open_log(); log != nullptr) rte_openlog_stream(log);
  // EAL makes a folder for files that this configuration has none of. It is content without one,
  // but the only way to have none is to name a place where none can be made.
  setenv("RUNTIME_DIRECTORY", "/dev/null", 1);

  constexpr std::size_t kMiB = 1024 * 1024;
  const std::string megabytes = std::to_string((config.memory_bytes + kMiB - 1) / kMiB);
  // Not --in-memory: DPDK 22.11 refuses it together with --no-huge. Together the options here mean
  // the same.
  std::vector<std::string> words = {"shakedown-dataplane",
                                    "--no-huge",
                                    "--no-shconf",
                                    "--no-pci",
                                    "--no-telemetry",
                                    "--no-hpet",
                                    "--iova-mode=va",
                                    "-m",
                                    megabytes,
                                    "--lcores",
                                    lcore_map(config.lcore_count),
                                    "--main-lcore=0",
                                    "--log-level"};
  words.push_back(config.log_level.empty() ? "error" : config.log_level);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());

  if (rte_eal_init(static_cast<int>(arguments.size()), arguments.data()) < 0) {
    std::string sentence = "DPDK cannot start: ";
    return sentence + (last_log_line().empty() ? rte_strerror(rte_errno) : last_log_line());
  }
  lcore_count_ = config.lcore_count;
  return {};
}

Eal::~Eal() {
  if (lcore_count_ == 0) return;
  wait();
  rte_eal_cleanup();
}

bool Eal::launch(unsigned index, const std::function<void()>& body) {
  return index + 1 < lcore_count_ &&
         rte_eal_remote_launch(run_body, const_cast<std::function<void()>*>(&body),
                               lcore_id_of(index)) == 0;
}

bool Eal::all_done() const {
  for (unsigned i = 0; i + 1 < lcore_count_; ++i) {
    if (rte_eal_get_lcore_state(lcore_id_of(i)) != WAIT) return false;
  }
  return true;
}

const std::string& Eal::last_words() { return last_log_line(); }

void Eal::wait() { rte_eal_mp_wait_lcore(); }

}  // namespace shakedown::port
