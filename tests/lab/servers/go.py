# SPDX-License-Identifier: Apache-2.0
"""Go's crypto/tls (programs/server.go, built once). Options: tickets=no.

Go chooses the suites of TLS 1.3 and the signature algorithms by itself.
"""
import os

import model
from clients.base import ALERTS
from model import Said, Unsupported
from servers import base

PACKAGE = "golang-go"

# processCertsFromClient sends the alert when Certificate is processed: bad_certificate(42) whatever is wrong (116 for a
# missing one in TLS 1.3). Go says "tls: failed to verify client certificate" or "tls: client didn't provide a
# certificate", s_client "SSL alert number 42".
PROFILE = model.Profile(tls12="alert", tls13="encrypted_alert")

_VERSIONS = {model.TLS10: 0x0301, model.TLS11: 0x0302, model.TLS12: 0x0303, model.TLS13: 0x0304}
_GROUPS = {"x25519": 29, "secp256r1": 23, "secp384r1": 24, "secp521r1": 25}
_SUITES = {
    "aes128": "0xc02b,0xc02f,0xc009,0xc013",
    "aes256": "0xc02c,0xc030,0xc00a,0xc014",
    "chacha20": "0xcca9,0xcca8",
    "rsa_kx": "0x9c,0x9d,0x2f,0x35",
}

_words = base.rules_judge(
    (r"FAILED tls: (?:failed to verify client|client didn't provide a certificate|failed to parse client)",
     Said.rejected_peer),
    (r"FAILED tls: first record does not look like a TLS handshake|FAILED .*unsupported SSLv2|oversized record",
     Said.not_tls),
    (r"FAILED .*connection reset by peer|FAILED .*broken pipe", Said.got_reset),
    (r"FAILED (?:no request: )?(?:unexpected )?EOF", Said.got_close),
    (r"FAILED .*i/o timeout", Said.timed_out),
    # An alert in the clear after its ServerHello (OpenSSL's clients, TLS 1.3) is beyond it.
    (r"FAILED (?:.*: )?local error: tls: bad record MAC", Said.nothing),
    (r"FAILED ", Said.own_failure),
    (r"CONNECTED", Said.connected),
)
# Go names an alert in words that are nearly the RFC's.
_NAMES = {"unknown certificate authority": "unknown_ca", "expired certificate": "certificate_expired",
          "revoked certificate": "certificate_revoked", "unknown certificate": "certificate_unknown",
          "protocol version not supported": "protocol_version", "insufficient security level": "insufficient_security",
          "error decoding message": "decode_error", "error decrypting message": "decrypt_error"}


def _judge(text):
    for line in text.splitlines():
        if "remote error: tls: " in line:
            name = line.split("remote error: tls: ")[1].strip()
            return model.Report(Said.got_alert, ALERTS.get(_NAMES.get(name, name.replace(" ", "_"))), line)
    return _words(text)


def available():
    return base.missing("go")


def start(spec, lab, port):
    base.only(spec, options=("tickets",), staple=True, signatures=False)
    arguments = {"port": port, "chain": lab.pki.chain(spec.identity), "key": lab.pki.key(spec.identity),
                 "tickets": spec.option("tickets"), "alpn": ",".join(spec.tls.alpn) or None,
                 "staple": lab.pki.staple(spec.identity, spec.staple) if spec.staple else None,
                 "suites": base.translate(spec, _SUITES, spec.tls.suites, "suites")}
    if spec.tls.groups:
        arguments["groups"] = ",".join(str(base.translate(spec, _GROUPS, group, "group")) for group in spec.tls.groups)
    wanted = base.versions(spec.tls, _VERSIONS)
    if spec.tls.suites and model.TLS13 in (wanted or _VERSIONS):
        raise Unsupported("Go chooses the suites of TLS 1.3 by itself")
    if wanted:
        arguments.update(min=_VERSIONS[wanted[0]], max=_VERSIONS[wanted[-1]])
    if spec.client_certificates:
        arguments.update(client_ca=lab.pki.client_root, client_certificates=spec.client_certificates)
    binary = base.once(lab, "go_server", _build)
    return base.launch(spec, lab, port, base.scratch(lab, spec), [binary, *base.key_values(arguments)], _judge)


def _build(path):
    cache = path.with_name("go_cache")
    base.output("go", "build", "-o", path, base.PROGRAMS / "server.go", cwd=path.parent,
                env={**base.ENVIRONMENT, "HOME": str(path.parent), "GOCACHE": os.environ.get("GOCACHE", str(cache)),
                     "CGO_ENABLED": "0", "GO111MODULE": "off", "GOFLAGS": ""})
