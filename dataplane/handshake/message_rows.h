// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   The graph of the handshake as rows: which message, from whom, brings it how far, and
//            which letter stands for it in the history. What is not in a row is legal vocabulary
//            that moves nothing.
// Units:     none
// Ownership: Constants.
// Threading: Constants.
// Limits:    none
// Failure:   A message from the wrong side finds no row; it is written into the history and moves
//            nothing.
// RFC:       RFC 8446 §4 and appendix A; RFC 5246 §7.3, §7.4. Letters: Zeek's ssl_history.
#pragma once

#include <array>

#include "handshake/direction.h"
#include "shakedown/tls_types.h"

namespace shakedown::handshake {

struct MessageRow {
  HandshakeType type;
  Party sender;   ///< none: either
  char letter;    ///< as written for the client; the server's is its lower case
  Stage reached;  ///< Stage::tcp: moves nothing
};

inline constexpr std::array kMessageRows = {
    MessageRow{HandshakeType::client_hello, Party::client, 'C', Stage::client_hello},
    MessageRow{HandshakeType::hello_retry_request, Party::server, 'J', Stage::hello_retry_request},
    MessageRow{HandshakeType::server_hello, Party::server, 'S', Stage::server_hello},
    MessageRow{HandshakeType::certificate, Party::server, 'X', Stage::certificate},
    MessageRow{HandshakeType::certificate, Party::client, 'X', Stage::client_certificate},
    MessageRow{HandshakeType::compressed_certificate, Party::none, 'X', Stage::tcp},
    MessageRow{HandshakeType::certificate_request, Party::server, 'R', Stage::certificate_request},
    MessageRow{HandshakeType::server_hello_done, Party::server, 'N', Stage::server_hello_done},
    MessageRow{HandshakeType::client_key_exchange, Party::client, 'G', Stage::client_key_exchange},
    // RFC 5246 §7.4.3: ServerKeyExchange belongs to the certificate step; it has no stage of its
    // own.
    MessageRow{HandshakeType::server_key_exchange, Party::server, 'K', Stage::tcp},
    MessageRow{HandshakeType::certificate_verify, Party::none, 'Y', Stage::tcp},
    MessageRow{HandshakeType::certificate_status, Party::server, 'U', Stage::tcp},
    MessageRow{HandshakeType::certificate_url, Party::client, 'W', Stage::tcp},
    MessageRow{HandshakeType::new_session_ticket, Party::server, 'T', Stage::tcp},
    MessageRow{HandshakeType::supplemental_data, Party::none, 'A', Stage::tcp},
    MessageRow{HandshakeType::encrypted_extensions, Party::server, 'O', Stage::tcp},
    MessageRow{HandshakeType::end_of_early_data, Party::client, 'E', Stage::tcp},
    MessageRow{HandshakeType::key_update, Party::none, 'P', Stage::tcp},
    MessageRow{HandshakeType::message_hash, Party::none, 'M', Stage::tcp},
    MessageRow{HandshakeType::hello_request, Party::server, 'H', Stage::tcp},
    MessageRow{HandshakeType::hello_verify_request, Party::server, 'V', Stage::tcp},
    // A readable Finished exists only with the NULL ciphers.
    MessageRow{HandshakeType::finished, Party::client, 'F', Stage::client_finished},
    MessageRow{HandshakeType::finished, Party::server, 'F', Stage::server_finished},
};

inline constexpr MessageRow kUnknownMessageRow{HandshakeType{255}, Party::none, 'Z', Stage::tcp};

[[nodiscard]] constexpr const MessageRow& row_of(HandshakeType type, Party sender) {
  for (const MessageRow& row : kMessageRows) {
    if (row.type == type && (row.sender == sender || row.sender == Party::none)) return row;
  }
  return kUnknownMessageRow;
}

namespace letter {
inline constexpr char change_cipher_spec = 'I';
inline constexpr char application_data = 'D';
inline constexpr char alert = 'L';
inline constexpr char finished = 'F';
inline constexpr char heartbeat = 'B';
inline constexpr char unknown_content = 'Q';
}  // namespace letter

}  // namespace shakedown::handshake
