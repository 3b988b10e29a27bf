# SPDX-License-Identifier: Apache-2.0
"""A mail client that wants TLS: Python's smtplib.

Its only role is "tls". Options: insist=yes (asks for STARTTLS even where it is not offered), patience=SECONDS (7).
"""
import sys

import model
from clients import base, openssl

PACKAGE = "python3"
PROFILE = openssl.PROFILE  # Python's ssl module is OpenSSL


def available():
    return None


def run(spec, lab, address, port, timeout=15):
    base.only_role(spec)
    base.no_padding(spec)
    base.no_source(spec)
    if spec.starttls != "smtp":
        raise model.Unsupported("the mail client speaks SMTP only (starttls='smtp')")
    if spec.tls != model.TlsSettings() or spec.identity or spec.resume:
        raise model.Unsupported("the mail client takes TLS as it comes, without a certificate of its own")
    argv = [sys.executable, base.PROGRAMS / "smtp_client.py", address, port]
    if spec.server_name:
        argv += ["--server-name", spec.server_name]
    if spec.trust != "all":
        argv += ["--roots", base.anchors(spec, lab)]
    if spec.option("insist") == "yes":
        argv.append("--insist")
    if spec.option("patience"):
        argv += ["--patience", spec.option("patience")]
    ended = base.run(spec, lab, argv, timeout)
    return base.report_of_json(ended, "the mail client")
