# SPDX-License-Identifier: Apache-2.0
"""Java's JSSE (programs/Client.java), compiled once per laboratory.

What Java forbids by default (SSLv3, TLS 1.0 and 1.1, static RSA, SHA-1) is allowed by a security properties
file when, and only when, a spec asks for it. Groups and signature algorithms are system properties of the
virtual machine.
"""
import subprocess

import model
import pki
from clients import base
from clients.base import Rule
from model import Said

PACKAGE = "openjdk-17-jdk-headless"

# JSSE verifies within the handshake. Seen with s_server -msg: plain in TLS 1.2; in TLS 1.3 a record 17 03 03
# 00 23, because JSSE pads its alerts (19 + 16).
PROFILE = model.Profile(tls12="alert", tls13="encrypted_alert")

_NAMES = {model.SSL3: "SSLv3", model.TLS10: "TLSv1", model.TLS11: "TLSv1.1", model.TLS12: "TLSv1.2",
          model.TLS13: "TLSv1.3"}
_GROUPS = {group: group for group in ("x25519", "secp256r1", "secp384r1", "secp521r1", "x448", "ffdhe2048")}
_SUITES = {
    "aes128": "TLS_AES_128_GCM_SHA256,TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,"
              "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,"
              "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "aes256": "TLS_AES_256_GCM_SHA384,TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,"
              "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,"
              "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "chacha20": "TLS_CHACHA20_POLY1305_SHA256,TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,"
                "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "dhe": "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256,TLS_DHE_RSA_WITH_AES_256_GCM_SHA384,"
           "TLS_DHE_RSA_WITH_AES_128_CBC_SHA,TLS_DHE_RSA_WITH_AES_256_CBC_SHA",
    "rsa_kx": "TLS_RSA_WITH_AES_128_GCM_SHA256,TLS_RSA_WITH_AES_256_GCM_SHA384,TLS_RSA_WITH_AES_128_CBC_SHA,"
              "TLS_RSA_WITH_AES_256_CBC_SHA",
}
_SIGNATURES = {
    "rsa": "rsa_pss_rsae_sha256,rsa_pss_rsae_sha384,rsa_pss_rsae_sha512,rsa_pkcs1_sha256,rsa_pkcs1_sha384,"
           "rsa_pkcs1_sha512",
    "ecdsa": "ecdsa_secp256r1_sha256,ecdsa_secp384r1_sha384,ecdsa_secp521r1_sha512",
    "sha1": "rsa_pkcs1_sha1,ecdsa_sha1",
}
_RULES = (
    Rule(r"Received fatal alert: (\w+)", Said.got_alert),
    Rule(r"CertPathBuilderException|CertPathValidatorException|CertificateException|ValidatorException"
         r"|CertificateExpired|CertificateNotYetValid|SSLPeerUnverified", Said.rejected_peer),
    Rule(r"Unsupported or unrecognized SSL message|Unrecognized record version|plaintext connection",
         Said.not_tls),
    Rule(r"terminated the handshake|EOFException|EOF instead|Socket is closed", Said.got_close),
) + base.SYSTEM_RULES


def available():
    return base.missing("java", "javac")


def prepare(lab):
    """Compiles the client; a few seconds the first time."""
    def build(path):
        path.mkdir()
        done = subprocess.run(["javac", "-J-XX:TieredStopAtLevel=1", "-d", path,
                               base.PROGRAMS / "Client.java"],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode:
            raise model.LabError("javac: " + done.stderr)
    return base.once(lab, "java", "classes", build)


def run(spec, lab, address, port, timeout=15):
    base.only_role(spec)
    base.no_starttls(spec)
    if spec.resume == "early_data":
        raise model.Unsupported("Java has no early data")
    words = base.program_words(spec, lab, address, port)
    if spec.identity:
        words["certificate"], words["password"] = lab.pki.pkcs12(spec.identity), pki.PASSWORD
    words["protocols"] = _protocols(spec.tls)
    words["suites"] = base.translate(_SUITES, spec.tls.suites, "suites", "Java")
    argv = ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-XX:-UsePerfData"]
    argv += _properties(spec, lab) + ["-cp", prepare(lab), "Client"] + base.as_arguments(words)
    ended = base.run(spec, lab, argv, timeout, sends=base.request(spec))
    return base.report_of_program(spec, ended, lambda end: base.judge(_RULES, end))


def _protocols(tls):
    low, high = base.versions(tls)
    if low is None and high is None:
        return None
    order = list(_NAMES)
    last = order.index(high or model.TLS13)
    first = order.index(low) if low else min(order.index(model.TLS12), last)
    return ",".join(_NAMES[version] for version in order[first:last + 1])


def _properties(spec, lab):
    tls, argv = spec.tls, []
    if tls.groups:
        argv.append("-Djdk.tls.namedGroups=" + ",".join(
            base.translate(_GROUPS, group, "group", "Java") for group in tls.groups))
    if tls.signature_algorithms:
        argv.append("-Djdk.tls.client.SignatureSchemes="
                    + base.translate(_SIGNATURES, tls.signature_algorithms, "signatures", "Java"))
    if spec.resume == "session_id":
        argv.append("-Djdk.tls.client.enableSessionTicketExtension=false")
    if spec.identity == "client_weak" or tls.signature_algorithms == "sha1" or tls.suites == "rsa_kx" or any(
            each in (model.SSL3, model.TLS10, model.TLS11) for each in (tls.min_version, tls.max_version)):
        def permissive(path):
            path.write_text("jdk.tls.disabledAlgorithms=RC4, DES, anon, NULL\n"
                            "jdk.certpath.disabledAlgorithms=MD2, MD5\n")
        path = base.once(lab, "java", "permissive.security", permissive)
        argv.append("-Djava.security.properties=%s" % path)
    return argv
