// SPDX-License-Identifier: Apache-2.0
//
// Prints the command lines for several hellos to a server at 127.0.0.1:PORT, one JSON object a line
// with what the ClientHello must show: {"case", "line", "versions", "suites", "groups",
// "signatures", "alpn", "server_name"}. Usage: reproduce_lines PORT. For reproduce_openssl_test.py.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>

#include "diagnose/diagnoser.h"
#include "diagnose/openssl_names.h"
#include "export/json_writer.h"
#include "failure.h"

namespace {

using shakedown::StartTls;
using shakedown::diagnose::test::Failure;
using shakedown::enrich::ClientOffer;

void write_codes(shakedown::exporting::JsonWriter& json, std::string_view name,
                 const std::vector<std::uint16_t>& codes) {
  json.begin_array(name);
  for (const std::uint16_t code : codes) json.value(code);
  json.end_array();
}

void print_case(std::uint16_t port, std::string_view name,
                const std::function<void(Failure&, ClientOffer&)>& change) {
  Failure failure(shakedown::OutcomeKind::alert, shakedown::Party::server,
                  shakedown::Stage::client_hello);
  ClientOffer offer = shakedown::diagnose::test::usual_offer();
  failure.record.server_address = shakedown::test::ipv4(127, 0, 0, 1);
  failure.record.server_port = port;
  change(failure, offer);
  failure.offer = std::make_shared<ClientOffer>(offer);
  const auto facts = failure.facts();
  fmt::memory_buffer out;
  shakedown::exporting::JsonWriter json(out);
  json.begin_object();
  json.member("case", name);
  json.member("line", shakedown::diagnose::reproduce_command(facts.handshake));
  write_codes(json, "versions",
              offer.supported_versions.empty()
                  ? std::vector<std::uint16_t>{facts.record.client_hello_facts.max_version}
                  : offer.supported_versions);
  write_codes(json, "suites", offer.cipher_suites);
  write_codes(json, "groups", offer.supported_groups);
  write_codes(json, "signatures", offer.signature_algorithms);
  json.begin_array("alpn");
  for (const std::string& protocol : offer.alpn) json.value(protocol);
  json.end_array();
  json.member("server_name", facts.handshake.server_name);
  json.end_object();
  fmt::print("{}\n", fmt::to_string(out));
}

}  // namespace

int main(int argc, char** argv) {
  const auto port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0);
  if (port == 0) {
    fmt::print(stderr, "usage: reproduce_lines PORT\n");
    return 2;
  }
  print_case(port, "usual", [](Failure&, ClientOffer&) {});
  print_case(port, "tls13_only", [](Failure&, ClientOffer& offer) {
    offer.supported_versions = {0x0304};
    offer.cipher_suites = {0x1303, 0x1301};
    offer.alpn.clear();
  });
  print_case(port, "tls12_only", [](Failure& failure, ClientOffer& offer) {
    offer.supported_versions.clear();
    offer.cipher_suites = {0xc030, 0x009d};
    offer.supported_groups = {24, 23};
    failure.record.client_hello_facts.max_version = 0x0303;
  });
  print_case(port, "tls10", [](Failure& failure, ClientOffer& offer) {
    offer.supported_versions.clear();
    offer.cipher_suites = {0xc014, 0x0035, 0x002f};
    offer.signature_algorithms.clear();
    offer.alpn.clear();
    failure.record.client_hello_facts.max_version = 0x0301;
  });
  print_case(port, "tls11_to_13", [](Failure&, ClientOffer& offer) {
    offer.supported_versions = {0x0304, 0x0303, 0x0302};
  });
  print_case(port, "openssl_itself", [](Failure& failure, ClientOffer& offer) {
    offer.cipher_suites = shakedown::diagnose::openssl_defaults().front().cipher_suites;
    offer.signature_algorithms =
        shakedown::diagnose::openssl_defaults().back().signature_algorithms;
    failure.without_name();
  });
  print_case(port, "anonymous", [](Failure& failure, ClientOffer& offer) {
    offer.supported_versions.clear();
    offer.cipher_suites = {0x0034, 0x00a6};
    offer.supported_groups.clear();
    failure.record.client_hello_facts.max_version = 0x0303;
  });
  print_case(port, "odd_name", [](Failure& failure, ClientOffer&) {
    shakedown::test::set_name(failure.record, "it's-$(odd);&.example");
  });
  print_case(port, "smtp",
             [](Failure& failure, ClientOffer&) { failure.record.starttls = StartTls::smtp; });
  return 0;
}
