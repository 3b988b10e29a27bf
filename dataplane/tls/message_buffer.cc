// SPDX-License-Identifier: Apache-2.0
#include "tls/message_buffer.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace shakedown::tls {
namespace {

// A handle is the class in the top bits and the index plus one below, so that zero is no buffer.
constexpr unsigned kClassShift = 30;
constexpr std::uint32_t kIndexMask = (1u << kClassShift) - 1;
constexpr std::uint32_t kHeld = kIndexMask;
constexpr std::uint32_t kNoneFree = kIndexMask - 1;

constexpr std::size_t class_of(BufferHandle handle) { return handle.value >> kClassShift; }
constexpr std::uint32_t index_of(BufferHandle handle) { return (handle.value & kIndexMask) - 1; }

constexpr BufferHandle make_handle(std::size_t size_class, std::uint32_t index) {
  return BufferHandle{static_cast<std::uint32_t>(size_class << kClassShift) | (index + 1)};
}

}  // namespace

MessageBufferPool::MessageBufferPool(Arena& arena, MessageBufferCounts counts) {
  const std::array<std::uint32_t, kClassCount> count{counts.small, counts.medium, counts.large};
  for (std::size_t i = 0; i < kClassCount; ++i) {
    assert(count[i] < kNoneFree);
    SizeClass& size_class = classes_[i];
    size_class.storage = arena.take_room<std::uint8_t>(count[i] * kBufferBytes[i]);
    size_class.next = arena.take<std::uint32_t>(count[i]);
    for (std::uint32_t j = 0; j < count[i]; ++j) {
      size_class.next[j] = j + 1 < count[i] ? j + 1 : kNoneFree;
    }
    size_class.first_free = count[i] == 0 ? kNoneFree : 0;
  }
}

BufferHandle MessageBufferPool::acquire(std::size_t size) noexcept {
  for (std::size_t i = 0; i < kClassCount; ++i) {
    SizeClass& size_class = classes_[i];
    if (kBufferBytes[i] < size || size_class.first_free == kNoneFree) continue;
    const std::uint32_t index = size_class.first_free;
    size_class.first_free = size_class.next[index];
    size_class.next[index] = kHeld;
    ++size_class.held_count;
    return make_handle(i, index);
  }
  ++refused_count_;
  return {};
}

bool MessageBufferPool::grow(BufferHandle& handle, std::size_t used, std::size_t size) noexcept {
  if (handle.held() && bytes(handle).size() >= size) return true;
  BufferHandle larger = acquire(size);
  if (!larger.held()) return false;
  if (handle.held()) {
    assert(used <= bytes(handle).size());
    std::memcpy(bytes(larger).data(), bytes(handle).data(), used);
    release(handle);
  }
  handle = larger;
  return true;
}

void MessageBufferPool::release(BufferHandle& handle) noexcept {
  if (!handle.held()) return;
  SizeClass& size_class = classes_[class_of(handle)];
  const std::uint32_t index = index_of(handle);
  // Released twice, two connections would write into each other's messages.
  assert(index < size_class.next.size() && size_class.next[index] == kHeld);
  size_class.next[index] = size_class.first_free;
  size_class.first_free = index;
  --size_class.held_count;
  handle = {};
}

std::span<std::uint8_t> MessageBufferPool::bytes(BufferHandle handle) const noexcept {
  if (!handle.held()) return {};
  const std::size_t i = class_of(handle);
  return classes_[i].storage.subspan(index_of(handle) * kBufferBytes[i], kBufferBytes[i]);
}

std::uint32_t MessageBufferPool::held_count() const noexcept {
  std::uint32_t sum = 0;
  for (const SizeClass& size_class : classes_) sum += size_class.held_count;
  return sum;
}

}  // namespace shakedown::tls
