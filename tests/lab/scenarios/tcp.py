# SPDX-License-Identifier: Apache-2.0
"""Connections that never come to TLS: nobody listens, somebody forbids, or nobody meant to speak."""
from model import Case, ClientSpec, Expected, ServerSpec, says
from scenarios import scenario

REFUSED = (Expected("refused", "server", "tcp"),)
UNANSWERED = (Expected("unanswered", "server", "tcp"),)
NO_HELLO_BY_CLIENT = (Expected("no_hello", "client", "tcp"),)
NO_HELLO_BY_SERVER = (Expected("no_hello", "server", "tcp"),)
LEFT = says("got_close", "got_reset")
TLS_SERVER = ServerSpec("raw")


@scenario
def port_closed(lab):
    for client in ("raw", "openssl", "curl", "gnutls", "python"):
        yield Case("", ClientSpec(client), None, REFUSED, says("refused"), cause="port_closed", fixture=client == "raw")
    yield Case("", ClientSpec("raw", family=6), None, REFUSED, says("refused"), cause="port_closed", fixture=True)
    yield Case("", ClientSpec("raw", role="syn_scan"), None, REFUSED, says("refused"), cause="port_closed",
               variant="scanned")


@scenario
def port_refused_by_a_firewall(lab):
    yield Case("", ClientSpec("raw", options=(("rule", "reset_by_firewall"),)), TLS_SERVER, REFUSED, says("refused"),
               cause="port_closed")


@scenario
def port_filtered(lab):
    # Longer than the three seconds in which a SYN is repeated twice.
    for family in (4, 6):
        yield Case("", ClientSpec("raw", family=family, options=(("rule", "filtered"), ("patience", "4"))), TLS_SERVER,
                   UNANSWERED, says("timed_out"), cause="port_filtered", fixture=True)


@scenario
def port_rejected_by_icmp(lab):
    # TCP sees no answer at all; what ICMP said makes the cause.
    for rule in ("rejected", "rejected_unreachable"):
        for family in (4, 6):
            # Linux gives up at once only where the ICMP error is a hard one for its family.
            yield Case("", ClientSpec("raw", family=family, options=(("rule", rule), ("patience", "4"))), TLS_SERVER,
                       UNANSWERED, says("unreachable", "refused"), cause="port_rejected", variant=rule, fixture=True)


@scenario
def answer_to_syn_lost(lab):
    yield Case("", ClientSpec("raw", options=(("rule", "syn_ack_lost"), ("patience", "4"))), TLS_SERVER, UNANSWERED,
               says("timed_out"), cause="port_filtered")


@scenario
def health_check(lab):
    for role in ("health_check", "health_check_reset"):
        for server in ("raw", "openssl", "nginx"):
            yield Case("", ClientSpec("raw", role=role), ServerSpec(server), NO_HELLO_BY_CLIENT, says("nothing"),
                       LEFT if server == "raw" else None, variant=role, fixture=server == "raw")


@scenario
def port_scan(lab):
    for family in (4, 6):
        yield Case("", ClientSpec("raw", role="syn_scan", family=family), TLS_SERVER, NO_HELLO_BY_CLIENT,
                   says("nothing"), fixture=True)


@scenario
def server_closes_before_any_word(lab):
    yield Case("", ClientSpec("raw", role="wait_for_close"), ServerSpec("raw", role="accept_and_close"),
               NO_HELLO_BY_SERVER, says("got_close"), says("nothing"), fixture=True)


@scenario
def client_closes_within_its_hello(lab):
    # No ClientHello was ever whole.
    yield Case("", ClientSpec("raw", role="half_hello"), TLS_SERVER, NO_HELLO_BY_CLIENT, says("own_failure"), LEFT,
               fixture=True)
