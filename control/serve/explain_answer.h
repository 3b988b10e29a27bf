// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The answer to `explain`: the latest events about something, and what is known of the
//            servers that they name.
// Units:     In the names of the fields; counts of profiles are decayed and hence rounded.
// Ownership: Values.
// Threading: One thread.
// Limits:    kRecentAnswerCountMax events, kExplainBytesMax of them, kExplainProfileCountMax servers.
// Failure:   A field that is not known is absent.
// RFC:       RFC 8259
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "diagnose/profile/server_view.h"
#include "serve/recent_events.h"

namespace shakedown::serve {

inline constexpr std::size_t kExplainBytesMax = 8u << 20;
inline constexpr std::size_t kExplainProfileCountMax = 4;

/// What is known of the server of a record, as profile_json() writes it; empty: nothing.
using ProfileWriter = std::function<std::string(const HandshakeRecord&)>;

[[nodiscard]] std::string explain_answer(const Subject& subject, const RecentEvents& events,
                                         const ProfileWriter& profile_of);

/// One object: the server's endpoint and name, and what succeeds there. Empty when it is not known.
[[nodiscard]] std::string profile_json(const enrich::Handshake& handshake,
                                       const diagnose::ServerView& view);

}  // namespace shakedown::serve
