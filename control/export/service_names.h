// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The names of what spoke instead of TLS, or before it.
// Units:     none
// Ownership: Constants.
// Threading: Constants.
// Limits:    none
// Failure:   A number of a newer data plane is `unknown`; nothing is ever refused.
// RFC:       none; shakedown/service.h.
#pragma once

#include <string_view>

#include "shakedown/service.h"

namespace shakedown::exporting {

/// `http`, `block_page`, `ssh` ...; empty for Service::none.
[[nodiscard]] std::string_view service_name(Service service);
/// `smtp`, `postgresql`, `http_connect` ...; empty for StartTls::none.
[[nodiscard]] std::string_view starttls_name(StartTls kind);

}  // namespace shakedown::exporting
