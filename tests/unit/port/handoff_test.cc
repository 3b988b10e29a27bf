// SPDX-License-Identifier: Apache-2.0
#include "handoff.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "segment.h"

namespace shakedown {
namespace {

/// Receives one hand-over without waiting; -1 when there is none.
int receive_descriptor(int socket) {
  char letter = 0;
  iovec data{.iov_base = &letter, .iov_len = 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != 1 || letter != 'S') return -1;
  const cmsghdr* const part = CMSG_FIRSTHDR(&message);
  int descriptor = -1;
  if (part != nullptr) std::memcpy(&descriptor, CMSG_DATA(part), sizeof descriptor);
  return descriptor;
}

bool receives_segment(int socket, const Segment& segment) {
  const int descriptor = receive_descriptor(socket);
  struct stat received {};
  struct stat sent {};
  const bool same = descriptor >= 0 && fstat(descriptor, &received) == 0 &&
                    fstat(segment.descriptor(), &sent) == 0 && received.st_ino == sent.st_ino &&
                    received.st_size == sent.st_size;
  if (descriptor >= 0) close(descriptor);
  return same;
}

class Handoff : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(segment_.create({.worker_count = 1}), "");
    server_ = std::make_unique<HandoffServer>(segment_.descriptor());
    std::string folder = testing::TempDir() + "handoffXXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    path_ = folder_ + "/control";
  }
  void TearDown() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }

  /// The far end of a socketpair whose near end the server has.
  int inherit() {
    std::array<int, 2> ends{};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
    EXPECT_EQ(server_->use_inherited(ends[0]), "");
    return ends[1];
  }

  int connect_to_server() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(path_.begin(), path_.end(), address.sun_path);
    const int peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(peer, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
      return peer;
    }
    close(peer);
    return -1;
  }

  bool server_has_work() {
    pollfd watched{server_->descriptor(), POLLIN, 0};
    return poll(&watched, 1, 1000) == 1;
  }

  Segment segment_;
  std::unique_ptr<HandoffServer> server_;
  std::string folder_;
  std::string path_;
};

TEST_F(Handoff, GivesTheSegmentOverAnInheritedSocketAtOnce) {
  const int control = inherit();
  EXPECT_TRUE(receives_segment(control, segment_));
  EXPECT_EQ(receive_descriptor(control), -1);
  close(control);
}

TEST_F(Handoff, GivesItAgainWhenAsked) {
  const int control = inherit();
  EXPECT_TRUE(receives_segment(control, segment_));
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(send(control, "?", 1, 0), 1);
    ASSERT_TRUE(server_has_work());
    server_->turn();
    EXPECT_TRUE(receives_segment(control, segment_));
  }
  close(control);
}

TEST_F(Handoff, NoticesThatTheInheritedPeerHasGone) {
  const int control = inherit();
  EXPECT_EQ(server_->peer_count(), 1u);
  close(control);
  ASSERT_TRUE(server_has_work());
  server_->turn();
  EXPECT_EQ(server_->peer_count(), 0u);
}

TEST_F(Handoff, SurvivesAPeerThatWentBeforeTheHandOver) {
  std::array<int, 2> ends{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
  close(ends[1]);
  EXPECT_EQ(server_->use_inherited(ends[0]), "");
  EXPECT_EQ(server_->peer_count(), 0u);
}

TEST_F(Handoff, RefusesAnInheritedDescriptorThatIsNoSocket) {
  EXPECT_NE(server_->use_inherited(segment_.descriptor()), "");
  EXPECT_NE(server_->use_inherited(-1), "");
  EXPECT_NE(server_->use_inherited(100'000), "");
}

TEST_F(Handoff, GivesTheSegmentToEachThatConnects) {
  ASSERT_EQ(server_->listen_at(path_), "");
  for (int i = 0; i < 3; ++i) {
    const int control = connect_to_server();
    ASSERT_GE(control, 0);
    ASSERT_TRUE(server_has_work());
    server_->turn();
    EXPECT_TRUE(receives_segment(control, segment_));
    close(control);
    ASSERT_TRUE(server_has_work());
    server_->turn();
    EXPECT_EQ(server_->peer_count(), 0u);
  }
}

TEST_F(Handoff, HangsUpOnMoreThanItServes) {
  ASSERT_EQ(server_->listen_at(path_), "");
  std::vector<int> controls;
  for (unsigned i = 0; i <= kPeerCountMax; ++i) {
    controls.push_back(connect_to_server());
    ASSERT_GE(controls.back(), 0);
    ASSERT_TRUE(server_has_work());
    server_->turn();
  }
  EXPECT_EQ(server_->peer_count(), kPeerCountMax);
  EXPECT_TRUE(receives_segment(controls.front(), segment_));
  EXPECT_EQ(receive_descriptor(controls.back()), -1);
  for (const int control : controls) close(control);
}

TEST_F(Handoff, LetsOnlyThisUserConnect) {
  ASSERT_EQ(server_->listen_at(path_), "");
  struct stat status {};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(Handoff, RemovesItsSocketFile) {
  ASSERT_EQ(server_->listen_at(path_), "");
  EXPECT_TRUE(std::filesystem::exists(path_));
  server_.reset();
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(Handoff, LeavesAFileThatSomebodyElsePutThere) {
  ASSERT_EQ(server_->listen_at(path_), "");
  std::filesystem::rename(path_, path_ + ".old");
  std::ofstream(path_) << "mine";
  server_.reset();
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(Handoff, ReplacesASocketFileThatACrashLeft) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(path_.begin(), path_.end(), address.sun_path);
  const int dead = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(bind(dead, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  close(dead);
  ASSERT_TRUE(std::filesystem::exists(path_));
  EXPECT_EQ(server_->listen_at(path_), "");
}

TEST_F(Handoff, RefusesTheSocketOfAnotherDataPlane) {
  ASSERT_EQ(server_->listen_at(path_), "");
  HandoffServer second(segment_.descriptor());
  EXPECT_EQ(second.listen_at(path_), "another data plane listens at " + path_);
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(Handoff, RefusesAFileThatIsNoSocket) {
  std::ofstream(path_) << "precious";
  EXPECT_EQ(server_->listen_at(path_), path_ + " is there already and is not a socket");
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(Handoff, RefusesNamesThatDoNotFitAnAddress) {
  constexpr std::size_t room = sizeof(sockaddr_un::sun_path);
  EXPECT_NE(server_->listen_at(""), "");
  EXPECT_NE(server_->listen_at(std::string(room, 'x')), "");
}

}  // namespace
}  // namespace shakedown
