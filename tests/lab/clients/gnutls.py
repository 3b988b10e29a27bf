# SPDX-License-Identifier: Apache-2.0
"""gnutls-cli, and the words of GnuTLS that wget hands on."""
import model
from clients import base
from clients.base import Rule
from model import Said

PACKAGE = "gnutls-bin"

# gnutls-cli verifies by gnutls_session_set_verify_cert, within the handshake. Seen with s_server -msg 3.0: in
# TLS 1.3 the alert is a record 17 03 03 00 13. It is bad_certificate(42) whatever is wrong.
PROFILE = model.Profile(tls12="alert", tls13="encrypted_alert")

VERSIONS = {model.TLS10: "VERS-TLS1.0", model.TLS11: "VERS-TLS1.1", model.TLS12: "VERS-TLS1.2",
            model.TLS13: "VERS-TLS1.3"}
_GROUPS = {"x25519": "GROUP-X25519", "secp256r1": "GROUP-SECP256R1", "secp384r1": "GROUP-SECP384R1",
           "secp521r1": "GROUP-SECP521R1", "x448": "GROUP-X448", "ffdhe2048": "GROUP-FFDHE2048"}
_ECDHE = "-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA"
_SUITES = {
    "aes128": "-CIPHER-ALL:+AES-128-GCM:+AES-128-CBC:" + _ECDHE,
    "aes256": "-CIPHER-ALL:+AES-256-GCM:+AES-256-CBC:" + _ECDHE,
    "chacha20": "-CIPHER-ALL:+CHACHA20-POLY1305:" + _ECDHE,
    "ccm8": "-CIPHER-ALL:+AES-128-CCM-8:+ECDHE-ECDSA:+ECDHE-RSA:+RSA",
    "dhe": "-KX-ALL:+DHE-RSA",
    "rsa_kx": "-KX-ALL:+RSA",
}
_SIGNATURES = {
    "rsa": ":".join("+SIGN-RSA-%s" % hashed for hashed in (
        "PSS-RSAE-SHA256", "PSS-RSAE-SHA384", "PSS-RSAE-SHA512", "SHA256", "SHA384", "SHA512")),
    "ecdsa": "+SIGN-ECDSA-SECP256R1-SHA256:+SIGN-ECDSA-SECP384R1-SHA384:"
             "+SIGN-ECDSA-SHA256:+SIGN-ECDSA-SHA384",
    "sha1": "+SIGN-RSA-SHA1:+SIGN-ECDSA-SHA1",
}
_STARTTLS = ("smtp", "lmtp", "imap", "pop3", "ftp", "xmpp", "ldap", "nntp", "sieve", "postgres")
# At the end of its input gnutls-cli says close_notify, and these servers do not answer somebody who has closed.
_ANSWERED_WHILE_OPEN = ("ldap", "xmpp")

RULES = (
    Rule(r"Status: The certificate is NOT trusted", Said.rejected_peer),
    Rule(r"(?i)received alert \[(\d+)\]", Said.got_alert),
    Rule(r"(?i)certificate verification failed|certificate is NOT trusted|error in the certificate"
         r"|certificate issuer is unknown|does not match|certificate's owner", Said.rejected_peer),
    Rule(r"(?i)packet length|unexpected TLS packet|record packet with illegal version", Said.not_tls),
    # What recv() and send() say is hidden by these words; a connection that could not be made has others.
    Rule(r"Error in the (?:pull|push) function", Said.got_reset),
    Rule(r"(?i)non-properly terminated|premature|Peer has closed the GnuTLS connection", Said.got_close),
) + base.SYSTEM_RULES


def priority(tls, stack="gnutls"):
    """The settings as a GnuTLS priority string, which begins with everything GnuTLS has by default."""
    low, high = base.versions(tls)
    words = ["NORMAL"]
    if low or high:
        order = list(VERSIONS)
        base.translate(VERSIONS, low, "version", stack)
        base.translate(VERSIONS, high, "version", stack)
        first = order.index(low) if low else order.index(model.TLS12)
        last = order.index(high) if high else len(order) - 1
        words += ["-VERS-ALL"] + ["+" + VERSIONS[version] for version in order[min(first, last):last + 1]]
    if tls.suites:
        words.append(base.translate(_SUITES, tls.suites, "suites", stack))
    if tls.groups:
        words += ["-GROUP-ALL"]
        words += ["+" + base.translate(_GROUPS, group, "group", stack) for group in tls.groups]
    if tls.signature_algorithms:
        words += ["-SIGN-ALL", base.translate(_SIGNATURES, tls.signature_algorithms, "signatures", stack)]
    if any(version in (model.TLS10, model.TLS11) for version in (low, high)) and not tls.signature_algorithms:
        words.append("%VERIFY_ALLOW_SIGN_WITH_SHA1")
    return ":".join(words)


def available():
    return base.missing("gnutls-cli")


def run(spec, lab, address, port, timeout=15):
    base.only_role(spec)
    base.no_source(spec)
    argv = ["gnutls-cli", "--port", port, "--priority", priority(spec.tls), "--logfile", "/dev/stderr"]
    argv += ["--sni-hostname", spec.server_name] if spec.server_name else ["--disable-sni"]
    argv += _trust(spec, lab)
    if spec.identity:
        argv += ["--x509certfile", lab.pki.chain(spec.identity), "--x509keyfile", lab.pki.key(spec.identity)]
    for protocol in base.alpn(spec):
        argv += ["--alpn", protocol]
    if spec.starttls:
        if spec.starttls not in _STARTTLS:
            raise model.Unsupported("gnutls-cli does no STARTTLS for %s" % spec.starttls)
        argv += ["--starttls-proto", spec.starttls]
    argv += _resumption(spec, lab)
    if spec.starttls == "xmpp" and spec.server_name:  # whose server is told the domain, which is the host here
        argv = base.knowing_host(argv + [spec.server_name], lab, spec.stack, spec.server_name, address)
    else:
        argv.append(address)
    if spec.starttls in _ANSWERED_WHILE_OPEN:
        argv = ["sh", "-c", '{ cat; sleep 1; } | "$0" "$@"', *argv]
    ended = base.run(spec, lab, argv, timeout, sends=base.request(spec))
    return _report(spec, ended)


def _report(spec, ended):
    if spec.resume:
        if "Handshake was completed" not in ended.text:
            raise model.LabError("the first connection of a resumption failed: " + base.last_line(ended.text))
    if ended.output.strip():
        return base.connected(ended)
    return base.judge(RULES, ended)


def _resumption(spec, lab):
    if spec.resume is None:
        return []
    if spec.resume == "session_id":
        return ["--resume", "--noticket"]
    if spec.resume == "early_data":
        path = base.fresh_folder(lab, "gnutls") / "request"
        path.write_text(base.request(spec))
        return ["--resume", "--waitresumption", "--earlydata", path]
    return ["--resume", "--waitresumption"]


def _trust(spec, lab):
    if spec.trust == "all":
        return ["--no-ca-verification"]
    argv = ["--x509cafile", base.anchors(spec, lab)]
    if base.expected_name(spec) is None:
        raise model.Unsupported("gnutls-cli without a name to expect verifies nothing; trust must be all")
    return argv + ["--verify-hostname", base.expected_name(spec)]
