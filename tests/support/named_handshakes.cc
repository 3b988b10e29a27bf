// SPDX-License-Identifier: Apache-2.0
//
// The named scripts of handshake_scripts.h: what each kind of client and server does when a
// handshake succeeds or fails, flight by flight.
#include <utility>

#include "certificates.h"
#include "deterministic_random.h"
#include "handshake_scripts.h"
#include "record_builder.h"
#include "shakedown/tls_types.h"

namespace shakedown::test_support {
namespace {

constexpr size_t kTls12SessionIdSize = 32;

const char* name_of(Side side) { return side == Side::client ? "client" : "server"; }

HandshakeScript hello_of(HandshakeParameters p) {
  HandshakeScript script(std::move(p));
  script.client_hello();
  return script;
}

HandshakeParameters with_client_certificate(HandshakeParameters p) {
  if (!p.client_chain) {
    p.client_chain = client_chain();
  }
  return p;
}

Dialogue full(HandshakeParameters p) {
  return hello_of(std::move(p))
      .server_flight()
      .client_flight()
      .server_finish()
      .application_data()
      .finish()
      .take();
}

Dialogue resumed(HandshakeParameters p) {
  return hello_of(std::move(p))
      .server_resumed_flight()
      .client_resumed_flight()
      .application_data()
      .finish()
      .take();
}

}  // namespace

Dialogue tls12_full(HandshakeParameters p) { return full(std::move(p)); }
Dialogue tls13_full(HandshakeParameters p) { return full(std::move(p)); }
Dialogue tls12_mutual(HandshakeParameters p) { return full(with_client_certificate(std::move(p))); }
Dialogue tls13_mutual(HandshakeParameters p) { return full(with_client_certificate(std::move(p))); }

Dialogue tls12_resumed(HandshakeParameters p) {
  if (p.client_hello.session_id_value().empty()) {
    p.client_hello.session_id(opaque_bytes(kTls12SessionIdSize, p.seed));
  }
  return resumed(std::move(p));
}

Dialogue tls13_resumed(HandshakeParameters p) {
  p.client_hello.pre_shared_key();
  return resumed(std::move(p));
}

Dialogue tls13_hello_retry(HandshakeParameters p) {
  return hello_of(std::move(p))
      .hello_retry(0x0018)
      .server_flight()
      .client_flight()
      .server_finish()
      .application_data()
      .finish()
      .take();
}

Dialogue tls12_with_warning(HandshakeParameters p) {
  return hello_of(std::move(p))
      .alert(Side::server, AlertDescription::unrecognized_name, AlertLevel::warning)
      .server_flight()
      .client_flight()
      .server_finish()
      .application_data()
      .finish()
      .take();
}

Dialogue reset_after_client_hello(HandshakeParameters p, Side by) {
  return hello_of(std::move(p)).rst(by).expect("reset_after_client_hello", name_of(by)).take();
}

Dialogue closed_after_client_hello(HandshakeParameters p, Side by) {
  return hello_of(std::move(p))
      .fin(by)
      .fin(other(by))
      .expect("closed_after_client_hello", name_of(by))
      .take();
}

Dialogue silence_after_client_hello(HandshakeParameters p, uint64_t silence_ns) {
  // The client gives up long after the observer has: its FIN changes nothing.
  return hello_of(std::move(p))
      .wait(silence_ns)
      .fin(Side::client)
      .expect("silence_after_client_hello", "server")
      .take();
}

Dialogue alert_after_client_hello(HandshakeParameters p, Code8 description) {
  return hello_of(std::move(p))
      .alert(Side::server, description)
      .fin(Side::server)
      .fin(Side::client)
      .expect_alert("alert_after_client_hello", Side::server, description)
      .take();
}

Dialogue tls12_client_alert(HandshakeParameters p, Code8 description) {
  return hello_of(std::move(p))
      .server_flight()
      .alert(Side::client, description)
      .fin(Side::client)
      .fin(Side::server)
      .expect_alert("alert_after_server_hello_done", Side::client, description)
      .take();
}

Dialogue tls12_client_certificate_rejected(HandshakeParameters p, Code8 description) {
  return hello_of(with_client_certificate(std::move(p)))
      .server_flight()
      .client_flight()
      .alert(Side::server, description)
      .fin(Side::server)
      .fin(Side::client)
      .expect_alert("alert_after_client_finished", Side::server, description)
      .take();
}

Dialogue tls13_encrypted_alert(HandshakeParameters p) {
  return hello_of(std::move(p))
      .server_flight()
      .data(Side::client, change_cipher_spec_record())
      .encrypted_alert(Side::client)
      .fin(Side::client)
      .fin(Side::server)
      .expect("encrypted_alert_after_server_hello", "client")
      .take();
}

Dialogue tls13_plaintext_alert(HandshakeParameters p, Code8 description) {
  return hello_of(std::move(p))
      .server_flight()
      .alert(Side::client, description)
      .fin(Side::client)
      .fin(Side::server)
      .expect_alert("alert_after_server_hello", Side::client, description)
      .take();
}

Dialogue tls13_closed_after_server_flight(HandshakeParameters p) {
  return hello_of(std::move(p))
      .server_flight()
      .fin(Side::client)
      .fin(Side::server)
      .expect("closed_after_server_hello", "client")
      .take();
}

Dialogue no_hello(Side closed_by) {
  return HandshakeScript(HandshakeParameters{})
      .fin(closed_by)
      .fin(other(closed_by))
      .expect("no_hello", name_of(closed_by))
      .take();
}

Dialogue refused() {
  Dialogue dialogue;
  dialogue.opening = Dialogue::Opening::refused;
  dialogue.expected = {"refused", "server", -1, ""};
  return dialogue;
}

Dialogue unanswered() {
  Dialogue dialogue;
  dialogue.opening = Dialogue::Opening::unanswered;
  dialogue.expected = {"unanswered", "server", -1, ""};
  return dialogue;
}

Dialogue non_tls_reply(HandshakeParameters p, std::string_view reply) {
  constexpr std::string_view kBadRequest =
      "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n"
      "Content-Length: 11\r\n\r\nBad Request";
  return hello_of(std::move(p))
      .data(Side::server, bytes_of(reply.empty() ? kBadRequest : reply))
      .fin(Side::server)
      .fin(Side::client)
      .expect("non_tls_reply", "server")
      .take();
}

namespace {

/// True when the step after `index` is one by which its sender acknowledges what came before.
bool answered_at_once(const Dialogue& dialogue, size_t index) {
  if (index + 1 == dialogue.steps.size()) {
    return false;
  }
  const Step& next = dialogue.steps[index + 1];
  return next.kind == Step::Kind::data && next.from != dialogue.steps[index].from;
}

}  // namespace

Frames play(const Dialogue& dialogue, TcpConversationOptions options) {
  const bool piggyback_acks = options.piggyback_acks;
  constexpr uint64_t kFirstSynTimeout = 1 * kSecond;
  TcpConversation tcp(std::move(options));
  if (dialogue.opening == Dialogue::Opening::refused) {
    return tcp.syn().refuse().take_frames();
  }
  if (dialogue.opening == Dialogue::Opening::unanswered) {
    return tcp.syn()
        .wait(kFirstSynTimeout)
        .syn()
        .wait(2 * kFirstSynTimeout)
        .syn()
        .wait(4 * kFirstSynTimeout)
        .syn()
        .take_frames();
  }
  tcp.handshake();
  bool client_closed = false;
  bool server_closed = false;
  for (size_t i = 0; i < dialogue.steps.size(); ++i) {
    const Step& step = dialogue.steps[i];
    switch (step.kind) {
      case Step::Kind::data:
        tcp.acknowledge_flights(!(piggyback_acks && answered_at_once(dialogue, i)));
        tcp.send(step.from, step.bytes);
        break;
      case Step::Kind::fin:
        tcp.fin(step.from);
        (step.from == Side::client ? client_closed : server_closed) = true;
        if (client_closed && server_closed) {
          tcp.ack(other(step.from));
        }
        break;
      case Step::Kind::rst:
        tcp.rst(step.from);
        break;
      case Step::Kind::wait:
        tcp.wait(step.wait_ns);
        break;
    }
  }
  return tcp.take_frames();
}

Dialogue tls13_mutual_by_lengths(HandshakeParameters p,
                                 std::initializer_list<LengthsOfASide> exchange) {
  HandshakeScript script = hello_of(std::move(p));
  script.server_flight();
  uint64_t seed = 0x7000;
  for (const LengthsOfASide& turn : exchange) {
    std::vector<Bytes> records;
    for (const size_t length : turn.record_lengths) {
      records.push_back(
          encrypted_record(Code8(ContentType::application_data), length, ++seed, kTls12));
    }
    script.data(turn.from, concatenate(records));
  }
  return script.take();
}

Dialogue closed_before_client_hello(HandshakeParameters p) {
  HandshakeScript script(std::move(p));
  return script.fin(Side::server)
      .client_hello()
      .rst(Side::server)
      .expect("closed_after_client_hello", "server")
      .take();
}

namespace {

Dialogue ended(Dialogue dialogue, std::initializer_list<Step> ending, std::string name,
               std::string by) {
  dialogue.steps.insert(dialogue.steps.end(), ending);
  dialogue.expected.name = std::move(name);
  dialogue.expected.by = std::move(by);
  return dialogue;
}

/// TLS 1.3 with a client certificate, in the record lengths of stacks that the scripts do not make.
std::vector<NamedDialogue> mutual_dialogues(const HandshakeParameters& p) {
  const Step client_fin{Step::Kind::fin, Side::client};
  const Step server_fin{Step::Kind::fin, Side::server};
  constexpr auto kClient = Side::client;
  constexpr auto kServer = Side::server;
  return {
      {"tls13_flight_in_one_record", ended(tls13_mutual_by_lengths(p, {{kClient, {812}},
                                                                       {kServer, {906}},
                                                                       {kClient, {58}},
                                                                       {kServer, {906, 2000, 19}},
                                                                       {kClient, {19}}}),
                                           {client_fin, server_fin}, "established", "none")},
      {"tls13_greeting_without_ticket", ended(tls13_mutual_by_lengths(p, {{kClient, {1001, 97, 53}},
                                                                          {kServer, {40}},
                                                                          {kClient, {30}},
                                                                          {kServer, {30, 19}}}),
                                              {server_fin, client_fin}, "established", "none")},
      {"tls13_flight_in_one_record_refused",
       ended(tls13_mutual_by_lengths(p, {{kClient, {628}}, {kServer, {19}}}),
             {server_fin, client_fin}, "encrypted_alert_after_client_finished", "server")},
      {"tls13_padded_refusal",
       ended(tls13_mutual_by_lengths(p, {{kClient, {25, 53, 58}}, {kServer, {35}}}),
             {client_fin, server_fin}, "encrypted_alert_after_client_finished", "server")},
      {"tls13_silent_refusal",
       ended(tls13_mutual_by_lengths(p, {{kClient, {1001, 97, 53}}}), {server_fin, client_fin},
             "closed_after_client_finished", "server")},
  };
}

}  // namespace

std::vector<NamedDialogue> dialogues_with_hello() {
  const auto tls12 = HandshakeParameters::tls12();
  const auto tls13 = HandshakeParameters::tls13();
  std::vector<NamedDialogue> list = {
      {"tls12_full", tls12_full()},
      {"tls12_resumed", tls12_resumed()},
      {"tls12_mutual", tls12_mutual()},
      {"tls12_with_warning", tls12_with_warning()},
      {"tls13_full", tls13_full()},
      {"tls13_resumed", tls13_resumed()},
      {"tls13_hello_retry", tls13_hello_retry()},
      {"tls13_mutual", tls13_mutual()},
      {"reset_after_client_hello", reset_after_client_hello(tls12)},
      {"closed_after_client_hello", closed_after_client_hello(tls13)},
      {"alert_70", alert_after_client_hello(tls12, 70)},
      {"client_alert_48", tls12_client_alert(tls12, 48)},
      {"client_certificate_rejected", tls12_client_certificate_rejected(tls12)},
      {"tls13_encrypted_alert", tls13_encrypted_alert()},
      {"tls13_plaintext_alert", tls13_plaintext_alert(tls13)},
      {"tls13_closed", tls13_closed_after_server_flight(tls13)},
      {"closed_before_client_hello", closed_before_client_hello(tls13)},
      {"non_tls_reply", non_tls_reply(tls12)}};
  for (NamedDialogue& each : mutual_dialogues(tls13)) list.push_back(std::move(each));
  return list;
}

}  // namespace shakedown::test_support
