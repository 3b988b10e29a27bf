# SPDX-License-Identifier: Apache-2.0
"""A small SMTP server with STARTTLS, from Python's ssl module.

Roles: tls (a good upgrade: connected), no_starttls (not offered; asked for anyway, it says 502: no_upgrade),
starttls_454 (offered, then declined: no_upgrade), starttls_garbage (220, then plain text where the ServerHello
belongs: not_tls), starttls_dropped (220, then FIN after the ClientHello: own_failure).
"""
import model
from servers import lines

PACKAGE = "python3"
PROFILE = model.Profile()  # it asks for no client certificates


def available():
    return None


def start(spec, lab, port):
    if spec.starttls != "smtp":
        raise model.Unsupported("the SMTP server speaks SMTP only (starttls='smtp')")
    if spec.client_certificates or spec.staple:
        raise model.Unsupported("the SMTP server does no client certificates and no OCSP")
    return lines.start("smtp_server.py", spec, lab, port)
