// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The control socket: takes requests of several clients at once and sends their answers,
//            without ever waiting for one of them.
// Units:     Bytes; milliseconds.
// Ownership: Owns the listening socket and the clients. The socket's file belongs to who made it.
// Threading: One thread, the one that calls poll(); answers are given in it as well.
// Limits:    kClientCountMax clients, each with one request and one answer at a time: a client that
//            does not read its answer holds up nobody but itself. kIdleMax without a request and
//            kWriteMax for one answer.
// Failure:   What a client does wrong ends its connection. Where nothing can be accepted (no
//            descriptors left) it is tried again after kAcceptPause.
// RFC:       none
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "serve/protocol.h"

namespace shakedown::serve {

/// People and programs that look after one sensor. More are sent away with a sentence.
inline constexpr std::size_t kClientCountMax = 16;

struct ServerLimits {
  std::size_t client_count_max = kClientCountMax;
  std::chrono::milliseconds idle_max{30'000};
  std::chrono::milliseconds write_max{10'000};
  std::chrono::milliseconds accept_pause{1000};
};

class Server {
 public:
  /// Sends the answer, a line without its newline; may be called later, once, or never when the
  /// server has gone by then.
  using Reply = std::function<void(std::string)>;
  using Handler = std::function<void(const Request&, Reply)>;

  /// `listening_fd` must listen already; it is closed with the server.
  Server(int listening_fd, Handler handler, ServerLimits limits = {});
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  /// Does what can be done at once.
  void poll();

  [[nodiscard]] std::size_t client_count() const;

 private:
  struct State;
  class Client;
  std::shared_ptr<State> state_;
};

}  // namespace shakedown::serve
