# SPDX-License-Identifier: Apache-2.0
"""nginx.

Roles:
  tls                  an HTTP server with TLS
  reject_unknown_name  serves www.example.com; every other name, and none, is answered with unrecognized_name
                       (ssl_reject_handshake)
  preread              a forward proxy (stream, ssl_preread): hands connections for *.example.com on to a TLS server
                       and closes all others after their ClientHello
  return_444           resets every connection instead of answering its request
Options:
  upstream=IP:PORT     preread: the TLS server, instead of one of its own
  backlog=N, worker_connections=N, workers=N (1)       limits, for overload
  deferred=yes         the kernel hands on no connection before its ClientHello is there
  instance=WORD        tells equal servers apart, which would be one process otherwise
  tickets=no           session ids only
  early_data=yes
"""
import pathlib

import model
from model import Said, Unsupported
from servers import base, openssl

PACKAGE = "nginx-light"

# ngx_http_ssl_module verifies with a callback that accepts everything; ngx_http_process_request then answers 400 ("The
# SSL certificate error", "No required SSL certificate was sent") in every version. Its error log and the client's
# output say the same: a finished handshake, then "HTTP/1.1 400 Bad Request".
PROFILE = model.Profile(tls12="late_response", tls13="late_response")

_STREAM_MODULE = "/usr/lib/nginx/modules/ngx_stream_module.so"
_OPTIONS = ("upstream", "backlog", "worker_connections", "workers", "deferred", "instance", "tickets",
            "early_data")
_GROUPS = {"x25519": "X25519", "secp256r1": "prime256v1", "secp384r1": "secp384r1", "secp521r1": "secp521r1",
           "x448": "X448", "ffdhe2048": "ffdhe2048"}

_ANSWER = ("location / { default_type text/plain; return 200 'ok\\n'; }",)
_NO_ANSWER = ("reset_timedout_connection on;", "location / { return 444; }")

_judge = base.rules_judge(
    (r"client SSL certificate verify error|client sent no required SSL certificate", Said.rejected_peer),
    *openssl.FAILURES,
    (r"client sent plain HTTP request to HTTPS port", Said.not_tls),
    (r"handshake rejected", Said.own_failure),
    (r"NO-NAME", Said.own_failure),
    (r"(?i)connection reset by peer", Said.got_reset),
    (r"peer closed connection in SSL handshake", Said.got_close),
    (r"ANSWERED|FORWARDED", Said.connected),
    (r"client (?:prematurely )?closed connection|client \S+ closed keepalive connection", Said.got_close),
    (r"client timed out", Said.timed_out),
)


def available():
    return base.missing("nginx")


def start(spec, lab, port):
    base.only(spec, ("tls", "reject_unknown_name", "preread", "return_444"), _OPTIONS, staple=True)
    folder = base.scratch(lab, spec)
    if spec.role == "preread" and not pathlib.Path(_STREAM_MODULE).exists():
        raise Unsupported("libnginx-mod-stream is not installed")
    configuration = folder / "nginx.conf"
    configuration.write_text(_main(spec, lab, port, folder))
    return base.launch(spec, lab, port, folder, ["nginx", "-p", folder, "-c", configuration, "-e", "stderr"], _judge)


def _main(spec, lab, port, folder):
    lines = ["daemon off;", "pid nginx.pid;", "error_log stderr info;", "user root;",
             "worker_processes %s;" % spec.option("workers", "1"), "worker_shutdown_timeout 1;"]
    if spec.role == "preread":
        lines.append("load_module %s;" % _STREAM_MODULE)
    lines.append("events { worker_connections %s; }" % spec.option("worker_connections", "1024"))
    lines += _http(spec, lab, port)
    if spec.role == "preread":
        lines += _stream(spec, port, folder)
    return "\n".join(lines) + "\n"


def _listen(spec, address, more=""):
    backlog = " backlog=" + spec.option("backlog") if spec.option("backlog") else ""
    deferred = " deferred" if spec.option("deferred") == "yes" else ""
    return "listen %s%s%s%s;" % (address, more, backlog, deferred)


def _http(spec, lab, port):
    """The server itself; in the role preread it is behind the proxy, on a socket of its own."""
    log = "off" if spec.role == "preread" else "/dev/stderr said"
    lines = ["http {", "log_format said 'ANSWERED $ssl_protocol $status \"$request\"';", "access_log %s;" % log,
             "server_tokens off;", "ssl_session_cache shared:lab:1m;"]
    lines += ["%s_temp_path %s;" % (kind, kind) for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")]
    if spec.role == "preread":
        listens = ["listen unix:upstream.sock ssl;"]
    else:
        listens = [_listen(spec, "[::]:%d ssl" % port, " ipv6only=off")]
    if spec.role == "reject_unknown_name":
        listens = [listen.replace(" ssl", " ssl default_server", 1) for listen in listens]
        # A request without a Host header ends up here, too, whatever name the handshake had.
        lines += ["server {", *listens, "ssl_reject_handshake on;", *_offers(spec), *_ANSWER, "}"]
        listens = ["listen [::]:%d ssl;" % port]
    lines += ["server {", *listens, "server_name www.example.com;",
              "ssl_certificate %s;" % lab.pki.chain(spec.identity),
              "ssl_certificate_key %s;" % lab.pki.key(spec.identity), *_offers(spec), *_extras(spec, lab),
              *(_NO_ANSWER if spec.role == "return_444" else _ANSWER), "}", "}"]
    return lines


def _offers(spec):
    tls, lines = spec.tls, []
    # Debian's own configuration adds TLS 1.3 to the built-in default.
    wanted = base.versions(tls, openssl.VERSIONS) or (model.TLS12, model.TLS13)
    lines.append("ssl_protocols %s;" % " ".join(openssl.VERSIONS[version] for version in wanted))
    if openssl.cipher_string(spec):
        lines.append("ssl_ciphers %s;" % openssl.cipher_string(spec))
    if openssl.ciphersuites(spec):
        lines.append("ssl_conf_command Ciphersuites %s;" % openssl.ciphersuites(spec))
    if tls.groups:
        lines.append("ssl_ecdh_curve %s;" % ":".join(base.translate(spec, _GROUPS, group, "group")
                                                     for group in tls.groups))
    if tls.signature_algorithms:
        lines.append("ssl_conf_command SignatureAlgorithms %s;" % openssl.signatures(spec))
    if spec.option("tickets") == "no":
        lines.append("ssl_session_tickets off;")
    if spec.option("early_data") == "yes":
        lines.append("ssl_early_data on;")
    return lines


def _extras(spec, lab):
    lines = []
    if set(spec.tls.alpn) - {"http/1.1", "http/1.0"}:
        raise Unsupported("nginx knows its own application protocols only")
    if spec.client_certificates:
        lines += ["ssl_client_certificate %s;" % lab.pki.client_root,
                  "ssl_verify_client %s;" % {"request": "optional", "require": "on"}[spec.client_certificates]]
    if spec.staple:
        lines += ["ssl_stapling on;", "ssl_stapling_file %s;" % lab.pki.staple(spec.identity, spec.staple)]
    if spec.tls.suites == "dhe":
        lines.append("ssl_dhparam %s;" % dh_parameters(lab))
    return lines


def _stream(spec, port, folder):
    upstream = spec.option("upstream", "unix:%s/upstream.sock" % folder)
    # A name that nobody serves has an empty upstream: nginx closes the connection then, with "no host in upstream".
    return ["stream {", "log_format said 'FORWARDED $ssl_preread_server_name to $target';",
            "log_format lost 'NO-NAME \"$ssl_preread_server_name\"';",
            "map $ssl_preread_server_name $target { hostnames; default ''; .example.com %s; }" % upstream,
            "map $target $known { default 1; '' 0; }", "map $target $lost { default 0; '' 1; }",
            "server {", _listen(spec, "[::]:%d" % port, " ipv6only=off"), "ssl_preread on;", "proxy_pass $target;",
            "access_log /dev/stderr said if=$known;", "access_log /dev/stderr lost if=$lost;", "}", "}"]


def dh_parameters(lab):
    """The group ffdhe2048 of RFC 7919 in a file, for servers that do no DHE without one."""
    def make(path):
        path.write_text(base.output("openssl", "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt",
                                    "group:ffdhe2048"))
    return base.once(lab, "ffdhe2048.pem", make)
