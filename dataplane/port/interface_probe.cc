// SPDX-License-Identifier: Apache-2.0
#include "port/interface_probe.h"

#include <linux/capability.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "port/capture_probe.h"
#include "port/card_probe.h"

namespace shakedown::port {
namespace {

/// af_packet's rings and af_xdp's buffers are locked into memory.
constexpr rlim_t kLockedBytes = 128 * 1024 * 1024;

struct Capability {
  unsigned number;
  const char* name;
};

/// Asks the kernel about one interface by its name.
class Question {
 public:
  explicit Question(const std::string& name)
      : socket_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)), name_(name) {}

  [[nodiscard]] bool ask(unsigned long what) {
    std::memset(&request, 0, sizeof request);
    std::copy(name_.begin(), name_.end(), request.ifr_name);
    return ioctl(socket_.get(), what, &request) == 0;
  }
  /// `answer` begins with the number of the ethtool command.
  template <class Answer>
  [[nodiscard]] bool ask_ethtool(Answer& answer) {
    std::memset(&request, 0, sizeof request);
    std::copy(name_.begin(), name_.end(), request.ifr_name);
    request.ifr_data = reinterpret_cast<char*>(&answer);
    return ioctl(socket_.get(), SIOCETHTOOL, &request) == 0;
  }

  ifreq request{};

 private:
  FileDescriptor socket_;
  const std::string& name_;
};

InterfaceResult refuse(InterfaceStatus status, std::string sentence) {
  return {status, {}, std::move(sentence)};
}

/// " (there are eth0, eth1)"
std::string list_of_interfaces() {
  constexpr unsigned kShownMax = 8;
  std::string list;
  struct if_nameindex* const names = if_nameindex();
  unsigned count = 0;
  for (auto* name = names; name != nullptr && name->if_name != nullptr; ++name) {
    if (std::strcmp(name->if_name, "lo") == 0) continue;
    if (++count > kShownMax) continue;
    list.append(list.empty() ? " (there are " : ", ").append(name->if_name);
  }
  if (names != nullptr) if_freenameindex(names);
  if (list.empty()) return list;
  return list + (count > kShownMax ? ", ...)" : ")");
}

std::uint64_t effective_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
  if (syscall(SYS_capget, &header, data.data()) != 0) return ~std::uint64_t{0};
  return data[0].effective | static_cast<std::uint64_t>(data[1].effective) << 32;
}

bool may_lock_memory() {
  rlimit limit{};
  if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0) return true;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_MEMLOCK, &limit);
  return limit.rlim_max == RLIM_INFINITY || limit.rlim_max >= kLockedBytes;
}

/// "CAP_NET_RAW and CAP_NET_ADMIN"; empty when nothing is missing.
std::string missing_rights(PortDriver driver) {
  std::vector<Capability> needed = {{CAP_NET_RAW, "CAP_NET_RAW"}, {CAP_NET_ADMIN, "CAP_NET_ADMIN"}};
  if (driver == PortDriver::tap) needed.erase(needed.begin());
  // More than loading a program takes: the kernel wants it of whoever looks for the one of an
  // interface by its number, as the driver, its guard and the filter do.
  if (driver == PortDriver::af_xdp) needed.push_back({CAP_SYS_ADMIN, "CAP_SYS_ADMIN"});
  if (driver != PortDriver::tap && !may_lock_memory())
    needed.push_back({CAP_IPC_LOCK, "CAP_IPC_LOCK"});
  const std::uint64_t owned = effective_capabilities();
  std::string missing;
  for (const Capability& capability : needed) {
    const bool has = (owned >> capability.number & 1) != 0;
    if (!has) missing.append(missing.empty() ? "" : ", ").append(capability.name);
  }
  if (const auto comma = missing.rfind(", "); comma != std::string::npos) {
    missing.replace(comma, 2, " and ");
  }
  return missing;
}

/// All zero when the interface has no such thing, and then one queue.
ethtool_channels channels_of(Question& question) {
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  return question.ask_ethtool(channels) ? channels : ethtool_channels{};
}

/// Whether the interface puts segments together before we see them.
bool merges_segments(Question& question) {
  ethtool_value generic{ETHTOOL_GGRO, 0};
  ethtool_value flags{ETHTOOL_GFLAGS, 0};
  return (question.ask_ethtool(generic) && generic.data != 0) ||
         (question.ask_ethtool(flags) && (flags.data & ETH_FLAG_LRO) != 0);
}

void add_warnings(Question& question, unsigned flags, Interface& interface) {
  const std::string& name = interface.spec.name.interface;
  if ((flags & IFF_RUNNING) == 0) {
    interface.warnings.push_back(name + " has no carrier; nothing is read before it has one");
  }
  if (interface.spec.name.driver == PortDriver::af_packet && merges_segments(question)) {
    interface.warnings.push_back(name +
                                 " puts segments together (GRO), and what is longer than 1982 "
                                 "bytes is cut; turn it off: ethtool -K " +
                                 name + " gro off lro off");
  }
}

/// af_xdp must read all queues: what comes to another one would be lost.
std::string take_queues(Question& question, Interface& interface) {
  const std::string& name = interface.spec.name.interface;
  const ethtool_channels channels = channels_of(question);
  // DPDK's driver takes an interface whose queues only receive for one with a single queue.
  if (channels.max_combined == 0 && channels.rx_count > 1) {
    return "interface " + name + " receives with " + std::to_string(channels.rx_count) +
           " queues that do not send, of which af_xdp can read one; use one: ethtool -L " + name +
           " rx 1";
  }
  const unsigned count = std::max(channels.combined_count + channels.rx_count, 1u);
  const unsigned wanted = interface.spec.queues.value_or(count);
  if (wanted != count || count > kQueueCountMax) {
    return "interface " + name + " receives with " + std::to_string(count) + " queues, and " +
           std::to_string(std::min(wanted, kQueueCountMax)) +
           (wanted == count ? " can be read" : " are to be read") + "; change that: ethtool -L " +
           name + " combined " + std::to_string(std::min(wanted, kQueueCountMax));
  }
  interface.queue_count = count;
  return {};
}

InterfaceResult probe_tap(const PortSpec& spec, unsigned worker_count) {
  const std::string& name = spec.name.interface;
  if (if_nametoindex(name.c_str()) != 0) {
    return refuse(InterfaceStatus::exists,
                  "there is an interface " + name +
                      " already, and tap makes its own; take another name, or remove that one: ip "
                      "link del " +
                      name);
  }
  constexpr const char* kDevice = "/dev/net/tun";
  if (access(kDevice, F_OK) != 0) {
    return refuse(InterfaceStatus::missing,
                  "there is no /dev/net/tun to make a TAP with; load it: modprobe tun");
  }
  const std::string missing = missing_rights(PortDriver::tap);
  if (!missing.empty() || access(kDevice, R_OK | W_OK) != 0) {
    return refuse(InterfaceStatus::no_rights,
                  spec.name.text() +
                      " needs CAP_NET_ADMIN and /dev/net/tun; run it as root, or "
                      "grant them to the program with setcap");
  }
  InterfaceResult result;
  result.interface.spec = spec;
  result.interface.queue_count = spec.queues.value_or(std::min(worker_count, kTapQueueCountMax));
  return result;
}

InterfaceResult probe_kernel_interface(const PortSpec& spec) {
  const PortName& port = spec.name;
  const std::string& name = port.interface;
  Question question(name);
  if (!question.ask(SIOCGIFINDEX)) {
    if (errno != ENODEV) {
      return refuse(InterfaceStatus::unreadable,
                    "cannot look at interface " + name + ": " + std::strerror(errno));
    }
    return refuse(InterfaceStatus::missing, "there is no interface " + name + list_of_interfaces());
  }
  InterfaceResult result;
  result.interface.spec = spec;
  result.interface.memory_node = node_of_device("/sys/class/net/" + name + "/device");
  result.interface.index = static_cast<unsigned>(question.request.ifr_ifindex);
  if (!question.ask(SIOCGIFHWADDR) || question.request.ifr_hwaddr.sa_family != ARPHRD_ETHER) {
    return refuse(InterfaceStatus::not_ethernet,
                  "interface " + name +
                      " does not carry Ethernet, which is all that can be read live so far");
  }
  if (!question.ask(SIOCGIFFLAGS)) {
    return refuse(InterfaceStatus::unreadable,
                  "cannot look at interface " + name + ": " + std::strerror(errno));
  }
  const auto flags = static_cast<unsigned short>(question.request.ifr_flags);
  if ((flags & IFF_UP) == 0) {
    return refuse(InterfaceStatus::down,
                  "interface " + name + " is down; bring it up: ip link set " + name + " up");
  }
  result.interface.promiscuous = (flags & IFF_PROMISC) != 0;
  if (const std::string missing = missing_rights(port.driver); !missing.empty()) {
    return refuse(InterfaceStatus::no_rights,
                  port.text() + " needs " + missing +
                      "; run it as root, or grant them to the program with setcap");
  }
  if (port.driver == PortDriver::af_xdp) {
    std::string error = take_queues(question, result.interface);
    if (!error.empty()) return refuse(InterfaceStatus::bad_queues, std::move(error));
  }
  add_warnings(question, flags, result.interface);
  return result;
}

}  // namespace

InterfaceResult probe_interface(const PortSpec& spec, unsigned worker_count) {
  if (is_card(spec.name.driver)) return probe_card(spec, worker_count);
  if (spec.name.driver == PortDriver::tap) return probe_tap(spec, worker_count);
  return probe_kernel_interface(spec);
}

bool interface_exists(const Interface& interface) {
  if (interface.index == 0) return true;
  // By its number: it may have got another name since.
  std::array<char, IF_NAMESIZE> name{};
  return if_indextoname(interface.index, name.data()) != nullptr;
}

}  // namespace shakedown::port
