// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   An arena with a block of its own, of exactly the size that a budget promises: a budget
//            that is too small ends the test program.
// Units:     bytes.
// Ownership: the arena and what it hands out live as long as this object.
// Threading: one thread.
// Limits:    none.
// Failure:   none.
// RFC:       none.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <span>

#include "arena.h"

namespace shakedown::test_support {

class TestArena {
 public:
  explicit TestArena(std::size_t size)
      : block_(static_cast<std::byte*>(::operator new(size, kAlignment))),
        arena_(std::span<std::byte>(block_.get(), size)) {}

  [[nodiscard]] Arena& arena() { return arena_; }

 private:
  static constexpr std::align_val_t kAlignment{Arena::kCacheLine};
  struct Free {
    void operator()(std::byte* block) const { ::operator delete(block, kAlignment); }
  };

  std::unique_ptr<std::byte, Free> block_;
  Arena arena_;
};

}  // namespace shakedown::test_support
