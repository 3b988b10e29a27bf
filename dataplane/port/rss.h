// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Receive-side scaling that brings both directions of a connection to one queue: a key
//            whose Toeplitz hash does not change when source and destination change places, and the
//            proof, from what the card says it does, that they come to one queue.
// Units:     Bits of RTE_ETH_RSS_*; queue numbers.
// Ownership: Values.
// Threading: Main thread.
// Limits:    kRssKeyBytesMax, kRetaSizeMax.
// Failure:   RssStatus; rss_sentence() says it in words.
// RFC:       none. Woo and Park, "Scalable TCP Session Monitoring with Symmetric Receive-side
//            Scaling", KAIST 2012: a key of one repeated 16-bit word.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "port/port_spec.h"

struct rte_eth_dev_info;

namespace shakedown::port {

inline constexpr std::size_t kRssKeyBytes = 40;
/// Some cards take longer keys: 52 bytes, to hash two IPv6 headers.
inline constexpr std::size_t kRssKeyBytesMax = 64;
/// RTE_ETH_RSS_RETA_SIZE_512 and more: ConnectX has 512, E810 2048.
inline constexpr std::size_t kRetaSizeMax = 4096;

using RssKey = std::array<std::uint8_t, kRssKeyBytesMax>;

/// The word 0x6d5a again and again: addresses (32 or 128 bits) and ports (16 bits) that change
/// places meet the same bits of the key.
[[nodiscard]] RssKey symmetric_rss_key();

enum class [[nodiscard]] RssStatus : std::uint8_t{
    symmetric,     ///< both directions come to one queue
    not_asked,     ///< one queue, or the user does not want it
    no_rss,        ///< the card cannot
    no_inner,      ///< it cannot look into tunnels
    no_tcp,        ///< it does not hash the ports of TCP over IPv4 and IPv6
    key_refused,   ///< it does not use our key
    no_table,      ///< which queue a hash stands for cannot be set or read
    not_symmetric  ///< a connection was found whose directions part
};

/// "does not hash...": the rest of a sentence about a port.
[[nodiscard]] std::string_view rss_sentence(RssStatus status);

/// The length of a card's key; those that do not say it have the usual one. Zero: no key of ours.
[[nodiscard]] std::size_t rss_key_size(const rte_eth_dev_info& info);

/// What to ask of a card in rte_eth_rss_conf::rss_hf; zero: nothing would be of use. `level` is
/// lowered to what there is.
[[nodiscard]] std::uint64_t rss_functions(std::uint64_t offered, RssLevel& level);

/// What a card says that it does.
struct RssView {
  RssKey key{};
  std::size_t key_size = 0;
  std::uint64_t functions = 0;
  std::vector<std::uint16_t> table;  ///< the queue of a hash, by its lowest bits

  /// `tuple` as of rte_softrss(): addresses and ports in host order.
  [[nodiscard]] std::uint16_t queue_of(std::span<std::uint32_t> tuple) const;
};

/// Sends `count` made-up connections of each IP version through the hash in both directions.
[[nodiscard]] RssStatus check_symmetry(const RssView& view, unsigned count = 4096);

/// Of a device that is started: spreads its table over `queue_count` queues, reads everything back
/// and checks it.
[[nodiscard]] RssStatus set_and_check_rss(std::uint16_t port_id, const rte_eth_dev_info& info,
                                          unsigned queue_count, RssView& view);

}  // namespace shakedown::port
