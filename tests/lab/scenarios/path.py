# SPDX-License-Identifier: Apache-2.0
"""Something between client and server interferes, or loses what is too large."""
from model import TLS12, TLS13, Case, ClientSpec, Expected, ServerSpec, TlsSettings, established, says
from scenarios import scenario

BLOCKED = "blocked.example.com"  # the server's certificate covers it
BEHIND_BOX = ServerSpec("raw", place="inner")
# Neither end sent the RST; a sensor that weighs the evidence of its TTL says "path", one that does not "server".
BLOCKED_BY_RESET = (Expected("reset", None, "client_hello"),)
SILENT_SERVER = (Expected("silence", "server", "client_hello"),)
CONNECTED = says("connected")


def _client(stack, name="www.example.com", rule=None, patience="6", **others):
    options = ((("rule", rule),) if rule else ()) + ((("patience", patience),) if stack == "raw" else ())
    return ClientSpec(stack, server_name=name, options=options + others.pop("options", ()), **others)


@scenario
def name_blocked_by_injector(lab):
    ways = {"dropped": "ttl=37", "three": "ttl=37,count=3", "late": "ttl=37,forward=yes,to=client",
            "payload": "ttl=201,payload=blocked"}
    for way, options in ways.items():
        for client in ("raw", "openssl", "curl", "gnutls") if way == "dropped" else ("raw",):
            for family in (4, 6) if client == "raw" else (4,):
                yield Case("", _client(client, BLOCKED, "box.reset:name=%s,%s" % (BLOCKED, options), family=family),
                           BEHIND_BOX, BLOCKED_BY_RESET, says("got_reset"), cause="sni_blocked", variant=way,
                           fixture=client == "raw")


@scenario
def name_blocked_by_silent_drop(lab):
    for family in (4, 6):
        yield Case("", _client("raw", BLOCKED, "box.drop:name=" + BLOCKED, family=family), BEHIND_BOX, SILENT_SERVER,
                   says("timed_out"), cause="sni_blocked", fixture=True)


@scenario
def name_not_blocked(lab):
    """The same client, server and rules as above, and another name."""
    for action in ("reset", "drop"):
        yield Case("", _client("raw", "www.example.com", "box.%s:name=%s,meets=nothing" % (action, BLOCKED)),
                   BEHIND_BOX, (established(),), CONNECTED, says("connected"), variant=action, fixture=True)


@scenario
def large_segments_to_server_lost(lab):
    # The mirror shows the whole ClientHello, which the server never gets.
    for family in (4, 6):
        yield Case("", _client("raw", rule="black_hole_to_server", family=family, options=(("padded", "yes"),)),
                   ServerSpec("raw"), SILENT_SERVER, says("timed_out"), cause="mtu_black_hole", fixture=True)


@scenario
def large_segments_to_client_lost(lab):
    """The mirror is on the server's side of the loss, so that it shows a flight that the client never gets."""
    for version, variant, stage in ((TLS12, "tlsv12", "server_hello_done"), (TLS13, "tlsv13", "server_hello")):
        yield Case("", _client("raw", rule="black_hole_to_client"), ServerSpec("raw", TlsSettings.only(version)),
                   (Expected("silence", "client", stage, version=version),), says("timed_out"),
                   cause="mtu_black_hole", variant=variant, fixture=True)


@scenario
def large_segments_to_client_lost_before_the_mirror(lab):
    """Only the small end of the server's flight comes through, and the client acknowledges nothing of it."""
    for version, variant in ((TLS12, "tlsv12"), (TLS13, "tlsv13")):
        yield Case("", _client("raw", rule="box.drop_large:direction=to_client"),
                   ServerSpec("raw", TlsSettings.only(version), place="inner"), SILENT_SERVER, says("timed_out"),
                   cause="mtu_black_hole", variant=variant, fixture=True)


@scenario
def small_segments_through_a_black_hole(lab):
    """What fits through it succeeds: the server's side has a hole, but only for more than any hello needs."""
    yield Case("", _client("raw", rule="black_hole_to_server:meets=nothing"), ServerSpec("raw"),
               (established(),), CONNECTED, says("connected"))


@scenario
def established_over_a_bad_path(lab):
    """Loss, duplicates, another order and delay cost time and nothing else."""
    for action in ("delay:milliseconds=150", "lose:percent=20,seed=237", "duplicate", "reorder"):
        for version, variant in ((TLS12, "tlsv12"), (TLS13, "tlsv13")):
            yield Case("", _client("raw", rule="box." + action, patience="14", options=(("padded", "yes"),)),
                       ServerSpec("raw", TlsSettings.only(version), place="inner"), (established(version),), CONNECTED,
                       says("connected"), variant="%s.%s" % (action.partition(":")[0], variant), fixture=True)
