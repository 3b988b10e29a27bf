// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Looking at one connection while it is being followed: control asks by endpoints, every
//            worker answers what it knows of it.
// Units:     Ports in host order.
// Ownership: The question lies in ControlStatus, an answer in each WorkerArea; values.
// Threading: Control writes the question and then its sequence (release). A worker that sees a new
//            sequence (acquire) writes its answer and then the same sequence (release). Control asks
//            again only when all workers have answered, or do not any more.
// Limits:    One question at a time. An answer costs its worker three lookups and one copy.
// Failure:   A worker that does not answer within a second does not run; control says so.
// RFC:       none
#pragma once

#include <atomic>
#include <cstdint>

#include "shakedown/handshake_record.h"

namespace shakedown {

enum class Followed : std::uint8_t {
  unknown = 0,     ///< this worker has nothing of it
  embryo = 1,      ///< opened, and nothing was said yet
  connection = 2,  ///< its handshake is being followed; the record is what is known so far
  decided = 3      ///< reported, or found not to be TLS
};

struct InspectionQuestion {
  std::atomic<std::uint32_t> sequence{0};  ///< zero: nothing was asked yet
  IpFamily family = IpFamily::none;
  std::uint16_t first_port = 0;
  std::uint16_t second_port = 0;
  IpAddress first_address;  ///< the two endpoints in any order
  IpAddress second_address;
};

struct InspectionAnswer {
  std::atomic<std::uint32_t> sequence{0};
  Followed followed = Followed::unknown;
  bool client_certain = false;    ///< the record knows which side is the client
  std::int64_t deadline = 0;      ///< UnixNanos: when time will decide it
  std::uint64_t held_bytes = 0;   ///< waiting for an earlier segment, both directions
  HandshakeRecord record;         ///< of an embryo only endpoints, times, port and VLAN
};

}  // namespace shakedown
