# SPDX-License-Identifier: Apache-2.0
"""How real ends come to reset connections, for resets.py. None of them is anybody's doing in the path.

A way has a server, a client role (reset_client.py) and sometimes a deed: something that happens to the server while
`burst` clients are there.
"""
import dataclasses
import os
import signal

from model import ServerSpec

_HELD = 0.5      # seconds that clients keep a place, or wait for a server that has stopped


@dataclasses.dataclass(frozen=True)
class Way:
    name: str
    group: str                     # row of the table
    server: ServerSpec | None      # None: nobody listens
    client: str = "tls"
    burst: int = 2                 # clients at the same time
    patience: float = 4.0
    certain: bool = False          # there is a reset whatever the client says: its own, or one after a FIN
    firewall: str | None = None    # a word of FIREWALL, on the server's own host
    deed: tuple = ()               # ((seconds after the clients' beginning, function(lab, spec)), ...)


def _raw(role, **options):
    return ServerSpec("raw", role=role, place="inner", options=tuple(options.items()))


def _program(role, **options):
    """Of servers/programs/reset_server.py."""
    return ServerSpec("reset_server", role=role, place="inner", options=tuple(options.items()))


def _stack(stack, **others):
    return ServerSpec(stack, place="inner", **others)


def _freeze(lab, spec):
    os.killpg(lab.server(spec).pid, signal.SIGSTOP)


def _kill(lab, spec):
    """As an operator kills what hangs: with connections that it never looked at."""
    os.killpg(lab.server(spec).pid, signal.SIGKILL)


def _again(lab, spec):
    lab.stop_server(spec)
    lab.server(spec)


_HANG = ((-0.15, _freeze), (_HELD, _kill), (_HELD + 0.3, _again))

# word: (what of the client's packets is matched, verdict)
FIREWALL = {
    "all": ("", "reject with tcp reset"),
    "data": ("tcp flags & psh == psh", "reject with tcp reset"),
    # Any packet of any connection, in whatever state: a rule that does not know of connections.
    "at_random": ("tcp flags & syn == 0 numgen random mod 3 0", "reject with tcp reset"),
}


def firewall_table(word, address, port, number):
    family = "ip6" if ":" in address else "ip"
    match, verdict = FIREWALL[word]
    return ("table inet genuine_%d { chain one { type filter hook input priority 0; policy accept; "
            "%s daddr %s tcp dport %d %s counter %s; }; }" % (number, family, address, port, match, verdict))


WAYS = (
    Way("linger_at_accept", "server: SO_LINGER 0", _program("accept_and_reset")),
    Way("linger_after_hello", "server: SO_LINGER 0", _raw("reset_after_hello")),
    Way("linger_within_flight", "server: SO_LINGER 0", _program("reset_within_flight")),
    Way("linger_after_flight", "server: SO_LINGER 0", _raw("reset_after_server_flight")),
    Way("half_closed_first", "server: SO_LINGER 0", _program("half_close_then_reset"), certain=True),
    Way("hello_unread", "server: closed with unread data", _raw("close_unread")),
    Way("closed_then_answered", "server: closed with unread data", _raw("fin_after_server_flight"),
        certain=True),
    Way("killed_with_unread", "server: kill -9", _program("killed_with_unread")),
    Way("killed_in_a_crowd", "server: kill -9", _program("killed_in_a_crowd", limit="3", delay="0.3"), burst=5),
    *(Way("killed_" + stack, "server: kill -9", _stack(stack), burst=3, deed=_HANG)
      for stack in ("openssl", "nginx", "haproxy", "gnutls", "python")),
    Way("backlog_overflow", "server: backlog overflow", _program("overflowing", limit="4", delay="0.4"), burst=4),
    Way("port_closed", "server: port closed", None),
    Way("firewall_all", "server: its own nftables reject", _raw("tls", instance="all"), firewall="all"),
    Way("firewall_data", "server: its own nftables reject", _raw("tls", instance="data"), firewall="data"),
    Way("firewall_at_random", "server: its own nftables reject", _raw("tls", instance="random"), burst=4,
        firewall="at_random"),
    Way("haproxy_rejects", "server: proxy that rejects", _stack("haproxy", role="reject")),
    Way("nginx_444", "server: proxy that rejects", _stack("nginx", role="return_444")),
    Way("nginx_full", "server: proxy that rejects", _stack("nginx", options=(("worker_connections", "6"),
                                                                             ("deferred", "yes"))),
        client="stall_after_hello", burst=8, patience=_HELD),
    Way("scan", "client: SO_LINGER 0", _raw("tls"), client="health_check_reset", certain=True),
    Way("abort_after_hello", "client: SO_LINGER 0", _raw("silent_after_hello"), client="abort_after_hello_rst",
        certain=True),
    Way("abort_crossing_the_flight", "client: SO_LINGER 0", _raw("tls"), client="abort_after_hello_rst", certain=True),
    *(Way("abort_after_flight_" + stack, "client: SO_LINGER 0", _stack(stack), client="rst_after_certificate",
          certain=True) for stack in ("openssl", "nginx")),
    Way("client_half_closed_first", "client: SO_LINGER 0", _raw("silent_after_hello"), client="half_close_then_reset",
        certain=True),
    Way("flight_unread", "client: closed with unread data", _raw("tls"), client="close_with_unread", certain=True),
    Way("client_killed", "client: kill -9", _raw("tls"), client="killed", certain=True),
)

# What else happens between the router and the server, by the client's address.
CONDITIONS = {
    "plain": (),
    "delay": ({"do": "delay", "milliseconds": 20},),
    "reorder": ({"do": "reorder"},),
    "duplicate": ({"do": "duplicate"},),
    "lose": ({"do": "lose", "percent": 5},),
    "all": ({"do": "delay", "milliseconds": 10}, {"do": "reorder"}, {"do": "duplicate"}, {"do": "lose", "percent": 3}),
}
# Backlogs overflow where many handshakes are under way at once.
ALWAYS = {"backlog_overflow": "delay"}
# For the namespace of the servers while it runs.
SYSCTL = "net.ipv4.tcp_abort_on_overflow"
