// SPDX-License-Identifier: Apache-2.0
//
// XMPP: two documents that grow side by side. Only the names of elements are read, with any prefix;
// what they contain, and how their attributes are written, does not matter.
#include "service/dialogue_steps.h"

namespace shakedown::service {
namespace {

enum XmppStep : std::uint8_t { between_tags, in_tag, in_single_quotes, in_double_quotes };

struct Tag {
  std::string_view name;  ///< without prefix
  bool opens = false;
  bool closes = false;  ///< both: an empty element
};

/// `text` is what stands between the angle brackets, without attribute values.
Tag tag_of(std::string_view text, bool empty_element) {
  Tag tag{.name = {}, .opens = !text.starts_with('/'), .closes = empty_element};
  if (!tag.opens) {
    text.remove_prefix(1);
    tag.closes = true;
  }
  text = text.substr(0, text.find_first_of(" \t\r\n/"));
  const std::size_t colon = text.find(':');
  tag.name = colon == std::string_view::npos ? text : text.substr(colon + 1);
  return tag;
}

/// What a client sends that goes on without TLS: SASL, stanzas, the dialback of servers, the
/// handshake of components (XEP-0220, XEP-0114).
bool goes_on(std::string_view name) {
  constexpr std::string_view kNames[] = {"auth",     "authenticate", "iq",     "message",
                                         "presence", "result",       "verify", "handshake"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

void on_client_tag(Dialogue& dialogue, Tag tag) {
  if (tag.name == "starttls") {
    if (tag.closes) dialogue.progress = Progress::asked;
  } else if (goes_on(tag.name) || (tag.name == "stream" && tag.closes)) {
    dialogue.progress = Progress::over;
  }
}

void on_server_tag(Dialogue& dialogue, Tag tag) {
  if (tag.name == "error" || (tag.name == "stream" && tag.closes)) return decline(dialogue, 0);
  if (dialogue.progress != Progress::asked) return;
  if (tag.name == "proceed" && tag.closes) dialogue.progress = Progress::accepted;
  if (tag.name == "failure") decline(dialogue, 0);
}

void on_byte_between_tags(Dialogue& dialogue, Party from, Side side, std::uint8_t byte) {
  if (byte == '<') {
    side.step = in_tag;
    side.held = 0;
    side.rest = 0;
    return;
  }
  if (falls_silent(dialogue, from, byte)) return;
  // XML has no such characters: this is an answer in another language.
  const bool control = byte < ' ' && byte != '\t' && byte != '\r' && byte != '\n';
  if (control && from == Party::server) decline(dialogue, 0);
}

}  // namespace

void xmpp_step(Dialogue& dialogue, Party from, std::uint8_t byte) noexcept {
  const Side side = side_of(dialogue, from);
  switch (side.step) {
    case between_tags:
      return on_byte_between_tags(dialogue, from, side, byte);
    case in_single_quotes:
      if (byte == '\'') side.step = in_tag;
      return;
    case in_double_quotes:
      if (byte == '"') side.step = in_tag;
      return;
    default:
      break;
  }
  const bool after_slash = side.rest == '/';
  side.rest = byte;
  if (byte == '<') {
    side.held = 0;
  } else if (byte == '\'') {
    side.step = in_single_quotes;
  } else if (byte == '"') {
    side.step = in_double_quotes;
  } else if (byte != '>') {
    side.keep(byte);
  } else {
    side.step = between_tags;
    const Tag tag = tag_of(text_of(side.bytes()), after_slash && side.held > 1);
    if (from == Party::client) return on_client_tag(dialogue, tag);
    on_server_tag(dialogue, tag);
  }
}

}  // namespace shakedown::service
