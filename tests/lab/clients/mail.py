# SPDX-License-Identifier: Apache-2.0
"""A client of mail or files that wants TLS: Python's smtplib, imaplib, poplib and ftplib, by the spec's starttls.

Its only role is "tls". Options: insist=yes (asks for the upgrade even where it is not offered), patience=SECONDS (7).
"""
import sys

import model
from clients import base, openssl

PACKAGE = "python3"
PROFILE = openssl.PROFILE  # Python's ssl module is OpenSSL

_PROTOCOLS = ("smtp", "imap", "pop3", "ftp")


def available():
    return None


def run(spec, lab, address, port, timeout=15):
    base.only_role(spec)
    base.no_padding(spec)
    base.no_source(spec)
    base.only_tls_of(spec)
    if spec.starttls not in _PROTOCOLS:
        raise model.Unsupported("the mail client speaks %s only" % ", ".join(_PROTOCOLS))
    argv = [sys.executable, base.PROGRAMS / "mail_client.py", spec.starttls, address, port]
    if spec.tls.max_version:
        if spec.tls != model.TlsSettings.only(spec.tls.max_version):
            raise model.Unsupported("the mail client speaks exactly one version of TLS, or what it likes")
        argv += ["--version", spec.tls.max_version]
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
