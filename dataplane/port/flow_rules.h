// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Keeps decided connections from coming, by rules in the card itself (rte_flow): two for
//            each connection, which drop its packets but for SYN, FIN and RST, so that a connection
//            that begins anew with the same ports is seen. A card has few rules, and each takes time
//            to make: they are for connections that last, which the workers ask about once more.
// Units:     Connections.
// Ownership: Owns the rules; they go with the device.
// Threading: Main thread: a rule takes microseconds to milliseconds.
// Limits:    kFlowRuleCountMax connections, or fewer when the card says that it is full; then the
//            oldest makes room. kFlowRulesPerCallMax new ones in one call: the others are refused, and
//            will be asked about again.
// Failure:   A card that cannot make such rules is not usable, and is not asked again. A rule that
//            is refused is counted.
// RFC:       none
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <span>
#include <unordered_map>
#include <vector>

#include "shunt.h"

struct rte_flow;

namespace shakedown::port {

inline constexpr std::size_t kFlowRuleCountMax = 4096;
inline constexpr std::size_t kFlowRulesPerCallMax = 32;

/// What FlowRules asks of a device: rte_flow, or a stand-in in tests.
class RuleMaker {
 public:
  RuleMaker() = default;
  RuleMaker(const RuleMaker&) = delete;
  RuleMaker& operator=(const RuleMaker&) = delete;
  virtual ~RuleMaker() = default;

  /// A rule that drops packets in one direction of `flow`. None: refused.
  [[nodiscard]] virtual rte_flow* make(const ShuntRequest& flow, bool from_low) noexcept = 0;
  [[nodiscard]] virtual bool is_possible(const ShuntRequest& flow) noexcept = 0;
  virtual void remove(rte_flow* rule) noexcept = 0;
};

class DeviceRules final : public RuleMaker {
 public:
  explicit DeviceRules(std::uint16_t device) : device_(device) {}

  [[nodiscard]] rte_flow* make(const ShuntRequest& flow, bool from_low) noexcept override;
  [[nodiscard]] bool is_possible(const ShuntRequest& flow) noexcept override;
  void remove(rte_flow* rule) noexcept override;

 private:
  std::uint16_t device_;
};

/// Asks the card to drop what the workers would only count: ARP, and what of IP is encrypted (ESP) or
/// carries no TLS that could be followed (SCTP). Each rule stands for itself, and a card may refuse
/// it. They go with the device. Returns how many it took.
unsigned drop_unwatched(std::uint16_t device) noexcept;

class FlowRules {
 public:
  /// `capacity`: connections at most.
  explicit FlowRules(std::size_t capacity = kFlowRuleCountMax)
      : capacity_(capacity), asked_(kAskedSlotCount) {}

  /// Finds out whether `maker`, which outlives this, can make such rules.
  void begin(RuleMaker& maker) noexcept;
  /// Removes all rules.
  void end() noexcept;
  [[nodiscard]] bool is_usable() const { return maker_ != nullptr; }

  void shunt(std::span<const ShuntRequest> flows) noexcept;
  /// Removes the rules of these.
  void forget(std::span<const ShuntRequest> flows) noexcept;

  [[nodiscard]] std::size_t count() const { return pairs_.size(); }
  [[nodiscard]] std::uint64_t refused_count() const { return refused_count_; }

 private:
  /// Tags of connections that were asked about once.
  static constexpr std::size_t kAskedSlotCount = 64 * 1024;

  struct Pair {
    flow::FlowKey key;
    rte_flow* from_low = nullptr;
    rte_flow* from_high = nullptr;
  };
  using Pairs = std::list<Pair>;
  struct KeyHash {
    std::size_t operator()(const flow::FlowKey& key) const noexcept {
      return flow::hash_of(key, 0);
    }
  };

  [[nodiscard]] bool lasts(const flow::FlowKey& key) noexcept;
  [[nodiscard]] bool make_room_and_add(const ShuntRequest& flow) noexcept;
  [[nodiscard]] bool add(const ShuntRequest& flow) noexcept;
  void remove(Pairs::iterator pair) noexcept;

  RuleMaker* maker_ = nullptr;
  std::size_t capacity_;
  std::vector<std::uint32_t> asked_;
  Pairs pairs_;  ///< the oldest first
  std::unordered_map<flow::FlowKey, Pairs::iterator, KeyHash> by_key_;
  std::uint64_t refused_count_ = 0;
};

}  // namespace shakedown::port
