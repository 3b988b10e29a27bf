# SPDX-License-Identifier: Apache-2.0
"""The client does not accept the server's certificate, or rightly does although something is odd about it."""
import dataclasses

from model import (CLIENT_REJECTED, ESTABLISHED, REPORTED, TLS12, TLS13, Case, ClientSpec, Companion, Expected, Said,
                   ServerSpec, TlsSettings, Truth, established, rejection_by_client, says, variant_of)
from scenarios import scenario
from scenarios.company import OLDER, guest, shown
from scenarios.stacks import CLIENTS, SERVERS, client_profile

# A server that is still writing when the client leaves learns of the closing before it reads the alert.
SERVER_HEARD = {
    "alert": says("got_alert", "got_reset", "nothing"),
    "encrypted_alert": says("got_alert", "got_reset", "nothing"),
    "closed": says("got_close", "got_reset", "nothing"),
    "reset": says("got_reset", "got_close", "nothing"),
    "late": None,
}


def rejected(client, server, version, cause, variant="", **others):
    profile = client_profile(client.stack, "name" if server.identity == "wrong_name" else "chain")
    expected = rejection_by_client(profile, version, alert=REPORTED)
    if server.stack == "java" and version != TLS13 and expected.kind == "alert":
        # JSSE sends each message of its flight by itself, so that the client may judge before the last one is sent.
        expected = dataclasses.replace(expected, stage=None)
    if version == TLS13 and "before" not in others:
        others["before"] = (shown(server),)
    case = Case("", client, server, (expected,), says("rejected_peer"), SERVER_HEARD[profile.way(version)], cause,
                CLIENT_REJECTED, variant=variant or variant_of(version), **others)
    if (client.stack, server.stack, version) == ("wget", "gnutls", TLS13):
        # gnutls-serv sends its tickets before the client's Finished. wget closes with them unread, so the kernel
        # resets, and drops the Finished if it still waits behind the ChangeCipherSpec for an acknowledgement: the
        # server knows.
        lost = Expected("reset", "client", "server_hello", version=version)
        case = dataclasses.replace(
            case, server_says=says("connected", "got_reset"),
            by_report=(Truth(Said.rejected_peer, (lost,), CLIENT_REJECTED, cause, Said.got_reset),))
    return case


def _rejected_by_all(identity, cause, servers=("nginx",), fixtures=(), company=None):
    """company(server): who comes before, if not only whom TLS 1.2 shows what is hidden in TLS 1.3."""
    for version in (TLS12, TLS13):
        for stack in CLIENTS:
            for server in servers:
                spec = ServerSpec(server, TlsSettings.only(version), identity=identity)
                before = {"before": company(spec)} if company else {}
                yield rejected(ClientSpec(stack), spec, version, cause,
                               fixture=stack in fixtures and server == servers[0], **before)


def _as_the_client_says(identity, cause, fixtures=(), **server):
    """Stacks rightly differ on it; each says itself what it did."""
    for version in (TLS12, TLS13):
        for stack in CLIENTS:
            spec = ServerSpec("nginx", TlsSettings.only(version), identity=identity, **server)
            # Who asks for the staple is shown it.
            before = (shown(spec, options=(("status", "yes"),) if spec.staple else ()),) if version == TLS13 else ()
            case = rejected(ClientSpec(stack), spec, version, cause, fixture=stack in fixtures, before=before)
            accepted = Truth(Said.connected, (established(version),), ESTABLISHED)
            yield dataclasses.replace(case, client_says=says("rejected_peer", "connected"), server_says=None,
                                      by_report=(accepted,))


@scenario
def certificate_unknown_ca(lab):
    # The question that all stacks answer at all servers.
    yield from _rejected_by_all("unknown_ca", "untrusted_ca", ("nginx",) + tuple(s for s in SERVERS if s != "nginx"),
                                fixtures=CLIENTS)


@scenario
def certificate_expired(lab):
    yield from _rejected_by_all("expired", "certificate_expired", fixtures=("openssl", "gnutls", "java"))


@scenario
def certificate_not_yet_valid(lab):
    yield from _rejected_by_all("not_yet_valid", "certificate_not_yet_valid", fixtures=("openssl",))


@scenario
def certificate_wrong_name(lab):
    yield from _rejected_by_all("wrong_name", "certificate_name_mismatch", fixtures=("openssl", "node", "go"))


@scenario
def certificate_self_signed(lab):
    yield from _rejected_by_all("self_signed", "self_signed", fixtures=("openssl",))


@scenario
def certificate_wrong_usage(lab):
    yield from _as_the_client_says("wrong_usage", "certificate_wrong_usage", fixtures=("openssl",))


@scenario
def certificate_chain_incomplete(lab):
    yield from _rejected_by_all("missing_intermediate", "chain_incomplete", fixtures=("openssl", "nss"))


@scenario
def certificate_chain_completed_from_cache(lab):
    for version in (TLS12, TLS13):
        for stack in ("openssl", "curl", "gnutls", "nss", "python"):
            yield Case("", ClientSpec(stack, trust="root+cache"),
                       ServerSpec("nginx", TlsSettings.only(version), identity="missing_intermediate"),
                       (established(version),), says("connected"), verdict=ESTABLISHED,
                       variant=variant_of(version), fixture=stack == "nss")


@scenario
def certificate_seen_with_a_wrong_clock(lab):
    """Others accept the certificate, and whose clock is wrong fares no better elsewhere."""
    server = ServerSpec("nginx", TlsSettings.only(TLS12))
    for days, word in ((-3650, "behind"), (7300, "ahead")):
        for stack in ("openssl", "curl", "gnutls", "nss", "wget", "python"):
            client = ClientSpec(stack, clock_offset_days=days)
            other = dataclasses.replace(server, identity="good_ecdsa")
            before = (guest("b", OLDER, trust="root"), guest("c", OLDER, trust="root"),
                      guest("b", OLDER, trust="root", server=other, elsewhere=True),
                      Companion(client, other, says("rejected_peer"), same_client=True, elsewhere=True))
            yield rejected(client, server, TLS12, "clock_skew", word, fixture=stack == "openssl", before=before)


@scenario
def certificate_from_an_intercepting_proxy(lab):
    """Other networks are shown another certificate at the same place, and in this one somebody trusts the proxy."""
    def company(server):
        genuine = dataclasses.replace(server, identity="good")
        return shown(genuine, "b"), shown(genuine, "c"), shown(server, "a")

    yield from _rejected_by_all("intercepting", "interception", fixtures=("openssl",), company=company)


@scenario
def certificate_revoked(lab):
    yield from _as_the_client_says("revoked", "certificate_revoked", ("gnutls",), staple="revoked")


@scenario
def certificate_weak_key(lab):
    yield from _as_the_client_says("weak_key", "certificate_weak", ("openssl",))


@scenario
def certificate_weak_signature(lab):
    yield from _as_the_client_says("weak_signature", "certificate_weak", ("openssl",))
