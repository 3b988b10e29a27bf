// SPDX-License-Identifier: Apache-2.0
//
// Purpose:   What is said before a connection is upgraded to TLS: whether the client asks for the
//            upgrade, and what the server answers. Follows the nine protocols of StartTls whose
//            requests and answers can be read, and the proxies.
// Units:     Bytes of the TCP streams, in order.
// Ownership: A Dialogue lives beside its connection; on_bytes() keeps nothing but what is in it.
// Threading: One worker.
// Limits:    kDialogueBytesMax bytes of either side; kDialogueStateBytesMax of memory. A line longer
//            than the rest of the state is skipped to its end.
// Failure:   A dialogue that cannot be followed is `over`; whatever TLS comes later shows itself.
// RFC:       Named in shakedown/service.h. README.md has each request and its answers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "shakedown/bytes.h"
#include "shakedown/outcome.h"
#include "shakedown/service.h"

namespace shakedown::service {

/// Mail clients ask within their first hundred bytes; XMPP servers list features in a few thousand.
inline constexpr std::uint32_t kDialogueBytesMax = 16 * 1024;
inline constexpr std::size_t kDialogueStateBytesMax = 96;

enum class Progress : std::uint8_t {
  talking,   ///< nobody has asked yet
  asked,     ///< the client has asked for the upgrade
  accepted,  ///< the server has agreed, or need not be asked: the client's next byte is TLS
  refused,   ///< the server has declined, or answered with something else
  over       ///< it will not come to TLS, as far as can be told
};

struct Dialogue {
  /// SMTP and FTP servers may greet in the same words: then the client's words change one into the
  /// other.
  StartTls kind = StartTls::none;
  Progress progress = Progress::talking;
  /// Of the server's answer to the request, where it has one: 454, 502; HTTP 403; an LDAP
  /// resultCode; a SOCKS reply; a failureCode of RDP. A proxy that wants credentials (407) has not
  /// refused yet: the dialogue stays `asked`, with this code, until it answers the next request.
  std::uint16_t code = 0;
  /// What each side has said that belongs to the dialogue. When the upgrade is accepted, TLS begins
  /// behind these bytes of either stream.
  std::uint32_t client_bytes = 0;
  std::uint32_t server_bytes = 0;

  // The rest belongs to the steps (dialogue_steps.h).
  std::uint8_t flags = 0;
  std::uint8_t due = 0;  ///< answers to earlier commands that come before that to the request
  std::uint8_t client_step = 0;
  std::uint8_t server_step = 0;
  std::uint8_t client_held = 0;
  std::uint8_t server_held = 0;
  std::uint16_t client_rest = 0;  ///< of a unit whose length is known
  std::uint16_t server_rest = 0;
  std::uint16_t reply_code = 0;  ///< of an answer of several lines whose end has not come
  std::array<std::uint8_t, 40> client_line{};
  std::array<std::uint8_t, 32> server_line{};
};
static_assert(sizeof(Dialogue) <= kDialogueStateBytesMax);

/// Which dialogue these first bytes may begin: a server's greeting, or a client's first words.
/// `none`: TLS does not follow this service, as far as is known.
[[nodiscard]] StartTls upgrade_of(Service service, Party from) noexcept;

/// The next bytes of one side, in order and without a gap. Returns the progress after them; once it
/// is accepted, refused or over, further bytes change nothing.
Progress on_bytes(Dialogue& dialogue, Party from, Bytes bytes) noexcept;

/// Bytes of one side are missing: a request or an answer may have been among them. Nothing is
/// concluded from what follows, but a request that was seen before stays asked.
void on_gap(Dialogue& dialogue, Party from) noexcept;

}  // namespace shakedown::service
