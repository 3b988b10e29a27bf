// SPDX-License-Identifier: Apache-2.0
//
// Mail and file transfer: commands and answers in lines.
#include <limits>

#include "service/dialogue_steps.h"

namespace shakedown::service {
namespace {

enum class Effect : std::uint8_t {
  talk,  ///< one answer is due
  ask,   ///< for the upgrade
  end    ///< goes on without TLS, or goes away
};

struct Command {
  std::string_view word;
  Effect effect = Effect::talk;
  StartTls kind = StartTls::none;  ///< none: both kinds have it
};

/// RFC 5321 §4.1.1, RFC 2033 §4.1, RFC 3030 §2; RFC 959 §4.1, RFC 2389 §3, RFC 2428. Words that are
/// not here are answered, and change nothing.
constexpr Command kMailOrFileCommands[] = {
    {"STARTTLS", Effect::ask, StartTls::smtp}, {"EHLO", Effect::talk, StartTls::smtp},
    {"HELO", Effect::talk, StartTls::smtp},    {"LHLO", Effect::talk, StartTls::smtp},
    {"MAIL", Effect::end, StartTls::smtp},     {"RCPT", Effect::end, StartTls::smtp},
    {"DATA", Effect::end, StartTls::smtp},     {"BDAT", Effect::end, StartTls::smtp},
    {"ETRN", Effect::end, StartTls::smtp},     {"QUIT", Effect::end},
    {"USER", Effect::talk, StartTls::ftp},     {"FEAT", Effect::talk, StartTls::ftp},
    {"PASS", Effect::end, StartTls::ftp},      {"ACCT", Effect::end, StartTls::ftp},
    {"PASV", Effect::end, StartTls::ftp},      {"EPSV", Effect::end, StartTls::ftp},
    {"PORT", Effect::end, StartTls::ftp},      {"EPRT", Effect::end, StartTls::ftp},
    {"LIST", Effect::end, StartTls::ftp},      {"RETR", Effect::end, StartTls::ftp},
    {"STOR", Effect::end, StartTls::ftp},
};

/// RFC 9051 §6.1 to §6.3.
constexpr Command kImapCommands[] = {
    {"STARTTLS", Effect::ask}, {"LOGIN", Effect::end},  {"AUTHENTICATE", Effect::end},
    {"LOGOUT", Effect::end},   {"SELECT", Effect::end}, {"EXAMINE", Effect::end},
};

/// RFC 1939, RFC 2595 §4, RFC 5034 §4. AUTH alone lists the mechanisms, as CAPA does.
constexpr Command kPop3Commands[] = {
    {"STLS", Effect::ask}, {"USER", Effect::end}, {"PASS", Effect::end},
    {"APOP", Effect::end}, {"QUIT", Effect::end},
};

Command command_of(std::span<const Command> commands, std::string_view word) {
  for (const Command& command : commands) {
    if (is_word(word, command.word)) return command;
  }
  return {};
}

void do_command(Dialogue& dialogue, Effect effect) {
  switch (effect) {
    case Effect::ask:
      dialogue.progress = Progress::asked;
      break;
    case Effect::end:
      dialogue.progress = Progress::over;
      break;
    case Effect::talk:
      if (dialogue.due == std::numeric_limits<std::uint8_t>::max()) {
        dialogue.progress = Progress::over;
      } else {
        ++dialogue.due;
      }
      break;
  }
}

void answer_earlier(Dialogue& dialogue) {
  if (dialogue.due > 0) --dialogue.due;
}

void accept(Dialogue& dialogue, std::uint16_t code) {
  dialogue.code = code;
  dialogue.progress = Progress::accepted;
}

/// The bytes of a line, once it is complete and unless it is TLS. `binary` answers decline.
bool take_text_line(Dialogue& dialogue, Party from, std::uint8_t byte, std::string_view& line) {
  const Side side = side_of(dialogue, from);
  if (side.held == 0) {
    if (falls_silent(dialogue, from, byte)) return false;
    const bool control = byte < ' ' && byte != '\t' && byte != '\r' && byte != '\n';
    if (control && from == Party::server && dialogue.progress == Progress::asked) {
      decline(dialogue, 0);
      return false;
    }
  }
  return take_line(side, byte, line);
}

/// RFC 4217 §4: the mechanisms that lead to TLS, with the names that older clients use. Other words
/// behind AUTH are those of SASL (SMTP) or GSSAPI (FTP).
bool names_tls(std::string_view mechanism) {
  return is_word(mechanism, "TLS") || is_word(mechanism, "SSL") || is_word(mechanism, "TLS-C") ||
         is_word(mechanism, "TLS-P");
}

Command auth_command(StartTls kind, std::string_view mechanism) {
  if (names_tls(mechanism)) return {"AUTH", Effect::ask, StartTls::ftp};
  return {"AUTH", kind == StartTls::smtp ? Effect::end : Effect::talk, kind};
}

void on_mail_or_file_command(Dialogue& dialogue, std::string_view line) {
  if (line.empty()) return;
  const std::string_view word = take_word(line);
  const Command command = is_word(word, "AUTH") ? auth_command(dialogue.kind, take_word(line))
                                                : command_of(kMailOrFileCommands, word);
  if (command.kind != StartTls::none) dialogue.kind = command.kind;
  do_command(dialogue, command.effect);
}

/// The three digits that begin every answer; zero: it is none.
std::uint16_t reply_code_of(std::string_view line) {
  if (line.size() < 3 || (line.size() > 3 && line[3] != ' ' && line[3] != '-')) return 0;
  unsigned code = 0;
  for (const char digit : line.substr(0, 3)) {
    if (digit < '0' || digit > '9') return 0;
    code = code * 10 + static_cast<unsigned>(digit - '0');
  }
  return code >= 100 && code < 600 ? static_cast<std::uint16_t>(code) : 0;
}

bool agrees(StartTls kind, std::uint16_t code) {
  return kind == StartTls::ftp ? code == 234 || code == 334 : code == 220;
}

/// RFC 5321 §4.3.1: the greeting is 220, or the server wants nobody. Any other first answer means
/// that the greeting was not seen.
bool is_greeting(Dialogue& dialogue, std::uint16_t code) {
  if ((dialogue.flags & DialogueFlags::greeted) != 0) return false;
  dialogue.flags |= DialogueFlags::greeted;
  return code == 220 || code >= 400;
}

void on_mail_or_file_reply(Dialogue& dialogue, std::uint16_t code) {
  constexpr std::uint16_t kPreliminaryMax = 199;  // RFC 959 §4.2: another reply follows.
  constexpr std::uint16_t kGoodbye = 421;
  if (code <= kPreliminaryMax) return;
  if (is_greeting(dialogue, code)) {
    if (code >= 400) decline(dialogue, code);
    return;
  }
  if (code == kGoodbye) return decline(dialogue, code);
  if (dialogue.progress != Progress::asked) return answer_earlier(dialogue);
  // Nothing else is answered with these codes, so that one counted too many does no harm here.
  if (agrees(dialogue.kind, code)) return accept(dialogue, code);
  if (dialogue.due > 0) return answer_earlier(dialogue);
  decline(dialogue, code);
}

/// RFC 5321 §4.2.1, RFC 959 §4.2: `250-` begins or continues an answer of several lines, `250 `
/// ends it. FTP allows any lines between the two.
void on_mail_or_file_line(Dialogue& dialogue, std::string_view line) {
  const std::uint16_t code = reply_code_of(line);
  const bool last = line.size() <= 3 || line[3] != '-';
  if (dialogue.reply_code != 0 && (code != dialogue.reply_code || !last)) return;
  if (code == 0) {
    if (!line.empty() && dialogue.progress == Progress::asked) decline(dialogue, 0);
    return;
  }
  dialogue.reply_code = last ? std::uint16_t{0} : code;
  if (last) on_mail_or_file_reply(dialogue, code);
}

void on_imap_command(Dialogue& dialogue, std::string_view line) {
  const std::string_view tag = take_word(line);
  const Effect effect = command_of(kImapCommands, take_word(line)).effect;
  if (effect == Effect::talk) return;  // Tags tell answers apart; nothing has to be counted.
  do_command(dialogue, effect);
  // The answer will bear this tag, which stays where it is until then.
  side_of(dialogue, Party::client).held = static_cast<std::uint8_t>(tag.size());
}

void on_imap_line(Dialogue& dialogue, std::string_view line) {
  const std::string_view tag = take_word(line);
  const std::string_view status = take_word(line);
  const bool asked = dialogue.progress == Progress::asked;
  if (tag == "*") {
    if (is_word(status, "BYE")) decline(dialogue, 0);
    // RFC 9051 §7.1.4: it is too late for STARTTLS.
    if (is_word(status, "PREAUTH") && !asked) dialogue.progress = Progress::over;
    return;
  }
  if (!asked || tag != text_of(side_of(dialogue, Party::client).bytes())) return;
  if (is_word(status, "OK")) return accept(dialogue, 0);
  decline(dialogue, 0);
}

void on_pop3_command(Dialogue& dialogue, std::string_view line) {
  if (line.empty()) return;
  const std::string_view word = take_word(line);
  const bool logs_in = is_word(word, "AUTH") && !line.empty();
  do_command(dialogue, logs_in ? Effect::end : command_of(kPop3Commands, word).effect);
}

/// Lines that begin otherwise belong to a list (RFC 2449 §5).
void on_pop3_line(Dialogue& dialogue, std::string_view line) {
  const std::string_view status = take_word(line);
  const bool good = is_word(status, "+OK");
  if (!good && !is_word(status, "-ERR")) return;
  if ((dialogue.flags & DialogueFlags::greeted) == 0) {
    dialogue.flags |= DialogueFlags::greeted;
    if (!good) decline(dialogue, 0);
    return;
  }
  if (dialogue.due > 0 || dialogue.progress != Progress::asked) return answer_earlier(dialogue);
  if (good) return accept(dialogue, 0);
  decline(dialogue, 0);
}

}  // namespace

void mail_or_file_step(Dialogue& dialogue, Party from, std::uint8_t byte) noexcept {
  std::string_view line;
  if (!take_text_line(dialogue, from, byte, line)) return;
  if (from == Party::client) return on_mail_or_file_command(dialogue, line);
  on_mail_or_file_line(dialogue, line);
}

void imap_step(Dialogue& dialogue, Party from, std::uint8_t byte) noexcept {
  std::string_view line;
  if (!take_text_line(dialogue, from, byte, line)) return;
  if (from == Party::client) return on_imap_command(dialogue, line);
  on_imap_line(dialogue, line);
}

void pop3_step(Dialogue& dialogue, Party from, std::uint8_t byte) noexcept {
  std::string_view line;
  if (!take_text_line(dialogue, from, byte, line)) return;
  if (from == Party::client) return on_pop3_command(dialogue, line);
  on_pop3_line(dialogue, line);
}

}  // namespace shakedown::service
