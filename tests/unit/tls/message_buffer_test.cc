// SPDX-License-Identifier: Apache-2.0
#include "tls/message_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "record_listener.h"

namespace shakedown::tls {
namespace {

using test_support::OwnedRecordReader;

TEST(MessageBufferPool, GivesTheSmallestClassThatFits) {
  OwnedRecordReader owner({1, 1, 1});
  MessageBufferPool& pool = owner.pool();
  BufferHandle small = pool.acquire(kSmallBufferBytes);
  BufferHandle medium = pool.acquire(kSmallBufferBytes + 1);
  BufferHandle large = pool.acquire(kMediumBufferBytes + 1);
  EXPECT_EQ(pool.bytes(small).size(), kSmallBufferBytes);
  EXPECT_EQ(pool.bytes(medium).size(), kMediumBufferBytes);
  EXPECT_EQ(pool.bytes(large).size(), kLargeBufferBytes);
  EXPECT_EQ(pool.held_count(), 3u);
  pool.release(small);
  pool.release(medium);
  pool.release(large);
  EXPECT_EQ(pool.held_count(), 0u);
  EXPECT_FALSE(small.held());
}

TEST(MessageBufferPool, TakesALargerClassWhenOneIsEmpty) {
  OwnedRecordReader owner({1, 1, 0});
  BufferHandle first = owner.pool().acquire(1);
  BufferHandle second = owner.pool().acquire(1);
  EXPECT_EQ(owner.pool().bytes(second).size(), kMediumBufferBytes);
  EXPECT_FALSE(owner.pool().acquire(1).held());
  EXPECT_EQ(owner.pool().refused_count(), 1u);
  owner.pool().release(first);
  EXPECT_TRUE(owner.pool().acquire(1).held());
}

TEST(MessageBufferPool, RefusesMoreThanTheLargestClass) {
  OwnedRecordReader owner({1, 1, 1});
  EXPECT_TRUE(owner.pool().acquire(kLargeBufferBytes).held());
  EXPECT_FALSE(owner.pool().acquire(kLargeBufferBytes + 1).held());
}

TEST(MessageBufferPool, KeepsTheContentWhenItGrows) {
  OwnedRecordReader owner({1, 1, 1});
  MessageBufferPool& pool = owner.pool();
  BufferHandle handle;
  ASSERT_TRUE(pool.grow(handle, 0, 100));
  std::ranges::fill(pool.bytes(handle), std::uint8_t{0xab});
  ASSERT_TRUE(pool.grow(handle, kSmallBufferBytes, kLargeBufferBytes));
  EXPECT_EQ(pool.held_count(), 1u);
  const auto kept = pool.bytes(handle).first(kSmallBufferBytes);
  EXPECT_TRUE(std::ranges::all_of(kept, [](std::uint8_t byte) { return byte == 0xab; }));
  EXPECT_FALSE(pool.grow(handle, kSmallBufferBytes, kLargeBufferBytes + 1));
  EXPECT_EQ(pool.bytes(handle).size(), kLargeBufferBytes);
}

TEST(MessageBufferPool, GivesEveryBufferOnceAndApart) {
  OwnedRecordReader owner({3, 2, 2});
  MessageBufferPool& pool = owner.pool();
  std::vector<BufferHandle> handles;
  for (int i = 0; i < 7; ++i) {
    handles.push_back(pool.acquire(1));
    ASSERT_TRUE(handles.back().held());
    std::ranges::fill(pool.bytes(handles.back()), static_cast<std::uint8_t>(i));
  }
  EXPECT_FALSE(pool.acquire(1).held());
  for (std::size_t i = 0; i < handles.size(); ++i) {
    EXPECT_TRUE(
        std::ranges::all_of(pool.bytes(handles[i]), [i](std::uint8_t byte) { return byte == i; }));
    pool.release(handles[i]);
  }
  EXPECT_EQ(pool.held_count(), 0u);
}

TEST(MessageBufferPoolDeathTest, EndsTheProgramWhenReleasedTwice) {
  OwnedRecordReader owner({1, 0, 0});
  BufferHandle handle = owner.pool().acquire(1);
  BufferHandle copy = handle;
  owner.pool().release(handle);
  EXPECT_DEATH(owner.pool().release(copy), "");
}

}  // namespace
}  // namespace shakedown::tls
