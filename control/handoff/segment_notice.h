// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What `shakedown run` tells control of the data planes that come and go: one message for
//            the beginning of each, with its segment beside it, and one for its end. A control that
//            is started anew is told again what the last one may not have finished.
//
//              S(1) ... E(1)   S(2) ... E(2)   S(3)        then the end of the socket: all is over
//
// Units:     UnixNanos of the wall clock.
// Ownership: A value, sent whole over a SOCK_SEQPACKET pair.
// Threading: none
// Limits:    A reason is cut to its field.
// Failure:   A message of another size or letter is not one of these.
// RFC:       none
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "shakedown/units.h"

namespace shakedown::handoff {

struct SegmentNotice {
  static constexpr char kBegin = 'S';  ///< with the memfd; as the data plane sent it
  static constexpr char kEnd = 'E';    ///< of the last one; nobody reads the ports now

  char letter = 0;
  std::array<char, 119> reason{};  ///< of an end, NUL-terminated
  std::int64_t time = 0;           ///< when packets began to be read, or when that ended

  void set_reason(std::string_view text) {
    const std::size_t length = std::min(text.size(), reason.size() - 1);
    std::copy_n(text.begin(), length, reason.begin());
    reason[length] = '\0';
  }
  [[nodiscard]] std::string reason_text() const {
    return {reason.begin(), std::find(reason.begin(), reason.end(), '\0')};
  }
};
static_assert(sizeof(SegmentNotice) == 128 && std::is_trivially_copyable_v<SegmentNotice>);

}  // namespace shakedown::handoff
