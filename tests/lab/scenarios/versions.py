# SPDX-License-Identifier: Apache-2.0
"""Client and server have no protocol version in common."""
from model import (REPORTED, TLS10, TLS11, TLS12, TLS13, Case, ClientSpec, Expected, Said, ServerSpec, TlsSettings,
                   Truth, says, server_alert, variant_of)
from scenarios import scenario
from scenarios.company import guest
from scenarios.stacks import SERVERS

SERVER_SPOKE = says("own_failure", "nothing")


@scenario
def client_too_old(lab):
    expected = (server_alert(alert=REPORTED),)
    for version in (TLS10, TLS11):
        for client in ("openssl", "gnutls", "nss", "python"):
            for server in ("nginx", "openssl"):
                yield Case("", ClientSpec(client, TlsSettings.only(version)),
                           ServerSpec(server, TlsSettings(min_version=TLS12)), expected, says("got_alert"),
                           SERVER_SPOKE, "version_mismatch", variant=variant_of(version),
                           fixture=client == "openssl" and version == TLS10)
    for server in SERVERS:
        if server not in ("nginx", "openssl"):
            yield Case("", ClientSpec("openssl", TlsSettings.only(TLS11)),
                       ServerSpec(server, TlsSettings(min_version=TLS12)), expected, says("got_alert"), SERVER_SPOKE,
                       "version_mismatch", variant="tlsv11")


@scenario
def client_without_tls13(lab):
    for client in ("openssl", "gnutls", "nss", "java", "go", "node"):
        for server in ("nginx", "gnutls", "go"):
            yield Case("", ClientSpec(client, TlsSettings.only(TLS12)), ServerSpec(server, TlsSettings.only(TLS13)),
                       (server_alert(alert=REPORTED),), says("got_alert"), SERVER_SPOKE, "version_mismatch",
                       # GnuTLS says handshake_failure, so that others must show what it speaks.
                       before=(guest("b"), guest("c")) if server == "gnutls" else ())


@scenario
def server_too_old(lab):
    # Who notices depends on the client: one that sends supported_versions lets the server find out (alert by the
    # server); the others learn it from the ServerHello, whose flight is already on the wire (alert by the client).
    # The chain is small, so that the flight is a single segment and nobody can answer a part of it.
    by_server = (server_alert(alert=REPORTED),)
    by_client = (Expected("alert", "client", "server_hello_done", alert=REPORTED),)
    for client_version, server_version in ((TLS12, TLS11), (TLS13, TLS12)):
        for client in ("openssl", "gnutls", "nss", "java", "go", "python"):
            yield Case("", ClientSpec(client, TlsSettings.only(client_version)),
                       ServerSpec("openssl", TlsSettings.only(server_version), identity="good_ecdsa"), by_server,
                       says("got_alert", "own_failure"), None, "version_mismatch",
                       variant=variant_of(client_version), fixture=client == "openssl",
                       by_report=(Truth(Said.own_failure, by_client, cause="version_mismatch"),))
