// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "serve/server.h"
#include "serve_client.h"

namespace shakedown::serve {
namespace {

using test::SocketClient;
using testing::HasSubstr;
using namespace std::chrono_literals;

/// Answers with the name of the command.
class ServerTest : public testing::Test {
 protected:
  void start(ServerLimits limits = {}) {
    server_ = std::make_unique<Server>(
        listening_.fd(),
        [this](const Request& request, Server::Reply reply) {
          ++request_count_;
          if (answer_later_) {
            kept_.push_back(std::move(reply));
          } else {
            reply(answer_.empty() ? std::string(command_name(request)) : answer_);
          }
        },
        limits);
  }
  std::function<void()> serve() {
    return [this] { server_->poll(); };
  }
  void serve_for(std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) {
      server_->poll();
      std::this_thread::sleep_for(1ms);
    }
  }

  test::ListeningSocket listening_;
  std::unique_ptr<Server> server_;
  std::string answer_;
  bool answer_later_ = false;
  std::vector<Server::Reply> kept_;
  int request_count_ = 0;
};

TEST_F(ServerTest, AnswersOneRequestAfterTheOther) {
  start();
  SocketClient client(listening_);
  for (const std::string name : {"status", "ports", "status"}) {
    client.say(request_line(name) + "\n");
    EXPECT_EQ(client.hear(serve()), name);
  }
}

TEST_F(ServerTest, AnswersRequestsThatComeAtOnceInTheirOrder) {
  start();
  SocketClient client(listening_);
  client.say("{\"command\":\"status\"}\n{\"command\":\"queues\"}\n{\"command\":");
  EXPECT_EQ(client.hear(serve()), "status");
  EXPECT_EQ(client.hear(serve()), "queues");
  client.say("\"ports\"}\n");
  EXPECT_EQ(client.hear(serve()), "ports");
}

TEST_F(ServerTest, TakesARequestInPiecesOfOneByte) {
  start();
  SocketClient client(listening_);
  for (const char letter : request_line("counters") + "\n") {
    client.say({&letter, 1});
    server_->poll();
  }
  EXPECT_EQ(client.hear(serve()), "counters");
}

TEST_F(ServerTest, GoesOnAfterARequestThatIsNone) {
  start();
  SocketClient client(listening_);
  client.say("hello\n");
  EXPECT_THAT(client.hear(serve()).value(), HasSubstr("\"ok\":false"));
  client.say(request_line("status") + "\n");
  EXPECT_EQ(client.hear(serve()), "status");
  EXPECT_EQ(request_count_, 1);
}

TEST_F(ServerTest, AnswersAClientThatWillSayNoMore) {
  start();
  SocketClient client(listening_);
  client.say(request_line("status") + "\n");
  client.say_no_more();
  EXPECT_EQ(client.hear(serve()), "status");
  EXPECT_EQ(client.hear(serve()), std::nullopt);
  EXPECT_EQ(server_->client_count(), 0u);
}

TEST_F(ServerTest, EndsWithAClientThatSendsTooMuchWithoutANewline) {
  start();
  SocketClient client(listening_);
  std::size_t sent = 0;
  while (sent <= kRequestBytesMax) {
    sent += client.say(std::string(4096, 'x'));
    server_->poll();
  }
  EXPECT_THAT(client.hear(serve()).value(), HasSubstr("too_large"));
  EXPECT_EQ(client.hear(serve()), std::nullopt);
  EXPECT_EQ(server_->client_count(), 0u);
  EXPECT_EQ(request_count_, 0);
}

TEST_F(ServerTest, SendsAwayWhoComesWhenAllPlacesAreTaken) {
  start({.client_count_max = 2});
  SocketClient first(listening_);
  SocketClient second(listening_);
  serve_for(5ms);
  EXPECT_EQ(server_->client_count(), 2u);
  SocketClient third(listening_);
  EXPECT_THAT(third.hear(serve()).value(), HasSubstr("too many others"));
  EXPECT_EQ(third.hear(serve()), std::nullopt);
  first.leave();
  serve_for(5ms);
  SocketClient fourth(listening_);
  fourth.say(request_line("status") + "\n");
  EXPECT_EQ(fourth.hear(serve()), "status");
}

TEST_F(ServerTest, EndsWithClientsThatAskNothing) {
  start({.idle_max = 20ms});
  SocketClient client(listening_);
  EXPECT_EQ(client.hear(serve()), std::nullopt);
  EXPECT_EQ(server_->client_count(), 0u);
}

TEST_F(ServerTest, WaitsForAnAnswerHoweverLongItTakes) {
  start({.idle_max = 20ms});
  answer_later_ = true;
  SocketClient client(listening_);
  client.say(request_line("reload") + "\n");
  serve_for(60ms);
  ASSERT_EQ(kept_.size(), 1u);
  kept_[0]("done");
  EXPECT_EQ(client.hear(serve()), "done");
}

TEST_F(ServerTest, IsNotHeldUpByAClientThatDoesNotRead) {
  start({.write_max = 50ms});
  answer_ = std::string(4u << 20, 'a');
  SocketClient slow(listening_);
  slow.say(request_line("counters") + "\n");
  serve_for(10ms);
  answer_.clear();
  SocketClient quick(listening_);
  quick.say(request_line("status") + "\n");
  EXPECT_EQ(quick.hear(serve()), "status");
  EXPECT_EQ(server_->client_count(), 2u);
  serve_for(100ms);
  EXPECT_EQ(server_->client_count(), 1u);
}

TEST_F(ServerTest, SendsLargeAnswersWhole) {
  start();
  answer_ = std::string(4u << 20, 'a');
  SocketClient client(listening_);
  client.say(request_line("counters") + "\n");
  EXPECT_EQ(client.hear(serve()).value().size(), answer_.size());
}

TEST_F(ServerTest, DoesNotWorkForOneClientWithoutEnd) {
  start();
  SocketClient client(listening_);
  std::string many;
  for (int i = 0; i < 2000; ++i) many += request_line("status") + "\n";
  client.say(many);
  // One call must come back after a part of them.
  server_->poll();
  EXPECT_LT(request_count_, 100);
  for (int i = 0; i < 2000; ++i) EXPECT_EQ(client.hear(serve()), "status");
}

TEST_F(ServerTest, TakesNoHarmFromAnswersToClientsThatHaveGone) {
  start();
  answer_later_ = true;
  SocketClient client(listening_);
  client.say(request_line("reload") + "\n");
  serve_for(5ms);
  client.leave();
  serve_for(5ms);
  ASSERT_EQ(kept_.size(), 1u);
  kept_[0]("too late");
  serve_for(5ms);
  EXPECT_EQ(server_->client_count(), 0u);
  SocketClient another(listening_);
  another.say(request_line("reload") + "\n");
  serve_for(5ms);
  server_.reset();
  kept_[1]("after the server");
  EXPECT_EQ(another.hear([] {}), std::nullopt);
}

TEST_F(ServerTest, SaysThatAHandlerHasFailed) {
  server_ = std::make_unique<Server>(listening_.fd(), [](const Request&, const Server::Reply&) {
    throw std::runtime_error("out of everything");
  });
  SocketClient client(listening_);
  client.say(request_line("status") + "\n");
  testing::internal::CaptureStderr();
  EXPECT_THAT(client.hear(serve()).value(), HasSubstr("not_possible"));
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("out of everything"));
}

}  // namespace
}  // namespace shakedown::serve
