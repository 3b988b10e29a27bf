# SPDX-License-Identifier: Apache-2.0
"""One side ends the connection in mid-handshake, by FIN, by RST, or by saying nothing more."""
from model import NOBODY, TLS12, TLS13, Case, ClientSpec, Expected, ServerSpec, TlsSettings, says
from scenarios import scenario
from scenarios.company import OTHER_NAME, cut_off, guest, served, shown

OWN_FAILURE = says("own_failure")
# What a server makes of a client that left; OpenSSL's often have no words for it.
LEFT = says("got_close", "got_reset", "own_failure", "nothing")
RAW_LEFT = says("got_close", "got_reset")
# It worked, it fails for others too; nobody is served at all; it worked, and then nobody listens.
WORKED_BEFORE = {"before": (served(),), "after": (cut_off(),)}
SERVES_NOBODY = {"after": (cut_off("b"), cut_off("c", name=OTHER_NAME))}
IS_GONE = {"before": (served(),), "after": (guest("b", server=NOBODY, expects=("refused",)),)}
VERSIONS = ((TLS12, "tlsv12", "server_hello_done"), (TLS13, "tlsv13", "server_hello"))


@scenario
def client_aborts_after_its_hello(lab):
    # The server's flight may cross the client's FIN or RST, so the server is one that does not answer.
    for ending, kind in (("fin", "closed"), ("rst", "reset")):
        yield Case("", ClientSpec("raw", role="abort_after_hello_" + ending),
                   ServerSpec("raw", role="silent_after_hello"), (Expected(kind, "client", "client_hello"),), OWN_FAILURE,
                   RAW_LEFT, "client_abort", variant=ending, fixture=True)


@scenario
def client_ends_after_certificate(lab):
    """No word about the certificate, which is good: pinning, a private trust store, or a scanner."""
    for version, variant, stage in VERSIONS:
        for ending, kind in (("fin", "closed"), ("rst", "reset")):
            for server in ("raw", "openssl", "nginx"):
                spec = ServerSpec(server, TlsSettings.only(version))
                yield Case("", ClientSpec("raw", role=ending + "_after_certificate"), spec,
                           (Expected(kind, "client", stage, version=version),), OWN_FAILURE,
                           LEFT if server == "raw" else None, "client_rejected_certificate",
                           variant="%s.%s" % (ending, variant), fixture=server == "raw",
                           before=(shown(spec),) if version == TLS13 else ())


@scenario
def client_stalls_after_the_servers_flight(lab):
    for version, variant, stage in VERSIONS:
        for server in ("raw", "nginx"):
            yield Case("", ClientSpec("raw", role="stall_after_hello"), ServerSpec(server, TlsSettings.only(version)),
                       (Expected("silence", "client", stage, version=version),), OWN_FAILURE,
                       LEFT if server == "raw" else None, "client_stalled", variant=variant, fixture=server == "raw")


def _server_ends(role, kind, words, server_words, cause, stage="client_hello", clients=("raw", "openssl", "curl"),
                 version=None, variant="", options=(), client_role="tls", company=WORKED_BEFORE):
    settings = TlsSettings.only(version) if version else TlsSettings()
    for client in clients:
        yield Case("", ClientSpec(client, role=client_role), ServerSpec("raw", settings, role=role, options=options),
                   (Expected(kind, "server", stage, version=version),), words, server_words, cause, variant=variant,
                   fixture=client == "raw", **(IS_GONE if cause == "server_crash" else company))


@scenario
def server_closes_after_the_hello(lab):
    yield from _server_ends("fin_after_hello", "closed", says("got_close"), OWN_FAILURE, "server_unresponsive",
                            clients=("raw", "openssl", "curl", "gnutls", "python"))


@scenario
def server_resets_after_the_hello(lab):
    yield from _server_ends("reset_after_hello", "reset", says("got_reset"), OWN_FAILURE, "server_unresponsive",
                            clients=("raw", "openssl", "curl", "gnutls", "python"), company=SERVES_NOBODY)


@scenario
def server_resets_by_closing_with_the_hello_unread(lab):
    yield from _server_ends("close_unread", "reset", says("got_reset"), OWN_FAILURE, "server_unresponsive")


@scenario
def server_is_silent_after_the_hello(lab):
    yield from _server_ends("silent_after_hello", "silence", says("timed_out"), says("got_close", "got_reset"),
                            "server_unresponsive", clients=("raw",), company={
                                "before": (served(),),
                                "after": (guest("c", stack="raw", expects=("timed_out",),
                                                options=(("patience", "4.5"),)),)})


@scenario
def server_closes_after_its_flight(lab):
    for version, variant, stage in VERSIONS:
        yield from _server_ends("fin_after_server_flight", "closed", says("got_close", "got_reset"), OWN_FAILURE,
                                "server_crash", stage, ("raw", "openssl"), version, variant)


@scenario
def server_resets_after_its_flight(lab):
    # The client waits, so that its own flight cannot come before the RST.
    for version, variant, stage in VERSIONS:
        yield from _server_ends("reset_after_server_flight", "reset", says("got_reset"), OWN_FAILURE, "server_crash",
                                stage, ("raw",), version, variant, (("delay", "0.5"),), "stall_after_hello")


@scenario
def server_is_killed_in_mid_handshake(lab):
    yield from _server_ends("killed_mid_handshake", "closed", says("got_close"), OWN_FAILURE, "server_crash")
    for version, variant, stage in VERSIONS:
        yield from _server_ends("killed_after_server_flight", "closed", says("got_close", "got_reset"), OWN_FAILURE,
                                "server_crash", stage, ("raw",), version, "after_flight." + variant)
