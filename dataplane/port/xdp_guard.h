// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Keeps af_xdp from harm and from doing harm. The driver attaches a program to the
//            interface, and when it closes it detaches whatever program is there; a killed process
//            leaves its program behind. So this looks first: another data plane on the interface, or
//            a program that is not ours, is a refusal; what a killed run left is removed.
// Units:     none
// Ownership: Holds the interface for this process until the object goes. What holds it is a name
//            that the kernel forgets with the process, so that no crash leaves it taken.
// Threading: Main thread.
// Limits:    One object per interface. Other programs that use af_xdp do not know the name; one that
//            died and one that runs look alike, and are taken for a dead one.
// Failure:   take() returns a sentence, and nothing was changed.
// RFC:       none
#pragma once

#include <string>

#include "port/capture_probe.h"
#include "port/interface_probe.h"

namespace shakedown::port {

class XdpGuard {
 public:
  /// Empty on success, else one sentence. Adds to the interface's warnings when something was
  /// removed.
  [[nodiscard]] std::string take(Interface& interface);

 private:
  FileDescriptor name_;
};

/// The libraries below af_xdp talk to standard error by themselves, also about what they then manage
/// in another way. From here on they do so only when `shown`; else their last warning is kept.
void quiet_xdp_libraries(bool shown);
/// Empty when there was none.
[[nodiscard]] const std::string& last_xdp_warning();

}  // namespace shakedown::port
