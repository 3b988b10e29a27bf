# SPDX-License-Identifier: Apache-2.0
"""stunnel, which ends TLS in front of a small program of its own (an HTTP answer from a shell)."""
import model
from model import Said
from servers import base, openssl

PACKAGE = "stunnel4"

# verifyChain and requireCert are OpenSSL's SSL_VERIFY_PEER and SSL_VERIFY_FAIL_IF_NO_PEER_CERT, inside the handshake:
# stunnel says "SSL_accept: ... certificate verify failed", s_client "SSL alert number 48" (40 and 116 without one).
PROFILE = model.Profile(tls12="alert", tls13="encrypted_alert")

# Reads the whole head, because what stays unread makes the kernel reset the connection behind the tunnel, and stays a
# moment, because stunnel may close when it sees the program's end before its words.
_PROGRAM = """while read -r line && [ ${#line} -gt 1 ]; do :; done
printf 'HTTP/1.0 200 OK\\r\\nContent-Length: 3\\r\\n\\r\\nok\\n'
sleep 0.1
"""

_judge = openssl.judge(
    (r"Connection (?:closed|reset): [1-9]\d* byte\(s\) sent to TLS", Said.connected),
    *openssl.FAILURES,
    (r"Peer suddenly disconnected|Connection closed: 0 byte|SSL_accept: ", Said.got_close),
)


def available():
    return base.missing("stunnel4")


def start(spec, lab, port):
    base.only(spec, alpn=False, options=("tickets",))
    folder = base.scratch(lab, spec)
    program = folder / "answer.sh"
    program.write_text(_PROGRAM)
    configuration = folder / "stunnel.conf"
    configuration.write_text("\n".join(_configuration(spec, lab, port, program)) + "\n")
    return base.launch(spec, lab, port, folder, ["stunnel4", configuration], _judge)


def _configuration(spec, lab, port, program):
    yield from ("foreground = yes", "pid =", "debug = info", "syslog = no", "[tls]", "accept = :::%d" % port,
                "exec = /bin/sh", "execArgs = sh %s" % program, "cert = %s" % lab.pki.chain(spec.identity),
                "key = %s" % lab.pki.key(spec.identity), "TIMEOUTclose = 1")
    limits = openssl.version_range(spec)
    if limits:
        yield "sslVersionMin = %s" % limits[0]
        yield "sslVersionMax = %s" % limits[1]
    if base.needs_low_security(spec):
        yield "securityLevel = 0"
    for option, value in (("ciphers", openssl.cipher_string(spec)), ("ciphersuites", openssl.ciphersuites(spec)),
                          ("curves", openssl.groups(spec))):
        if value:
            yield "%s = %s" % (option, value)
    if spec.tls.signature_algorithms:
        yield "config = SignatureAlgorithms:%s" % openssl.signatures(spec)
    if spec.option("tickets") == "no":
        yield "options = NO_TICKET"
    if spec.client_certificates:
        yield "CAfile = %s" % lab.pki.client_root
        yield "verifyChain = yes"
        yield "requireCert = %s" % ("yes" if spec.client_certificates == "require" else "no")
