# SPDX-License-Identifier: Apache-2.0
"""psql (libpq on OpenSSL), for servers that speak PostgreSQL: asks for TLS, verifies, and runs a query."""
import model
from clients import base, openssl
from clients.base import Rule
from model import Said

PACKAGE = "postgresql-client"

# The chain is verified inside OpenSSL's handshake; the name by libpq after it, as its sources say
# (pq_verify_peer_name_matches_certificate in fe-secure-openssl.c, after SSL_connect).
PROFILE = openssl.PROFILE
NAME_PROFILE = model.Profile(tls12="late", tls13="late")

_RULES = (
    Rule(r"server does not support SSL", Said.no_upgrade),
    Rule(r"invalid response to SSL negotiation", Said.not_tls),
    Rule(r"certificate verify failed|does not match host name", Said.rejected_peer),
    Rule(r"(?:sslv3|tlsv1|tlsv13) (?:alert )?([a-z][a-z ]+[a-z])", Said.got_alert),
    Rule(r"SSL SYSCALL error: EOF|server closed the connection unexpectedly", Said.got_close),
) + openssl.RULES


def available():
    return base.missing("psql")


def run(spec, lab, address, port, timeout=15):
    base.only_role(spec)
    base.no_source(spec)
    base.no_padding(spec)
    tls = spec.tls
    if spec.starttls != "postgres":
        raise model.Unsupported("psql speaks PostgreSQL only")
    if spec.resume or tls.alpn:
        raise model.Unsupported("psql has no resumption and no ALPN")
    base.expects_sent_name(spec)
    low, high = (base.translate(openssl.VERSIONS, each, "version", "psql") for each in base.versions(tls))
    words = {"hostaddr": address, "port": port, "host": spec.server_name, "user": "lab", "dbname": "lab",
             "connect_timeout": int(timeout), "sslsni": 1 if spec.server_name else 0, "gssencmode": "disable",
             "sslmode": "require" if spec.trust == "all" else "verify-full",
             "sslrootcert": base.anchors(spec, lab),
             "ssl_min_protocol_version": low, "ssl_max_protocol_version": high}
    if spec.identity:
        words["sslcert"], words["sslkey"] = lab.pki.chain(spec.identity), lab.pki.key(spec.identity)
    if high and not low:
        words["ssl_min_protocol_version"] = "TLSv1"
    settings = openssl.configuration(spec, lab)
    conninfo = " ".join("%s=%s" % (key, value) for key, value in words.items() if value is not None)
    argv = ["psql", "--no-psqlrc", "--no-password", "--tuples-only", "--command=SELECT 1", conninfo]
    ended = base.run(spec, lab, argv, timeout, {"OPENSSL_CONF": str(settings)} if settings else None)
    answered = ended.exit_code == 0 or "password authentication" in ended.errors or "FATAL:" in ended.errors
    return base.connected(ended) if answered and ended.exit_code is not None else base.judge(_RULES, ended)
