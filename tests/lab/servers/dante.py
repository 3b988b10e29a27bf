# SPDX-License-Identifier: Apache-2.0
"""Dante, a SOCKS proxy, in front of a TLS server of its own (proxied.py). IPv4 only.

Roles: tls (CONNECT is granted), no_tls (its rules allow nothing).
"""
import model
import proxied
from model import Said
from servers import base

PACKAGE = "dante-server"
PROFILE = model.Profile()  # what is behind it asks for no client certificates

_judge = base.rules_judge((r"block\(\d+\): tcp/connect", Said.no_upgrade),
                          (r"pass\(\d+\): tcp/connect \]", Said.connected))
_CONFIGURATION = """
logoutput: stderr
internal: 0.0.0.0 port = {port}
external: lo
clientmethod: none
socksmethod: none
user.privileged: root
user.unprivileged: nobody
client pass {{
  from: 0.0.0.0/0 to: 0.0.0.0/0
}}
socks {verdict} {{
  from: 0.0.0.0/0 to: 0.0.0.0/0
  log: connect disconnect error
}}
"""


def available():
    return base.missing("danted", "openssl")


def start(spec, lab, port):
    base.one_kind(spec, "socks")
    folder = base.scratch(lab, spec)
    configuration = folder / "danted.conf"
    configuration.write_text(_CONFIGURATION.format(port=port, verdict="pass" if spec.role == "tls" else "block"))
    argv = proxied.beside(spec, lab, port, ["danted", "-f", configuration, "-p", folder / "pid"])
    return base.launch(spec, lab, port, folder, argv, _judge)
