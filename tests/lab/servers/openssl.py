# SPDX-License-Identifier: Apache-2.0
"""openssl s_server, and the words of OpenSSL that nginx, haproxy, stunnel, Node and Python hand on.

Roles: tls; servername_fatal (knows only www.example.com and answers every other name with unrecognized_name).
Options: tickets=no (session ids only; in TLS 1.3 stateful tickets), num_tickets=N, early_data=yes.
One connection is served after the other; it is answered with a status page.
"""
import re
import subprocess
import threading
import time

import model
from clients.openssl import GROUPS, SIGNATURES, SUITES
from model import Said, Unsupported
from servers import base

PACKAGE = "openssl"

# s_server -Verify -verify_return_error: the chain is judged when Certificate is processed, before the client's
# ChangeCipherSpec, so that up to TLS 1.2 the alert is in the clear; in TLS 1.3 the server's application keys are
# already in use. Its own words: "certificate verify failed", "peer did not return a certificate"; s_client's (-msg):
# a record 15 03 03 00 02 up to TLS 1.2 and 17 03 03 00 13 in TLS 1.3, "SSL alert number 48" (40 in TLS 1.2 and 116 in
# TLS 1.3 without a certificate). The profiles of the other stacks come from the same experiment.
PROFILE = model.Profile(tls12="alert", tls13="encrypted_alert")

VERSIONS = {model.TLS10: "TLSv1", model.TLS11: "TLSv1.1", model.TLS12: "TLSv1.2", model.TLS13: "TLSv1.3"}

# How OpenSSL 3.0 itself words what ended a handshake, in the order in which the words decide.
FAILURES = (
    (r"SSL alert number (\d+)", Said.got_alert),
    (r"certificate verify failed|peer did not return a certificate|no certificate returned", Said.rejected_peer),
    (r"(?i)http request|https proxy request|wrong version number|packet length too long|unknown protocol"
     r"|bad record type|record layer failure", Said.not_tls),
    (r"(?i)no shared cipher|unsupported protocol|no suitable key share|no suitable signature algorithm"
     r"|no shared signature algorithms|no application protocol|version too low|inappropriate fallback"
     r"|callback failed|no protocols available|missing sigalgs|tls_post_process_client_hello"
     r"|missing supported groups|cert cb error", Said.own_failure),
    (r"(?i)connection reset by peer|errno=104|ECONNRESET|broken pipe|errno=32\b", Said.got_reset),
    (r"(?i)unexpected eof", Said.got_close),
)



def judge(*rules):
    """A judge by rules, before which it looks for an alert: it is hidden in the codes of OpenSSL's errors (the reason
    is 1000 + alert: error:0A000418 is alert 48) where a program does not print its number."""
    by_rules = base.rules_judge(*rules)

    def by_code(text):
        for code in re.finditer(r"error:0A([0-9A-F]{6}):", text):
            alert = int(code[1], 16) - 1000
            if 0 <= alert < 256:
                return model.Report(Said.got_alert, alert, base.line_around(text, code.start()))
        return by_rules(text)
    return by_code


# With -state it tells every step. Its own "error in" without a reason is what the kernel said, which it does not print.
_judge = judge(*FAILURES, (r"SSL_accept:SSLv3/TLS read finished", Said.connected),
               (r"SSL_accept:(?:error|failed) in ", Said.got_reset))


def available():
    return base.missing("openssl")


def version_range(spec):
    """(lowest, highest) in OpenSSL's words, or None for its default."""
    wanted = base.versions(spec.tls, VERSIONS)
    return (VERSIONS[wanted[0]], VERSIONS[wanted[-1]]) if wanted else None


def cipher_string(spec):
    """The cipher list up to TLS 1.2, with the security level; None for the default."""
    suites = base.translate(spec, SUITES, spec.tls.suites, "suites")
    listed = suites[0] if suites else None
    if base.needs_low_security(spec):
        return (listed or "DEFAULT") + ":@SECLEVEL=0"
    return listed


def ciphersuites(spec):
    """The suites of TLS 1.3; None for the default."""
    suites = base.translate(spec, SUITES, spec.tls.suites, "suites")
    return suites[1] if suites else None


def groups(spec):
    if not spec.tls.groups:
        return None
    return ":".join(base.translate(spec, GROUPS, group, "group") for group in spec.tls.groups)


def signatures(spec):
    return base.translate(spec, SIGNATURES, spec.tls.signature_algorithms, "signature algorithms")


def configuration(spec, folder):
    """An openssl.cnf for programs that cannot choose some of it themselves; its path is the value of OPENSSL_CONF."""
    lines = []
    for key, value in (("Ciphersuites", ciphersuites(spec)), ("Groups", groups(spec)),
                       ("SignatureAlgorithms", signatures(spec)), ("CipherString", cipher_string(spec))):
        lines += ["%s = %s" % (key, value)] if value else []
    path = folder / "openssl.cnf"
    path.write_text("openssl_conf = init\n[init]\nssl_conf = modules\n[modules]\nsystem_default = tls\n[tls]\n"
                    + "\n".join(lines) + "\n")
    return path


def start(spec, lab, port):
    base.only(spec, ("tls", "servername_fatal"), ("tickets", "num_tickets", "early_data"), staple=True)
    pki = lab.pki
    early = spec.option("early_data") == "yes"
    argv = ["openssl", "s_server", "-accept", port, "-cert", pki.certificate(spec.identity),
            "-cert_chain", pki.chain(spec.identity), "-key", pki.key(spec.identity), "-no-CApath",
            "-no-CAstore", "-state"]
    argv += ["-early_data", "-max_early_data", 16384] if early else ["-www"]
    argv += _offers(spec) + _verification(spec, pki)
    if spec.staple:
        argv += ["-status_file", pki.staple(spec.identity, spec.staple)]
    if spec.role == "servername_fatal":
        argv += ["-servername", "www.example.com", "-servername_fatal", "-cert2", pki.certificate(spec.identity),
                 "-key2", pki.key(spec.identity)]
    if spec.option("tickets") == "no":
        argv.append("-no_ticket")
    if spec.option("num_tickets"):
        argv += ["-num_tickets", spec.option("num_tickets")]
    folder = base.scratch(lab, spec)
    if not early:
        return base.launch(spec, lab, port, folder, argv, _judge)
    running = base.launch(spec, lab, port, folder, argv, _judge, stdin=subprocess.PIPE)
    _Answerer(running).start()
    return running


def _offers(spec):
    argv = []
    limits = version_range(spec)
    if limits:
        argv += ["-min_protocol", limits[0], "-max_protocol", limits[1]]
    for option, value in (("-cipher", cipher_string(spec)), ("-ciphersuites", ciphersuites(spec)),
                          ("-groups", groups(spec)), ("-sigalgs", signatures(spec))):
        argv += [option, value] if value else []
    if spec.tls.alpn:
        argv += ["-alpn", ",".join(spec.tls.alpn)]
    return argv


def _verification(spec, pki):
    if spec.client_certificates is None:
        # The second context of servername_fatal takes its intermediate from here.
        return ["-CAfile", pki.intermediate] if spec.role == "servername_fatal" else ["-no-CAfile"]
    if spec.role != "tls":
        raise Unsupported("s_server has no role %r with client certificates" % spec.role)
    if spec.client_certificates not in ("request", "require"):
        raise Unsupported("client certificates are requested or required")
    option = "-verify" if spec.client_certificates == "request" else "-Verify"
    return [option, "5", "-verify_return_error", "-CAfile", pki.client_root]


class _Answerer(threading.Thread):
    """s_server answers by itself (-www) only without early data; else what is typed into it is its answer."""

    def __init__(self, running):
        super().__init__(daemon=True)
        self._running = running

    def run(self):
        position = 0
        while self._running.is_running():
            if "GET /" in self._running.words(position):
                position = self._running.mark()
                try:
                    self._running.type_in(b"HTTP/1.0 200 OK\r\n\r\nok\n")
                    time.sleep(0.05)  # what is typed in one piece is one command or one piece of data
                    self._running.type_in(b"q\n")
                except OSError:
                    return
            time.sleep(0.02)
