// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What an observer should say about a generated connection, as one line of text.
// Units:     none.
// Ownership: values.
// Threading: none.
// Limits:    names and addresses come from the generator and need no escaping.
// Failure:   none.
// RFC:       none; outcome names are those of the outcome contract.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "handshake_scripts.h"
#include "tcp_conversation.h"

namespace shakedown::generator {

struct Truth {
  test_support::Endpoint client{};
  test_support::Endpoint server{};
  uint16_t version = 0;  // what the server selected; 0 = no ServerHello
  std::string server_name{};
  test_support::ExpectedOutcome expected{};
  size_t frames_lost = 0;
};

/// The last message that the handshake reached, from the outcome name.
[[nodiscard]] std::string_view stage_of(const test_support::ExpectedOutcome& expected);

/// True when the outcome of a dialogue lies behind the ServerHello.
[[nodiscard]] bool server_hello_was_sent(const test_support::ExpectedOutcome& expected);

/// {"src":"10.0.0.1:40000","dst":"203.0.113.5:443","version":"1.2",...} without the line end.
[[nodiscard]] std::string json_line(const Truth& truth);

/// `client server outcome by stage`, for people and for the replay test.
[[nodiscard]] std::string expect_line(const Truth& truth);

}  // namespace shakedown::generator
