// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   Whole TLS conversations, good and failing, as steps of bytes (for tests of the TLS and
//            handshake layers) and as frames (for everything from the packet layer on).
// Units:     sizes are bytes; times are nanoseconds.
// Ownership: dialogues and frames are values.
// Threading: none.
// Limits:    after the point where a real stack encrypts, bodies are opaque bytes of the real size.
// Failure:   none.
// RFC:       RFC 5246 §7.3; RFC 8446 §2, §D.4.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "byte_writer.h"
#include "hello_builder.h"
#include "message_builder.h"
#include "tcp_conversation.h"

namespace shakedown::test_support {

/// One thing that one side does.
struct Step {
  enum class Kind : uint8_t { data, fin, rst, wait };
  Kind kind = Kind::data;
  Side from = Side::client;
  Bytes bytes{};         // data: one flight of records, sent at once
  uint64_t wait_ns = 0;  // wait
};

/// What an observer should say about a dialogue; names are those of the outcome contract.
struct ExpectedOutcome {
  std::string name = "established";
  std::string by = "none";
  int alert_description = -1;  // -1: no alert that an observer can read
  std::string alert_from{};    // client, server, or empty
};

struct Dialogue {
  enum class Opening : uint8_t { accepted, refused, unanswered };
  Opening opening = Opening::accepted;
  std::vector<Step> steps{};
  ExpectedOutcome expected{};

  /// All bytes that one side sends, in order.
  [[nodiscard]] Bytes bytes_from(Side side) const;
};

/// Everything that the scripts vary; change what the test is about.
struct HandshakeParameters {
  ClientHelloBuilder client_hello{};
  uint16_t version = 0x0303;       // what the server selects
  uint16_t cipher_suite = 0xc02f;  // likewise
  uint16_t named_group = 0x001d;
  std::string alpn{};                              // what the server selects; empty = none
  CertificateChain chain{};                        // what the server sends
  std::optional<CertificateChain> client_chain{};  // set = requested; empty chain = client has none
  Bytes ocsp_response{};  // not empty = CertificateStatus follows Certificate
  bool server_sends_ticket = true;
  bool certificate_is_ecdsa = false;
  size_t request_size = 400;  // application data of the client and of the server
  size_t response_size = 900;
  bool close_notify = true;  // before FIN
  uint64_t seed = 1;         // of all opaque bytes and of the server's random

  /// TLS 1.2 with the bundled RSA chain; TLS 1.3 with AES-128-GCM.
  [[nodiscard]] static HandshakeParameters tls12(std::string_view server_name = "www.example.com");
  [[nodiscard]] static HandshakeParameters tls13(std::string_view server_name = "www.example.com");
};

/// Puts a dialogue together flight by flight; the named scripts below are all made with it. Which
/// flights mean what depends on the selected version.
class HandshakeScript {
 public:
  explicit HandshakeScript(HandshakeParameters parameters);

  HandshakeScript& client_hello();
  /// HelloRetryRequest for `group`, and the second ClientHello that obeys it.
  HandshakeScript& hello_retry(Code16 group);
  /// TLS 1.2: ServerHello to ServerHelloDone. TLS 1.3: ServerHello, ChangeCipherSpec, encrypted
  /// flight.
  HandshakeScript& server_flight();
  /// TLS 1.2: ServerHello, ChangeCipherSpec, Finished of an abbreviated handshake.
  HandshakeScript& server_resumed_flight();
  /// TLS 1.2: [Certificate] ClientKeyExchange [CertificateVerify] ChangeCipherSpec Finished.
  /// TLS 1.3: ChangeCipherSpec [Certificate CertificateVerify] Finished.
  HandshakeScript& client_flight();
  HandshakeScript& client_resumed_flight();
  /// TLS 1.2: [NewSessionTicket] ChangeCipherSpec Finished. TLS 1.3: two NewSessionTickets.
  HandshakeScript& server_finish();
  HandshakeScript& application_data();
  /// An orderly end by the client: close_notify when wanted, then FIN.
  HandshakeScript& finish();

  HandshakeScript& alert(Side from, Code8 description, Code8 level = 2);
  HandshakeScript& encrypted_alert(Side from);
  HandshakeScript& data(Side from, Bytes bytes);
  HandshakeScript& fin(Side from);
  HandshakeScript& rst(Side from);
  HandshakeScript& wait(uint64_t nanoseconds);

  HandshakeScript& expect(std::string name, std::string by = "none");
  HandshakeScript& expect_alert(std::string name, Side from, Code8 description);

  [[nodiscard]] Dialogue take() { return std::move(dialogue_); }

 private:
  [[nodiscard]] bool is_tls13() const { return parameters_.version >= 0x0304; }
  [[nodiscard]] uint16_t record_version() const;
  [[nodiscard]] uint64_t next_seed() { return parameters_.seed * 0x100 + ++seeds_used_; }
  [[nodiscard]] bool uses_rsa_key_exchange() const;
  [[nodiscard]] size_t sealed_size(size_t plaintext_size) const;
  [[nodiscard]] Bytes sealed(Code8 content_type, size_t plaintext_size);
  [[nodiscard]] Bytes server_hello(bool resumed);
  [[nodiscard]] Bytes tls12_server_records();
  [[nodiscard]] Bytes tls13_server_records(bool resumed);
  [[nodiscard]] Bytes tls12_finished();

  HandshakeParameters parameters_;
  Dialogue dialogue_;
  uint64_t seeds_used_ = 0;
  bool retried_ = false;  // each side sends its ChangeCipherSpec once: RFC 8446 §D.4
};

// Handshakes that succeed.
[[nodiscard]] Dialogue tls12_full(HandshakeParameters p = HandshakeParameters::tls12());
[[nodiscard]] Dialogue tls12_resumed(HandshakeParameters p = HandshakeParameters::tls12());
[[nodiscard]] Dialogue tls12_mutual(HandshakeParameters p = HandshakeParameters::tls12());
[[nodiscard]] Dialogue tls13_full(HandshakeParameters p = HandshakeParameters::tls13());
[[nodiscard]] Dialogue tls13_hello_retry(HandshakeParameters p = HandshakeParameters::tls13());
/// With a pre-shared key: no Certificate. RFC 8446 §2.2.
[[nodiscard]] Dialogue tls13_resumed(HandshakeParameters p = HandshakeParameters::tls13());
[[nodiscard]] Dialogue tls13_mutual(HandshakeParameters p = HandshakeParameters::tls13());
/// A warning unrecognized_name(112) that the handshake survives. RFC 6066 §3.
[[nodiscard]] Dialogue tls12_with_warning(HandshakeParameters p = HandshakeParameters::tls12());

// Handshakes that fail; the parameters' version says which protocol the server would have spoken.
[[nodiscard]] Dialogue reset_after_client_hello(HandshakeParameters p, Side by = Side::server);
[[nodiscard]] Dialogue closed_after_client_hello(HandshakeParameters p, Side by = Side::server);
[[nodiscard]] Dialogue silence_after_client_hello(HandshakeParameters p,
                                                  uint64_t silence_ns = 60 * kSecond);
[[nodiscard]] Dialogue alert_after_client_hello(HandshakeParameters p, Code8 description);
/// TLS 1.2: the client judges the certificate and says so in clear.
[[nodiscard]] Dialogue tls12_client_alert(HandshakeParameters p, Code8 description);
/// TLS 1.2: the server rejects the client's certificate in clear after the client's flight.
[[nodiscard]] Dialogue tls12_client_certificate_rejected(HandshakeParameters p,
                                                         Code8 description = 42);
/// TLS 1.3 as Go, GnuTLS and NSS reject a certificate: ChangeCipherSpec, a record of 19, FIN.
[[nodiscard]] Dialogue tls13_encrypted_alert(HandshakeParameters p = HandshakeParameters::tls13());
/// TLS 1.3 as OpenSSL rejects a certificate: an alert in clear.
[[nodiscard]] Dialogue tls13_plaintext_alert(HandshakeParameters p, Code8 description = 48);
/// TLS 1.3 as Node rejects a certificate: FIN after the server's flight.
[[nodiscard]] Dialogue tls13_closed_after_server_flight(HandshakeParameters p);

/// What one side sends at once after the server's flight, by TLSCiphertext.length.
struct LengthsOfASide {
  Side from = Side::client;
  std::vector<size_t> record_lengths{};
};
/// TLS 1.3 up to the server's flight, and then these records; the caller adds the ending.
[[nodiscard]] Dialogue tls13_mutual_by_lengths(HandshakeParameters p,
                                               std::initializer_list<LengthsOfASide> exchange);
/// The server closes at once, and the client's hello is on its way.
[[nodiscard]] Dialogue closed_before_client_hello(HandshakeParameters p);

// Connections that are no TLS handshake.
[[nodiscard]] Dialogue no_hello(Side closed_by = Side::client);
[[nodiscard]] Dialogue refused();
[[nodiscard]] Dialogue unanswered();
/// The server answers the ClientHello with `reply` and closes; an HTTP 400 when it is empty.
[[nodiscard]] Dialogue non_tls_reply(HandshakeParameters p, std::string_view reply = {});

/// Plays a dialogue over TCP. Data is cut by the sender's MSS.
struct NamedDialogue {
  std::string name;
  Dialogue dialogue;
};
/// One of each that a client begins with its hello: what must hold for all is tested on these.
[[nodiscard]] std::vector<NamedDialogue> dialogues_with_hello();

[[nodiscard]] Frames play(const Dialogue& dialogue,
                          TcpConversationOptions options = TcpConversationOptions::ipv4());

}  // namespace shakedown::test_support
