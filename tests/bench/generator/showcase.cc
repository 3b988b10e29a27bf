// SPDX-License-Identifier: Apache-2.0
#include "showcase.h"

#include <initializer_list>
#include <string>
#include <utility>

#include "certificates.h"
#include "client_profiles.h"
#include "shakedown/tls_types.h"

namespace shakedown::generator {
namespace {

using test_support::Dialogue;
using test_support::Endpoint;
using test_support::endpoint;
using test_support::HandshakeParameters;
using test_support::kMillisecond;
using test_support::kSecond;
using test_support::Side;

const ClientProfile& profile_named(std::string_view name) {
  for (const ClientProfile& profile : client_profiles()) {
    if (profile.name == name) {
      return profile;
    }
  }
  return client_profiles().front();
}

/// Collects connections, each beginning a little after the one before.
class Story {
 public:
  HandshakeParameters hello(std::string_view software, uint16_t version,
                            std::string_view server_name) {
    const ClientProfile& profile = profile_named(software);
    HandshakeParameters p;
    p.client_hello = make_hello(profile, server_name, random_);
    p.version = version;
    p.cipher_suite = version == 0x0304 ? 0x1301 : version == 0x0301 ? 0xc009 : 0xc02b;
    p.named_group = version == 0x0304 ? profile.shares.front().value() : uint16_t{0x0017};
    p.alpn = profile.alpn.empty() ? "" : profile.alpn.front();
    p.chain = test_support::ecdsa_chain();
    p.certificate_is_ecdsa = true;
    p.request_size = 180;
    p.response_size = 260;
    p.seed = random_.next() >> 8;
    server_name_ = server_name;
    version_ = version;
    return p;
  }

  void tell(std::string_view client, const Endpoint& server, Dialogue dialogue) {
    auto tcp = test_support::TcpConversationOptions::ipv4();
    tcp.client.endpoint = endpoint(client, next_port_);
    tcp.server.endpoint = server;
    next_port_ = static_cast<uint16_t>(next_port_ + 7);
    tcp.client.initial_sequence = static_cast<uint32_t>(random_.next());
    tcp.server.initial_sequence = static_cast<uint32_t>(random_.next());
    tcp.start_ns = start_ns_;
    tcp.piggyback_acks = true;
    start_ns_ += 430 * kMillisecond;
    Flow flow;
    flow.truth.emplace();
    flow.truth->client = tcp.client.endpoint;
    flow.truth->server = tcp.server.endpoint;
    flow.truth->server_name = std::exchange(server_name_, "");
    flow.truth->version = server_hello_was_sent(dialogue.expected) ? version_ : uint16_t{0};
    flow.truth->expected = dialogue.expected;
    flow.frames = play(dialogue, std::move(tcp));
    flows_.push_back(std::move(flow));
  }

  [[nodiscard]] std::vector<Flow> take() { return std::move(flows_); }

 private:
  test_support::DeterministicRandom random_{20260115};
  std::vector<Flow> flows_;
  std::string server_name_;
  uint16_t version_ = 0;
  uint16_t next_port_ = 49200;
  uint64_t start_ns_ = test_support::kDefaultStart;
};

constexpr uint16_t kTls10 = 0x0301;
constexpr uint16_t kTls12 = 0x0303;
constexpr uint16_t kTls13 = 0x0304;

constexpr std::string_view kApi = "api.example.com";
constexpr std::string_view kShop = "shop.example.com";
constexpr std::string_view kPortal = "portal.example.com";
constexpr std::string_view kPartner = "partner.example.com";

struct Servers {
  Endpoint api = endpoint("198.51.100.10", 443);
  Endpoint api_ipv6 = endpoint("2001:db8:100::10", 443);
  Endpoint shop = endpoint("198.51.100.11", 443);
  Endpoint portal = endpoint("198.51.100.12", 443);
  Endpoint partner = endpoint("198.51.100.13", 8443);
  Endpoint stopped = endpoint("198.51.100.14", 443);
  Endpoint filtered = endpoint("198.51.100.15", 443);
  Endpoint plain_http = endpoint("198.51.100.16", 8443);
};

/// What works: the background that failures stand out from.
void tell_successes(Story& story, const Servers& to) {
  story.tell("192.0.2.20", to.api, tls13_full(story.hello("chrome-131", kTls13, kApi)));
  story.tell("192.0.2.21", to.shop, tls13_full(story.hello("firefox-115", kTls13, kShop)));
  story.tell("192.0.2.22", to.portal, tls12_full(story.hello("chrome-120", kTls12, kPortal)));
  story.tell("192.0.2.23", to.shop, tls13_full(story.hello("safari-17", kTls13, kShop)));
  story.tell("2001:db8:200::23", to.api_ipv6, tls13_full(story.hello("safari-17", kTls13, kApi)));
  story.tell("192.0.2.40", to.api, tls13_full(story.hello("python", kTls13, kApi)));
  story.tell("192.0.2.42", to.shop, tls12_full(story.hello("java-8", kTls12, kShop)));
  story.tell("192.0.2.24", to.shop, tls12_with_warning(story.hello("windows-10", kTls12, kShop)));
  story.tell("192.0.2.24", to.shop, tls12_resumed(story.hello("windows-10", kTls12, kShop)));
  story.tell("192.0.2.21", to.api, tls13_resumed(story.hello("firefox-115", kTls13, kApi)));
  story.tell("192.0.2.41", to.api, tls13_hello_retry(story.hello("go-1.21-grpc", kTls13, kApi)));
  story.tell("192.0.2.33", to.portal, tls12_full(story.hello("android-2.3", kTls10, kPortal)));
}

/// Old payment terminals against a server that dropped TLS 1.0, and an offer without a common
/// suite.
void tell_version_failures(Story& story, const Servers& to) {
  for (const std::string_view terminal : {"192.0.2.31", "192.0.2.32", "192.0.2.31"}) {
    story.tell(terminal, to.api,
               alert_after_client_hello(story.hello("terminal-1.0", kTls12, kApi),
                                        AlertDescription::protocol_version));
  }
  story.tell("192.0.2.34", to.shop,
             alert_after_client_hello(story.hello("windows-10", kTls12, kShop),
                                      AlertDescription::handshake_failure));
}

/// A portal whose certificate some software does not trust, in every form in which software says
/// so.
void tell_certificate_failures(Story& story, const Servers& to) {
  for (int i = 0; i < 2; ++i) {
    story.tell("192.0.2.40", to.portal,
               tls13_plaintext_alert(story.hello("python", kTls13, kPortal),
                                     AlertDescription::unknown_ca));
    story.tell("192.0.2.41", to.portal,
               tls13_encrypted_alert(story.hello("go-1.21-grpc", kTls13, kPortal)));
  }
  story.tell("192.0.2.42", to.portal,
             tls12_client_alert(story.hello("java-8", kTls12, kPortal),
                                AlertDescription::certificate_unknown));
  story.tell("192.0.2.43", to.portal,
             tls13_closed_after_server_flight(story.hello("s_client", kTls13, kPortal)));
}

/// Names: a client that sends none, a name that the server does not know, a name that the path
/// resets.
void tell_name_failures(Story& story, const Servers& to) {
  for (int i = 0; i < 2; ++i) {
    story.tell("192.0.2.51", to.shop,
               closed_after_client_hello(story.hello("openssl-1.0.2", kTls12, "")));
  }
  story.tell("192.0.2.52", to.shop,
             alert_after_client_hello(story.hello("curl", kTls13, "old-shop.example.com"),
                                      AlertDescription::unrecognized_name));
  for (int i = 0; i < 2; ++i) {
    story.tell("192.0.2.60", to.api,
               reset_after_client_hello(story.hello("firefox-115", kTls13, "blocked.example.org")));
  }
  story.tell("192.0.2.60", to.api, tls13_full(story.hello("firefox-115", kTls13, kApi)));
}

/// Mutual TLS: accepted once, refused once, and a server that never answers.
void tell_partner_failures(Story& story, const Servers& to) {
  story.tell("192.0.2.71", to.partner, tls12_mutual(story.hello("java-8", kTls12, kPartner)));
  story.tell("192.0.2.70", to.partner,
             tls12_client_certificate_rejected(story.hello("java-8", kTls12, kPartner),
                                               AlertDescription::bad_certificate));
  HandshakeParameters none = story.hello("openssl-1.0.2", kTls12, kPartner);
  none.client_chain.emplace();
  story.tell("192.0.2.72", to.partner,
             tls12_client_certificate_rejected(none, AlertDescription::handshake_failure));
  story.tell("192.0.2.61", to.partner,
             silence_after_client_hello(story.hello("curl", kTls13, kPartner)));
}

/// Connections that never become TLS.
void tell_transport_failures(Story& story, const Servers& to) {
  story.tell("192.0.2.50", to.api, test_support::no_hello());
  story.tell("192.0.2.80", to.stopped, test_support::refused());
  story.tell("192.0.2.80", to.filtered, test_support::unanswered());
  story.tell("192.0.2.80", to.plain_http, non_tls_reply(story.hello("curl", kTls13, kApi)));
  story.tell("192.0.2.50", to.api, test_support::no_hello());
}

}  // namespace

std::vector<Flow> showcase_flows() {
  const Servers servers;
  Story story;
  tell_successes(story, servers);
  tell_version_failures(story, servers);
  tell_certificate_failures(story, servers);
  tell_name_failures(story, servers);
  tell_partner_failures(story, servers);
  tell_transport_failures(story, servers);
  return story.take();
}

}  // namespace shakedown::generator
