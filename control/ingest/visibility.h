// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   "No answer" is a finding only where answers are mirrored. Turns a silence of a server
//            whose packets the mirror may not show into `unseen`, and says of every connection
//            which of its directions were shown.
// Units:     Connections.
// Ownership: Values.
// Threading: One thread; records must come in their final order, or the result would depend on
//            workers.
// Limits:    kMirrorLinkCountMax links, kAnsweredAddressCountMax servers and as many clients are
//            remembered; the least recently seen is forgotten first. Counts are halved when they
//            reach kLinkMemory or kAddressMemory, so that a mirror that changes is believed anew.
// Failure:   Where it is not known whether answers are shown, the outcome is `unseen`.
// RFC:       RFC 9293 §3.8.1 (who is not answered repeats); design.md section 4.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

#include "ingest/lru_map.h"
#include "shakedown/handshake_record.h"

namespace shakedown::ingest {

inline constexpr std::size_t kMirrorLinkCountMax = 4096;
/// 64 K addresses cost about 8 MiB and are more servers than one mirror port usually shows.
inline constexpr std::size_t kAnsweredAddressCountMax = 65'536;

/// Of this many connections at most one may be seen one way only where answers are believed to be
/// mirrored.
inline constexpr std::uint32_t kOneWayIsRare = 20;
/// A link speaks for servers that were never seen once this many others have answered on it.
inline constexpr std::uint32_t kAnsweringServersEnough = 3;
/// A SYN that was not repeated counts only on a link that has shown this many connections of which
/// at most one in kLossIsRare missed a packet: the answer may have been lost by the mirror.
inline constexpr std::uint32_t kSteadyConnections = 100;
inline constexpr std::uint32_t kLossIsRare = 1000;
inline constexpr std::uint32_t kLinkMemory = 4096;
inline constexpr std::uint32_t kAddressMemory = 64;

/// Which directions of a connection the mirror showed.
enum class Sight : std::uint8_t {
  both,
  client_only,  ///< the client behaved as one that was answered, but no answer was shown
  server_only,
  no_answer,  ///< nothing answered; an answer would have been shown
  not_known   ///< no answer was shown; whether there was one cannot be told
};

struct Judgement {
  Sight sight = Sight::both;
  bool withheld = false;  ///< the outcome was a failure and is `unseen` now
};

class Visibility {
 public:
  explicit Visibility(std::size_t address_count_max = kAnsweredAddressCountMax)
      : links_(kMirrorLinkCountMax), servers_(address_count_max), clients_(address_count_max) {}

  /// Learns from the record, and rewrites its outcome when the answer may merely not have been
  /// mirrored.
  Judgement judge(HandshakeRecord& record);

 private:
  /// Where the client's packets are shown: answers to them may take another way.
  struct Link {
    std::uint32_t tunnel_id = 0;
    std::uint16_t vlan_outer = 0;
    std::uint16_t vlan_inner = 0;
    TunnelKind tunnel_kind = TunnelKind::none;
    std::uint8_t port_index = 0;
    auto operator<=>(const Link&) const = default;
  };
  struct Place {
    Link link;
    IpAddress address;
    auto operator<=>(const Place&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Link& link) const noexcept;
    std::size_t operator()(const Place& place) const noexcept;
  };
  struct Shown {
    std::uint32_t both = 0;
    std::uint32_t client_only = 0;

    void count(bool answer_shown, std::uint32_t memory) {
      ++(answer_shown ? both : client_only);
      if (both + client_only < memory) return;
      both /= 2;
      client_only /= 2;
    }
    [[nodiscard]] bool answers_are_shown() const {
      return both != 0 && std::uint64_t{client_only} * kOneWayIsRare <= both;
    }
  };
  struct LinkFacts {
    Shown shown;
    std::uint32_t lossy = 0;
    std::uint32_t answering_servers = 0;

    [[nodiscard]] bool steady() const {
      return shown.both >= kSteadyConnections && std::uint64_t{lossy} * kLossIsRare <= shown.both;
    }
  };

  static Link link_of(const HandshakeRecord& record);
  LinkFacts& facts_of(const Link& link);
  void learn(const HandshakeRecord& record, bool answer_shown);
  [[nodiscard]] bool answer_would_be_shown(const HandshakeRecord& record);

  LruMap<Link, LinkFacts, Hash> links_;
  LruMap<Place, Shown, Hash> servers_;
  LruMap<Place, Shown, Hash> clients_;
};

}  // namespace shakedown::ingest
