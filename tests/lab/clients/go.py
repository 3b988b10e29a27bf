# SPDX-License-Identifier: Apache-2.0
"""Go's crypto/tls (programs/client.go), compiled once per laboratory.

crypto/tls chooses TLS 1.3 suites and signature algorithms by itself. A clock that is wrong is given to it by
its Config.Time, because a Go program does not ask the C library for the time.
"""
import dataclasses
import subprocess

import model
from clients import base
from clients.base import Rule
from model import Said

PACKAGE = "golang-go"

# Go verifies within the handshake. Seen with s_server -msg: plain in TLS 1.2, 17 03 03 00 13 in TLS 1.3; the
# alert is bad_certificate(42) whatever is wrong.
PROFILE = model.Profile(tls12="alert", tls13="encrypted_alert")

_VERSIONS = {version: version for version in model.VERSIONS[1:]}
_GROUPS = {group: group for group in ("x25519", "secp256r1", "secp384r1", "secp521r1")}
_SUITES = {"aes128": "c02b c02f c009 c013", "aes256": "c02c c030 c00a c014", "chacha20": "cca9 cca8",
           "rsa_kx": "009c 009d 002f 0035"}
_ALERTS = {
    "unexpected message": 10, "bad record MAC": 20, "record overflow": 22, "handshake failure": 40,
    "bad certificate": 42, "unsupported certificate": 43, "revoked certificate": 44,
    "expired certificate": 45, "unknown certificate": 46, "illegal parameter": 47,
    "unknown certificate authority": 48, "access denied": 49, "error decoding message": 50,
    "error decrypting message": 51, "protocol version not supported": 70, "insufficient security level": 71,
    "internal error": 80, "inappropriate fallback": 86, "user canceled": 90, "no renegotiation": 100,
    "missing extension": 109, "unsupported extension": 110, "certificate unobtainable": 111,
    "unrecognized name": 112, "bad certificate status response": 113, "certificate required": 116,
    "no application protocol": 120,
}
_RULES = (
    Rule(r"remote error: tls: ()", Said.got_alert),
    Rule(r"x509: ", Said.rejected_peer),
    Rule(r"first record does not look like a TLS handshake|HTTP response to HTTPS client", Said.not_tls),
    Rule(r"\bEOF\b", Said.got_close),
) + base.SYSTEM_RULES


def available():
    return base.missing("go")


def prepare(lab):
    """Compiles the client, without network and C compiler; about ten seconds the first time."""
    def build(path):
        home = base.folder(lab, "go")
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(home),
                       "GOCACHE": str(home / "cache"), "GOPATH": str(home / "path"), "GOFLAGS": "-mod=mod",
                       "GO111MODULE": "off", "GOPROXY": "off",
                       "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "TMPDIR": str(home)}
        done = subprocess.run(["go", "build", "-o", path, base.PROGRAMS / "client.go"], env=environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=home)
        if done.returncode:
            raise model.LabError("go build: " + done.stderr)
    return base.once(lab, "go", "client", build)


def run(spec, lab, address, port, timeout=15):
    base.only_role(spec)
    base.no_starttls(spec)
    tls = spec.tls
    if spec.resume in ("session_id", "early_data"):
        raise model.Unsupported("Go does not resume by %s" % spec.resume)
    if tls.signature_algorithms:
        raise model.Unsupported("Go chooses its signature algorithms itself")
    if tls.suites and base.versions(tls)[1] in (None, model.TLS13):
        raise model.Unsupported("Go chooses its TLS 1.3 suites itself")
    words = base.program_words(spec, lab, address, port)
    words["min"], words["max"] = (
        base.translate(_VERSIONS, each, "version", "Go") for each in base.versions(tls))
    words["suites"] = base.translate(_SUITES, tls.suites, "suites", "Go")
    words["groups"] = " ".join(base.translate(_GROUPS, group, "group", "Go") for group in tls.groups or ())
    words["clock_offset_days"] = spec.clock_offset_days
    unfaked = dataclasses.replace(spec, clock_offset_days=0)
    argv = [prepare(lab)] + base.as_arguments(words)
    ended = base.run(unfaked, lab, argv, timeout, sends=base.request(spec))
    return base.report_of_program(spec, ended, _judge)


def _judge(ended):
    report = base.judge(_RULES, ended)
    if report.said == Said.got_alert:
        number = _ALERTS.get(report.text.split("remote error: tls: ")[1])
        return dataclasses.replace(report, alert=number)
    return report
