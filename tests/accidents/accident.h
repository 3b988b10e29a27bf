// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What mirror ports do to traffic: they lose, repeat, reorder and cut packets, show one
//            direction only, or start late. Each of these as a function from a capture to what the
//            sensor gets of it.
// Units:     Packets; nanoseconds.
// Ownership: A Replay refers to the bytes of its capture.
// Threading: Pure functions of the capture and the seed.
// Limits:    kDisplacementMax places, and kLatenessNanosMax: switches hold packets back for
//            microseconds.
// Failure:   none
// RFC:       none
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "capture.h"

namespace shakedown::accidents {

/// Places by which a packet, or its copy, may come late.
inline constexpr std::uint64_t kDisplacementMax = 8;
inline constexpr std::uint64_t kLatenessNanosMax = 50'000'000;

/// A small generator whose numbers are the same everywhere (splitmix64).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  [[nodiscard]] std::uint64_t next() {
    state_ += 0x9e37'79b9'7f4a'7c15;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58'476d'1ce4'e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d0'49bb'1331'11eb;
    return mixed ^ (mixed >> 31);
  }
  [[nodiscard]] std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  [[nodiscard]] bool one_in_thousand(std::uint64_t count) { return below(1000) < count; }

 private:
  std::uint64_t state_;
};

/// What the outcome of a connection may become.
enum class Promise : std::uint8_t {
  nothing_changes,  ///< every record is the same as without the accident
  same_outcomes,    ///< outcomes are the same; order and counts may differ
  no_invention      ///< what is no longer seen is not judged
};

struct Accident {
  std::string name;
  std::string group;  ///< one line of the table
  Promise promise = Promise::no_invention;
  bool random = false;  ///< differs from seed to seed
  std::function<Replay(const Capture&, Random&)> happen;
};

/// All of them, in the order of the table.
[[nodiscard]] const std::vector<Accident>& all_accidents();

/// The capture as it is.
[[nodiscard]] Replay unharmed(const Capture& capture);

}  // namespace shakedown::accidents
