// SPDX-License-Identifier: Apache-2.0
#include "diagnose/links/client_servers.h"

namespace shakedown::diagnose {

std::size_t ServerList::place_of(ServerKey key, Turn now, std::uint8_t& count, std::uint8_t& hand) {
  for (std::size_t i = 0; i < count; ++i) {
    if (keys[i] == key) return i;
  }
  std::size_t place = 0;
  while (place < count && !is_over(turns[place], now)) ++place;
  if (place == kServersPerClientMax) {
    place = hand;
    hand = static_cast<std::uint8_t>((hand + 1u) % kServersPerClientMax);
  } else if (place == count) {
    ++count;
  }
  keys[place] = key;
  turns[place] = now;
  deeds[place] = {};
  return place;
}

}  // namespace shakedown::diagnose
