# SPDX-License-Identifier: Apache-2.0
"""The servers of the laboratory: one adapter module per stack.

An adapter has PACKAGE (the Debian package), PROFILE (how it tells a client that its certificate is not accepted),
available() -> None or why not, and start(spec, lab, port) -> Running. It raises model.Unsupported where the stack
cannot do what the spec asks for. An adapter may also have PROFILE_MISSING, where it answers a client without a
certificate in another way than one with a certificate that it does not accept.
"""
import importlib

from model import Unsupported

STACKS = ("openssl", "gnutls", "nss", "nginx", "haproxy", "stunnel", "java", "go", "node", "python", "raw", "smtp",
          "http", "openssh", "postgres", "exim", "dovecot", "vsftpd", "slapd", "prosody", "mariadb", "xrdp",
          "tinyproxy", "dante", "redis", "mosquitto")
ADAPTERS = {stack: importlib.import_module("servers." + stack) for stack in STACKS}


def start(spec, lab):
    """Start what `spec` describes on a fresh port; returns when it listens."""
    adapter = ADAPTERS.get(spec.stack)
    if adapter is None:
        raise Unsupported("there is no server stack %r" % spec.stack)
    reason = adapter.available()
    if reason:
        raise Unsupported("%s: %s" % (spec.stack, reason))
    return adapter.start(spec, lab, lab.network.server_port())
