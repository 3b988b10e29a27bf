// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The server_name extension: finds the host name and says whether it can be one.
// Units:     Sizes are bytes.
// Ownership: A view into the extension.
// Threading: None of it is shared.
// Limits:    Bounded by the extension.
// Failure:   See ServerNameCheck.
// RFC:       RFC 6066 §3. A trailing dot and underscores are let through: clients send them,
//            servers take them.
#pragma once

#include <cstdint>

#include "shakedown/bytes.h"

namespace shakedown::tls {

enum class [[nodiscard]] ServerNameCheck : std::uint8_t{
    ok,
    ip_literal,  ///< RFC 6066 §3: literal IPv4 and IPv6 addresses are not permitted
    not_a_name,  ///< with bytes that no host name has; `name` is set all the same
    malformed  ///< the structure is wrong, or holds no host_name, or an empty one; `name` is empty
};

/// Reads the extension data of a ClientHello; `name` becomes its first host_name.
ServerNameCheck read_server_name_list(Bytes data, Bytes& name) noexcept;

}  // namespace shakedown::tls
