# SPDX-License-Identifier: Apache-2.0
"""openssl s_client, and the words of OpenSSL that curl, Python, Node and psql hand on."""
import re

import model
import proxied
from clients import base
from clients.base import Rule
from model import Said

PACKAGE = "openssl"

# Seen with s_server -msg 3.0 as the peer: the record is 15 03 03 00 02 in both versions, because OpenSSL
# installs the client's handshake write keys only when it writes its own flight, which it never does if
# verification fails.
PROFILE = model.Profile(tls12="alert", tls13="alert")

VERSIONS = {model.TLS10: "TLSv1", model.TLS11: "TLSv1.1", model.TLS12: "TLSv1.2", model.TLS13: "TLSv1.3"}
GROUPS = {"x25519": "X25519", "secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521",
          "x448": "X448", "ffdhe2048": "ffdhe2048"}
SIGNATURES = {
    "rsa": "RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512",
    "ecdsa": "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512",
    "sha1": "RSA+SHA1:ECDSA+SHA1",
}
# (up to TLS 1.2, TLS 1.3); the CBC suites are what TLS 1.0 and 1.1 can use of a family.
SUITES = {
    "aes128": ("ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
               "ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA",
               "TLS_AES_128_GCM_SHA256"),
    "aes256": ("ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
               "ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA",
               "TLS_AES_256_GCM_SHA384"),
    "chacha20": ("ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305", "TLS_CHACHA20_POLY1305_SHA256"),
    "dhe": ("DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-SHA:DHE-RSA-AES256-SHA",
            None),
    "rsa_kx": ("AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-SHA:AES256-SHA", None),
    "ccm8": ("ECDHE-ECDSA-AES128-CCM8:AES128-CCM8", "TLS_AES_128_CCM_8_SHA256"),
}
_STARTTLS = ("smtp", "lmtp", "imap", "pop3", "ftp", "xmpp", "ldap", "nntp", "sieve", "postgres", "mysql")

RULES = (
    Rule(r"SSL alert number (\d+)", Said.got_alert),
    Rule(r"verify error:num=(?=[\s\S]*certificate verify failed)", Said.rejected_peer),
    Rule(r"(?i)certificate verify failed|verification failed|certificate does not match|hostname mismatch"
         r"|no alternative certificate subject name matches", Said.rejected_peer),
    Rule(r"(?i)wrong version number|http request|packet length too long|unknown protocol|record layer failure"
         r"|bad record type|not a TLS", Said.not_tls),
    Rule(r"(?i)unexpected eof|eof occurred|errno=0\b", Said.got_close),
    Rule(r"errno=104\b|errno=32\b", Said.got_reset),
    Rule(r"errno=111\b", Said.refused),
    Rule(r"errno=(?:113|101|13)\b", Said.unreachable),
    Rule(r"errno=110\b", Said.timed_out),
) + base.SYSTEM_RULES


def judge(ended, otherwise=Said.own_failure):
    """RULES, and the alert that OpenSSL hides in an error code: 1000 + alert, so 0A00042E is alert 70."""
    report = base.judge(RULES, ended, otherwise)
    if report.said in (Said.got_alert, Said.timed_out):
        return report
    for code in re.finditer(r"error:0A([0-9A-F]{6}):", ended.text):
        alert = int(code[1], 16) - 1000
        if 0 <= alert < 256:
            line = base.line_around(ended.text, code.start())
            return model.Report(Said.got_alert, alert, line, ended.exit_code)
    return report


def needs_security_level_zero(tls, identity=None):
    """Below Debian's security level: CCM_8, a weak key of the client's own, and SHA-1 signatures, which TLS before 1.2
    cannot do without."""
    return (tls.signature_algorithms == "sha1" or tls.suites == "ccm8" or identity == "client_weak"
            or any(each in (model.SSL3, model.TLS10, model.TLS11)
                   for each in (tls.min_version, tls.max_version)))


def cipher_list(tls, identity=None):
    """The list for TLS up to 1.2 in OpenSSL's language; None where the default will do."""
    suites = base.translate(SUITES, tls.suites, "suites", "OpenSSL")
    listed = suites[0] if suites else None
    if needs_security_level_zero(tls, identity):
        return (listed or "DEFAULT") + ":@SECLEVEL=0"
    return listed


def group_list(tls, stack):
    return ":".join(base.translate(GROUPS, group, "group", stack) for group in tls.groups or ())


def configuration(spec, lab):
    """An openssl.cnf with what a program's own options cannot express; None where nothing is asked for."""
    tls = spec.tls
    lines = []
    low, high = (base.translate(VERSIONS, version, "version", spec.stack) for version in base.versions(tls))
    lines += ["MinProtocol = " + low] if low else []
    lines += ["MaxProtocol = " + high] if high else []
    if cipher_list(tls, spec.identity):
        lines.append("CipherString = " + cipher_list(tls, spec.identity))
    if tls.suites and SUITES[tls.suites][1]:
        lines.append("Ciphersuites = " + SUITES[tls.suites][1])
    if tls.groups:
        lines.append("Groups = " + group_list(tls, spec.stack))
    if tls.signature_algorithms:
        algorithms = base.translate(SIGNATURES, tls.signature_algorithms, "signatures", spec.stack)
        lines.append("SignatureAlgorithms = " + algorithms)
    if not lines:
        return None
    path = base.fresh_folder(lab, spec.stack) / "openssl.cnf"
    path.write_text("openssl_conf = init\n[init]\nssl_conf = modules\n[modules]\nsystem_default = tls\n"
                    "[tls]\n" + "\n".join(lines) + "\n")
    return path


def available():
    return base.missing("openssl")


def run(spec, lab, address, port, timeout=15):
    """s_client exchanges one request for one answer; with -quiet nothing but the answer is on its output."""
    base.only_role(spec)
    argv = ["openssl", "s_client", "-quiet", "-connect", "%s:%d" % (base.bracketed(address), port)]
    argv += _names(spec) + _settings(spec) + _trust(spec, lab)
    if spec.identity:
        argv += ["-cert", lab.pki.certificate(spec.identity), "-cert_chain", lab.pki.chain(spec.identity),
                 "-key", lab.pki.key(spec.identity)]
    if spec.option("source"):
        argv += ["-bind", "%s:0" % base.bracketed(spec.option("source"))]
    if spec.option("status") == "yes":
        argv.append("-status")
    if spec.starttls == "http_connect":
        argv[argv.index("-connect") + 1] = "%s:%d" % (proxied.address(port), proxied.PORT)
        argv += ["-proxy", "%s:%d" % (base.bracketed(address), port)]
    elif spec.starttls:
        if spec.starttls not in _STARTTLS:
            raise model.Unsupported("s_client does no STARTTLS for %s" % spec.starttls)
        argv += ["-starttls", spec.starttls]
        argv += ["-xmpphost", base.expected_name(spec)] if spec.starttls == "xmpp" else []
    if spec.resume is None:
        return _once(spec, lab, argv, timeout)
    return _twice(spec, lab, argv, timeout)


def _once(spec, lab, argv, timeout, sends=True):
    ended = base.run(spec, lab, argv, timeout, sends=base.request(spec) if sends else "")
    if ended.output.strip("\r\n\0 "):
        return base.connected(ended)
    if spec.starttls == "postgres" and ended.exit_code and not ended.text.strip():
        return model.Report(Said.no_upgrade, text="s_client ended without a word", exit_code=ended.exit_code)
    return judge(ended, Said.got_close if ended.exit_code == 0 else Said.own_failure)


def _twice(spec, lab, argv, timeout):
    if spec.resume == "session_id":
        argv = argv + ["-no_ticket"]
    elif spec.resume not in ("ticket", "psk", "early_data"):
        raise model.Unsupported("s_client does not resume by %s" % spec.resume)
    folder = base.fresh_folder(lab, "openssl")
    first = _once(spec, lab, argv + ["-sess_out", folder / "session.pem"], timeout)
    again = argv + ["-sess_in", folder / "session.pem"]
    if first.said == Said.connected and not (folder / "session.pem").exists():
        raise model.LabError("the server gave s_client no session")
    if spec.resume == "early_data":
        (folder / "request").write_bytes(base.request(spec).encode("latin-1"))
        again += ["-early_data", folder / "request"]
        return base.after_two(first, _once(spec, lab, again, timeout, sends=False))
    return base.after_two(first, _once(spec, lab, again, timeout))


def _names(spec):
    sent = ["-servername", spec.server_name] if spec.server_name else ["-noservername"]
    if spec.trust == "all" or not base.expected_name(spec):
        return sent
    return sent + ["-verify_hostname", base.expected_name(spec)]


def _trust(spec, lab):
    if spec.trust == "all":
        return []
    return ["-verify_return_error", "-no-CApath", "-no-CAstore", "-CAfile", base.anchors(spec, lab)]


def _settings(spec):
    tls, argv = spec.tls, []
    low, high = (base.translate(VERSIONS, version, "version", "OpenSSL") for version in base.versions(tls))
    argv += ["-min_protocol", low] if low else []
    argv += ["-max_protocol", high] if high else []
    if cipher_list(tls, spec.identity):
        argv += ["-cipher", cipher_list(tls, spec.identity)]
    if tls.suites and SUITES[tls.suites][1]:
        argv += ["-ciphersuites", SUITES[tls.suites][1]]
    if tls.groups:
        argv += ["-groups", group_list(tls, "OpenSSL")]
    if tls.signature_algorithms:
        argv += ["-sigalgs", base.translate(SIGNATURES, tls.signature_algorithms, "signatures", "OpenSSL")]
    if base.alpn(spec):
        argv += ["-alpn", ",".join(base.alpn(spec))]
    return argv
