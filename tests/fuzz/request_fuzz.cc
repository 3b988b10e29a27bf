// SPDX-License-Identifier: Apache-2.0
//
// Method: the input is one line from a client of the control socket. It goes through
// serve::parse_request and serve::parse_endpoint. What is refused must have a reason and a
// printable sentence that fits into one line of JSON; what is accepted must have the name of a
// command that is accepted when it is asked for alone, or needs arguments.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <variant>

#include "serve/endpoint.h"
#include "serve/protocol.h"

using namespace shakedown;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  if (const auto endpoint = serve::parse_endpoint(line)) {
    if (endpoint->family == IpFamily::none) std::abort();
  }
  const auto parsed = serve::parse_request(line);
  if (const auto* refusal = std::get_if<serve::Refusal>(&parsed)) {
    if (refusal->reason.empty() || refusal->sentence.empty()) std::abort();
    for (const char byte : serve::refusal_line(*refusal)) {
      if (static_cast<unsigned char>(byte) < 0x20) std::abort();
    }
    return 0;
  }
  const auto& request = std::get<serve::Request>(parsed);
  if (serve::command_name(request).empty()) std::abort();
  if (const auto* connection = std::get_if<serve::ConnectionRequest>(&request)) {
    if (connection->client.family != connection->server.family) std::abort();
  }
  return 0;
}
