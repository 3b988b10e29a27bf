// SPDX-License-Identifier: Apache-2.0
#include "doctor/interface_facts.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace shakedown::doctor {
namespace {

/// Questions about one interface.
class Question {
 public:
  explicit Question(const std::string& name)
      : socket_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)), name_(name) {}
  ~Question() {
    if (socket_ >= 0) close(socket_);
  }
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;

  [[nodiscard]] bool ask(unsigned long what) {
    prepare();
    return ioctl(socket_, what, &request) == 0;
  }
  /// `answer` begins with the number of the ethtool command.
  template <class Answer>
  [[nodiscard]] bool ask_ethtool(Answer& answer) {
    prepare();
    request.ifr_data = reinterpret_cast<char*>(&answer);
    return ioctl(socket_, SIOCETHTOOL, &request) == 0;
  }

  ifreq request{};

 private:
  void prepare() {
    std::memset(&request, 0, sizeof request);
    std::copy_n(name_.begin(), std::min(name_.size(), sizeof request.ifr_name - 1),
                request.ifr_name);
  }

  int socket_;
  const std::string& name_;
};

void add_driver_facts(Question& question, InterfaceFacts& facts) {
  ethtool_value gro{ETHTOOL_GGRO, 0};
  facts.gro = question.ask_ethtool(gro) && gro.data != 0;
  ethtool_value flags{ETHTOOL_GFLAGS, 0};
  facts.lro = question.ask_ethtool(flags) && (flags.data & ETH_FLAG_LRO) != 0;
  ethtool_ringparam ring{};
  ring.cmd = ETHTOOL_GRINGPARAM;
  if (question.ask_ethtool(ring)) {
    facts.ring = ring.rx_pending;
    facts.ring_max = ring.rx_max_pending;
  }
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  if (question.ask_ethtool(channels)) {
    facts.queues = std::max(channels.combined_count + channels.rx_count, 1u);
  }
  ethtool_drvinfo driver{};
  driver.cmd = ETHTOOL_GDRVINFO;
  if (question.ask_ethtool(driver)) {
    facts.driver.assign(driver.driver, strnlen(driver.driver, sizeof driver.driver));
  }
}

std::string xdp_program_of(unsigned interface_index) {
  std::uint32_t id = 0;
  if (bpf_xdp_query_id(static_cast<int>(interface_index), 0, &id) != 0 || id == 0) return {};
  bpf_prog_info info{};
  std::uint32_t size = sizeof info;
  const int program = bpf_prog_get_fd_by_id(id);
  const bool known = program >= 0 && bpf_obj_get_info_by_fd(program, &info, &size) == 0;
  if (program >= 0) close(program);
  return known ? info.name : "number " + std::to_string(id);
}

}  // namespace

std::optional<InterfaceFacts> look_at_interface(const std::string& name) {
  Question question(name);
  if (!question.ask(SIOCGIFFLAGS)) return std::nullopt;
  InterfaceFacts facts;
  const auto flags = static_cast<unsigned short>(question.request.ifr_flags);
  facts.index = if_nametoindex(name.c_str());
  facts.xdp_program = xdp_program_of(facts.index);
  facts.up = (flags & IFF_UP) != 0;
  facts.running = (flags & IFF_RUNNING) != 0;
  facts.ethernet =
      question.ask(SIOCGIFHWADDR) && question.request.ifr_hwaddr.sa_family == ARPHRD_ETHER;
  if (question.ask(SIOCGIFMTU)) facts.mtu = static_cast<unsigned>(question.request.ifr_mtu);
  add_driver_facts(question, facts);
  return facts;
}

std::string names_of_interfaces() {
  std::string list;
  struct if_nameindex* const names = if_nameindex();
  for (auto* name = names; name != nullptr && name->if_name != nullptr; ++name) {
    if (std::strcmp(name->if_name, "lo") == 0) continue;
    list.append(list.empty() ? "" : ", ").append(name->if_name);
  }
  if (names != nullptr) if_freenameindex(names);
  return list;
}

}  // namespace shakedown::doctor
