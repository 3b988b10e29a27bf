# SPDX-License-Identifier: Apache-2.0
"""Dovecot, for IMAP and POP3, on OpenSSL.

Roles: tls (offers STARTTLS or STLS), no_tls (`ssl = no`: does not offer it, and declines who asks nevertheless).
"""
import pathlib

import model
from model import Said
from servers import base

PACKAGE = "dovecot-imapd"
PROFILE = model.Profile()  # it asks for no client certificates here

_PROTOCOLS = ("imap", "pop3")
_judge = base.rules_judge((r"SSL_accept\(\) failed:.*alert number (\d+)", Said.got_alert),
                          (r"SSL_accept\(\) syscall failed|TLS handshaking", Said.got_close),
                          (r"SSL_accept\(\) failed", Said.own_failure),
                          (r"-login: .*, TLS", Said.connected),
                          (r"-login: .*(?:[Dd]isconnected|Logged out|logging out|[Aa]borted)", Said.no_upgrade))
_CONFIGURATION = """
base_dir = {folder}/base
state_dir = {folder}/state
protocols = {protocol}
listen = *, ::
log_path = /dev/stderr
verbose_ssl = yes
default_login_user = dovenull
default_internal_user = dovecot
disable_plaintext_auth = no
auth_mechanisms = plain
passdb {{
  driver = static
  args = password=lab
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={folder}/home
}}
service {protocol}-login {{
  chroot =
  inet_listener {protocol} {{
    port = {port}
  }}
  inet_listener {protocol}s {{
    port = 0
  }}
}}
ssl = {ssl}
{identity}
"""


def available():
    absent = [protocol for protocol in _PROTOCOLS if not pathlib.Path("/usr/lib/dovecot", protocol + "-login").exists()]
    return "dovecot-%sd is not installed" % absent[0] if absent else base.missing("dovecot")


def start(spec, lab, port):
    base.one_kind(spec, *_PROTOCOLS)
    folder = base.scratch(lab, spec)
    tls = spec.role == "tls"
    configuration = folder / "dovecot.conf"
    configuration.write_text(_CONFIGURATION.format(
        folder=folder, protocol=spec.starttls, port=port, ssl="yes" if tls else "no",
        identity="ssl_cert = <%s\nssl_key = <%s" % (
            lab.pki.chain(spec.identity), lab.pki.key(spec.identity)) if tls else ""))
    return base.launch(spec, lab, port, folder, ["dovecot", "-F", "-c", configuration], _judge)
