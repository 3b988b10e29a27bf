# SPDX-License-Identifier: Apache-2.0
"""Tinyproxy, an HTTP proxy, in front of a TLS server of its own (proxied.py).

Roles: tls (CONNECT to port 443 is granted), no_tls (it is granted for another port only: 403).
"""
import model
import proxied
from model import Said
from servers import base

PACKAGE = "tinyproxy-bin"
PROFILE = model.Profile()  # what is behind it asks for no client certificates

_judge = base.rules_judge((r"Refused CONNECT|Access violation|not allowed", Said.no_upgrade))
_CONFIGURATION = """
Port {port}
Listen 0.0.0.0
Listen ::
Timeout 60
LogLevel Info
MaxClients 20
ConnectPort {allowed}
"""


def available():
    return base.missing("tinyproxy", "openssl")


def start(spec, lab, port):
    base.one_kind(spec, "http_connect")
    folder = base.scratch(lab, spec)
    configuration = folder / "tinyproxy.conf"
    configuration.write_text(_CONFIGURATION.format(
        port=port, allowed=proxied.PORT if spec.role == "tls" else proxied.PORT + 1))
    argv = proxied.beside(spec, lab, port, ["tinyproxy", "-d", "-c", configuration])
    return base.launch(spec, lab, port, folder, argv, _judge)
