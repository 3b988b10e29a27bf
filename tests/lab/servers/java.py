# SPDX-License-Identifier: Apache-2.0
"""Java's JSSE (programs/Server.java, compiled once)."""
import model
import pki
from clients.base import ALERTS
from model import Said
from servers import base

PACKAGE = "openjdk-17-jdk-headless"

# JSSE checks the chain when Certificate is processed: CertificateMessage sends certificate_unknown(46) whatever is
# wrong, handshake_failure(40) or certificate_required(116) for none. Its alert in TLS 1.3 is padded by 16 bytes;
# s_client -msg reads a record 17 03 03 00 23.
PROFILE = model.Profile(tls12="alert", tls13="encrypted_alert")

_VERSIONS = {model.SSL3: "SSLv3", model.TLS10: "TLSv1", model.TLS11: "TLSv1.1", model.TLS12: "TLSv1.2",
             model.TLS13: "TLSv1.3"}
_GROUPS = {"x25519", "secp256r1", "secp384r1", "secp521r1", "x448", "ffdhe2048"}
_SUITES = {
    "aes128": "TLS_AES_128_GCM_SHA256,TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,"
              "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "aes256": "TLS_AES_256_GCM_SHA384,TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,"
              "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "chacha20": "TLS_CHACHA20_POLY1305_SHA256,TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,"
                "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "dhe": "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256,TLS_DHE_RSA_WITH_AES_256_GCM_SHA384,TLS_DHE_RSA_WITH_AES_128_CBC_SHA",
    "rsa_kx": "TLS_RSA_WITH_AES_128_GCM_SHA256,TLS_RSA_WITH_AES_256_GCM_SHA384,TLS_RSA_WITH_AES_128_CBC_SHA",
}
_SIGNATURES = {
    "rsa": "rsa_pss_rsae_sha256,rsa_pss_rsae_sha384,rsa_pss_rsae_sha512,rsa_pkcs1_sha256,rsa_pkcs1_sha384,"
           "rsa_pkcs1_sha512",
    "ecdsa": "ecdsa_secp256r1_sha256,ecdsa_secp384r1_sha384,ecdsa_secp521r1_sha512",
    "sha1": "rsa_pkcs1_sha1,ecdsa_sha1",
}

_words = base.rules_judge(
    (r"FAILED .*(?:CertificateException|CertPathValidator|CertPathBuilder|ValidatorException|PKIX|Empty client"
     r"|Insufficient client authentication|bad_certificate)", Said.rejected_peer),
    # An alert in the clear after its ServerHello (OpenSSL's clients, TLS 1.3) is beyond it.
    (r"FAILED .*BadPaddingException: Insufficient buffer remaining", Said.nothing),
    (r"FAILED .*(?:Unsupported or unrecognized SSL message|plaintext connection)", Said.not_tls),
    (r"FAILED .*(?:Connection reset|Broken pipe)", Said.got_reset),
    (r"FAILED .*(?:terminated the handshake|EOFException|closed without a request|without alert|closed connection"
     r"|close_notify)", Said.got_close),
    (r"FAILED .*timed out", Said.timed_out),
    (r"FAILED ", Said.own_failure),
    (r"CONNECTED", Said.connected),
)


def _judge(text):
    for line in text.splitlines():
        if "Received fatal alert: " in line:
            return model.Report(Said.got_alert, ALERTS.get(line.split("Received fatal alert: ")[1].split(";")[0]), line)
    return _words(text)


def available():
    return base.missing("java", "javac")


def start(spec, lab, port):
    base.only(spec)
    wanted = base.versions(spec.tls, _VERSIONS)
    arguments = {"port": port, "store": lab.pki.pkcs12(spec.identity), "password": pki.PASSWORD,
                 "protocols": ",".join(_VERSIONS[version] for version in wanted) if wanted else None,
                 "suites": base.translate(spec, _SUITES, spec.tls.suites, "suites"),
                 "alpn": ",".join(spec.tls.alpn) or None}
    if wanted and spec.tls.suites:
        thirteen = wanted[-1] == model.TLS13
        arguments["suites"] = ",".join(word for word in arguments["suites"].split(",") if thirteen or "_WITH_" in word)
    properties = ["-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
    if spec.tls.groups:
        names = ",".join(base.translate(spec, {group: group for group in _GROUPS}, group, "group")
                         for group in spec.tls.groups)
        properties.append("-Djdk.tls.namedGroups=" + names)
    if spec.tls.signature_algorithms:
        properties.append("-Djdk.tls.server.SignatureSchemes=" + _SIGNATURES[spec.tls.signature_algorithms])
    folder = base.scratch(lab, spec)
    if base.needs_low_security(spec) or spec.tls.suites == "rsa_kx":
        security = folder / "java.security"
        security.write_text("jdk.tls.disabledAlgorithms=\njdk.certpath.disabledAlgorithms=\n")
        properties.append("-Djava.security.properties=%s" % security)
    if spec.client_certificates:
        arguments.update(client_ca=lab.pki.client_root, client_certificates=spec.client_certificates)
    classes = base.once(lab, "java_classes", _compile)
    return base.launch(spec, lab, port, folder,
                       ["java", *properties, "-cp", classes, "Server", *base.key_values(arguments)], _judge)


def _compile(path):
    base.output("javac", "-d", path, base.PROGRAMS / "Server.java", env={**base.ENVIRONMENT, "HOME": str(path.parent)})
