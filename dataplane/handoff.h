// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Hands the shared segment to control: one message of one byte 'S' with the memfd beside
//            it, over a socketpair that both processes inherited, or to whoever connects to a
//            listening socket.
// Units:     none
// Ownership: Owns its sockets, also the inherited one, and the name of the listening one. Does not
//            own the memfd.
// Threading: Main thread.
// Limits:    kPeerCountMax connections at once.
// Failure:   The open functions return a sentence. A peer that cannot be served is hung up on. A
//            control that died is followed by another one: it connects anew, or, when it inherited
//            the same socketpair, asks by sending one byte of any value. Control keeps its end open
//            as long as it lives. In a live run the supervisor is the peer, who passes the segment
//            on to each control in turn.
// RFC:       none
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace shakedown {

inline constexpr unsigned kPeerCountMax = 16;

class HandoffServer {
 public:
  explicit HandoffServer(int segment_descriptor) : segment_descriptor_(segment_descriptor) {}
  ~HandoffServer();
  HandoffServer(const HandoffServer&) = delete;
  HandoffServer& operator=(const HandoffServer&) = delete;

  /// Takes over an inherited socket and hands the segment over at once. Empty on success, else one
  /// sentence.
  [[nodiscard]] std::string use_inherited(int descriptor);
  /// Listens at `path`, for this user only. A socket file that nobody listens at is replaced.
  [[nodiscard]] std::string listen_at(const std::string& path);

  /// Becomes readable when turn() has something to do.
  [[nodiscard]] int descriptor() const { return epoll_; }
  /// Accepts, hands over, notices who has gone. Does not wait.
  void turn();

  /// Connections that are open, the inherited one included.
  [[nodiscard]] unsigned peer_count() const { return static_cast<unsigned>(peers_.size()); }

 private:
  [[nodiscard]] bool watch(int descriptor);
  void accept_peers();
  void serve(int peer);
  [[nodiscard]] bool hand_over(int peer) const;
  void hang_up(int peer);

  int segment_descriptor_;
  int epoll_ = -1;
  int listener_ = -1;
  std::string path_;
  ino_t path_inode_ = 0;
  std::vector<int> peers_;
};

}  // namespace shakedown
