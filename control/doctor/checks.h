// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What doctor looks at. Each check judges one thing for the run that was asked about: a
//            finding is `fail` only when that run does not work without it, `skip` when it has no
//            use for it.
// Units:     none
// Ownership: Values.
// Threading: Pure, over what `machine` answers.
// Limits:    none
// Failure:   What cannot be seen is said so, and is no failure.
// RFC:       none
#pragma once

#include "doctor/finding.h"
#include "doctor/input.h"
#include "doctor/machine.h"

namespace shakedown::doctor {

// processor_checks.cc
[[nodiscard]] Findings check_instructions(const Machine& machine);
/// Processors that threads are bound to: there, and theirs alone.
[[nodiscard]] Findings check_cpus(const Machine& machine, const Input& input);
[[nodiscard]] Findings check_governor(const Machine& machine, const Input& input);
/// Whether ports and the processors of workers belong to the same node.
[[nodiscard]] Findings check_numa(const Machine& machine, const Input& input);

// memory_checks.cc
[[nodiscard]] Findings check_hugepages(const Machine& machine, const Input& input);
[[nodiscard]] Findings check_memlock(const Machine& machine, const Input& input);
/// The segment between the processes: made, sealed, mapped and recognised as both do it.
[[nodiscard]] Findings check_ring(const Machine& machine);

// device_checks.cc
[[nodiscard]] Findings check_vfio(const Machine& machine, const Input& input);
/// Whether DPDK can have the devices that were named.
[[nodiscard]] Findings check_binding(const Machine& machine, const Input& input);
/// The address of the PCI device behind an interface; empty: there is none.
[[nodiscard]] std::string pci_address_of(const Files& files, const std::string& interface);
/// Drivers of the kernel that DPDK shares a device with.
[[nodiscard]] bool is_bifurcated(const std::string& driver);

// interface_checks.cc
[[nodiscard]] Findings check_interfaces(const Machine& machine, const Input& input);

// rights_checks.cc
[[nodiscard]] Findings check_rights(const Machine& machine, const Input& input);
[[nodiscard]] Findings check_bpf(const Machine& machine, const Input& input);

// system_checks.cc
[[nodiscard]] Findings check_clock(const Machine& machine);
[[nodiscard]] Findings check_outputs(const Machine& machine, const Input& input);
[[nodiscard]] Findings check_accounts(const Machine& machine, const Input& input);
[[nodiscard]] Findings check_unit(const Machine& machine);

// program_checks.cc
/// Both programs are there, and of this version.
[[nodiscard]] Findings check_programs(const Machine& machine, const Input& input);
/// What the data plane finds when it tests itself, receive-side scaling among it.
[[nodiscard]] Findings check_self_test(const Machine& machine, const Input& input);

}  // namespace shakedown::doctor
