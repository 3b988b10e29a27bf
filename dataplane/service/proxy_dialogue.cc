// SPDX-License-Identifier: Apache-2.0
//
// Proxies that are asked for a way through: HTTP CONNECT and SOCKS. TLS is then spoken with the
// server behind them.
#include "service/dialogue_steps.h"

namespace shakedown::service {
namespace {

// --- HTTP

enum HttpStep : std::uint8_t {
  in_first_line,
  in_request_header,
  in_interim_header,   ///< of a 1xx answer: another follows
  in_granting_header,  ///< of a 2xx answer, which ends the dialogue
  in_challenge         ///< of a 407 answer, with its body: until the client asks again
};

constexpr std::uint16_t kProxyAuthenticationRequired = 407;

/// RFC 9112 §4: HTTP-version SP status-code SP; zero: it is no such line.
std::uint16_t status_code_of(std::string_view line) {
  if (!line.starts_with("HTTP/1.")) return 0;
  (void)take_word(line);
  const std::string_view digits = take_word(line);
  if (digits.size() != 3) return 0;
  unsigned code = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') return 0;
    code = code * 10 + static_cast<unsigned>(digit - '0');
  }
  return static_cast<std::uint16_t>(code);
}

void on_http_client_line(Dialogue& dialogue, Side side, std::string_view line) {
  if (side.step == in_request_header) {
    if (!line.empty()) return;
    side.step = in_first_line;
    dialogue.progress = Progress::asked;
    dialogue.flags = static_cast<std::uint8_t>(dialogue.flags & ~DialogueFlags::challenged);
    dialogue.server_step = in_first_line;
    dialogue.server_held = 0;
    return;
  }
  // RFC 9112 §2.2: empty lines before a request are ignored.
  if (line.empty()) return;
  if (line.starts_with("CONNECT ")) {
    side.step = in_request_header;
  } else {
    // It was challenged and does without, or it never wanted a way through.
    decline(dialogue, dialogue.code);
  }
}

void on_status_line(Dialogue& dialogue, Side side, std::string_view line) {
  const std::uint16_t code = status_code_of(line);
  // Before the end of the request, there can only be refusals.
  const bool early = dialogue.client_step == in_request_header;
  if (early) dialogue.progress = Progress::asked;
  if (dialogue.progress != Progress::asked) return answer_unasked(dialogue);
  if (code < 100 || code > 599) return decline(dialogue, 0);
  if (early) return decline(dialogue, code);
  if (code < 200) {
    side.step = in_interim_header;
    return;
  }
  dialogue.code = code;
  if (code < 300) {
    side.step = in_granting_header;
  } else if (code == kProxyAuthenticationRequired) {
    side.step = in_challenge;
    dialogue.flags |= DialogueFlags::challenged;
  } else {
    decline(dialogue, code);
  }
}

void on_http_server_line(Dialogue& dialogue, Side side, std::string_view line) {
  switch (side.step) {
    case in_first_line:
      return on_status_line(dialogue, side, line);
    case in_interim_header:
      if (line.empty()) side.step = in_first_line;
      return;
    case in_granting_header:
      if (line.empty()) dialogue.progress = Progress::accepted;
      return;
    default:
      return;
  }
}

// --- SOCKS

constexpr std::uint8_t kVersion4 = 4;
constexpr std::uint8_t kVersion5 = 5;
constexpr std::uint8_t kConnect = 1;
constexpr std::uint8_t kGranted4 = 0x5a;
constexpr std::uint8_t kMethodNone = 0;
constexpr std::uint8_t kMethodPassword = 2;
constexpr std::uint8_t kMethodUnacceptable = 0xff;
constexpr std::uint8_t kAddressIpv4 = 1;
constexpr std::uint8_t kAddressName = 3;
constexpr std::uint8_t kAddressIpv6 = 4;
constexpr std::uint16_t kPortBytes = 2;

enum SocksClientStep : std::uint8_t {
  version,
  request4,  ///< CD, DSTPORT, DSTIP
  user4,     ///< up to its zero byte
  name4,     ///< SOCKS 4A: likewise
  method_count,
  methods,
  next_message,  ///< the password, or the request: each has its own version
  user_size,
  user,
  password_size,
  password,
  request5,  ///< CMD, RSV, ATYP
  name_size,
  address5
};

/// How long an address of this type is, with its port; zero: it is no such type, or a name.
std::uint16_t address_bytes(std::uint8_t type) {
  if (type == kAddressIpv4) return 4 + kPortBytes;
  if (type == kAddressIpv6) return 16 + kPortBytes;
  return 0;
}

/// A field of known length is passed over, then comes `next`.
void pass(Side side, std::uint8_t next) {
  if (--side.rest == 0) side.step = next;
}

/// The length of a field was read. An empty one is over at once.
void begin_field(Side side, std::uint8_t size, SocksClientStep field, SocksClientStep next) {
  side.rest = size;
  side.step = size == 0 ? next : field;
}

void on_version(Dialogue& dialogue, Side side, std::uint8_t byte) {
  if (byte == kVersion4) {
    side.step = request4;
  } else if (byte == kVersion5) {
    side.step = method_count;
  } else if (!falls_silent(dialogue, Party::client, byte)) {
    dialogue.progress = Progress::over;
  }
}

void on_request4(Dialogue& dialogue, Side side, std::uint8_t byte) {
  constexpr std::size_t kRequestBytes = 7;
  side.keep(byte);
  if (side.line[0] != kConnect) {
    dialogue.progress = Progress::over;
  } else if (side.held == kRequestBytes) {
    side.step = user4;
  }
}

/// SOCKS 4A: an address 0.0.0.x, with x not zero, announces a name.
void on_user4(Dialogue& dialogue, Side side, std::uint8_t byte) {
  if (byte != 0) return;
  const Bytes address = side.bytes().subspan(3);
  const bool name = address[0] == 0 && address[1] == 0 && address[2] == 0 && address[3] != 0;
  if (name) {
    side.step = name4;
  } else {
    dialogue.progress = Progress::asked;
  }
}

void on_next_message(Dialogue& dialogue, Side side, std::uint8_t byte) {
  constexpr std::uint8_t kPasswordVersion = 1;  // RFC 1929 §2.
  side.held = 0;
  if (byte == kPasswordVersion) {
    side.step = user_size;
  } else if (byte == kVersion5) {
    side.step = request5;
  } else if (!falls_silent(dialogue, Party::client, byte)) {
    dialogue.progress = Progress::over;
  }
}

void on_request5(Dialogue& dialogue, Side side, std::uint8_t byte) {
  constexpr std::size_t kRequestBytes = 3;
  side.keep(byte);
  if (side.line[0] != kConnect) dialogue.progress = Progress::over;
  if (side.held < kRequestBytes) return;
  side.rest = address_bytes(byte);
  side.step = byte == kAddressName ? name_size : address5;
  if (byte != kAddressName && side.rest == 0) dialogue.progress = Progress::over;
}

void on_socks_client_byte(Dialogue& dialogue, std::uint8_t byte) {
  const Side side = side_of(dialogue, Party::client);
  switch (side.step) {
    case version:
      return on_version(dialogue, side, byte);
    case request4:
      return on_request4(dialogue, side, byte);
    case user4:
      return on_user4(dialogue, side, byte);
    case name4:
      if (byte == 0) dialogue.progress = Progress::asked;
      return;
    case method_count:
      return begin_field(side, byte, methods, next_message);
    case methods:
      return pass(side, next_message);
    case next_message:
      return on_next_message(dialogue, side, byte);
    case user_size:
      return begin_field(side, byte, user, password_size);
    case user:
      return pass(side, password_size);
    case password_size:
      return begin_field(side, byte, password, next_message);
    case password:
      return pass(side, next_message);
    case request5:
      return on_request5(dialogue, side, byte);
    case name_size:
      side.rest = static_cast<std::uint16_t>(byte + kPortBytes);
      side.step = address5;
      return;
    default:
      if (--side.rest == 0) dialogue.progress = Progress::asked;
      return;
  }
}

enum SocksServerStep : std::uint8_t {
  answer_version,
  answer4,  ///< CD, then six bytes without meaning
  chosen_method,
  password_answer,
  answer5,  ///< VER, REP, RSV, ATYP
  answer_name_size,
  answer_address
};

void grant(Dialogue& dialogue) {
  if (dialogue.progress != Progress::asked) return answer_unasked(dialogue);
  dialogue.progress = Progress::accepted;
}

/// Whoever is turned away before the request would have made it.
void turn_away(Dialogue& dialogue, std::uint8_t code) {
  dialogue.progress = Progress::asked;
  decline(dialogue, code);
}

void on_chosen_method(Dialogue& dialogue, Side side, std::uint8_t byte) {
  switch (byte) {
    case kMethodNone:
      side.step = answer5;
      return;
    case kMethodPassword:
      side.step = password_answer;
      return;
    case kMethodUnacceptable:
      return turn_away(dialogue, byte);
    default:
      dialogue.progress = Progress::over;
      return;  // GSSAPI and private methods.
  }
}

void on_answer4(Dialogue& dialogue, Side side, std::uint8_t byte) {
  constexpr std::size_t kAnswerBytes = 7;
  side.keep(byte);
  if (side.line[0] != kGranted4) return turn_away(dialogue, byte);
  if (side.held == kAnswerBytes) grant(dialogue);
}

void on_answer5(Dialogue& dialogue, Side side, std::uint8_t byte) {
  constexpr std::size_t kAnswerBytes = 4;
  constexpr std::size_t kReplyOffset = 1;
  side.keep(byte);
  if (side.line[0] != kVersion5) return decline(dialogue, 0);
  if (side.held == kReplyOffset + 1 && byte != 0) return turn_away(dialogue, byte);
  if (side.held < kAnswerBytes) return;
  side.rest = address_bytes(byte);
  side.step = byte == kAddressName ? answer_name_size : answer_address;
  if (byte != kAddressName && side.rest == 0) decline(dialogue, 0);
}

void on_socks_server_byte(Dialogue& dialogue, std::uint8_t byte) {
  const Side side = side_of(dialogue, Party::server);
  switch (side.step) {
    case answer_version:
      if (falls_silent(dialogue, Party::server, byte)) return;
      if (byte != 0 && byte != kVersion5) return decline(dialogue, 0);
      side.step = byte == 0 ? answer4 : chosen_method;
      return;
    case answer4:
      return on_answer4(dialogue, side, byte);
    case chosen_method:
      return on_chosen_method(dialogue, side, byte);
    case password_answer:
      side.keep(byte);
      if (side.held < 2) return;
      side.held = 0;
      side.step = answer5;
      if (byte != 0) turn_away(dialogue, byte);
      return;
    case answer5:
      return on_answer5(dialogue, side, byte);
    case answer_name_size:
      side.rest = static_cast<std::uint16_t>(byte + kPortBytes);
      side.step = answer_address;
      return;
    default:
      if (--side.rest == 0) grant(dialogue);
      return;
  }
}

}  // namespace

void http_connect_step(Dialogue& dialogue, Party from, std::uint8_t byte) noexcept {
  const Side side = side_of(dialogue, from);
  if (side.held == 0 && side.step == in_first_line) {
    if (falls_silent(dialogue, from, byte)) return;
    const bool control = byte < ' ' && byte != '\r' && byte != '\n';
    if (control) return decline(dialogue, 0);
  }
  std::string_view line;
  if (!take_line(side, byte, line)) return;
  if (from == Party::client) return on_http_client_line(dialogue, side, line);
  on_http_server_line(dialogue, side, line);
}

void socks_step(Dialogue& dialogue, Party from, std::uint8_t byte) noexcept {
  if (from == Party::client) return on_socks_client_byte(dialogue, byte);
  on_socks_server_byte(dialogue, byte);
}

}  // namespace shakedown::service
