// SPDX-License-Identifier: Apache-2.0
#include "system_calls.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <initializer_list>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SHAKEDOWN_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define SHAKEDOWN_SANITIZED 1
#endif
#endif

namespace shakedown {
namespace {

/// A filter in the making. Remembers the first thing that went wrong, so that the lists below read
/// as lists.
class Filter {
 public:
  explicit Filter(std::uint32_t unlisted) : context_(seccomp_init(unlisted)) {
    if (context_ == nullptr) error_ = ENOMEM;
  }
  ~Filter() { seccomp_release(context_); }
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  void set(scmp_filter_attr attribute, std::uint32_t value) {
    note(seccomp_attr_set(context_, attribute, value));
  }
  /// Where it is known: what older libraries or kernels do without it is right, only slower.
  void prefer(scmp_filter_attr attribute, std::uint32_t value) {
    if (error_ == 0) static_cast<void>(seccomp_attr_set(context_, attribute, value));
  }
  void allow(std::initializer_list<int> calls) {
    for (const int call : calls) rule(SCMP_ACT_ALLOW, call, {});
  }
  void allow_if(int call, std::initializer_list<scmp_arg_cmp> arguments) {
    rule(SCMP_ACT_ALLOW, call, arguments);
  }
  /// Answered with an error instead of the end of the process: libraries try it and go on without.
  void refuse_if(int call, int error, std::initializer_list<scmp_arg_cmp> arguments) {
    rule(SCMP_ACT_ERRNO(static_cast<std::uint32_t>(error)), call, arguments);
  }
  void load() {
    if (error_ == 0) note(seccomp_load(context_));
  }
  [[nodiscard]] int error() const { return error_; }

 private:
  void rule(std::uint32_t action, int call, std::initializer_list<scmp_arg_cmp> arguments) {
    if (error_ != 0) return;
    note(seccomp_rule_add_array(context_, action, call, static_cast<unsigned>(arguments.size()),
                                arguments.begin()));
  }
  void note(int result) {
    if (error_ == 0 && result < 0) error_ = -result;
  }

  scmp_filter_ctx context_;
  int error_ = 0;
};

scmp_arg_cmp argument(unsigned index, std::uint64_t value) {
  return {index, SCMP_CMP_EQ, value, 0};
}
scmp_arg_cmp masked(unsigned index, std::uint64_t mask, std::uint64_t value) {
  return {index, SCMP_CMP_MASKED_EQ, mask, value};
}

/// Waiting, time, memory, the end: what any program of many threads does.
void allow_living(Filter& filter) {
  filter.allow({SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep), SCMP_SYS(sched_yield),
                SCMP_SYS(futex), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(epoll_wait),
                SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_ctl), SCMP_SYS(restart_syscall)});
  filter.allow({SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(time),
                SCMP_SYS(getrandom), SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getuid),
                SCMP_SYS(geteuid), SCMP_SYS(getcpu), SCMP_SYS(sched_getaffinity), SCMP_SYS(sysinfo),
                SCMP_SYS(uname), SCMP_SYS(getrlimit), SCMP_SYS(getrusage)});
  filter.allow({SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
                SCMP_SYS(munlock), SCMP_SYS(membarrier)});
  // Memory that can be executed is not made any more.
  filter.allow_if(SCMP_SYS(mmap), {masked(2, PROT_EXEC, 0)});
  filter.allow_if(SCMP_SYS(mprotect), {masked(2, PROT_EXEC, 0)});
  filter.allow({SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
                SCMP_SYS(sigaltstack), SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(rseq),
                SCMP_SYS(set_robust_list)});
  // Only to itself: what abort() does.
  const auto self = static_cast<std::uint64_t>(getpid());
  filter.allow_if(SCMP_SYS(tgkill), {argument(0, self)});
  // Reading limits, not setting them.
  filter.allow_if(SCMP_SYS(prlimit64), {argument(2, 0)});
}

/// Descriptors that are open already. Whatever still has to be opened is said where it is needed.
void allow_descriptors(Filter& filter) {
  filter.allow(
      {SCMP_SYS(read),       SCMP_SYS(readv),      SCMP_SYS(pread64),        SCMP_SYS(write),
       SCMP_SYS(writev),     SCMP_SYS(lseek),      SCMP_SYS(close),          SCMP_SYS(fstat),
       SCMP_SYS(newfstatat), SCMP_SYS(stat),       SCMP_SYS(lstat),          SCMP_SYS(statx),
       SCMP_SYS(statfs),     SCMP_SYS(access),     SCMP_SYS(faccessat),      SCMP_SYS(faccessat2),
       SCMP_SYS(readlink),   SCMP_SYS(readlinkat), SCMP_SYS(getdents64),     SCMP_SYS(fcntl),
       SCMP_SYS(dup),        SCMP_SYS(eventfd2),   SCMP_SYS(timerfd_settime)});
  filter.allow({SCMP_SYS(recvmsg), SCMP_SYS(sendmsg), SCMP_SYS(recvfrom), SCMP_SYS(getsockopt),
                SCMP_SYS(getsockname), SCMP_SYS(shutdown)});
  // Whether a stream is a terminal.
  filter.allow_if(SCMP_SYS(ioctl), {argument(1, TCGETS)});
  // Without an address: sockets that are connected already, and netlink.
  filter.allow_if(SCMP_SYS(sendto), {argument(4, 0)});
}

enum class Opening : std::uint8_t { nothing, folders, for_reading };

/// All other ways to open are answered with an error: libraries look for the time zone or the number
/// of processors, and go on without.
void limit_opening(Filter& filter, Opening allowed) {
  // One call matches one rule alone, hence all the cases.
  const bool read = allowed == Opening::for_reading;
  const auto rule = [&filter](bool good, std::uint64_t mask, std::uint64_t flags) {
    if (good) {
      filter.allow_if(SCMP_SYS(openat), {masked(2, mask, flags)});
    } else {
      filter.refuse_if(SCMP_SYS(openat), EACCES, {masked(2, mask, flags)});
    }
  };
  constexpr std::uint64_t kChange = O_CREAT | O_TRUNC;
  rule(read, O_ACCMODE | kChange | O_DIRECTORY, O_RDONLY);
  rule(allowed != Opening::nothing, O_ACCMODE | kChange | O_DIRECTORY, O_RDONLY | O_DIRECTORY);
  rule(false, O_ACCMODE, O_WRONLY);
  rule(false, O_ACCMODE, O_RDWR);
}

/// The socket at which control finds the segment.
void allow_listening(Filter& filter) {
  // The path is removed at the end.
  filter.allow({SCMP_SYS(accept4), SCMP_SYS(unlink)});
}

/// Asking the kernel about interfaces. No kind of socket that leads out of the machine.
void allow_asking_about_interfaces(Filter& filter) {
  filter.allow_if(SCMP_SYS(socket), {argument(0, AF_UNIX), masked(1, 0xf, SOCK_DGRAM)});
  filter.allow_if(SCMP_SYS(socket), {argument(0, AF_NETLINK), argument(2, NETLINK_ROUTE)});
  filter.refuse_if(SCMP_SYS(socket), EACCES, {argument(0, AF_INET)});
  filter.refuse_if(SCMP_SYS(socket), EACCES, {argument(0, AF_INET6)});
  filter.allow({SCMP_SYS(bind), SCMP_SYS(setsockopt)});
  for (const int request :
       {SIOCGIFNAME, SIOCGIFINDEX, SIOCGIFFLAGS, SIOCGIFMTU, SIOCGIFHWADDR, SIOCETHTOOL,
        // Taking an interface's flags back at the end; takes a capability besides.
        SIOCSIFFLAGS}) {
    filter.allow_if(SCMP_SYS(ioctl), {argument(1, static_cast<std::uint64_t>(request))});
  }
}

/// Maps are filled and read, objects looked at; nothing is loaded or attached any more.
void allow_xdp(Filter& filter, bool own_program) {
  for (const unsigned command :
       {BPF_MAP_LOOKUP_ELEM, BPF_MAP_UPDATE_ELEM, BPF_MAP_DELETE_ELEM, BPF_MAP_GET_NEXT_KEY,
        BPF_MAP_LOOKUP_AND_DELETE_ELEM, BPF_MAP_LOOKUP_BATCH, BPF_MAP_LOOKUP_AND_DELETE_BATCH,
        BPF_MAP_UPDATE_BATCH, BPF_MAP_DELETE_BATCH, BPF_OBJ_GET_INFO_BY_FD, BPF_PROG_GET_FD_BY_ID,
        BPF_BTF_GET_FD_BY_ID, BPF_LINK_DETACH}) {
    filter.allow_if(SCMP_SYS(bpf), {argument(0, command)});
  }
  if (own_program) {
    // What was pinned is removed at the end.
    filter.allow({SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(rmdir)});
  } else {
    // libxdp detaches under a lock in a folder that it makes.
    filter.allow({SCMP_SYS(mkdir), SCMP_SYS(flock)});
  }
}

void allow_tap(Filter& filter) {
  for (const unsigned long request : {TUNSETPERSIST, TUNSETQUEUE, TUNGETIFF, TUNSETOFFLOAD}) {
    filter.allow_if(SCMP_SYS(ioctl), {argument(1, static_cast<std::uint64_t>(request))});
  }
}

/// Threads for link changes, interrupts, and the requests of VFIO (type ';') and of RDMA (0x1b).
void allow_nic(Filter& filter) {
  filter.allow({SCMP_SYS(clone), SCMP_SYS(clone3), SCMP_SYS(prctl), SCMP_SYS(sched_setaffinity),
                SCMP_SYS(eventfd2), SCMP_SYS(timerfd_create), SCMP_SYS(pwrite64), SCMP_SYS(mlock),
                SCMP_SYS(epoll_create1), SCMP_SYS(sched_setscheduler), SCMP_SYS(flock),
                SCMP_SYS(unlink)});
  for (const unsigned type : {unsigned{';'}, 0x1bu}) {
    filter.allow_if(SCMP_SYS(ioctl), {masked(1, 0xff00, type << 8)});
  }
}

}  // namespace

bool calls_can_be_filtered() {
#ifdef SHAKEDOWN_SANITIZED
  return false;
#else
  return true;
#endif
}

std::string allow_only_needed_calls(const RightsNeeded& needed) {
  if (!calls_can_be_filtered()) return {};
  Filter filter(needed.any_nic() ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_KILL_PROCESS);
  filter.set(SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  filter.set(SCMP_FLTATR_CTL_TSYNC, 1);
  // Before Linux 5.16 a filter would slow down every thread for secrets that are not here.
  filter.prefer(SCMP_FLTATR_CTL_SSB, 1);
  filter.prefer(SCMP_FLTATR_CTL_OPTIMIZE, 2);
  allow_living(filter);
  allow_descriptors(filter);
  limit_opening(filter, needed.any_nic()   ? Opening::for_reading
                        : needed.any_xdp() ? Opening::folders
                                           : Opening::nothing);
  if (needed.listens) allow_listening(filter);
  if (needed.live()) allow_asking_about_interfaces(filter);
  if (needed.any_xdp()) allow_xdp(filter, needed.af_xdp_filter);
  if (needed.tap) allow_tap(filter);
  if (needed.any_nic()) allow_nic(filter);
  filter.load();
  if (filter.error() == 0) return {};
  return std::string("system calls cannot be filtered: ") + std::strerror(filter.error());
}

}  // namespace shakedown
