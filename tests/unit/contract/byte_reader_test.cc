// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <vector>

#include "shakedown/bytes.h"

namespace shakedown {
namespace {

constexpr std::array<std::uint8_t, 9> kNine{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xff};

ByteReader reader_of(std::size_t size) { return ByteReader(Bytes(kNine).first(size)); }

TEST(ByteReader, IsEmptyByDefault) {
  ByteReader reader;
  std::uint8_t value = 7;
  EXPECT_TRUE(reader.empty());
  EXPECT_EQ(reader.remaining(), 0u);
  EXPECT_FALSE(reader.read_u8(value));
  EXPECT_EQ(value, 7);
}

TEST(ByteReader, ReadsEveryWidthInNetworkOrder) {
  std::uint8_t u8 = 0;
  std::uint16_t u16 = 0;
  std::uint32_t u24 = 0;
  std::uint32_t u32 = 0;
  std::uint64_t u64 = 0;
  EXPECT_TRUE(reader_of(1).read_u8(u8));
  EXPECT_TRUE(reader_of(2).read_u16(u16));
  EXPECT_TRUE(reader_of(3).read_u24(u24));
  EXPECT_TRUE(reader_of(4).read_u32(u32));
  EXPECT_TRUE(reader_of(8).read_u64(u64));
  EXPECT_EQ(u8, 0x01);
  EXPECT_EQ(u16, 0x0123);
  EXPECT_EQ(u24, 0x012345u);
  EXPECT_EQ(u32, 0x01234567u);
  EXPECT_EQ(u64, 0x0123456789abcdefu);
}

/// A read of `width` bytes by `read` from one byte less fails and consumes nothing; from as many it
/// succeeds and consumes all; from one more it leaves one.
template <class Int>
void expect_exact_width(std::size_t width, bool (ByteReader::*read)(Int&)) {
  Int value = 0;
  ByteReader below = reader_of(width - 1);
  EXPECT_FALSE((below.*read)(value));
  EXPECT_EQ(below.remaining(), width - 1);
  EXPECT_EQ(value, 0);
  ByteReader exact = reader_of(width);
  EXPECT_TRUE((exact.*read)(value));
  EXPECT_TRUE(exact.empty());
  ByteReader above = reader_of(width + 1);
  EXPECT_TRUE((above.*read)(value));
  EXPECT_EQ(above.remaining(), 1u);
}

TEST(ByteReader, ReadsExactlyAsManyBytesAsTheIntegerHas) {
  expect_exact_width<std::uint8_t>(1, &ByteReader::read_u8);
  expect_exact_width<std::uint16_t>(2, &ByteReader::read_u16);
  expect_exact_width<std::uint32_t>(3, &ByteReader::read_u24);
  expect_exact_width<std::uint32_t>(4, &ByteReader::read_u32);
  expect_exact_width<std::uint64_t>(8, &ByteReader::read_u64);
}

TEST(ByteReader, ReadsAllOnes) {
  const std::vector<std::uint8_t> ones(8, 0xff);
  std::uint64_t value = 0;
  ByteReader reader{Bytes(ones)};
  EXPECT_TRUE(reader.read_u64(value));
  EXPECT_EQ(value, ~std::uint64_t{0});
}

TEST(ByteReader, GivesViewsOfTheInputAndNotCopies) {
  ByteReader reader = reader_of(9);
  Bytes view;
  ASSERT_TRUE(reader.read_bytes(4, view));
  EXPECT_EQ(view.data(), kNine.data());
  EXPECT_EQ(view.size(), 4u);
  EXPECT_EQ(reader.rest().data(), kNine.data() + 4);
}

TEST(ByteReader, SkipsUpToTheEndAndNotBeyond) {
  ByteReader reader = reader_of(5);
  EXPECT_FALSE(reader.skip(6));
  EXPECT_FALSE(reader.skip(~std::size_t{0}));
  EXPECT_EQ(reader.remaining(), 5u);
  EXPECT_TRUE(reader.skip(5));
  EXPECT_TRUE(reader.skip(0));
  EXPECT_FALSE(reader.skip(1));
}

using ReadVector = bool (ByteReader::*)(ByteReader&);

struct VectorCase {
  std::size_t prefix_bytes;
  ReadVector read;
};

const std::array<VectorCase, 3> kVectorCases{{{1, &ByteReader::read_vector8},
                                              {2, &ByteReader::read_vector16},
                                              {3, &ByteReader::read_vector24}}};

std::vector<std::uint8_t> vector_bytes(std::size_t prefix_bytes, std::uint8_t claimed,
                                       std::size_t present) {
  std::vector<std::uint8_t> out(prefix_bytes - 1, 0);
  out.push_back(claimed);
  out.insert(out.end(), present, 0xaa);
  return out;
}

TEST(ByteReader, ReadsVectorsWhoseLengthFits) {
  for (const VectorCase& test : kVectorCases) {
    for (const std::uint8_t size : {std::uint8_t{0}, std::uint8_t{1}, std::uint8_t{255}}) {
      const auto bytes = vector_bytes(test.prefix_bytes, size, std::size_t{size} + 1);
      ByteReader reader{Bytes(bytes)};
      ByteReader body;
      ASSERT_TRUE((reader.*test.read)(body));
      EXPECT_EQ(body.remaining(), size);
      EXPECT_EQ(reader.remaining(), 1u);
    }
  }
}

TEST(ByteReader, LeavesEverythingInPlaceWhenAVectorDoesNotFit) {
  for (const VectorCase& test : kVectorCases) {
    const auto bytes = vector_bytes(test.prefix_bytes, 4, 3);
    ByteReader reader{Bytes(bytes)};
    ByteReader body = reader_of(2);
    EXPECT_FALSE((reader.*test.read)(body));
    EXPECT_EQ(reader.remaining(), bytes.size());
    EXPECT_EQ(body.remaining(), 2u);
  }
}

TEST(ByteReader, RefusesAVectorWhosePrefixIsCut) {
  for (const VectorCase& test : kVectorCases) {
    const std::vector<std::uint8_t> bytes(test.prefix_bytes - 1, 0);
    ByteReader reader{Bytes(bytes)};
    ByteReader body;
    EXPECT_FALSE((reader.*test.read)(body));
    EXPECT_EQ(reader.remaining(), bytes.size());
  }
}

TEST(ByteReader, KeepsABodyReaderInsideItsVector) {
  const std::array<std::uint8_t, 4> bytes{2, 0xaa, 0xbb, 0xcc};
  ByteReader reader{Bytes(bytes)};
  ByteReader body;
  ASSERT_TRUE(reader.read_vector8(body));
  EXPECT_FALSE(body.skip(3));
  EXPECT_TRUE(body.skip(2));
  EXPECT_TRUE(body.empty());
}

}  // namespace
}  // namespace shakedown
