// SPDX-License-Identifier: Apache-2.0
#include "port/xdp_guard.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <xdp/libxdp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "port/xdp_filter.h"

namespace shakedown::port {
namespace {

/// The name of the program that libxdp attaches for AF_XDP sockets.
constexpr std::string_view kSocketProgram = "xsk_def_prog";

bool& is_shown() {
  static bool shown = false;
  return shown;
}

std::string& kept_warning() {
  static std::string warning;
  return warning;
}

[[gnu::format(printf, 2, 0)]] int keep(bool is_warning, const char* format, va_list arguments) {
  std::array<char, 512> text{};
  const int size = std::vsnprintf(text.data(), text.size(), format, arguments);
  if (is_shown()) std::fputs(text.data(), stderr);
  if (!is_warning) return size;
  std::string_view line(text.data());
  while (!line.empty() && line.back() == '\n') line.remove_suffix(1);
  if (!line.empty()) kept_warning().assign(line);
  return size;
}

[[gnu::format(printf, 2, 0)]] int keep_of_libbpf(libbpf_print_level level, const char* format,
                                                 va_list arguments) {
  if (level == LIBBPF_DEBUG) return 0;
  return keep(level == LIBBPF_WARN, format, arguments);
}

[[gnu::format(printf, 2, 0)]] int keep_of_libxdp(libxdp_print_level level, const char* format,
                                                 va_list arguments) {
  if (level == LIBXDP_DEBUG) return 0;
  return keep(level == LIBXDP_WARN, format, arguments);
}

/// A name in the interface's own network namespace that one process can hold at a time.
FileDescriptor hold_name(unsigned interface_index) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = "shakedown-af_xdp-" + std::to_string(interface_index);
  // The NUL in front makes it a name without a file.
  std::copy(name.begin(), name.end(), address.sun_path + 1);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  FileDescriptor holder(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (bind(holder.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0) return holder;
  return {};
}

/// Empty when the program cannot be looked at.
std::string name_of_program(std::uint32_t id) {
  const FileDescriptor program(bpf_prog_get_fd_by_id(id));
  if (!program.is_open()) return {};
  bpf_prog_info info{};
  std::uint32_t size = sizeof info;
  if (bpf_obj_get_info_by_fd(program.get(), &info, &size) != 0) return {};
  return info.name;
}

}  // namespace

std::string XdpGuard::take(Interface& interface) {
  const std::string& name = interface.spec.name.interface;
  const int index = static_cast<int>(interface.index);
  FileDescriptor holder = hold_name(interface.index);
  if (!holder.is_open()) return "another data plane reads " + name + " through af_xdp";
  std::uint32_t id = 0;
  if (const int error = bpf_xdp_query_id(index, 0, &id); error != 0) {
    return "cannot ask for XDP programs of " + name + ": " + std::strerror(-error);
  }
  if (id != 0) {
    const std::string program = name_of_program(id);
    if (program != kSocketProgram && !is_filter_program(program)) {
      return "interface " + name + " has an XDP program of its own (" +
             (program.empty() ? "number " + std::to_string(id) : program) +
             "); use af_packet:" + name + ", or remove it: ip link set " + name + " xdp off";
    }
    if (const int error = bpf_xdp_detach(index, 0, nullptr); error != 0) {
      return "cannot remove the XDP program that a killed process left at " + name + ": " +
             std::strerror(-error);
    }
    interface.warnings.push_back(
        name + " still had the XDP program of a process that was killed; it was replaced");
  }
  name_ = std::move(holder);
  return {};
}

void quiet_xdp_libraries(bool shown) {
  is_shown() = shown;
  libbpf_set_print(keep_of_libbpf);
  libxdp_set_print(keep_of_libxdp);
  // libxdp's dispatcher lets several programs share an interface; it would be pinned as a file,
  // which a crash would leave behind.
  setenv("LIBXDP_SKIP_DISPATCHER", "1", 1);
}

const std::string& last_xdp_warning() { return kept_warning(); }

}  // namespace shakedown::port
