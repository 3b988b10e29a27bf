# SPDX-License-Identifier: Apache-2.0
"""curl, built with OpenSSL as in Debian.

curl checks a certificate against the name that it sends; a bare address as the host sends no name, and is
then checked itself. So a spec without server_name needs trust "all". Mail protocols are spoken as curl does
by itself.
"""
import re

import model
import proxied
from clients import base, openssl
from clients.base import Rule
from model import Said

PACKAGE = "curl"

# The chain is verified inside OpenSSL's handshake; the name by libcurl itself, after the handshake. Both seen
# with s_server -msg: a wrong name gets Finished, then close_notify and an end without a request.
PROFILE = openssl.PROFILE
NAME_PROFILE = model.Profile(tls12="late", tls13="late")

_SCHEMES = {"smtp": "smtp", "imap": "imap", "pop3": "pop3", "ftp": "ftp"}
_PROXY_OPTIONS = {"http_connect": "--proxy", "socks": "--socks5"}
_VERSIONS = {model.TLS10: "1.0", model.TLS11: "1.1", model.TLS12: "1.2", model.TLS13: "1.3"}
_ALPN = {(): ["--no-alpn"], ("http/1.1",): ["--http1.1"], ("h2", "http/1.1"): ["--http2"]}

_RULES = (
    Rule(r"curl: \(60\)", Said.rejected_peer),
    Rule(r"curl: \((?:64|97)\)|CONNECT tunnel failed|STARTTLS denied|STARTTLS not supported|AUTH TLS.*denied",
         Said.no_upgrade),
    Rule(r"curl: \(52\)|curl: \(18\)", Said.got_close),
    Rule(r"curl: \(28\)", Said.timed_out),
    Rule(r"SSL_ERROR_SYSCALL", Said.got_close),
)


def available():
    return base.missing("curl")


def run(spec, lab, address, port, timeout=15):
    base.only_role(spec)
    base.no_padding(spec)
    base.expects_sent_name(spec)
    if spec.resume in ("session_id", "early_data"):
        raise model.Unsupported("curl does not resume by %s" % spec.resume)
    host = spec.server_name or base.bracketed(address)
    proxy = _PROXY_OPTIONS.get(spec.starttls)
    scheme = "https" if proxy else base.translate(_SCHEMES, spec.starttls, "STARTTLS", "curl") or "https"
    url = "%s://%s:%d/" % (scheme, host, proxied.PORT if proxy else port)
    there = "%s:%d" % (base.bracketed(address), port)
    argv = ["curl", "--silent", "--show-error", "--verbose", "--include", "--max-time", str(timeout),
            "--retry", "0", "--header", "Connection: close",
            "--write-out", "%{stderr}status %{http_code} %{exitcode}\\n"]
    if proxy:
        argv += [proxy, there, "--noproxy", "", "--suppress-connect-headers", "--connect-to", "%s:%d:%s:%d" % (
            host, proxied.PORT, proxied.address(port), proxied.PORT)]
    else:
        argv += ["--noproxy", "*", "--connect-to", "%s:%d:%s" % (host, port, there)]
        argv += ["--ssl-reqd"] if spec.starttls else []
    # A list of files would come over a second connection.
    argv += ["--head"] if spec.starttls == "ftp" else []
    argv += _settings(spec) + _trust(spec, lab)
    argv += [url, url] if spec.resume else [url]
    settings = openssl.configuration(spec, lab) if _needs_configuration(spec.tls) else None
    ended = base.run(spec, lab, argv, timeout + 2, {"OPENSSL_CONF": str(settings)} if settings else None)
    return _report(spec, ended)


def _report(spec, ended):
    codes = [line.split() for line in ended.errors.splitlines() if line.startswith("status ")]
    wanted = 2 if spec.resume else 1
    if spec.resume and codes and codes[0][2] != "0":
        raise model.LabError("the first connection of a resumption failed: " + base.last_line(ended.errors))
    # A mail server's answer to curl's first command after the upgrade may displease curl: exit code 8 or 21.
    answered = ended.output.strip() or (spec.starttls and "SSL connection using" in ended.errors
                                        and ended.exit_code in (8, 21))
    if len(codes) == wanted and (ended.exit_code == 0 or answered):
        return base.connected(ended)
    # Why a connection could not be made (7) is only in the verbose lines, which else mislead.
    if ended.exit_code != 7:
        ended = ended._replace(errors="\n".join(re.findall(r"(?m)^curl: .*$", ended.errors)))
    report = base.judge(_RULES[:2], ended, Said.nothing)
    if report.said == Said.nothing:
        report = openssl.judge(ended, Said.nothing)
    if report.said == Said.nothing:
        report = base.judge(_RULES, ended)
    return report


def _settings(spec):
    tls, argv = spec.tls, []
    low, high = (base.translate(_VERSIONS, version, "version", "curl") for version in base.versions(tls))
    argv += ["--tlsv" + low] if low else []
    argv += ["--tls-max", high] if high else []
    if openssl.cipher_list(tls):
        argv += ["--ciphers", openssl.cipher_list(tls)]
    if tls.suites and openssl.SUITES[tls.suites][1]:
        argv += ["--tls13-ciphers", openssl.SUITES[tls.suites][1]]
    if tls.groups:
        argv += ["--curves", openssl.group_list(tls, "curl")]
    if tls.alpn:
        argv += base.translate(_ALPN, tls.alpn, "ALPN", "curl")
    if spec.option("source"):
        argv += ["--interface", spec.option("source")]
    return argv


def _needs_configuration(tls):
    """curl has no option for signature algorithms; OpenSSL's configuration file, read by libcurl, has."""
    return tls.signature_algorithms is not None


def _trust(spec, lab):
    argv = ["--insecure"] if spec.trust == "all" else [
        "--cacert", base.anchors(spec, lab), "--capath", "/nonexistent"]
    if spec.identity:
        argv += ["--cert", lab.pki.chain(spec.identity), "--key", lab.pki.key(spec.identity)]
    return argv
