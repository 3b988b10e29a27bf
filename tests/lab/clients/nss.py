# SPDX-License-Identifier: Apache-2.0
"""tstclnt, the client among the tools of NSS (Firefox's TLS library).

Options: asynchronous=yes, see PROFILE.
tstclnt takes an address and, with -a, the name that it sends and checks. It has no option for ALPN.
"""
import model
from clients import base
from clients.base import Rule
from model import Said

PACKAGE = "libnss3-tools"

# With synchronous verification (-O), seen with s_server -msg 3.0: 15 03 03 00 02 in TLS 1.2, 17 03 03 00 13
# in TLS 1.3. The option asynchronous=yes leaves tstclnt's default: in TLS 1.2 it then sends its Finished
# first and the alert, now encrypted (15 03 03 00 1a), after it: a race with the server's Finished.
PROFILE = model.Profile(tls12="alert", tls13="encrypted_alert")

_VERSIONS = {model.SSL3: "ssl3", model.TLS10: "tls1.0", model.TLS11: "tls1.1", model.TLS12: "tls1.2",
             model.TLS13: "tls1.3"}
_GROUPS = {"x25519": "x25519", "secp256r1": "P256", "secp384r1": "P384", "secp521r1": "P521",
           "ffdhe2048": "FF2048"}
# IANA numbers of the cipher suites, TLS 1.3 first.
_SUITES = {
    "aes128": ":1301:C02B:C02F:C009:C013",
    "aes256": ":1302:C02C:C030:C00A:C014",
    "chacha20": ":1303:CCA9:CCA8",
    "dhe": ":009E:009F:0033:0039",
    "rsa_kx": ":009C:009D:002F:0035",
}
_SIGNATURES = {
    "rsa": "rsa_pss_rsae_sha256,rsa_pss_rsae_sha384,rsa_pss_rsae_sha512,rsa_pkcs1_sha256,rsa_pkcs1_sha384,"
           "rsa_pkcs1_sha512",
    "ecdsa": "ecdsa_secp256r1_sha256,ecdsa_secp384r1_sha384,ecdsa_secp521r1_sha512",
    "sha1": "rsa_pkcs1_sha1,ecdsa_sha1",
}

# NSS names an alert that it received SSL_ERROR_..._ALERT; not all of the names are the RFC's.
_ALERT_NAMES = {
    # Before the ServerHello, NSS takes handshake_failure for the lack of a common suite.
    "SSL_ERROR_NO_CYPHER_OVERLAP": 40, "SSL_ERROR_HANDSHAKE_FAILURE_ALERT": 40,
    "SSL_ERROR_HANDSHAKE_UNEXPECTED_ALERT": 10, "SSL_ERROR_BAD_MAC_ALERT": 20,
    "SSL_ERROR_DECRYPTION_FAILED_ALERT": 21, "SSL_ERROR_RECORD_OVERFLOW_ALERT": 22,
    "SSL_ERROR_DECOMPRESSION_FAILURE_ALERT": 30, "SSL_ERROR_BAD_CERT_ALERT": 42,
    "SSL_ERROR_UNSUPPORTED_CERT_ALERT": 43, "SSL_ERROR_REVOKED_CERT_ALERT": 44,
    "SSL_ERROR_EXPIRED_CERT_ALERT": 45, "SSL_ERROR_CERTIFICATE_UNKNOWN_ALERT": 46,
    "SSL_ERROR_ILLEGAL_PARAMETER_ALERT": 47, "SSL_ERROR_UNKNOWN_CA_ALERT": 48,
    "SSL_ERROR_ACCESS_DENIED_ALERT": 49, "SSL_ERROR_DECODE_ERROR_ALERT": 50,
    "SSL_ERROR_DECRYPT_ERROR_ALERT": 51, "SSL_ERROR_EXPORT_RESTRICTION_ALERT": 60,
    "SSL_ERROR_PROTOCOL_VERSION_ALERT": 70,
    "SSL_ERROR_INSUFFICIENT_SECURITY_ALERT": 71, "SSL_ERROR_INTERNAL_ERROR_ALERT": 80,
    "SSL_ERROR_INAPPROPRIATE_FALLBACK_ALERT": 86, "SSL_ERROR_USER_CANCELED_ALERT": 90,
    "SSL_ERROR_NO_RENEGOTIATION_ALERT": 100, "SSL_ERROR_MISSING_EXTENSION_ALERT": 109,
    "SSL_ERROR_UNSUPPORTED_EXTENSION_ALERT": 110, "SSL_ERROR_CERTIFICATE_UNOBTAINABLE_ALERT": 111,
    "SSL_ERROR_UNRECOGNIZED_NAME_ALERT": 112, "SSL_ERROR_BAD_CERT_STATUS_RESPONSE_ALERT": 113,
    "SSL_ERROR_BAD_CERT_HASH_VALUE_ALERT": 114, "SSL_ERROR_RX_CERTIFICATE_REQUIRED_ALERT": 116,
    "SSL_ERROR_NEXT_PROTOCOL_NO_PROTOCOL": 120,
}
_RULES = tuple(Rule(r"%s()\b" % name, Said.got_alert) for name in _ALERT_NAMES) + (
    Rule(r"SSL_ERROR_BAD_CERT_DOMAIN"
         r"|SEC_ERROR_\w*(?:CERT|ISSUER|SIGNATURE|CA_|KEY_SIZE|REVOKED|USAGE|VALIDITY)\w*"
         r"|server cert\w* .*failed", Said.rejected_peer),
    Rule(r"PR_CONNECT_RESET_ERROR", Said.got_reset),
    Rule(r"PR_CONNECT_REFUSED_ERROR", Said.refused),
    Rule(r"PR_CONNECT_TIMEOUT_ERROR|PR_IO_TIMEOUT_ERROR", Said.timed_out),
    Rule(r"PR_(?:NETWORK|HOST)_UNREACHABLE_ERROR|PR_NO_ACCESS_RIGHTS_ERROR", Said.unreachable),
    Rule(r"PR_END_OF_FILE_ERROR", Said.got_close),
    Rule(r"SSL_ERROR_RX_RECORD_TOO_LONG|SSL_ERROR_RX_UNKNOWN_RECORD_TYPE|SSL_ERROR_RX_MALFORMED_\w+"
         r"|SSL_ERROR_BAD_SERVER", Said.not_tls),
) + base.SYSTEM_RULES


def available():
    return base.missing("tstclnt")


def run(spec, lab, address, port, timeout=15):
    base.only_role(spec)
    base.no_source(spec)
    base.no_padding(spec)
    base.no_starttls(spec)
    base.expects_sent_name(spec)
    if spec.tls.alpn:
        raise model.Unsupported("tstclnt has no ALPN")
    argv = ["tstclnt", "-h", address, "-p", port, "-6" if ":" in address else "-4",
            "-d", "sql:%s" % _database(spec, lab), "-A", _request(spec, lab)]
    argv += [] if spec.option("asynchronous") == "yes" else ["-O"]
    argv += ["-a", spec.server_name] if spec.server_name else []
    argv += ["-o"] if spec.trust == "all" else []
    argv += ["-n", spec.identity] if spec.identity else []
    argv += settings(spec.tls) + _resumption(spec)
    ended = base.run(spec, lab, argv, timeout)
    return _report(spec, ended)


def _report(spec, ended):
    answers = ended.output.count("HTTP/1.")
    if spec.resume:
        if not answers:
            raise model.LabError("the first connection of a resumption failed: "
                                 + base.last_line(ended.errors))
        answers -= 1
    if answers or (ended.exit_code == 0 and ended.output.strip() and not spec.resume):
        return base.connected(ended)
    report = base.judge(_RULES, ended, Said.got_close if ended.exit_code == 0 else Said.own_failure)
    if report.said == Said.got_alert:
        number = next(number for name, number in _ALERT_NAMES.items() if name in report.text)
        return model.Report(Said.got_alert, number, report.text, report.exit_code)
    return report


def _database(spec, lab):
    trusted = spec.trust if spec.trust in ("root", "root+cache") else "nothing"
    return lab.pki.nss_database("+".join([trusted] + ([spec.identity] if spec.identity else [])))


def _request(spec, lab):
    """With its request in a file, tstclnt ends with the connection; otherwise it would go on waiting."""
    path = base.fresh_folder(lab, "nss") / "request"
    path.write_text(base.request(spec))
    return path


def _resumption(spec):
    if spec.resume is None:
        return []
    argv = ["-L", "2"] + ([] if spec.resume == "session_id" else ["-u"])
    return argv + (["-Z"] if spec.resume == "early_data" else [])


def settings(tls):
    argv = []
    low, high = base.versions(tls)
    if low or high:
        low, high = (base.translate(_VERSIONS, version, "version", "nss") or "" for version in (low, high))
        argv += ["-V", "%s:%s" % (low, high)]
    if tls.suites:
        argv += ["-c", base.translate(_SUITES, tls.suites, "suites", "nss")]
    if tls.groups:
        argv += ["-I", ",".join(base.translate(_GROUPS, group, "group", "nss") for group in tls.groups)]
    if tls.signature_algorithms:
        argv += ["-J", base.translate(_SIGNATURES, tls.signature_algorithms, "signatures", "nss")]
    return argv
