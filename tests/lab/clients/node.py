# SPDX-License-Identifier: Apache-2.0
"""Node's tls module (programs/client.js), on the OpenSSL that Node brings."""
import model
from clients import base, openssl
from clients.base import Rule
from model import Said

PACKAGE = "nodejs"

# Node lets OpenSSL finish and judges afterwards in JavaScript. Seen with s_server -msg: in TLS 1.2 both
# Finished are exchanged and a FIN follows; in TLS 1.3 the client's Finished is still in Node's buffers when
# it destroys the socket, so nothing but a FIN comes after the server's flight.
PROFILE = model.Profile(tls12="late", tls13="closed")

_RULES = (
    Rule(r"(?m)^(?:ERR_TLS_CERT_ALTNAME_INVALID|CERT_\w+|UNABLE_TO_\w+|DEPTH_ZERO_SELF_SIGNED_CERT"
         r"|INVALID_PURPOSE|SELF_SIGNED_CERT_IN_CHAIN|INVALID_CA|EE_KEY_TOO_SMALL|CA_MD_TOO_WEAK|UNSPECIFIED"
         r"|HOSTNAME_MISMATCH)\b",
         Said.rejected_peer),
    Rule(r"socket disconnected before secure|socket hang up|EOF: socket closed", Said.got_close),
) + openssl.RULES


def available():
    return base.missing("node")


def run(spec, lab, address, port, timeout=15):
    base.only_role(spec)
    base.no_starttls(spec)
    if spec.resume == "early_data":
        raise model.Unsupported("Node has no early data")
    tls = spec.tls
    for version in (tls.min_version, tls.max_version):
        base.translate(openssl.VERSIONS, version, "version", "node")
    words = base.program_words(spec, lab, address, port)
    words["min"], words["max"] = (each and each.replace("TLSv1.0", "TLSv1") for each in base.versions(tls))
    suites = [openssl.cipher_list(tls), openssl.SUITES[tls.suites][1] if tls.suites else None]
    words["ciphers"] = ":".join(suite for suite in reversed(suites) if suite) or None
    words["groups"] = openssl.group_list(tls, "node")
    words["sigalgs"] = base.translate(openssl.SIGNATURES, tls.signature_algorithms, "signatures", "node")
    ended = base.run(spec, lab, ["node", base.PROGRAMS / "client.js"] + base.as_arguments(words), timeout,
                     sends=base.request(spec))
    return base.report_of_program(spec, ended, lambda end: base.judge(_RULES, end))
