// SPDX-License-Identifier: Apache-2.0
#include "filter_run.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "flow/flow_key.h"

namespace shakedown::port {
namespace {

constexpr std::uint32_t kFirst = 0;

/// Once for the process: what is attached to loopback there, the machine never sees.
int enter_namespace() {
  static const int error = unshare(CLONE_NEWNET) == 0 ? 0 : errno;
  return error;
}

}  // namespace

bool Verdict::is_tcp() const {
  switch (reason) {
    case PortCounter::passed_tcp_control:
    case PortCounter::passed_undecided:
    case PortCounter::passed_tls_like:
    case PortCounter::dropped_decided:
    case PortCounter::dropped_ack:
      return true;
    default:
      return false;
  }
}

XdpFilterOptions traced() {
  XdpFilterOptions options;
  options.flow_capacity = 4096;
  options.traces = true;
  return options;
}

FilterRun::FilterRun() { libbpf_set_print(nullptr); }

FilterRun::~FilterRun() {
  filter_.close();
  if (program_ >= 0) bpf_xdp_detach(static_cast<int>(kLoopback), XDP_FLAGS_SKB_MODE, nullptr);
  bpf_object__close(object_);
}

std::string FilterRun::refusal() {
  if (geteuid() != 0) return "loading programs into the kernel needs root";
  if (const int error = enter_namespace(); error != 0) {
    return std::string("no network namespace: ") + std::strerror(error);
  }
  const FileDescriptor map(
      bpf_map_create(BPF_MAP_TYPE_ARRAY, "trial", sizeof(std::uint32_t), 8, 1, nullptr));
  return map.is_open() ? "" : std::string("no rights to use BPF: ") + std::strerror(errno);
}

std::string FilterRun::attach(bool with_socket) {
  if (std::string error = filter_.prepare(); !error.empty()) return error;
  object_ = bpf_object__open_file(filter_.program_path().c_str(), nullptr);
  if (object_ == nullptr) return std::string("open: ") + std::strerror(errno);
  if (bpf_object__load(object_) != 0) return std::string("load: ") + std::strerror(errno);
  program_ = bpf_program__fd(bpf_object__next_program(object_, nullptr));
  counters_ = bpf_object__find_map_fd_by_name(object_, SHAKEDOWN_XDP_MAP_COUNTERS);
  trace_ = bpf_object__find_map_fd_by_name(object_, SHAKEDOWN_XDP_MAP_TRACE);
  const int sockets = bpf_object__find_map_fd_by_name(object_, SHAKEDOWN_XDP_MAP_SOCKETS);
  socket_ = FileDescriptor(socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0));
  const int descriptor = socket_.get();
  if (with_socket && bpf_map_update_elem(sockets, &kFirst, &descriptor, BPF_ANY) != 0) {
    return std::string("socket: ") + std::strerror(errno);
  }
  const int error =
      bpf_xdp_attach(static_cast<int>(kLoopback), program_, XDP_FLAGS_SKB_MODE, nullptr);
  return error == 0 ? "" : std::string("attach: ") + std::strerror(-error);
}

std::string FilterRun::adopt(const XdpFilterOptions& options) {
  return filter_.adopt(kLoopback, "lo", options);
}

XdpCounts FilterRun::raw_counts() const {
  XdpCounts sum{};
  std::vector<bpf::XdpCounters> per_cpu(static_cast<std::size_t>(libbpf_num_possible_cpus()));
  bpf_map_lookup_elem(counters_, &kFirst, per_cpu.data());
  for (const bpf::XdpCounters& counters : per_cpu) {
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += counters.values[i];
  }
  return sum;
}

Verdict FilterRun::run(shakedown::Bytes frame) {
  std::vector<std::uint8_t> copy(frame.begin(), frame.end());
  bpf_test_run_opts options{};
  options.sz = sizeof options;
  options.data_in = copy.data();
  options.data_size_in = static_cast<std::uint32_t>(copy.size());
  options.repeat = 1;
  if (bpf_prog_test_run_opts(program_, &options) != 0) return {};
  ++run_count_;
  Verdict verdict;
  verdict.redirected = options.retval == XDP_REDIRECT;
  verdict.dropped = options.retval == XDP_DROP;
  const XdpCounts after = raw_counts();
  std::uint64_t counted = 0;
  for (std::size_t i = 0; i < after.size(); ++i) {
    if (after[i] != before_[i]) verdict.reason = static_cast<PortCounter>(i);
    counted += after[i] - before_[i];
  }
  before_ = after;
  // Exactly one counter, by one.
  if (counted != 1) verdict.reason = PortCounter::end_of_list;
  bpf_map_lookup_elem(trace_, &kFirst, &verdict.trace);
  return verdict;
}

ShuntRequest request_for(const packet::PacketView& view) {
  return {flow::key_of(view).key, view.family, 0};
}

}  // namespace shakedown::port
