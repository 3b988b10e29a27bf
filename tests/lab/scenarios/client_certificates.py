# SPDX-License-Identifier: Apache-2.0
"""The server does not accept the client's certificate, or misses one."""
import dataclasses

from model import (ESTABLISHED, REPORTED, SERVER_REJECTED, TLS12, TLS13, Case, ClientSpec, Expected, Said, ServerSpec,
                   TlsSettings, Truth, established, rejection_by_server, says, variant_of)
from scenarios import scenario
from scenarios.company import OLDER, guest
from scenarios.stacks import CLIENTS, SERVERS, server_profile


def rejected(client, server, version, cause, **others):
    profile = server_profile(server.stack, client.identity is not None)
    way = profile.way(version)
    late = way == "late_response"
    expected = rejection_by_server(profile, version, alert=REPORTED)
    if client.stack == "java" and version != TLS13 and way == "alert":
        # JSSE sends each message of its flight by itself, so that the server may judge before the last one is sent.
        expected = dataclasses.replace(expected, stage=None)
    by_report = ()
    if way == "closed":
        # Whether the kernel makes a RST of it depends on a request that may have been on its way: the client knows.
        by_report = (Truth(Said.got_reset, (dataclasses.replace(expected, kind="reset"),), SERVER_REJECTED, cause),)
    expected = (expected,)
    if client.stack == "chromium" and client.identity is None:
        # Chromium leaves when it is asked for a certificate, to ask its user, and comes back without one.
        stage = "server_hello" if version == TLS13 else "server_hello_done"
        expected = (Expected("closed", "client", stage, version=version),) + expected
        # The first of the two connections looks as if its client liked the server's certificate no more than the second
        # one's server likes the lack of one.
        others["also"] = frozenset(("client_rejected_certificate", "client_abort"))
    if version == TLS13 and not late:
        others["before"] = _company(client, server)
    return Case("", client, server, expected,
                says("connected") if late else says("got_alert", "got_close", "got_reset"), None, cause,
                None if late else SERVER_REJECTED, variant=variant_of(version), by_report=by_report,
                **others)


def _company(client, server):
    """Somebody whose certificate is accepted, and the client itself where its certificate can be read. What becomes of
    it there is what becomes of it in TLS 1.3."""
    older = dataclasses.replace(server, tls=OLDER)
    accepted = guest("b", OLDER, server=older, identity="client_good")
    if client.identity is None:
        return (accepted,)
    return accepted, guest(client.network, OLDER, server=older, identity=client.identity, same_client=True,
                           expects=("connected", "got_alert", "got_close", "got_reset"))


def _pairs():
    """Every client at one server, every server with one client."""
    others = [server for server in SERVERS if server != "openssl"]
    return [(client, "openssl") for client in CLIENTS] + [("openssl", server) for server in others]


def _rejected_everywhere(identity, cause, pairs, fixtures=()):
    for version in (TLS12, TLS13):
        for client, server in pairs:
            yield rejected(ClientSpec(client, identity=identity),
                           ServerSpec(server, TlsSettings.only(version), client_certificates="require"), version, cause,
                           fixture=(client, server) in fixtures)


@scenario
def client_certificate_missing(lab):
    yield from _rejected_everywhere(None, "client_certificate_missing", _pairs(),
                                    (("openssl", "openssl"), ("openssl", "go"), ("openssl", "gnutls")))


@scenario
def client_certificate_unknown_ca(lab):
    yield from _rejected_everywhere("client_unknown", "client_certificate_rejected", _pairs(),
                                    (("openssl", "openssl"), ("java", "openssl"), ("openssl", "java")))


@scenario
def client_certificate_expired(lab):
    yield from _rejected_everywhere("client_expired", "client_certificate_rejected",
                                    [("openssl", server) for server in SERVERS], (("openssl", "openssl"),))


@scenario
def client_certificate_weak(lab):
    # Whether RSA 1024 is too weak is for each server to say; the client learns it.
    for version in (TLS12, TLS13):
        for server in SERVERS:
            spec = ServerSpec(server, TlsSettings.only(version), client_certificates="require")
            refused = rejected(ClientSpec("openssl", identity="client_weak"), spec, version, "client_certificate_weak")
            if refused.verdict is None:
                continue  # what it answers looks the same whether it accepts or not
            yield Case("", refused.client, spec, refused.expected, refused.client_says | says("connected"), None,
                       refused.cause, SERVER_REJECTED, refused.variant, before=refused.before,
                       by_report=(Truth(Said.connected, (established(version),), ESTABLISHED),))
