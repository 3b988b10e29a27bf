// SPDX-License-Identifier: Apache-2.0
//
// Counts what the profiles really take from the heap, against what they promise.
#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "profile_traffic.h"

namespace {

std::atomic<std::int64_t> held_bytes{0};

void* counted(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  held_bytes += static_cast<std::int64_t>(::malloc_usable_size(memory));
  return memory;
}

void release(void* memory) noexcept {
  held_bytes -= static_cast<std::int64_t>(::malloc_usable_size(memory));
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) { return counted(std::malloc(size)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted(std::aligned_alloc(static_cast<std::size_t>(alignment), size));
}
void operator delete(void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }

namespace shakedown::diagnose {
namespace {

using test::Visit;

/// Everything that a stranger can make a profile keep.
Visit greedy(std::uint32_t i, const std::vector<enrich::ChainPointer>& chains,
             const std::vector<enrich::OfferPointer>& offers) {
  Visit visit;
  visit.at(static_cast<std::int64_t>(i) * 20 * kNanosPerMilli);
  visit.server(static_cast<std::uint8_t>(i * 7 % 50)).named("n" + std::to_string(i % 997));
  visit.record.client_address =
      shakedown::test::ipv4(static_cast<std::uint8_t>(i >> 16), static_cast<std::uint8_t>(i >> 8),
                            static_cast<std::uint8_t>(i), 1);
  visit.record.ja4.cipher_hash = {static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i >> 8)};
  visit.record.server_hello_facts.cipher_suite = static_cast<std::uint16_t>(i % 40);
  visit.record.server_hello_facts.named_group = static_cast<std::uint16_t>(i % 40 + 1);
  visit.record.server_hello_facts.selected_version = static_cast<std::uint16_t>(i % 40);
  visit.chain = chains[i % chains.size()];
  visit.offer = offers[i % offers.size()];
  visit.staple.assign(8192, static_cast<std::uint8_t>(i));
  if (i % 3 == 0) visit.fails();
  return visit;
}

TEST(ProfileMemory, StaysWithinWhatItPromises) {
  enrich::ChainJudge judge;
  std::vector<enrich::ChainPointer> chains;
  std::vector<enrich::OfferPointer> offers;
  for (std::uint8_t i = 0; i < 64; ++i) {
    chains.push_back(test::chain_with(judge, i));
    offers.push_back(test::offer_with(i, {"p" + std::to_string(i)}));
  }
  for (const std::size_t count : {std::size_t{1}, std::size_t{20}, std::size_t{300}}) {
    const ProfileSettings settings{.endpoint_count_max = count, .name_count_max = count};
    const std::int64_t before = held_bytes;
    ServerProfiles profiles(settings);
    std::int64_t most = 0;
    for (std::uint32_t i = 0; i < 60'000; ++i) {
      profiles.learn(greedy(i, chains, offers).handshake());
      if (i % 16 == 0) most = std::max(most, held_bytes - before);
    }
    EXPECT_LE(most, static_cast<std::int64_t>(ServerProfiles::memory_max(settings))) << count;
    EXPECT_GT(profiles.evicted_count(), 0u);
    RecordProperty("bytes_" + std::to_string(count), std::to_string(most));
  }
}

}  // namespace
}  // namespace shakedown::diagnose
