# SPDX-License-Identifier: Apache-2.0
"""A server with more clients than it can bear. How many it bears is configured, so that the truth is exact."""
from model import Case, ClientSpec, Expected, ServerSpec, established, says
from scenarios import scenario
from scenarios.company import served

SHED = {"close": (Expected("closed", "server", "client_hello"), says("got_close")),
        "reset": (Expected("reset", "server", "client_hello"), says("got_reset")),
        "silent": (Expected("silence", "server", "client_hello"), says("timed_out"))}


@scenario
def backlog_full(lab):
    for family in (4, 6):
        yield Case("", ClientSpec("raw", family=family, options=(("patience", "4"),)),
                   ServerSpec("raw", role="not_accepting"), (Expected("unanswered", "server", "tcp"),),
                   says("timed_out"), cause="server_overload", fixture=True, before=(served("b"), served("c")),
                   after=(served("b"), served("c")))  # others come through: it is not down


@scenario
def more_clients_than_places(lab):
    """Three of five clients find a place, in the order in which they come, 100 milliseconds apart. On other days it
    answers at once."""
    for way, (outcome, words) in SHED.items():
        yield Case("", ClientSpec("raw", role="burst", options=(("count", "5"),)),
                   ServerSpec("raw", role="limited", options=(("limit", "3"), ("delay", "1.5"), ("shed", way))),
                   (established(),) * 3 + (outcome,) * 2, words, cause="server_overload", variant=way, fixture=True,
                   before=(served("b"), served("c"), served("b")), after=(served("b"),))


@scenario
def slow_handshakes_under_burst(lab):
    """One handshake at a time: all come through, the later the slower."""
    yield Case("", ClientSpec("raw", role="burst", options=(("count", "4"), ("patience", "12"))),
               ServerSpec("raw", role="serial", options=(("delay", "0.6"),)), (established(),) * 4, says("connected"),
               says("connected"), fixture=True)
