# SPDX-License-Identifier: Apache-2.0
"""Something between client and server drops, loses, delays or forbids packets. Who forges some is in forged.py."""
from model import TLS12, TLS13, Case, ClientSpec, Expected, ServerSpec, TlsSettings, established, says
from scenarios import scenario
from scenarios.company import cut_off, guest, served

BLOCKED = "blocked.example.com"  # the server's certificate covers it
BEHIND_BOX = ServerSpec("raw", place="inner")
SILENT_SERVER = (Expected("silence", "server", "client_hello"),)
CONNECTED = says("connected")
FLIGHTS = ((TLS12, "tlsv12", "server_hello_done"), (TLS13, "tlsv13", "server_hello"))
NARROW = 1300                                            # bytes; IPv6 cannot be told less than 1280
ROUTER = {4: "192.0.2.251", 6: "2001:db8:ffff:fb::1"}    # whose word the clients do not hear


def only_this_name(name, other="www.example.com"):
    """Others reach it by the name, and the same client by another one."""
    return {"before": (served("b", "inner", name=name),),
            "after": (guest("a", name=other, stack="raw", same_client=True),)}


def _client(stack, name="www.example.com", rule=None, patience="6", **others):
    options = ((("rule", rule),) if rule else ()) + ((("patience", patience),) if stack == "raw" else ())
    return ClientSpec(stack, server_name=name, options=options + others.pop("options", ()), **others)


def _with_rules(rules, family=4, **options):
    options = {"patience": "6", **options}
    return ClientSpec("raw", family=family, options=tuple(("rule", rule) for rule in rules) + tuple(options.items()))


def _lost_to_server(*evidence):
    return (Expected("silence", "path", "client_hello", evidence=("large_segments_lost_to_server", *evidence)),)


def _lost_to_client(stage, version, *evidence):
    return Expected("silence", "path", stage, version=version, evidence=("large_segments_lost_to_client", *evidence))


@scenario
def name_blocked_by_silent_drop(lab):
    for family in (4, 6):
        yield Case("", _client("raw", BLOCKED, "box.drop:name=" + BLOCKED, family=family), BEHIND_BOX, SILENT_SERVER,
                   says("timed_out"), cause="sni_blocked", fixture=True, **only_this_name(BLOCKED))


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
                   ServerSpec("raw"), _lost_to_server(), says("timed_out"), cause="mtu_black_hole", fixture=True)


@scenario
def large_segments_to_client_lost(lab):
    """The mirror is on the server's side of the loss, so that it shows a flight that the client never gets."""
    for version, variant, stage in FLIGHTS:
        yield Case("", _client("raw", rule="black_hole_to_client"), ServerSpec("raw", TlsSettings.only(version)),
                   (_lost_to_client(stage, version),), says("timed_out"), cause="mtu_black_hole", variant=variant,
                   fixture=True)


@scenario
def large_segments_to_client_lost_before_the_mirror(lab):
    """Only the small end of the server's flight comes through. The client asks once for what is before it, as after any
    loss, and then both are silent: nothing says yet that it will never come."""
    for version, variant, _ in FLIGHTS:
        # Another network has a way without a hole.
        yield Case("", _client("raw", rule="box.drop_large:direction=to_client,network=198.18.0.0/18"),
                   ServerSpec("raw", TlsSettings.only(version), place="inner"),
                   SILENT_SERVER, says("timed_out"), cause="mtu_black_hole", variant=variant,
                   fixture=True, before=(served("b", "inner"),), after=(served("b", "inner"),))


@scenario
def packet_too_big_ignored(lab):
    """ICMP does say that packets are too big, on the wire, and whom it tells never hears of it."""
    for family in (4, 6):
        rules = ["narrow_to_client", "errors_ignored"]
        yield Case("", _with_rules(rules, family), ServerSpec("raw", TlsSettings.only(TLS13)),
                   (_lost_to_client("server_hello", TLS13, "icmp_error"),), says("timed_out"), cause="mtu_black_hole",
                   variant="by_the_server", fixture=True)
        rules = ["box.icmp:error=packet_too_big,direction=to_server,bytes=%d,sender=%s" % (NARROW, ROUTER[family]),
                 "errors_ignored_by_client:sender=" + ROUTER[family]]
        yield Case("", _with_rules(rules, family, padded="yes"), BEHIND_BOX, _lost_to_server("icmp_error"),
                   says("timed_out"), cause="mtu_black_hole", variant="by_the_client", fixture=True)


@scenario
def packet_too_big_heeded(lab):
    """The same errors, and the ends make smaller packets."""
    # To these clients the way is known to be narrow from then on.
    for family, source in ((4, "198.18.60.1"), (6, "2001:db8:a:ffff::1")):
        yield Case("", _with_rules(["narrow_to_client"], family, source=source),
                   ServerSpec("raw", TlsSettings.only(TLS13)), (established(TLS13),), CONNECTED, says("connected"),
                   variant="by_the_server")
        rule = "box.icmp:error=packet_too_big,direction=to_server,bytes=%d" % NARROW
        yield Case("", _with_rules([rule], family, padded="yes"), BEHIND_BOX, (established(),), CONNECTED,
                   says("connected"), variant="by_the_client")


@scenario
def rejected_by_a_router(lab):
    """ICMP about the SYN from a device that is not the server; in port_rejected_by_icmp the server says so itself."""
    for error in ("prohibited", "host_unreachable"):
        for family in (4, 6):
            yield Case("", _with_rules(["box.icmp:at=syn,direction=to_server,error=" + error], family, patience="4"),
                       BEHIND_BOX, (Expected("unanswered", "path", "tcp", evidence=("icmp_error",)),),
                       says("unreachable", "refused", "timed_out"), cause="port_rejected", variant=error, fixture=True)


@scenario
def data_rejected_by_a_router(lab):
    """Connections may be made and no word may pass: TCP survives such an error (RFC 9293 §3.9.2.2), and waits."""
    for family in (4, 6):
        yield Case("", _with_rules(["box.icmp:direction=to_server,error=prohibited"], family), BEHIND_BOX,
                   (Expected("silence", "path", "client_hello", evidence=("icmp_error",)),), says("timed_out"),
                   cause="path_interference", fixture=True)


@scenario
def hello_reset_by_the_servers_firewall(lab):
    """A reset of the server's host, though not of its TCP, is no doing of the path."""
    for family in (4, 6):
        yield Case("", _with_rules(["hello_reset_by_firewall"], family), ServerSpec("raw"),
                   (Expected("reset", "server", "client_hello"),), says("got_reset"), cause="server_unresponsive",
                   fixture=True, before=(served(),), after=(cut_off(),))


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
