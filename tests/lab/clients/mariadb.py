# SPDX-License-Identifier: Apache-2.0
"""The mariadb client (Connector/C on OpenSSL or GnuTLS), which runs a query; it insists on TLS, and verifies."""
import model
from clients import base, openssl
from clients.base import Rule
from model import Said

PACKAGE = "mariadb-client"

# Connector/C leaves the chain to the handshake of its TLS library. Seen on the wire with MariaDB as the peer.
PROFILE = model.Profile(tls12="alert", tls13="alert")

_RULES = (
    Rule(r"SSL is required|does not support (?:SSL|TLS)", Said.no_upgrade),
    Rule(r"certificate verify failed|not trusted|[Vv]erification (?:of|failed)|self-signed|unable to get local issuer",
         Said.rejected_peer),
    Rule(r"Lost connection", Said.got_close),
) + openssl.RULES


def available():
    return base.missing("mariadb", "unshare")


def run(spec, lab, address, port, timeout=15):
    base.only_role(spec)
    base.no_source(spec)
    base.no_padding(spec)
    base.expects_sent_name(spec)
    base.only_tls_of(spec)
    if spec.starttls != "mysql":
        raise model.Unsupported("mariadb speaks MySQL only")
    if spec.tls.max_version and spec.tls != model.TlsSettings.only(spec.tls.max_version):
        raise model.Unsupported("mariadb speaks exactly one version of TLS, or what it likes")
    argv = ["mariadb", "--no-defaults", "--protocol=tcp", "--host=%s" % (spec.server_name or address),
            "--port=%d" % port, "--user=root", "--connect-timeout=%d" % timeout, "--ssl", "--execute=SELECT 1"]
    argv += ["--tls-version=%s" % spec.tls.max_version] if spec.tls.max_version else []
    argv += [] if spec.trust == "all" else ["--ssl-verify-server-cert", "--ssl-ca=%s" % base.anchors(spec, lab)]
    if spec.server_name:
        argv = base.knowing_host(argv, lab, spec.stack, spec.server_name, address)
    ended = base.run(spec, lab, argv, timeout)
    return base.connected(ended) if ended.exit_code == 0 else base.judge(_RULES, ended)
