# SPDX-License-Identifier: Apache-2.0
"""Prosody, the XMPP server, on OpenSSL, for clients of the domain www.example.com.

Roles: tls (starttls is offered), no_tls (its module is not loaded: not offered, and a stream error to who asks).
"""
import model
from model import Said
from servers import base

PACKAGE = "prosody"
PROFILE = model.Profile()  # it asks for no client certificates here

_judge = base.rules_judge((r"TLS.*(?:alert|handshake.*fail)|ssl handshake error:.*alert", Said.got_alert),
                          (r"ssl handshake error", Said.own_failure),
                          (r"Stream encrypted", Said.connected),
                          (r"unsupported-stanza-type|Stream closed", Said.no_upgrade),
                          (r"not well-formed|XML parse error|invalid-namespace", Said.not_tls))
_CONFIGURATION = """
run_as_root = true
daemonize = false
pidfile = "{folder}/pid"
data_path = "{folder}"
log = {{ debug = "*console" }}
interfaces = {{ "*", "::" }}
c2s_ports = {{ {port} }}
c2s_direct_tls_ports = {{ }}
s2s_ports = {{ }}
component_ports = {{ }}
http_ports = {{ }}
https_ports = {{ }}
modules_enabled = {{ "saslauth"{module} }}
modules_disabled = {{ "s2s", "s2s_auth_certs", "s2s_bidi", "offline"{without} }}
authentication = "internal_plain"
allow_unencrypted_plain_auth = true
c2s_require_encryption = false
{identity}
VirtualHost "www.example.com"
"""


def available():
    return base.missing("prosody")


def start(spec, lab, port):
    base.one_kind(spec, "xmpp")
    folder = base.scratch(lab, spec)
    tls = spec.role == "tls"
    identity = 'ssl = { certificate = "%s"; key = "%s" }' % (lab.pki.chain(spec.identity), lab.pki.key(spec.identity))
    configuration = folder / "prosody.cfg.lua"
    configuration.write_text(_CONFIGURATION.format(
        folder=folder, port=port, module=', "tls"' if tls else "", without="" if tls else ', "tls"',
        identity=identity if tls else ""))
    return base.launch(spec, lab, port, folder, ["prosody", "--config", configuration, "-F"], _judge)
