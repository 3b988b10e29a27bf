# SPDX-License-Identifier: Apache-2.0
"""Python's ssl module (programs/tls_client.py), on Debian's OpenSSL.

The module has no setting for groups, signature algorithms and TLS 1.3 suites; as on a real machine they come
from OpenSSL's configuration file.
"""
import re

import model
from clients import base, openssl
from clients.base import Rule
from model import Said

PACKAGE = "python3"

# Chain and name are verified inside OpenSSL's handshake: seen with s_server -msg, as openssl.PROFILE.
PROFILE = openssl.PROFILE

_STARTTLS = ("smtp", "imap", "pop3", "ftp", "postgres")
# The ssl module gives OpenSSL's words for an alert without its number.
_REASON = re.compile(r"\] (?:sslv3|tlsv1|tlsv13) (?:alert )?([a-z ]+) \(_ssl")
_RULES = (
    Rule(r"CERTIFICATE_VERIFY_FAILED", Said.rejected_peer),
    Rule(r"NoUpgrade", Said.no_upgrade),
    Rule(r"EOFError|SSLEOFError|SSLZeroReturnError", Said.got_close),
    Rule(r"WRONG_VERSION_NUMBER|HTTP_REQUEST|PACKET_LENGTH_TOO_LONG|UNKNOWN_PROTOCOL", Said.not_tls),
) + base.SYSTEM_RULES


def available():
    return base.missing("python3")


def run(spec, lab, address, port, timeout=15):
    base.only_role(spec)
    if spec.expect_name not in (None, spec.server_name):
        raise model.Unsupported("Python checks no other name than the one it sends")
    if spec.resume == "early_data":
        raise model.Unsupported("Python has no early data")
    if spec.starttls and spec.starttls not in _STARTTLS:
        raise model.Unsupported("tls_client.py does no STARTTLS for %s" % spec.starttls)
    words = base.program_words(spec, lab, address, port)
    words["ciphers"] = openssl.cipher_list(spec.tls)
    settings = openssl.configuration(spec, lab)
    argv = ["/usr/bin/python3", "-I", base.PROGRAMS / "tls_client.py"] + base.as_arguments(words)
    ended = base.run(spec, lab, argv, timeout, {"OPENSSL_CONF": str(settings)} if settings else None,
                     base.request(spec))
    return base.report_of_program(spec, ended, _judge)


def _judge(ended):
    reason = _REASON.search(ended.errors)
    if reason and "CERTIFICATE_VERIFY_FAILED" not in ended.errors:
        line = base.line_around(ended.errors, reason.start())
        return model.Report(Said.got_alert, base.alert_number(reason[1]), line, ended.exit_code)
    return base.judge(_RULES, ended)
