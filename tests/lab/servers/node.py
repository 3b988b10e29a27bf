# SPDX-License-Identifier: Apache-2.0
"""Node (programs/server.js)."""
import model
from model import Said
from servers import base, openssl

PACKAGE = "nodejs"

# With requestCert and rejectUnauthorized Node lets OpenSSL accept every certificate and judges by itself when the
# handshake is done for OpenSSL, with the server's Finished (TLS 1.2) or tickets (TLS 1.3) still unsent: it destroys the
# socket. s_client -msg sees nothing after its own Finished but an end of file; Node says "socket hang up" and why.
# In TLS 1.3 a client that has already sent its request behind its Finished is answered with a reset, because the kernel
# does so when unread data is given up; which of the two it was is known from what the client reports.
PROFILE = model.Profile(tls12="closed", tls13="closed")

# A missing certificate is OpenSSL's business (SSL_VERIFY_FAIL_IF_NO_PEER_CERT): alert 40, or 116 in TLS 1.3.
PROFILE_MISSING = model.Profile(tls12="alert", tls13="encrypted_alert")

_judge = openssl.judge(
    (r"FAILED ECONNRESET socket hang up [A-Z]\w+", Said.rejected_peer),
    (r"FAILED ECONNRESET socket hang up|FAILED closed without a request", Said.got_close),
    *openssl.FAILURES,
    (r"FAILED ERR_TLS_HANDSHAKE_TIMEOUT", Said.timed_out),
    (r"FAILED ", Said.own_failure),
    (r"CONNECTED", Said.connected),
)


def available():
    return base.missing("node")


def start(spec, lab, port):
    base.only(spec)
    ciphers = [word for word in (openssl.ciphersuites(spec), openssl.cipher_string(spec)) if word]
    arguments = {"port": port, "chain": lab.pki.chain(spec.identity), "key": lab.pki.key(spec.identity),
                 "alpn": ",".join(spec.tls.alpn) or None, "ciphers": ":".join(ciphers) or None,
                 "groups": openssl.groups(spec), "sigalgs": openssl.signatures(spec)}
    wanted = base.versions(spec.tls, openssl.VERSIONS)
    if wanted:
        arguments.update(min=openssl.VERSIONS[wanted[0]], max=openssl.VERSIONS[wanted[-1]])
    if spec.client_certificates:
        arguments.update(client_ca=lab.pki.client_root, client_certificates=spec.client_certificates)
    return base.launch(spec, lab, port, base.scratch(lab, spec), base.program("node", "server.js", arguments), _judge)
