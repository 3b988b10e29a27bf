// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Numbers and bytes that look random and are the same in every run and with every
//            standard library, unlike the distributions of <random>.
// Units:     probabilities are fractions of one.
// Ownership: none.
// Threading: one generator per thread.
// Limits:    not for secrets; bytes are the same on little-endian machines only.
// Failure:   none.
// RFC:       none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "byte_writer.h"

namespace shakedown::test_support {

/// SplitMix64: one addition and three multiplications per number, and any seed is a good one.
class DeterministicRandom {
 public:
  explicit DeterministicRandom(uint64_t seed) : state_(seed) {}

  [[nodiscard]] uint64_t next() {
    state_ += 0x9e3779b97f4a7c15ULL;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

  /// Uniform in [0, bound); `bound` must not be zero.
  [[nodiscard]] uint64_t below(uint64_t bound) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<uint64_t>((static_cast<Wide>(next()) * bound) >> 64);
  }
  [[nodiscard]] uint64_t between(uint64_t low, uint64_t high) {
    return low + below(high - low + 1);
  }
  [[nodiscard]] bool chance(double probability) {
    return static_cast<double>(next() >> 11) * 0x1.0p-53 < probability;
  }

  void fill(uint8_t* out, size_t size) {
    while (size > 0) {
      const uint64_t word = next();
      const size_t taken = size < sizeof word ? size : sizeof word;
      std::memcpy(out, &word, taken);
      out += taken;
      size -= taken;
    }
  }
  [[nodiscard]] Bytes bytes(size_t size) {
    Bytes out(size);
    fill(out.data(), size);
    return out;
  }

 private:
  uint64_t state_;
};

/// Bytes that stand for a key, a signature or ciphertext: the same for the same seed.
[[nodiscard]] inline Bytes opaque_bytes(size_t size, uint64_t seed = 1) {
  return DeterministicRandom(seed).bytes(size);
}

}  // namespace shakedown::test_support
