# SPDX-License-Identifier: Apache-2.0
"""selfserv, the server among the tools of NSS (Firefox's TLS library). It also does SSLv3.

Options: tickets=no (its default), tickets=yes, early_data=yes.
"""
import re

import model
from clients import nss as client
from model import Said, Unsupported
from servers import base

PACKAGE = "libnss3-tools"

# SSL_AuthCertificate runs when Certificate is processed, before the client's ChangeCipherSpec. selfserv says "--
# SSL3: Certificate Invalid", s_client "SSL alert number 48"; without a certificate 42 in TLS 1.2, 116 in TLS 1.3.
PROFILE = model.Profile(tls12="alert", tls13="encrypted_alert")

# Error numbers of NSS (sslerr.h, secerr.h) and NSPR (prerr.h) that selfserv prints.
_ALERTS = {-12272: 20, -12271: 42, -12270: 44, -12269: 45, -12229: 10, -12228: 30, -12227: 40, -12226: 47, -12225: 43,
           -12224: 46, -12197: 21, -12196: 22, -12195: 48, -12194: 49, -12193: 50, -12192: 51, -12191: 60, -12190: 70,
           -12189: 71, -12188: 80, -12187: 90, -12186: 100, -12184: 110, -12183: 111, -12182: 112, -12181: 113,
           -12180: 114}
_SAID = {-5938: Said.got_close, -5961: Said.got_reset, -12285: Said.rejected_peer, -12263: Said.not_tls,
         -12109: Said.nothing}  # an alert in the clear after its ServerHello (OpenSSL's clients, TLS 1.3) is beyond it
_SECURITY_ERRORS = range(-8192, -7192)  # what is wrong with a certificate


def _judge(text):
    found = re.search(r"PR_Read (?:hit EOF )?returned error (-\d+)", text)
    if not found:
        found = re.search(r"SSL version 3\.\d using", text)
        return model.Report(Said.connected, text=base.line_around(text, found.start())) if found else None
    number = int(found[1])
    words = base.line_around(text, found.start()) + " " + base.line_around(text, text.find("\n", found.end()) + 1)
    if number in _ALERTS:
        return model.Report(Said.got_alert, _ALERTS[number], words)
    if number in _SECURITY_ERRORS:
        return model.Report(Said.rejected_peer, text=words)
    return model.Report(_SAID.get(number, Said.own_failure), text=words)


def available():
    return base.missing("selfserv", "certutil", "pk12util")


def start(spec, lab, port):
    base.only(spec, options=("tickets", "early_data"))
    base.versions(spec.tls)
    if set(spec.tls.alpn) - {"http/1.1"}:
        raise Unsupported("selfserv knows http/1.1 only")
    words = [spec.identity] + (["client_root"] if spec.client_certificates else [])
    # -L: no statistics for an hour.
    argv = ["selfserv", "-d", "sql:" + lab.pki.nss_database("+".join(words)), "-p", port, "-v", "-v", "-L", "3600",
            "-n", spec.identity]
    argv += client.settings(spec.tls)
    argv += {None: [], "request": ["-r"], "require": ["-r", "-r"]}[spec.client_certificates]
    argv += ["-Q"] if spec.tls.alpn else []
    argv += ["-u"] if "yes" in (spec.option("tickets"), spec.option("early_data")) else []
    argv += ["-Z"] if spec.option("early_data") == "yes" else []
    return base.launch(spec, lab, port, base.scratch(lab, spec), argv, _judge)
