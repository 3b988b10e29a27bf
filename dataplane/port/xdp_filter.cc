// SPDX-License-Identifier: Apache-2.0
#include "port/xdp_filter.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <filter.skel.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace shakedown::port {
namespace {

static_assert(kXdpCounterCount == bpf::XDP_REASON_COUNT);
static_assert(sizeof(bpf::XdpFlowKey) == sizeof(flow::FlowKey) + 4);
static_assert(sizeof(bpf::XdpCounters) % 8 == 0, "the kernel rounds the share of a processor up");

constexpr std::uint32_t kOnlyElement = 0;
constexpr const char* kBpfFolder = "/sys/fs/bpf";
constexpr const char* kPinFolder = "/sys/fs/bpf/shakedown";
/// Maps of one program that are looked at.
constexpr std::size_t kMapCountMax = 16;

std::string cannot(const std::string& what, int error) {
  return "cannot " + what + ": " + std::strerror(error < 0 ? -error : error);
}

bpf::XdpFlowKey key_of(const ShuntRequest& request) noexcept {
  bpf::XdpFlowKey key{};
  const flow::FlowKey& from = request.key;
  std::memcpy(key.low_address, from.low_address.bytes.data(), sizeof key.low_address);
  std::memcpy(key.high_address, from.high_address.bytes.data(), sizeof key.high_address);
  key.low_port = from.low_port;
  key.high_port = from.high_port;
  key.family = static_cast<std::uint8_t>(request.family);
  return key;
}

/// A folder that nobody but us may look into. Empty on success.
std::string make_private_folder(const std::string& path) {
  if (mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST) return cannot("make " + path, errno);
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return cannot("look at " + path, errno);
  if (!S_ISDIR(status.st_mode) || status.st_uid != geteuid()) {
    return path + " belongs to somebody else";
  }
  // The mode of a folder that was there, or that the umask made narrower.
  return chmod(path.c_str(), S_IRWXU) == 0 ? "" : cannot("close " + path + " to others", errno);
}

void remove_folder(const std::string& path) noexcept {
  DIR* const folder = opendir(path.c_str());
  if (folder == nullptr) return;
  while (const dirent* const entry = readdir(folder)) {
    // Only pins are there; the two names of folders are refused.
    unlinkat(dirfd(folder), entry->d_name, 0);
  }
  closedir(folder);
  rmdir(path.c_str());
}

/// Interfaces of different network namespaces may have the same name.
std::string pin_folder_of(const std::string& interface_name) {
  struct stat status {};
  if (stat("/proc/self/ns/net", &status) != 0) return {};
  std::string name = interface_name;
  // The kernel allows no dot in a pin's path, and no colon in an interface's name.
  std::replace(name.begin(), name.end(), '.', ':');
  return std::string(kPinFolder) + "/" + std::to_string(status.st_ino) + "-" + name;
}

bool is_bpf_file_system(const char* path) {
  struct statfs status {};
  return statfs(path, &status) == 0 && status.f_type == BPF_FS_MAGIC;
}

}  // namespace

bool is_filter_program(const std::string& name) { return name == SHAKEDOWN_XDP_PROGRAM; }

std::string XdpFilter::prepare() {
  std::size_t size = 0;
  const void* const object = xdp_filter_object__elf_bytes(&size);
  FileDescriptor file(memfd_create("shakedown-xdp-filter", MFD_CLOEXEC));
  if (!file.is_open()) return cannot("keep the XDP filter in memory", errno);
  const ssize_t written = ::write(file.get(), object, size);
  if (written < 0) return cannot("keep the XDP filter in memory", errno);
  if (static_cast<std::size_t>(written) != size) return "cannot keep the XDP filter in memory";
  file_ = std::move(file);
  return {};
}

std::string XdpFilter::program_path() const {
  return "/proc/self/fd/" + std::to_string(file_.get());
}

std::string XdpFilter::adopt(unsigned interface_index, const std::string& interface_name,
                             const XdpFilterOptions& options) {
  file_ = FileDescriptor();
  std::string error = find_maps(interface_index);
  if (error.empty()) error = make_flows(options.flow_capacity);
  // Last, because it switches the program on.
  if (error.empty()) error = configure(options);
  if (!error.empty()) {
    close();
    return error;
  }
  pin(interface_name);
  return {};
}

std::string XdpFilter::find_maps(unsigned interface_index) {
  std::uint32_t id = 0;
  const int error = bpf_xdp_query_id(static_cast<int>(interface_index), 0, &id);
  if (error != 0) return cannot("ask for its program", error);
  const FileDescriptor program(bpf_prog_get_fd_by_id(id));
  if (!program.is_open()) return cannot("open its program", errno);
  std::array<std::uint32_t, kMapCountMax> maps{};
  bpf_prog_info info{};
  info.nr_map_ids = maps.size();
  info.map_ids = reinterpret_cast<std::uintptr_t>(maps.data());
  std::uint32_t size = sizeof info;
  if (bpf_obj_get_info_by_fd(program.get(), &info, &size) != 0) {
    return cannot("look at its program", errno);
  }
  if (!is_filter_program(info.name)) return std::string("its program is ") + info.name;
  for (std::size_t i = 0; i < std::min<std::size_t>(info.nr_map_ids, maps.size()); ++i) {
    FileDescriptor map(bpf_map_get_fd_by_id(maps[i]));
    if (!map.is_open()) return cannot("open a map of its program", errno);
    bpf_map_info map_info{};
    size = sizeof map_info;
    if (bpf_obj_get_info_by_fd(map.get(), &map_info, &size) != 0) {
      return cannot("look at a map of its program", errno);
    }
    const std::string_view name = map_info.name;
    if (name == SHAKEDOWN_XDP_MAP_CONFIG) config_ = std::move(map);
    if (name == SHAKEDOWN_XDP_MAP_COUNTERS) counters_ = std::move(map);
    if (name == SHAKEDOWN_XDP_MAP_FLOWS) slot_ = std::move(map);
  }
  return config_.is_open() && counters_.is_open() && slot_.is_open() ? ""
                                                                     : "its program has other maps";
}

std::string XdpFilter::make_flows(std::uint32_t capacity) {
  flows_ =
      FileDescriptor(bpf_map_create(BPF_MAP_TYPE_LRU_HASH, "sd_decided", sizeof(bpf::XdpFlowKey),
                                    sizeof(bpf::XdpFlow), capacity, nullptr));
  if (!flows_.is_open()) return cannot("make its table of decided flows", errno);
  const int flows = flows_.get();
  if (bpf_map_update_elem(slot_.get(), &kOnlyElement, &flows, BPF_ANY) != 0) {
    return cannot("hand its table of decided flows over", errno);
  }
  return {};
}

std::string XdpFilter::configure(const XdpFilterOptions& options) {
  const int processors = libbpf_num_possible_cpus();
  if (processors <= 0) return cannot("count the processors", processors);
  per_cpu_.resize(static_cast<std::size_t>(processors));
  bpf::XdpConfig config{};
  config.version = SHAKEDOWN_XDP_CONFIG_VERSION;
  config.reopened_nanos = options.reopened_nanos;
  const auto treatment = [](bool passes) {
    return static_cast<std::uint8_t>(passes ? bpf::SHAKEDOWN_XDP_PASS : bpf::SHAKEDOWN_XDP_DROP);
  };
  config.tunnels = static_cast<std::uint8_t>(options.tunnels);
  config.fragments = treatment(options.fragments_pass);
  config.quic = treatment(options.quic_passes);
  config.traces = options.traces ? 1 : 0;
  std::copy(options.quic_ports.begin(), options.quic_ports.end(), config.quic_ports);
  if (bpf_map_update_elem(config_.get(), &kOnlyElement, &config, BPF_ANY) != 0) {
    return cannot("configure its program", errno);
  }
  return {};
}

void XdpFilter::pin(const std::string& interface_name) {
  if (!is_bpf_file_system(kBpfFolder)) {
    remark_ = "the maps of the XDP filter are not pinned: " + std::string(kBpfFolder) +
              " is no BPF file system";
    return;
  }
  const std::string folder = pin_folder_of(interface_name);
  remark_ = make_private_folder(kPinFolder);
  if (!remark_.empty()) return;
  // Whoever pinned these is dead, as the interface is ours now.
  remove_folder(folder);
  remark_ = make_private_folder(folder);
  if (!remark_.empty()) return;
  pin_folder_ = folder;
  const auto pin_one = [this](const FileDescriptor& map, const char* name) {
    if (bpf_obj_pin(map.get(), (pin_folder_ + "/" + name).c_str()) != 0 && remark_.empty()) {
      remark_ = cannot("pin the maps of the XDP filter", errno);
    }
  };
  pin_one(config_, "config");
  pin_one(counters_, "counters");
  pin_one(flows_, "flows");
}

void XdpFilter::unpin() noexcept {
  if (pin_folder_.empty()) return;
  remove_folder(pin_folder_);
  pin_folder_.clear();
  // Stays when another sensor has pins in it.
  rmdir(kPinFolder);
}

unsigned XdpFilter::shunt(std::span<const ShuntRequest> requests) noexcept {
  if (!is_active()) return 0;
  unsigned written = 0;
  while (!requests.empty()) {
    const std::size_t count = std::min(requests.size(), keys_.size());
    std::transform(requests.begin(), requests.begin() + static_cast<std::ptrdiff_t>(count),
                   keys_.begin(), key_of);
    written += write(count);
    requests = requests.subspan(count);
  }
  return written;
}

// The first `count` of keys_. A batch that failed in its middle is written again one by one.
unsigned XdpFilter::write(std::size_t count) noexcept {
  if (has_batches_) {
    auto taken = static_cast<std::uint32_t>(count);
    bpf_map_batch_opts options{};
    options.sz = sizeof options;
    if (bpf_map_update_batch(flows_.get(), keys_.data(), values_.data(), &taken, &options) == 0) {
      return taken;
    }
    // Kernels before 5.6 have none.
    has_batches_ = errno == ENOMEM || errno == EBUSY || errno == EAGAIN || errno == E2BIG;
  }
  unsigned written = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (bpf_map_update_elem(flows_.get(), &keys_[i], &values_[i], BPF_ANY) == 0) ++written;
  }
  return written;
}

unsigned XdpFilter::forget(std::span<const ShuntRequest> requests) noexcept {
  if (!is_active()) return 0;
  unsigned forgotten = 0;
  for (const ShuntRequest& request : requests) {
    const bpf::XdpFlowKey key = key_of(request);
    if (bpf_map_delete_elem(flows_.get(), &key) == 0) ++forgotten;
  }
  return forgotten;
}

XdpCounts XdpFilter::counts() noexcept {
  XdpCounts sum{};
  if (!is_active()) return sum;
  if (bpf_map_lookup_elem(counters_.get(), &kOnlyElement, per_cpu_.data()) != 0) return sum;
  for (const bpf::XdpCounters& counters : per_cpu_) {
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += counters.values[i];
  }
  return sum;
}

void XdpFilter::close() noexcept {
  unpin();
  file_ = FileDescriptor();
  config_ = FileDescriptor();
  counters_ = FileDescriptor();
  slot_ = FileDescriptor();
  flows_ = FileDescriptor();
  remark_.clear();
  has_batches_ = true;
}

// The kernel takes all of the table at once: for each flow what it needs to find it in a bucket and in
// the list of the least recently seen, key and value; a bucket of 16 bytes for each, rounded up to a
// power of two; and spare elements for each processor.
std::size_t XdpFilter::budget_bytes(const XdpFilterOptions& options) {
  constexpr std::size_t kElementBytes = 48 + sizeof(bpf::XdpFlowKey) + sizeof(bpf::XdpFlow);
  constexpr std::size_t kBucketBytes = 16;
  constexpr std::size_t kProgramBytes = 128 * 1024;
  const std::size_t capacity = options.flow_capacity;
  return capacity * kElementBytes + std::bit_ceil(capacity) * kBucketBytes + kProgramBytes;
}

}  // namespace shakedown::port
