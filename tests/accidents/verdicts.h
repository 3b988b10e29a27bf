// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What a user is told about a replay, and how that differs from what the whole capture
//            tells.
// Units:     none
// Ownership: Values.
// Threading: Pure functions.
// Limits:    Capacities of the worker: enough for every capture that these tests read.
// Failure:   follow() names what the worker's own sums say about it.
// RFC:       none; design.md section 4.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "capture.h"
#include "shakedown/handshake_record.h"

namespace shakedown::accidents {

/// The records of a replay as users see them: in their final order, and after the control plane has
/// said which of the silences are known to be silences.
struct Verdicts {
  std::vector<HandshakeRecord> records;
  std::string conservation_error;
};
[[nodiscard]] Verdicts follow(const Replay& replay, packet::LinkType link_type);

/// What became of one connection's verdict.
enum class Change : std::uint8_t {
  kept,         ///< the same outcome by the same party
  weaker,       ///< established, but no longer said to have been rejected afterwards
  withheld,     ///< `unseen`, with a reason
  gone,         ///< no record at all
  other_stage,  ///< the same kind of failure by the same party, at another message
  changed,      ///< another failure, nothing but a scan, or established where that was not known
  untraceable,  ///< a failure, but no packet that was left could tell what is missing
  overlooked,   ///< established became nothing but a scan
  blamed,       ///< a failure that somebody between the two ends is blamed for, only in the replay
  absolved,     ///< a failure became a handshake without one
  rejection,    ///< established, but rejected afterwards: only in the replay
  invented      ///< a failure where the whole capture has none
};
inline constexpr unsigned kChangeCount = 12;
[[nodiscard]] const char* name_of(Change change);
/// What must never happen, whatever the mirror does.
[[nodiscard]] constexpr bool is_defect(Change change) { return change >= Change::overlooked; }

struct Finding {
  Change change = Change::kept;
  UnseenReason reason = UnseenReason::none;  ///< with `withheld`
  /// With `kept`: the record is not the same in all that describes the handshake.
  bool detail_differs = false;
  std::string connection;
  std::string whole;   ///< outcome in the whole capture
  std::string harmed;  ///< outcome after the accident
};

/// Connections of which something was lost without a trace.
struct Untraceable {
  /// The last packet is among the lost: every sensor sees a peer that has fallen silent.
  std::set<Endpoints> cut_short;
  /// A side has said something that its own sequence numbers do not count, as the TCP of some VPN
  /// clients does: it looks like a repetition, and like nothing when it is lost.
  std::set<Endpoints> uncounted;
};
[[nodiscard]] Untraceable untraceable(const Capture& capture, const Replay& replay);

/// One finding for every connection of the whole capture, and one for each record that belongs to
/// none of them, unless it says nothing.
[[nodiscard]] std::vector<Finding> compare(const std::vector<HandshakeRecord>& whole,
                                           const std::vector<HandshakeRecord>& harmed,
                                           const Untraceable& untraceable = {});

}  // namespace shakedown::accidents
