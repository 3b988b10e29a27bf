# SPDX-License-Identifier: Apache-2.0
"""TLS that a plaintext protocol asks for first, and the ways in which that goes wrong."""
from model import (TLS12, TLS13, Case, ClientSpec, Expected, ServerSpec, TlsSettings, established,
                   rejection_by_client, says)
from scenarios import scenario
from scenarios.stacks import client_profile

CONNECTED = says("connected")
# Asked for or not, no ClientHello was sent.
NO_HELLO = (Expected("no_hello", None, "tcp"),)
# Server stack for each protocol, and the clients that speak it.
SERVERS = {"smtp": "smtp", "postgres": "postgres"}
CLIENTS = {"smtp": ("smtp", "openssl", "curl", "gnutls"), "postgres": ("psql", "openssl")}


def _pairs():
    for protocol, server in SERVERS.items():
        for client in CLIENTS[protocol]:
            yield protocol, client, server


@scenario
def starttls_established(lab):
    for version, variant in ((TLS12, "tlsv12"), (TLS13, "tlsv13")):
        for protocol, client, server in _pairs():
            yield Case("", ClientSpec(client, starttls=protocol),
                       ServerSpec(server, TlsSettings.only(version), starttls=protocol), (established(version),),
                       CONNECTED, CONNECTED if client in ("smtp", "psql") else None, variant=variant,
                       fixture=client in ("smtp", "psql"))


@scenario
def starttls_certificate_unknown_ca(lab):
    for version, variant in ((TLS12, "tlsv12"), (TLS13, "tlsv13")):
        for protocol, client, server in _pairs():
            yield Case("", ClientSpec(client, starttls=protocol),
                       ServerSpec(server, TlsSettings.only(version), identity="unknown_ca", starttls=protocol),
                       (rejection_by_client(client_profile(client), version),), says("rejected_peer"), None,
                       "untrusted_ca", variant=variant, fixture=client in ("smtp", "psql") and version == TLS13)


@scenario
def starttls_declined(lab):
    for role, options in (("no_starttls", ()), ("no_starttls", (("insist", "yes"),)), ("starttls_454", ())):
        yield Case("", ClientSpec("smtp", starttls="smtp", options=options),
                   ServerSpec("smtp", role=role, starttls="smtp"), NO_HELLO, says("no_upgrade"),
                   None, "starttls_refused", variant=role + (".asked" if options else ""), fixture=True)
    yield Case("", ClientSpec("psql", starttls="postgres"), ServerSpec("postgres", role="no_ssl", starttls="postgres"),
               NO_HELLO, says("no_upgrade"), cause="starttls_refused", fixture=True)


@scenario
def starttls_answered_with_something_else(lab):
    yield Case("", ClientSpec("smtp", starttls="smtp"), ServerSpec("smtp", role="starttls_garbage", starttls="smtp"),
               (Expected("non_tls_reply", "server", "client_hello"),), says("not_tls"), says("not_tls"),
               "starttls_refused", fixture=True)


@scenario
def starttls_dropped_after_the_hello(lab):
    yield Case("", ClientSpec("smtp", starttls="smtp"), ServerSpec("smtp", role="starttls_dropped", starttls="smtp"),
               (Expected("closed", "server", "client_hello"),), says("got_close"), says("own_failure"),
               "server_unresponsive", fixture=True)
