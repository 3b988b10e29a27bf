// SPDX-License-Identifier: Apache-2.0
#include "port/rss.h"

#include <rte_ethdev.h>
#include <rte_thash.h>

#include <algorithm>

namespace shakedown::port {
namespace {

constexpr std::uint64_t kTcpFunctions = RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV6_TCP;
/// UDP is where tunnels and QUIC are; pieces and the rest go by their addresses.
constexpr std::uint64_t kFunctions =
    kTcpFunctions | RTE_ETH_RSS_NONFRAG_IPV4_UDP | RTE_ETH_RSS_NONFRAG_IPV6_UDP | RTE_ETH_RSS_IPV4 |
    RTE_ETH_RSS_IPV6 | RTE_ETH_RSS_FRAG_IPV4 | RTE_ETH_RSS_FRAG_IPV6 | RTE_ETH_RSS_IPV6_EX |
    RTE_ETH_RSS_IPV6_TCP_EX | RTE_ETH_RSS_IPV6_UDP_EX;

/// A small generator with a fixed seed: every start checks the same connections.
class Numbers {
 public:
  std::uint32_t next() {
    state_ += 0x9e37'79b9'7f4a'7c15;
    std::uint64_t value = state_;
    value = (value ^ value >> 30) * 0xbf58'476d'1ce4'e5b9;
    value = (value ^ value >> 27) * 0x94d0'49bb'1331'11eb;
    return static_cast<std::uint32_t>(value >> 32);
  }

 private:
  std::uint64_t state_ = 0;
};

/// Words of an address of one IP version.
bool stays_together(const RssView& view, std::size_t address_words, Numbers& numbers) {
  // rte_ipv6_tuple: two addresses of four words, and the ports in one word.
  std::array<std::uint32_t, 9> there{};
  std::array<std::uint32_t, 9> back{};
  for (std::size_t i = 0; i < address_words; ++i) {
    there[i] = back[address_words + i] = numbers.next();
    there[address_words + i] = back[i] = numbers.next();
  }
  const std::uint32_t ports = numbers.next();
  there[2 * address_words] = ports;
  back[2 * address_words] = ports << 16 | ports >> 16;
  const std::size_t words = 2 * address_words + 1;
  return view.queue_of(std::span(there).first(words)) ==
         view.queue_of(std::span(back).first(words));
}

bool set_table(std::uint16_t port_id, std::size_t size, unsigned queue_count) {
  std::vector<rte_eth_rss_reta_entry64> groups((size + RTE_ETH_RETA_GROUP_SIZE - 1) /
                                               RTE_ETH_RETA_GROUP_SIZE);
  for (std::size_t i = 0; i < size; ++i) {
    rte_eth_rss_reta_entry64& group = groups[i / RTE_ETH_RETA_GROUP_SIZE];
    group.mask |= std::uint64_t{1} << i % RTE_ETH_RETA_GROUP_SIZE;
    group.reta[i % RTE_ETH_RETA_GROUP_SIZE] = static_cast<std::uint16_t>(i % queue_count);
  }
  return rte_eth_dev_rss_reta_update(port_id, groups.data(), static_cast<std::uint16_t>(size)) == 0;
}

bool read_table(std::uint16_t port_id, std::size_t size, std::vector<std::uint16_t>& table) {
  std::vector<rte_eth_rss_reta_entry64> groups((size + RTE_ETH_RETA_GROUP_SIZE - 1) /
                                               RTE_ETH_RETA_GROUP_SIZE);
  for (rte_eth_rss_reta_entry64& group : groups) group.mask = ~std::uint64_t{0};
  if (rte_eth_dev_rss_reta_query(port_id, groups.data(), static_cast<std::uint16_t>(size)) != 0) {
    return false;
  }
  table.resize(size);
  for (std::size_t i = 0; i < size; ++i) {
    table[i] = groups[i / RTE_ETH_RETA_GROUP_SIZE].reta[i % RTE_ETH_RETA_GROUP_SIZE];
  }
  return true;
}

/// What was asked for is not enough: some drivers keep a key or a table of their own.
RssStatus read_back(std::uint16_t port_id, const rte_eth_dev_info& info, RssView& view) {
  rte_eth_rss_conf configuration{};
  configuration.rss_key = view.key.data();
  view.key_size = rss_key_size(info);
  configuration.rss_key_len = static_cast<std::uint8_t>(view.key_size);
  if (rte_eth_dev_rss_hash_conf_get(port_id, &configuration) != 0) return RssStatus::key_refused;
  view.functions = configuration.rss_hf;
  return read_table(port_id, info.reta_size, view.table) ? RssStatus::symmetric
                                                         : RssStatus::no_table;
}

}  // namespace

RssKey symmetric_rss_key() {
  RssKey key{};
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = i % 2 == 0 ? 0x6d : 0x5a;
  return key;
}

std::string_view rss_sentence(RssStatus status) {
  switch (status) {
    case RssStatus::symmetric:
      return "brings both directions of a connection to one queue";
    case RssStatus::not_asked:
      return "is not asked to spread packets over queues";
    case RssStatus::no_rss:
      return "cannot spread packets over queues by addresses and ports";
    case RssStatus::no_inner:
      return "cannot look into tunnels to spread packets over queues";
    case RssStatus::no_tcp:
      return "does not spread TCP over queues by its ports";
    case RssStatus::key_refused:
      return "does not take the key that treats both directions alike";
    case RssStatus::no_table:
      return "does not tell which queue a hash stands for";
    case RssStatus::not_symmetric:
      return "brings the directions of a connection to different queues";
  }
  return {};
}

std::size_t rss_key_size(const rte_eth_dev_info& info) {
  if (info.hash_key_size == 0) return kRssKeyBytes;
  return info.hash_key_size < kRssKeyBytes || info.hash_key_size > kRssKeyBytesMax
             ? 0
             : info.hash_key_size;
}

std::uint64_t rss_functions(std::uint64_t offered, RssLevel& level) {
  std::uint64_t functions = kFunctions & offered;
  if (level == RssLevel::off || functions == 0) {
    level = RssLevel::off;
    return 0;
  }
  if (level == RssLevel::inner) {
    if ((offered & RTE_ETH_RSS_LEVEL_INNERMOST) == 0) {
      level = RssLevel::outer;
    } else {
      functions |= RTE_ETH_RSS_LEVEL_INNERMOST;
    }
  }
  return functions;
}

std::uint16_t RssView::queue_of(std::span<std::uint32_t> tuple) const {
  // rte_softrss() reads the key in words.
  alignas(std::uint32_t) RssKey words = key;
  const std::uint32_t hash =
      rte_softrss(tuple.data(), static_cast<std::uint32_t>(tuple.size()), words.data());
  return table[hash % table.size()];
}

RssStatus check_symmetry(const RssView& view, unsigned count) {
  if ((view.functions & kTcpFunctions) != kTcpFunctions) return RssStatus::no_tcp;
  if (view.key_size < kRssKeyBytes || view.key_size > kRssKeyBytesMax) {
    return RssStatus::key_refused;
  }
  if (view.table.empty()) return RssStatus::no_table;
  Numbers numbers;
  for (unsigned i = 0; i < count; ++i) {
    if (!stays_together(view, 1, numbers) || !stays_together(view, 4, numbers)) {
      return RssStatus::not_symmetric;
    }
  }
  return RssStatus::symmetric;
}

RssStatus set_and_check_rss(std::uint16_t port_id, const rte_eth_dev_info& info,
                            unsigned queue_count, RssView& view) {
  if (rss_key_size(info) == 0) return RssStatus::key_refused;
  if (info.reta_size == 0 || info.reta_size > kRetaSizeMax ||
      !set_table(port_id, info.reta_size, queue_count)) {
    return RssStatus::no_table;
  }
  if (const RssStatus status = read_back(port_id, info, view); status != RssStatus::symmetric) {
    return status;
  }
  const bool is_spread = std::all_of(view.table.begin(), view.table.end(),
                                     [&](std::uint16_t queue) { return queue < queue_count; });
  return is_spread ? check_symmetry(view) : RssStatus::no_table;
}

}  // namespace shakedown::port
