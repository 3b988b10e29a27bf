// SPDX-License-Identifier: Apache-2.0
#include "traffic.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "record_builder.h"
#include "shakedown/tls_types.h"

namespace shakedown::generator {
namespace {

using test_support::Bytes;
using test_support::Dialogue;
using test_support::Frames;
using test_support::HandshakeParameters;
using test_support::kMillisecond;
using test_support::Side;
using test_support::Step;
using test_support::TcpConversationOptions;
using test_support::TimedFrame;

constexpr uint16_t kTls10 = 0x0301;
constexpr uint16_t kTls12 = 0x0303;
constexpr uint16_t kTls13 = 0x0304;

/// What a server of this kind selects from the offer.
uint16_t select_suite(const ClientProfile& client, const Server& server, uint16_t version) {
  if (version == kTls13) {
    return client.suites.front() == 0x1302 ? 0x1302 : 0x1301;
  }
  const std::initializer_list<uint16_t> ecdsa{0xc02b, 0xc02c, 0xcca9, 0xc009};
  const std::initializer_list<uint16_t> rsa{0xc02f, 0xc030, 0xcca8, 0xc013, 0x009c};
  if (version >= kTls12) {
    for (const uint16_t suite : server.is_ecdsa ? ecdsa : rsa) {
      if (client.offers_suite(suite)) {
        return suite;
      }
    }
  }
  return client.offers_suite(0xc013) ? 0xc013 : 0x002f;
}

/// Cuts the first flight of the client in two sends, as a stack does that writes a large hello in
/// two.
void split_hello(Dialogue& dialogue, size_t at) {
  Step& first = dialogue.steps.front();
  if (first.kind != Step::Kind::data || first.bytes.size() <= at) {
    return;
  }
  const auto cut = first.bytes.begin() + static_cast<std::ptrdiff_t>(at);
  Step second{Step::Kind::data, Side::client, Bytes(cut, first.bytes.end()), 0};
  first.bytes.resize(at);
  dialogue.steps.insert(dialogue.steps.begin() + 1, std::move(second));
}

}  // namespace

Traffic::Traffic(uint64_t seed, const TrafficShares& shares)
    : shares_(shares), random_(seed), population_(seed) {}

Traffic::Plan Traffic::plan(ClientClass client_class, uint16_t version, bool with_name,
                            uint64_t start_ns) {
  Client& client = population_.any_client(client_class, random_);
  const Server& server = population_.any_server(random_);
  const ClientProfile& profile = client_profiles()[client.profile];
  Plan plan;
  plan.server_name = with_name ? server.name : "";
  plan.tcp = population_.connect(client, server, random_.chance(shares_.ipv6), start_ns, random_);
  HandshakeParameters& p = plan.parameters;
  p.client_hello = make_hello(profile, plan.server_name, random_);
  p.version = version;
  p.cipher_suite = select_suite(profile, server, version);
  p.named_group = version == kTls13 ? profile.shares.front().value() : uint16_t{0x0017};
  p.alpn = profile.alpn.empty() ? "" : profile.alpn.front();
  p.chain = server.chain;
  p.certificate_is_ecdsa = server.is_ecdsa;
  p.server_sends_ticket = std::count(profile.extensions.begin(), profile.extensions.end(), 35) != 0;
  p.close_notify = random_.chance(0.5);
  p.request_size = random_.between(150, 700);
  p.response_size = random_.between(200, 1300);
  p.seed = random_.next() >> 8;
  return plan;
}

Flow Traffic::finish(Plan plan, Dialogue dialogue) {
  if (random_.chance(shares_.split_hello)) {
    split_hello(dialogue, random_.between(1, 300));
  }
  Flow flow;
  flow.truth.emplace();
  flow.truth->client = plan.tcp.client.endpoint;
  flow.truth->server = plan.tcp.server.endpoint;
  flow.truth->server_name = std::move(plan.server_name);
  flow.truth->version = server_hello_was_sent(dialogue.expected) ? plan.parameters.version : 0;
  flow.truth->expected = dialogue.expected;
  flow.frames = play(dialogue, std::move(plan.tcp));
  disturb(flow.frames);
  flow.truth->frames_lost = lose(flow.frames);
  return flow;
}

Flow Traffic::handshake(uint64_t start_ns) {
  return random_.chance(shares_.failing) ? failing(start_ns) : successful(start_ns);
}

Flow Traffic::successful(uint64_t start_ns) {
  if (random_.chance(0.01)) {
    Plan old = plan(ClientClass::old, kTls10, true, start_ns);
    Dialogue dialogue = tls12_full(old.parameters);
    return finish(std::move(old), std::move(dialogue));
  }
  if (random_.chance(shares_.tls13)) {
    Plan modern = plan(ClientClass::tls13, kTls13, true, start_ns);
    Dialogue dialogue = tls13_full(modern.parameters);
    return finish(std::move(modern), std::move(dialogue));
  }
  const ClientClass client_class =
      random_.chance(0.5) ? ClientClass::tls13 : ClientClass::tls12_only;
  Plan classic = plan(client_class, kTls12, true, start_ns);
  Dialogue dialogue = random_.chance(0.04) ? tls12_with_warning(classic.parameters)
                                           : tls12_full(classic.parameters);
  return finish(std::move(classic), std::move(dialogue));
}

Flow Traffic::failing(uint64_t start_ns) {
  const auto fail = [&](ClientClass client_class, uint16_t version, auto&& script,
                        bool with_name = true) {
    Plan made = plan(client_class, version, with_name, start_ns);
    Dialogue dialogue = script(made.parameters);
    return finish(std::move(made), std::move(dialogue));
  };
  const auto alert = [](AlertDescription description) {
    return [description](const HandshakeParameters& p) {
      return alert_after_client_hello(p, description);
    };
  };
  switch (random_.below(9)) {
    case 0:
      return fail(ClientClass::tls13, kTls13,
                  [](const HandshakeParameters& p) { return reset_after_client_hello(p); });
    case 1:
      return fail(ClientClass::old, kTls12, alert(AlertDescription::protocol_version));
    case 2:
      return fail(ClientClass::tls12_only, kTls12, alert(AlertDescription::handshake_failure));
    case 3:
      return fail(ClientClass::tls13, kTls12, alert(AlertDescription::unrecognized_name));
    case 4:
      return fail(ClientClass::tls12_only, kTls12, [](const HandshakeParameters& p) {
        return tls12_client_alert(p, AlertDescription::unknown_ca);
      });
    case 5:
      return fail(
          ClientClass::tls12_only, kTls12,
          [](const HandshakeParameters& p) { return closed_after_client_hello(p); }, false);
    case 6:
      return fail(ClientClass::tls13, kTls13,
                  [](const HandshakeParameters& p) { return silence_after_client_hello(p); });
    case 7:
      return fail(ClientClass::tls13, kTls13,
                  [](const HandshakeParameters& p) { return tls13_encrypted_alert(p); });
    default:
      return fail(ClientClass::tls13, kTls13, [](const HandshakeParameters& p) {
        return tls13_plaintext_alert(p, AlertDescription::unknown_ca);
      });
  }
}

void Traffic::disturb(Frames& frames) {
  for (size_t i = 0; i + 1 < frames.size(); ++i) {
    if (frames[i].payload_size == 0) {
      continue;
    }
    const bool same_flight = frames[i + 1].payload_size > 0 && frames[i + 1].from == frames[i].from;
    // Only segments of one flight can overtake each other, so their share is raised to make up for
    // it.
    if (same_flight && random_.chance(4 * shares_.reordered_segments)) {
      swap_frames(frames, i, i + 1);
      ++i;
    } else if (random_.chance(shares_.repeated_segments)) {
      // A copy that comes after the end would look like a connection of its own.
      const uint64_t delay_ns = random_.between(1, 40) * kMillisecond;
      if (frames[i].time_ns + delay_ns < frames.back().time_ns) {
        duplicate_frame(frames, i, delay_ns);
      }
    }
  }
}

size_t Traffic::lose(Frames& frames) {
  if (shares_.lost_frames <= 0) {
    return 0;
  }
  return std::erase_if(frames,
                       [&](const TimedFrame&) { return random_.chance(shares_.lost_frames); });
}

}  // namespace shakedown::generator
