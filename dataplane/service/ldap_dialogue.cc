// SPDX-License-Identifier: Apache-2.0
//
// LDAP: messages in BER. Of each message the first bytes are kept, and read when it is complete.
#include "service/dialogue_steps.h"

namespace shakedown::service {
namespace {

enum LdapStep : std::uint8_t { in_header, in_content };

constexpr std::uint8_t kSequence = 0x30;
constexpr std::uint8_t kInteger = 0x02;
constexpr std::uint8_t kEnumerated = 0x0a;
constexpr std::uint8_t kBindRequest = 0x60;
constexpr std::uint8_t kUnbindRequest = 0x42;
constexpr std::uint8_t kExtendedRequest = 0x77;
constexpr std::uint8_t kExtendedResponse = 0x78;
constexpr std::uint8_t kRequestName = 0x80;
constexpr std::string_view kStartTlsName = "1.3.6.1.4.1.1466.20037";

/// RFC 4511 §5.1: only the definite form. Lengths of up to four bytes, of any value.
ParseStatus read_length(ByteReader& reader, std::uint32_t& length) {
  constexpr std::uint8_t kLongForm = 0x80;
  constexpr unsigned kLengthBytesMax = 4;
  std::uint8_t first = 0;
  if (!reader.read_u8(first)) return ParseStatus::need_more;
  if (first < kLongForm) {
    length = first;
    return ParseStatus::ok;
  }
  const unsigned count = first - kLongForm;
  if (count == 0 || count > kLengthBytesMax) return ParseStatus::malformed;
  length = 0;
  for (unsigned i = 0; i < count; ++i) {
    std::uint8_t byte = 0;
    if (!reader.read_u8(byte)) return ParseStatus::need_more;
    length = length << 8 | byte;
  }
  return ParseStatus::ok;
}

bool read_header(ByteReader& reader, std::uint8_t expected_tag) {
  std::uint8_t tag = 0;
  std::uint32_t length = 0;
  return reader.read_u8(tag) && tag == expected_tag &&
         read_length(reader, length) == ParseStatus::ok;
}

/// messageID, which is at most 2^31-1.
bool read_message_id(ByteReader& reader, std::uint32_t& id) {
  std::uint8_t tag = 0;
  std::uint32_t length = 0;
  if (!reader.read_u8(tag) || tag != kInteger) return false;
  if (read_length(reader, length) != ParseStatus::ok || length == 0 || length > 4) return false;
  id = 0;
  for (std::uint32_t i = 0; i < length; ++i) {
    std::uint8_t byte = 0;
    if (!reader.read_u8(byte)) return false;
    id = id << 8 | byte;
  }
  return true;
}

/// Reads messageID and the tag and length of the operation.
bool read_operation(ByteReader& reader, std::uint32_t& id, std::uint8_t& operation) {
  std::uint32_t length = 0;
  return read_message_id(reader, id) && reader.read_u8(operation) &&
         read_length(reader, length) == ParseStatus::ok;
}

bool asks_for_tls(ByteReader operation) {
  return read_header(operation, kRequestName) &&
         text_of(operation.rest()).starts_with(kStartTlsName);
}

/// Returns false when there can be no following of this side.
bool on_client_message(Dialogue& dialogue, Bytes content) {
  ByteReader reader(content);
  std::uint32_t id = 0;
  std::uint8_t operation = 0;
  if (!read_operation(reader, id, operation)) return false;
  if (operation == kExtendedRequest && asks_for_tls(reader)) dialogue.progress = Progress::asked;
  return operation != kBindRequest && operation != kUnbindRequest;
}

void on_server_message(Dialogue& dialogue, Bytes content) {
  ByteReader reader(content);
  std::uint32_t id = 0;
  std::uint8_t operation = 0;
  std::uint8_t result_code = 0;
  if (!read_operation(reader, id, operation)) return decline(dialogue, 0);
  if (operation != kExtendedResponse) return;
  if (!read_header(reader, kEnumerated) || !reader.read_u8(result_code)) {
    return decline(dialogue, 0);
  }
  // RFC 4511 §4.4: an unsolicited notification has the id 0; the server ends the session.
  if (id == 0) return decline(dialogue, result_code);

  ByteReader request(side_of(dialogue, Party::client).bytes());
  std::uint32_t request_id = 0;
  if (dialogue.progress != Progress::asked || !read_message_id(request, request_id) ||
      id != request_id) {
    return;
  }
  if (result_code != 0) return decline(dialogue, result_code);
  dialogue.progress = Progress::accepted;
}

/// The tag and length of a message.
void on_header_byte(Dialogue& dialogue, Party from, Side side, std::uint8_t byte) {
  if (side.held == 0 && byte != kSequence) {
    if (!falls_silent(dialogue, from, byte)) decline(dialogue, 0);
    return;
  }
  side.keep(byte);
  ByteReader reader(side.bytes().subspan(1));
  std::uint32_t length = 0;
  const ParseStatus status = read_length(reader, length);
  if (status == ParseStatus::need_more) return;
  if (status != ParseStatus::ok || length == 0 || length > kDialogueBytesMax) {
    return decline(dialogue, 0);
  }
  side.rest = static_cast<std::uint16_t>(length);
  side.step = in_content;
  side.held = 0;
}

}  // namespace

void ldap_step(Dialogue& dialogue, Party from, std::uint8_t byte) noexcept {
  const Side side = side_of(dialogue, from);
  if (side.step == in_header) return on_header_byte(dialogue, from, side, byte);
  side.keep(byte);
  if (--side.rest > 0) return;
  side.step = in_header;
  const Bytes content = side.bytes();
  if (from == Party::server) {
    on_server_message(dialogue, content);
  } else if (!on_client_message(dialogue, content)) {
    dialogue.progress = Progress::over;
  }
  // The request stays where it is, because the answer bears its id.
  if (from == Party::server || dialogue.progress != Progress::asked) side.held = 0;
}

}  // namespace shakedown::service
