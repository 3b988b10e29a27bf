# SPDX-License-Identifier: Apache-2.0
"""Python's ssl module (programs/tls_server.py). Options: tickets=no."""
import re
import sys

import model
from clients.base import ALERTS
from model import Said
from servers import base, openssl
from servers.nginx import dh_parameters

PACKAGE = "python3"

# CERT_REQUIRED is verified inside OpenSSL's handshake. Python says "certificate verify failed" or "peer did not return
# a certificate", s_client "SSL alert number 48" (40 and 116 without a certificate).
PROFILE = model.Profile(tls12="alert", tls13="encrypted_alert")

# Python names an alert, in its own way of upper case: "[SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca".
_ALERT = re.compile(r"FAILED .*\[SSL: (?:TLS|SSL)V\d+_(?:ALERT_)?(\w+)\].*")

_words = base.rules_judge(
    *openssl.FAILURES,
    (r"FAILED .*(?:UNEXPECTED_EOF|EOF occurred|\(EOF\)|closed without a request)", Said.got_close),
    (r"FAILED .*timed out", Said.timed_out),
    (r"FAILED ", Said.own_failure),
    (r"CONNECTED", Said.connected),
)


def _judge(text):
    # Closing after the answer may fail in many ways that mean nothing.
    text = text.split("CONNECTED")[0] or text
    alert = _ALERT.search(text)
    if alert and alert[1].lower() in ALERTS:
        return model.Report(Said.got_alert, ALERTS[alert[1].lower()], alert[0])
    return _words(text)


def available():
    return None


def start(spec, lab, port):
    base.only(spec, options=("tickets",))
    folder = base.scratch(lab, spec)
    arguments = {"port": port, "chain": lab.pki.chain(spec.identity), "key": lab.pki.key(spec.identity),
                 "tickets": spec.option("tickets"), "alpn": ",".join(spec.tls.alpn) or None,
                 "ciphers": openssl.cipher_string(spec),
                 "dh": dh_parameters(lab) if spec.tls.suites == "dhe" else None}
    wanted = base.versions(spec.tls, openssl.VERSIONS)
    if wanted:
        arguments.update(min=_version(wanted[0]), max=_version(wanted[-1]))
    if spec.client_certificates:
        arguments.update(client_ca=lab.pki.client_root, client_certificates=spec.client_certificates)
    return base.launch(spec, lab, port, folder, base.program(sys.executable, "tls_server.py", arguments), _judge,
                       {"OPENSSL_CONF": openssl.configuration(spec, folder)})


def _version(version):
    return {model.TLS10: "TLSv1"}.get(version, version.replace(".", "_"))
