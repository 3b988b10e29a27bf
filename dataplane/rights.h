// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What the data plane may still do once its ports are open and before the first packet is
//            read. Everything that comes after is work on hostile bytes, so the process gives up, for
//            all its threads and for good: capabilities, the way to new ones, and all system calls
//            but those of the list in system_calls.cc.
//
//              capabilities   kept, of those that the process has (all others go, bounding and
//                             ambient sets with them):
//                               capture files, af_packet, vfio-pci   none
//                               af_xdp   CAP_NET_ADMIN, CAP_BPF: batches for the map of decided
//                                        flows before Linux 5.19, detaching at the end
//                               tap      CAP_NET_ADMIN: taking the interface down at the end
//                               NICs that keep their kernel interface (mlx5)   CAP_NET_ADMIN,
//                                        CAP_NET_RAW: rules in hardware, their removal at the end
//              system calls   what is not on the list ends the process (SIGSYS). With a NIC it is
//                             refused instead (EPERM): its driver is its maker's, and not every
//                             path of it can be walked here.
//
// Units:     none
// Ownership: none
// Threading: Main thread, once, after rte_eal_init() and all ports are started. Capabilities belong
//            to threads, so every thread of the process is made to drop its own (thread_rights.h);
//            the filter is put on all of them at once by the kernel. Threads made later inherit both.
// Limits:    Nothing is opened any more, but by af_xdp the folders of its pins and locks, and by the
//            drivers of NICs what can be opened for reading; a process with the user id of root then
//            reads what root may read.
// Failure:   A sentence; what could be given up is. The run goes on with a warning: a kernel without
//            seccomp is no reason to be blind.
// RFC:       none
#pragma once

#include <cstdint>
#include <string>

namespace shakedown {

/// What the run needs after its start. All false: captures are read.
struct RightsNeeded {
  bool af_packet = false;
  bool af_xdp = false;         ///< with libxdp's own program
  bool af_xdp_filter = false;  ///< with our XDP program and its maps
  bool tap = false;
  bool nic = false;             ///< a driver of DPDK's own, in user space
  bool bifurcated_nic = false;  ///< a NIC that the kernel keeps driving as well; implies `nic`
  bool listens = false;  ///< control connects to a socket of ours; not where one was inherited

  [[nodiscard]] bool live() const {
    return af_packet || af_xdp || af_xdp_filter || tap || nic || bifurcated_nic;
  }
  [[nodiscard]] bool any_xdp() const { return af_xdp || af_xdp_filter; }
  [[nodiscard]] bool any_nic() const { return nic || bifurcated_nic; }
};

/// One bit for each capability that is kept, as capabilities(7) numbers them.
[[nodiscard]] std::uint64_t capabilities_kept(const RightsNeeded& needed);

/// Empty when all was given up, else one sentence about what was not.
[[nodiscard]] std::string restrict_rights(const RightsNeeded& needed);

}  // namespace shakedown
