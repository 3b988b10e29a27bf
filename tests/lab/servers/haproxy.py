# SPDX-License-Identifier: Apache-2.0
"""haproxy, which terminates TLS and answers by itself.

Roles: tls; strict_sni (no certificate, hence unrecognized_name, for a name that is not in the certificate, or none);
sni_route (TCP mode: hands connections for *.example.com on and closes all others after their ClientHello);
reject (closes every connection that comes, before a word).
Options: upstream=IP:PORT (sni_route: instead of a TLS server of its own), maxconn=N, backlog=N, tickets=no.
"""
import pathlib
import re
import shutil

import model
from model import Said
from servers import base, openssl
from servers.nginx import dh_parameters

PACKAGE = "haproxy"

# ssl_sock_bind_verifycbk refuses inside OpenSSL's handshake, so it looks like s_server: s_client says "alert number 48"
# (40 and 116 without a certificate), haproxy "SSL client certificate not trusted".
PROFILE = model.Profile(tls12="alert", tls13="encrypted_alert")

_VERSIONS = {model.TLS10: "TLSv1.0", model.TLS11: "TLSv1.1", model.TLS12: "TLSv1.2", model.TLS13: "TLSv1.3"}

# ssl_fc_err is the number of the OpenSSL error that ended the handshake: 0x0A000000 + reason, and 1000 + alert is the
# reason for an alert that came in.
_REASONS = {199: Said.rejected_peer, 134: Said.rejected_peer, 156: Said.not_tls, 155: Said.not_tls, 267: Said.not_tls,
            198: Said.not_tls, 294: Said.got_close}
_ALERT_BASE = 1000

_words = base.rules_judge(
    (r"SSL client certificate not trusted|SSL client CA chain cannot be verified|client did not present",
     Said.rejected_peer),
    (r"Connection closed during SSL handshake", Said.got_close),
    # No reason of OpenSSL's: what ended it was the socket.
    (r"SSL handshake failure reason=0 |Connection error during SSL handshake|Socket error", Said.got_reset),
    (r"Timeout during SSL handshake", Said.timed_out),
    (r"SSL handshake failure|NO-NAME", Said.own_failure),
    (r"ANSWERED status=(?!200)", Said.got_close),
    (r"ANSWERED|FORWARDED", Said.connected),
)


def _judge(text):
    found = re.search(r".* reason=(\d+).*", text)
    if not found:
        return _words(text)
    line, reason = found[0], int(found[1]) & 0x7fffff
    if _ALERT_BASE <= reason < _ALERT_BASE + 256:
        return model.Report(Said.got_alert, reason - _ALERT_BASE, line)
    if reason in _REASONS:
        return model.Report(_REASONS[reason], text=line)
    return _words(text)


def available():
    return base.missing("haproxy")


def start(spec, lab, port):
    base.only(spec, ("tls", "strict_sni", "sni_route", "reject"), ("upstream", "maxconn", "backlog", "tickets"),
              staple=True)
    folder = base.scratch(lab, spec)
    configuration = folder / "haproxy.cfg"
    configuration.write_text("\n".join(_configuration(spec, lab, port, folder)) + "\n")
    return base.launch(spec, lab, port, folder, ["haproxy", "-db", "-f", configuration], _judge,
                       # Certificates are loaded before the lines about ciphers count.
                       {"OPENSSL_CONF": openssl.configuration(spec, folder)})


def _configuration(spec, lab, port, folder):
    yield from ("global", "  log stdout format raw local0 info", "  maxconn %s" % spec.option("maxconn", "1000"),
                "  nbthread 1", "  tune.ssl.default-dh-param 2048")
    if spec.tls.suites == "dhe":
        yield "  ssl-dh-param-file %s" % dh_parameters(lab)
    yield from ("defaults", "  log global", "  timeout connect 5s", "  timeout client 15s", "  timeout server 15s")
    backlog = " backlog " + spec.option("backlog") if spec.option("backlog") else ""
    listen = ":::%d v4v6%s" % (port, backlog)
    if spec.role != "sni_route":
        yield from _http(spec, lab, listen, folder)
        return
    yield from ("frontend names", "  mode tcp", "  bind " + listen,
                "  log-format \"%[var(txn.said)] %[var(txn.name)]\"",
                "  tcp-request inspect-delay 5s",
                "  tcp-request content set-var(txn.name) req.ssl_sni if { req.ssl_hello_type 1 }",
                "  tcp-request content set-var(txn.said) str(NO-NAME)",
                "  tcp-request content set-var(txn.said) str(FORWARDED) if { req.ssl_sni -m end .example.com }",
                "  tcp-request content accept if { req.ssl_sni -m end .example.com }",
                "  tcp-request content reject", "  default_backend upstream", "backend upstream", "  mode tcp")
    if spec.option("upstream"):
        yield "  server upstream " + spec.option("upstream")
    else:
        path = "unix@%s/upstream.sock" % folder
        yield "  server upstream " + path
        yield from _http(spec, lab, path, folder, log=False)


def _http(spec, lab, listen, folder, log=True):
    yield from ("frontend web", "  mode http", "  option dontlognull" if not log else "  option httplog",
                "  bind %s ssl %s" % (listen, " ".join(_bind(spec, lab, folder))))
    if spec.role == "reject":
        yield "  tcp-request connection reject"
    if log:
        yield "  log-format \"ANSWERED status=%ST %[ssl_fc_protocol] %[ssl_fc_sni]\""
        yield ("  error-log-format \"FAILED %[fc_err] %[fc_err_str] reason=%[ssl_fc_err] %[ssl_fc_err_str] "
               "certificate=%[ssl_c_err]\"")
    else:
        yield "  no log"
    yield "  http-request return status 200 content-type text/plain string \"ok\""


def _bind(spec, lab, folder):
    bundle = folder / "certificate.pem"
    bundle.write_text(pathlib.Path(lab.pki.chain(spec.identity)).read_text()
                      + pathlib.Path(lab.pki.key(spec.identity)).read_text())
    if spec.staple:
        shutil.copy(lab.pki.staple(spec.identity, spec.staple), folder / "certificate.pem.ocsp")
        shutil.copy(lab.pki.intermediate, folder / "certificate.pem.issuer")
    yield "crt %s" % bundle
    wanted = base.versions(spec.tls, _VERSIONS)
    if wanted:
        yield "ssl-min-ver %s ssl-max-ver %s" % (_VERSIONS[wanted[0]], _VERSIONS[wanted[-1]])
    for option, value in (("ciphers", openssl.cipher_string(spec)), ("ciphersuites", openssl.ciphersuites(spec)),
                          ("curves", openssl.groups(spec)), ("alpn", ",".join(spec.tls.alpn))):
        if value:
            yield "%s %s" % (option, value)
    if spec.client_certificates:
        yield "ca-file %s verify %s" % (lab.pki.client_root,
                                        {"request": "optional", "require": "required"}[spec.client_certificates])
    if spec.role == "strict_sni":
        yield "strict-sni"
    if spec.option("tickets") == "no":
        yield "no-tls-tickets"
