// SPDX-License-Identifier: Apache-2.0
#include "service/dialogue.h"

#include "service/dialogue_steps.h"

namespace shakedown::service {
namespace {

using Step = void (*)(Dialogue&, Party, std::uint8_t) noexcept;

/// None for kinds that are no dialogue.
Step step_of(StartTls kind) {
  switch (kind) {
    case StartTls::smtp:
    case StartTls::ftp:
      return mail_or_file_step;
    case StartTls::imap:
      return imap_step;
    case StartTls::pop3:
      return pop3_step;
    case StartTls::ldap:
      return ldap_step;
    case StartTls::xmpp:
      return xmpp_step;
    case StartTls::postgresql:
      return postgresql_step;
    case StartTls::mysql:
      return mysql_step;
    case StartTls::rdp:
      return rdp_step;
    case StartTls::http_connect:
      return http_connect_step;
    case StartTls::socks:
      return socks_step;
    case StartTls::none:
    case StartTls::unknown:
    case StartTls::proxy_header:
      break;
  }
  return nullptr;
}

bool is_silent(const Dialogue& dialogue) { return (dialogue.flags & DialogueFlags::silent) != 0; }

/// A client that has asked waits for the answer: what it sends meanwhile is TLS.
bool listens(const Dialogue& dialogue, Party from) {
  if (dialogue.progress == Progress::talking) return true;
  if (dialogue.progress != Progress::asked) return false;
  return from != Party::client || (dialogue.flags & DialogueFlags::challenged) != 0;
}

}  // namespace

StartTls upgrade_of(Service service, Party from) noexcept {
  switch (service) {
    case Service::smtp:
      return StartTls::smtp;
    case Service::imap:
      return StartTls::imap;
    case Service::pop3:
      return StartTls::pop3;
    case Service::ftp:
      return StartTls::ftp;
    case Service::ldap:
      return StartTls::ldap;
    case Service::xmpp:
      return StartTls::xmpp;
    case Service::postgresql:
      return StartTls::postgresql;
    case Service::mysql:
      return StartTls::mysql;
    case Service::rdp:
      return StartTls::rdp;
    case Service::socks:
      return StartTls::socks;
    // A server that speaks HTTP first answers something that was not seen.
    case Service::http:
      return from == Party::client ? StartTls::http_connect : StartTls::none;
    case Service::none:
    case Service::block_page:
    case Service::ssh:
    case Service::redis:
    case Service::mqtt:
    case Service::banner:
    case Service::binary:
      break;
  }
  return StartTls::none;
}

Progress on_bytes(Dialogue& dialogue, Party from, Bytes bytes) noexcept {
  const Step step = step_of(dialogue.kind);
  if (step == nullptr) return dialogue.progress;
  std::uint32_t& count = from == Party::client ? dialogue.client_bytes : dialogue.server_bytes;
  ByteReader reader(bytes);
  std::uint8_t byte = 0;
  while (listens(dialogue, from) && reader.read_u8(byte)) {
    if (count == kDialogueBytesMax) {
      // A request that was seen stays asked, although its answer was not.
      const bool stays = is_silent(dialogue) && dialogue.progress == Progress::asked;
      if (!stays) dialogue.progress = Progress::over;
      break;
    }
    ++count;
    if (!is_silent(dialogue)) step(dialogue, from, byte);
  }
  return dialogue.progress;
}

void on_gap(Dialogue& dialogue, Party) noexcept { dialogue.flags |= DialogueFlags::silent; }

}  // namespace shakedown::service
