// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   "No answer" is a finding only where answers are mirrored. Turns a silence of a server
//            that was never seen, on a network from which nobody was ever seen answering, into
//            `unseen`.
// Units:     none
// Ownership: Values.
// Threading: One thread; records must come in their final order, or the result would depend on
//            workers.
// Limits:    kAnsweringServerCountMax servers are remembered, the least recently seen is forgotten
//            first.
// Failure:   none
// RFC:       none; design.md section 4.
#pragma once

#include <bitset>
#include <cstddef>

#include "ingest/lru_map.h"
#include "shakedown/handshake_record.h"

namespace shakedown::ingest {

/// 64 K addresses cost about 6 MiB and are more servers than one mirror port usually shows.
inline constexpr std::size_t kAnsweringServerCountMax = 65'536;

class Visibility {
 public:
  explicit Visibility(std::size_t server_count_max = kAnsweringServerCountMax)
      : servers_(server_count_max) {}

  /// Learns from the record, and rewrites its outcome when the answer may merely not have been
  /// mirrored.
  void judge(HandshakeRecord& record);

 private:
  struct AddressHash {
    std::size_t operator()(const IpAddress& address) const noexcept;
  };
  struct Nothing {};

  static constexpr std::size_t kVlanCount = 4096;

  LruMap<IpAddress, Nothing, AddressHash> servers_;
  std::bitset<kVlanCount> answering_vlans_;  ///< index 0: untagged
};

}  // namespace shakedown::ingest
