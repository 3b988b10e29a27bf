// SPDX-License-Identifier: Apache-2.0
#include "self_test.h"

#include <fmt/format.h>
#include <rte_ethdev.h>
#include <rte_thash.h>
#include <rte_version.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <random>

#include "port/eal.h"
#include "port/rss.h"
#include "service/recogniser.h"

namespace shakedown {
namespace {

constexpr std::size_t kEalBytes = 16 * 1024 * 1024;
constexpr unsigned kTupleCount = 10'000;
constexpr std::size_t kTableSize = 128;

/// The key that cards begin with, which tells directions apart: Microsoft, "Verifying the RSS Hash
/// Calculation".
constexpr std::array<std::uint8_t, port::kRssKeyBytes> kUsualKey{
    0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
    0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
    0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

/// A card that hashes TCP with `key` and has `queue_count` queues.
port::RssView view_of(std::span<const std::uint8_t> key, unsigned queue_count) {
  port::RssView view;
  std::copy_n(key.begin(), port::kRssKeyBytes, view.key.begin());
  view.key_size = port::kRssKeyBytes;
  view.functions = RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV6_TCP;
  for (std::size_t i = 0; i < kTableSize; ++i) {
    view.table.push_back(static_cast<std::uint16_t>(i % queue_count));
  }
  return view;
}

/// DPDK's two ways to compute the hash agree, on tuples that change at every start.
bool ways_agree(const port::RssKey& key) {
  alignas(std::uint32_t) port::RssKey plain = key;
  alignas(std::uint32_t) port::RssKey turned = key;
  rte_convert_rss_key(reinterpret_cast<const std::uint32_t*>(plain.data()),
                      reinterpret_cast<std::uint32_t*>(turned.data()),
                      static_cast<int>(turned.size()));
  std::minstd_rand random(std::random_device{}());
  for (unsigned i = 0; i < kTupleCount; ++i) {
    std::array<std::uint32_t, 3> there{};
    for (std::uint32_t& word : there) {
      word = static_cast<std::uint32_t>(random()) << 16 ^ static_cast<std::uint32_t>(random());
    }
    std::array<std::uint32_t, 3> back{there[1], there[0], there[2] << 16 | there[2] >> 16};
    const std::uint32_t hash = rte_softrss(there.data(), there.size(), plain.data());
    if (rte_softrss(back.data(), back.size(), plain.data()) != hash ||
        rte_softrss_be(there.data(), there.size(), turned.data()) != hash) {
      return false;
    }
  }
  return true;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') out += '\\';
    out += static_cast<unsigned char>(letter) < ' ' ? ' ' : letter;
  }
  return out + '"';
}

}  // namespace

SelfTestLine test_dpdk() {
  port::Eal eal;
  port::EalConfig config;
  config.memory_bytes = kEalBytes;
  if (const std::string error = eal.start(config); !error.empty()) {
    return {false, "dpdk", error, "apt-get install --reinstall dpdk, or see --eal-log debug"};
  }
  return {true, "dpdk", fmt::format("{} starts without huge pages", rte_version())};
}

SelfTestLine test_services() {
  service::Database database;
  if (const std::string error = database.create(); !error.empty()) {
    return {false, "hyperscan", error, "use a processor with SSSE3 or later"};
  }
  return {true, "hyperscan", "the patterns of services compile for this processor"};
}

SelfTestLine test_rss() {
  const port::RssKey key = port::symmetric_rss_key();
  for (const unsigned queue_count : {2u, 3u, 4u, 8u, 16u, 64u}) {
    if (port::check_symmetry(view_of(key, queue_count), kTupleCount) !=
        port::RssStatus::symmetric) {
      return {false, "rss", fmt::format("directions part over {} queues", queue_count),
              "this build of DPDK is broken: reinstall it"};
    }
  }
  if (port::check_symmetry(view_of(kUsualKey, 16)) != port::RssStatus::not_symmetric) {
    return {false, "rss", "a key that parts directions is not found out",
            "this build of DPDK is broken: reinstall it"};
  }
  if (!ways_agree(key)) {
    return {false, "rss", "DPDK's ways to compute the hash disagree",
            "this build of DPDK is broken: reinstall it"};
  }
  return {true, "rss",
          fmt::format("both directions of {} connections meet on one queue, over IPv4 and IPv6",
                      kTupleCount)};
}

std::string text_of(const SelfTestLine& line) {
  std::string text = fmt::format(R"({{"grade":"{}","name":{},"found":{})",
                                 line.good ? "ok" : "fail", quoted(line.name), quoted(line.found));
  if (!line.repair.empty()) text += ",\"repair\":" + quoted(line.repair);
  return text + '}';
}

int run_self_test() {
  int exit_code = 0;
  for (const SelfTestLine& line : {test_services(), test_rss(), test_dpdk()}) {
    std::puts(text_of(line).c_str());
    if (!line.good) exit_code = 1;
  }
  return exit_code;
}

}  // namespace shakedown
