// SPDX-License-Identifier: Apache-2.0
#include "port/eal.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_log.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "port/processors.h"

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

std::string joined(const std::vector<unsigned>& processors) {
  std::string list;
  for (const unsigned processor : processors) {
    if (!list.empty()) list += ',';
    list += std::to_string(processor);
  }
  return list;
}

/// Empty, or which processor cannot be used.
std::string refuse_processors(const EalConfig& config, const std::vector<unsigned>& allowed) {
  std::vector<unsigned> named = config.processors;
  named.resize(std::min<std::size_t>(named.size(), config.lcore_count - 1));
  if (config.main_processor) named.push_back(*config.main_processor);
  for (const unsigned processor : named) {
    if (std::find(allowed.begin(), allowed.end(), processor) != allowed.end()) continue;
    return "this process may not run on processor " + std::to_string(processor) + "; it may on " +
           joined(allowed);
  }
  return {};
}

/// Whether there are free pages of another size than `usual`.
bool has_larger_pages(std::size_t usual) {
  std::error_code error;
  const std::filesystem::path folder = "/sys/kernel/mm/hugepages";
  const std::string usual_name = "hugepages-" + std::to_string(usual / 1024) + "kB";
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    std::size_t count = 0;
    std::ifstream(entry.path() / "free_hugepages") >> count;
    if (count != 0 && entry.path().filename() != usual_name) return true;
  }
  return false;
}

/// Huge pages that are free now, of the usual size, and what one has.
struct HugePages {
  std::size_t free_count = 0;
  std::size_t bytes = 0;
};

HugePages find_huge_pages() {
  HugePages pages;
  std::ifstream file("/proc/meminfo");
  std::string name;
  std::size_t number = 0;
  for (std::string line; std::getline(file, line);) {
    std::istringstream(line) >> name >> number;
    if (name == "HugePages_Free:") pages.free_count = number;
    if (name == "Hugepagesize:") pages.bytes = number * 1024;
  }
  return pages;
}

/// Empty, or how to make huge pages. Pages of another size, which DPDK finds as well, are taken for
/// granted when there are none of the usual one.
std::string refuse_huge_pages(std::size_t memory_bytes) {
  const HugePages pages = find_huge_pages();
  if (pages.bytes == 0) return "this kernel has no huge pages, which cards need";
  const std::size_t needed = (memory_bytes + pages.bytes - 1) / pages.bytes + 1;
  if (pages.free_count >= needed || has_larger_pages(pages.bytes)) return {};
  return std::to_string(needed) + " huge pages of " + std::to_string(pages.bytes / 1024) +
         " KB are needed, and " + std::to_string(pages.free_count) +
         " are free; make more: sysctl vm.nr_hugepages=" + std::to_string(needed);
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

constexpr std::size_t kMiB = 1024 * 1024;

std::string megabytes(std::size_t bytes) { return std::to_string((bytes + kMiB - 1) / kMiB); }

void add_memory(const EalConfig& config, std::vector<std::string>& words) {
  const std::string size = megabytes(config.memory_bytes);
  if (!config.huge_pages) {
    // Not --in-memory: DPDK 22.11 refuses it together with --no-huge. Together the options here
    // mean the same.
    words.insert(words.end(), {"--no-huge", "--no-shconf", "--iova-mode=va", "-m", size});
    return;
  }
  words.emplace_back("--in-memory");
  if (config.memory_node < 0) {
    words.insert(words.end(), {"-m", size});
    return;
  }
  std::string nodes;
  for (int node = 0; node < config.memory_node; ++node) nodes += "0,";
  words.push_back("--socket-mem=" + nodes + size);
}

void add_cards(const EalConfig& config, std::vector<std::string>& words) {
  if (config.cards.empty()) words.emplace_back("--no-pci");
  for (const std::string& address : config.cards) words.push_back("--allow=" + address);
}

}  // namespace

std::string lcore_map(const EalConfig& config, const std::vector<unsigned>& allowed) {
  std::vector<unsigned> left;
  for (const unsigned processor : allowed) {
    const auto& bound = config.processors;
    if (std::find(bound.begin(), bound.end(), processor) == bound.end()) left.push_back(processor);
  }
  // Floating threads share the processors that nobody has to himself, if there are such.
  if (left.empty()) left = allowed;
  if (left.empty()) left.push_back(0);
  const std::string floating = "@(" + joined(left) + ")";
  std::string map =
      "0" + (config.main_processor ? "@" + std::to_string(*config.main_processor) : floating);
  unsigned lcore = 1;
  for (const unsigned processor : config.processors) {
    if (lcore == config.lcore_count) break;
    map += "," + std::to_string(lcore++) + "@" + std::to_string(processor);
  }
  if (lcore < config.lcore_count) {
    map += ",(" + std::to_string(lcore) + "-" + std::to_string(config.lcore_count - 1) + ")";
    map += floating;
  }
  return map;
}

std::string Eal::start(const EalConfig& config) {
  const std::vector<unsigned> allowed = allowed_processors();
  if (std::string error = refuse_processors(config, allowed); !error.empty()) return error;
  if (config.huge_pages) {
    if (std::string error = refuse_huge_pages(config.memory_bytes); !error.empty()) return error;
  }
  log_is_shown() = !config.log_level.empty();
  if (FILE* const log = open_log(); log != nullptr) rte_openlog_stream(log);
  // EAL makes a folder for files that this configuration has none of. It is content without one,
  // but the only way to have none is to name a place where none can be made.
  setenv("RUNTIME_DIRECTORY", "/dev/null", 1);

  std::vector<std::string> words = {
      "shakedown-dataplane",      "--no-telemetry", "--no-hpet",  "--lcores",
      lcore_map(config, allowed), "--main-lcore=0", "--log-level"};
  words.push_back(config.log_level.empty() ? "error" : config.log_level);
  add_memory(config, words);
  add_cards(config, words);
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
