// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What control never does, made impossible: it reads what strangers sent, though only
//            after the data plane has parsed it. The supervisor has taken its capabilities and its
//            user already (cli/identity.h); this takes the system calls that start programs, look
//            into other processes, or change the machine.
// Units:     none
// Ownership: The filter belongs to the process and cannot be taken off.
// Threading: Main thread, once; all threads are put under it.
// Limits:    A list of what is refused, not of what is allowed: control opens files when it is told
//            to reload, and sinks of events need the network.
// Failure:   A sentence; control goes on. A call that is refused ends the process (SIGSYS).
// RFC:       none
#pragma once

#include <string>

namespace shakedown {

[[nodiscard]] std::string confine_control();

}  // namespace shakedown
