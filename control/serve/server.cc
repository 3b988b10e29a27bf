// SPDX-License-Identifier: Apache-2.0
#include "serve/server.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <exception>
#include <set>
#include <string_view>
#include <utility>
#include <variant>

#include "log.h"

namespace shakedown::serve {

namespace {

namespace asio = boost::asio;
using Protocol = asio::local::stream_protocol;
using boost::system::error_code;

/// Read at once; a request is hardly ever longer than that.
constexpr std::size_t kReadBytes = 4096;
/// Reads, writes and answers of one poll(): a few for each client.
constexpr unsigned kStepsPerPoll = 64;

}  // namespace

/// What the clients need of the server. They keep it alive until their last handler has run.
struct Server::State : std::enable_shared_from_this<Server::State> {
  State(int listening_fd, Handler chosen_handler, ServerLimits chosen_limits)
      : acceptor(context),
        pause(context),
        handler(std::move(chosen_handler)),
        limits(chosen_limits) {
    acceptor.assign(Protocol(), listening_fd);
    acceptor.non_blocking(true);
  }

  void accept();
  void admit(Protocol::socket socket);
  void close();

  asio::io_context context{1};
  Protocol::acceptor acceptor;
  asio::steady_timer pause;
  Handler handler;
  ServerLimits limits;
  std::set<std::shared_ptr<Client>> clients;
};

/// reading -> (a line) -> answering -> writing -> reading; every other way leads to close().
class Server::Client : public std::enable_shared_from_this<Server::Client> {
 public:
  Client(std::weak_ptr<State> server, Protocol::socket socket, const ServerLimits& limits)
      : server_(std::move(server)),
        socket_(std::move(socket)),
        timer_(socket_.get_executor()),
        limits_(limits) {}

  void start() { next(); }

  /// The one sentence to a client that there is no room for.
  void turn_away() {
    closing_ = true;
    write(refusal_line({"busy", "too many others are connected to this sensor; try again later"}));
  }

  void close() {
    error_code ignored;
    timer_.cancel();
    socket_.close(ignored);
    if (const auto server = server_.lock()) server->clients.erase(shared_from_this());
  }

 private:
  /// The next request: one that came with the last one, or one that is yet to come.
  void next() {
    const std::size_t end = received_.find('\n', searched_);
    if (end != std::string::npos) {
      std::string line = received_.substr(0, end);
      received_.erase(0, end + 1);
      searched_ = 0;
      return answer(line);
    }
    searched_ = received_.size();
    if (received_.size() > kRequestBytesMax) {
      closing_ = true;  // where the next request begins is not known
      return write(refusal_line(
          {"too_large", "a request is longer than this sensor accepts; is a newline missing?"}));
    }
    read();
  }

  void read() {
    expect_within(limits_.idle_max);
    socket_.async_read_some(asio::buffer(chunk_),
                            [self = shared_from_this()](error_code error, std::size_t size) {
                              if (error) return self->close();
                              self->received_.append(self->chunk_.data(), size);
                              self->next();
                            });
  }

  void answer(const std::string& line) {
    timer_.cancel();
    const auto server = server_.lock();
    if (!server) return close();
    const auto parsed = parse_request(line);
    if (const auto* refusal = std::get_if<Refusal>(&parsed)) return write(refusal_line(*refusal));
    // The handler may answer after this client has gone.
    Reply reply = [weak = weak_from_this()](std::string text) {
      if (const auto self = weak.lock(); self && self->socket_.is_open()) {
        self->write(std::move(text));
      }
    };
    try {
      server->handler(std::get<Request>(parsed), std::move(reply));
    } catch (const std::exception& error) {
      log::error(std::string("a request could not be answered: ") + error.what());
      write(refusal_line({"not_possible", "the sensor could not answer this"}));
    }
  }

  void write(std::string text) {
    sent_ = std::move(text);
    sent_.push_back('\n');
    expect_within(limits_.write_max);
    asio::async_write(socket_, asio::buffer(sent_),
                      [self = shared_from_this()](error_code error, std::size_t) {
                        if (error || self->closing_) return self->close();
                        self->sent_ = {};
                        self->next();
                      });
  }

  void expect_within(std::chrono::milliseconds time) {
    timer_.expires_after(time);
    timer_.async_wait([weak = weak_from_this()](error_code error) {
      const auto self = weak.lock();
      if (error || !self) return;
      // The timer may have been set anew while this was on its way.
      if (self->timer_.expiry() <= asio::steady_timer::clock_type::now()) self->close();
    });
  }

  std::weak_ptr<State> server_;
  Protocol::socket socket_;
  asio::steady_timer timer_;
  const ServerLimits limits_;
  std::array<char, kReadBytes> chunk_{};
  std::string received_;
  std::size_t searched_ = 0;  ///< of `received_`: no newline up to here
  std::string sent_;
  bool closing_ = false;  ///< once the answer is written
};

void Server::State::accept() {
  acceptor.async_accept([weak = weak_from_this()](error_code error, Protocol::socket socket) {
    const auto self = weak.lock();
    if (!self || error == asio::error::operation_aborted) return;
    if (!error) {
      self->admit(std::move(socket));
      return self->accept();
    }
    // Without a pause, a process without free descriptors would do nothing but try.
    self->pause.expires_after(self->limits.accept_pause);
    self->pause.async_wait([weak](error_code cancelled) {
      const auto waiting = weak.lock();
      if (waiting && !cancelled) waiting->accept();
    });
  });
}

void Server::State::admit(Protocol::socket socket) {
  error_code error;
  socket.non_blocking(true, error);
  if (error) return;
  // Twice as many may be there for a moment: those that are being sent away.
  if (clients.size() >= 2 * limits.client_count_max) return;
  const bool room = clients.size() < limits.client_count_max;
  const auto client = std::make_shared<Client>(weak_from_this(), std::move(socket), limits);
  clients.insert(client);
  room ? client->start() : client->turn_away();
}

void Server::State::close() {
  error_code ignored;
  acceptor.close(ignored);
  pause.cancel();
  const auto leaving = std::exchange(clients, {});
  for (const auto& client : leaving) client->close();
}

Server::Server(int listening_fd, Handler handler, ServerLimits limits)
    : state_(std::make_shared<State>(listening_fd, std::move(handler), limits)) {
  state_->accept();
}

Server::~Server() {
  state_->close();
  // Handlers that were cancelled hold their clients, and these their sockets.
  state_->context.restart();
  state_->context.poll();
}

void Server::poll() {
  if (state_->context.stopped()) state_->context.restart();
  // A client that asks as fast as it is answered must not keep control from its rings.
  for (unsigned step = 0; step < kStepsPerPoll && state_->context.poll_one() != 0; ++step) {
  }
}

std::size_t Server::client_count() const { return state_->clients.size(); }

}  // namespace shakedown::serve
