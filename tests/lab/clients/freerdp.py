# SPDX-License-Identifier: Apache-2.0
"""xfreerdp (FreeRDP 2 on OpenSSL) on a screen of Xvfb's; it has TLS as its only security, and verifies.

It reports the moment in which the other side's desktop begins, which is connected, and is stopped soon after.
Roles: tls, plain (RDP's own security).
"""
import shlex

import model
from clients import base, openssl
from clients.base import Rule
from model import Said

PACKAGE = "freerdp2-x11"

# It judges the certificate after the handshake, and closes.
PROFILE = model.Profile(tls12="late", tls13="late")

_RULES = (
    Rule(r"(?i)certificate .*(?:not trusted|verif)|VERIFY_CERT|certificate verification failure|user abort",
         Said.rejected_peer),
    Rule(r"(?i)SSL_NOT_ALLOWED|protocol security negotiation (?:or connection )?failure|SECURITY_NEGO",
         Said.no_upgrade),
    Rule(r"(?i)transport_read_layer|BIO_read returned|ERRCONNECT_CONNECT_TRANSPORT_FAILED", Said.got_close),
) + openssl.RULES
_CONNECTED = r"Local framebuffer format"
# The screen's socket is a file, which nobody else is to see.
_ON_A_SCREEN = ("mount -t tmpfs none /tmp && export DISPLAY=:7 && "
                "{ Xvfb :7 -screen 0 640x480x16 -nolisten tcp >/dev/null 2>&1 & } && "
                "for wait in $(seq 100); do [ -e /tmp/.X11-unix/X7 ] && break; sleep 0.05; done; %s")


def available():
    return base.missing("xfreerdp", "Xvfb", "unshare")


def run(spec, lab, address, port, timeout=15):
    base.only_role(spec, "plain")
    base.no_source(spec)
    base.no_padding(spec)
    base.expects_sent_name(spec)
    base.only_tls_of(spec, low_and_high=False)
    if spec.starttls not in ("rdp", None):
        raise model.Unsupported("xfreerdp speaks RDP only")
    argv = ["xfreerdp", "/v:%s:%d" % (spec.server_name or base.bracketed(address), port), "/u:lab", "/p:lab",
            "/sec:%s" % ("rdp" if spec.role == "plain" else "tls"), "/timeout:%d" % (1000 * timeout), "/log-level:INFO",
            "/cert:%s" % ("ignore" if spec.trust == "all" else "deny")]
    script = _ON_A_SCREEN % ("timeout 3 stdbuf -oL " + shlex.join(argv))
    if spec.server_name:
        whole = base.knowing_host(["sh", "-c", script], lab, spec.stack, spec.server_name, address)
    else:
        whole = ["unshare", "--mount", "sh", "-c", script]
    settings = {"SSL_CERT_FILE": base.anchors(spec, lab)} if spec.trust != "all" else None
    ended = base.run(spec, lab, whole, timeout, settings)
    return base.judge((Rule(_CONNECTED, Said.connected),) + _RULES, ended)
