// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Starts DPDK's environment (EAL) so that it needs no more than it must and leaves nothing:
//            no devices but those named, no files, no output, and huge pages only where a card
//            writes into them.
// Units:     Bytes.
// Ownership: One per process, once. It ends with its object.
// Threading: Main thread, which becomes DPDK's main lcore. The other lcores are threads that float
//            over the processors that the process may use, so there may be more of them than
//            processors; or each is bound to one that was named for it.
// Limits:    lcore_count <= RTE_MAX_LCORE.
// Failure:   start() returns a sentence, with DPDK's own last words in it.
// RFC:       none
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace shakedown::port {

struct EalConfig {
  unsigned lcore_count = 2;      ///< with the main one
  std::size_t memory_bytes = 0;  ///< for everything that DPDK allocates
  /// DPDK's name of a log level, or its number. What it logs at that level goes to standard error.
  std::string log_level;  ///< empty: nothing goes to standard error
  bool huge_pages = false;
  int memory_node = -1;            ///< where the cards are; -1: no matter
  std::vector<std::string> cards;  ///< addresses of those that are used; all others are left
  std::optional<unsigned> main_processor;  ///< none: any
  /// Of the other lcores, in their order; those beyond it float over what is left.
  std::vector<unsigned> processors;
};

/// What `--lcores` takes: "0@1,1@4,(2-3)@(0,2)". `allowed`: what the process may run on.
[[nodiscard]] std::string lcore_map(const EalConfig& config, const std::vector<unsigned>& allowed);

/// What EAL takes beside the memory that it is given: its tables, its threads' stacks as far as
/// they are touched, the pages of its libraries.
inline constexpr std::size_t kEalOverheadBytes = 48 * 1024 * 1024;

class Eal {
 public:
  Eal() = default;
  ~Eal();
  Eal(const Eal&) = delete;
  Eal& operator=(const Eal&) = delete;

  /// Empty on success, else one sentence.
  [[nodiscard]] std::string start(const EalConfig& config);

  /// Runs `body` on worker lcore `index`, 0-based. False when that lcore cannot take it. `body`
  /// must outlive wait().
  [[nodiscard]] bool launch(unsigned index, const std::function<void()>& body);
  /// Whether all bodies have returned.
  [[nodiscard]] bool all_done() const;
  /// Waits for them.
  void wait();
  /// The last line that DPDK logged: why it refused what it just refused. Empty: none.
  [[nodiscard]] static const std::string& last_words();

 private:
  unsigned lcore_count_ = 0;
};

}  // namespace shakedown::port
