# SPDX-License-Identifier: Apache-2.0
"""Somebody between client and server ends the connection in the name of one of them, or answers in its place.

The device is the box behind the mirror: what it sends to the client is seen, what it drops has been seen. What it
sends to the server is seen where the rule says side=router (a device that is plugged into the router itself). A line of
20 milliseconds each way behind the box (LONG) makes it answer sooner than the server could.
"""
from model import TLS12, TLS13, Case, ClientSpec, Expected, ServerSpec, TlsSettings, says
from scenarios import scenario
from scenarios.company import OTHER_NAME, guest, served
from scenarios.path import only_this_name

BLOCKED = "blocked.example.com"  # the server's certificate covers it
LONG = "box.delay:milliseconds=20"
RESET, CLOSED, NOT_TLS = says("got_reset"), says("got_close"), says("not_tls")
LIKE_SERVER, LIKE_CLIENT = ("server_unresponsive",), ("client_abort",)
TTL, EARLY = "ttl_differs", "reset_too_early"


# By the names of the data plane; the paper's are in the events.
SIGNATURES = {
    "syn_nothing": "SYN -> nothing", "syn_rst": "SYN -> RST", "syn_rst_ack": "SYN -> RST+ACK",
    "syn_rst_and_rst_ack": "SYN -> RST;RST+ACK",
    "ack_nothing": "SYN;ACK -> nothing", "ack_rst": "SYN;ACK -> RST", "ack_rst_rst": "SYN;ACK -> RST;RST",
    "ack_rst_ack": "SYN;ACK -> RST+ACK", "ack_rst_ack_rst_ack": "SYN;ACK -> RST+ACK;RST+ACK",
    "psh_nothing": "PSH+ACK -> nothing", "psh_rst": "PSH+ACK -> RST", "psh_rst_ack": "PSH+ACK -> RST+ACK",
    "psh_rst_and_rst_ack": "PSH+ACK -> RST;RST+ACK", "psh_rst_ack_rst_ack": "PSH+ACK -> RST+ACK;RST+ACK",
    "psh_rst_same_rst": "PSH+ACK -> RST=RST", "psh_rst_different_rst": "PSH+ACK -> RST!=RST",
    "psh_rst_rst_zero": "PSH+ACK -> RST;RST0",
    "data_rst": "PSH+ACK;Data -> RST", "data_rst_ack": "PSH+ACK;Data -> RST+ACK",
}


def _forged(rule, expected, words, variant, long=False, version=None, client="raw", name="www.example.com", family=4,
            fixture=False, cause="path_interference", also=(), **options):
    """A case with this rule of the box. `also`: whom it succeeds in looking like, where nothing gives it away."""
    rules = (("rule", "box." + rule),) + ((("rule", LONG),) if long else ())
    options = {"patience": "6", **options} if client == "raw" else {}
    company = only_this_name(name) if cause == "sni_blocked" else {} if cause != "path_interference" else {
        # Others reach it, and this client by no name.
        "before": (served("b", "inner"),),
        "after": (guest("a", TlsSettings.only(version) if version else TlsSettings(), OTHER_NAME, stack="raw",
                        same_client=True, expects=("connected", "got_reset", "got_close", "not_tls", "timed_out"),
                        options=(("patience", "2"),)),)}
    settings = TlsSettings.only(version) if version else TlsSettings()
    return Case("", ClientSpec(client, server_name=name, family=family, options=rules + tuple(options.items())),
                ServerSpec("raw", settings, place="inner"), (expected,), words, cause=cause, variant=variant,
                fixture=fixture, also=frozenset(also), **company)


def _ended(kind, *evidence, stage="client_hello", by="path", signature=None, version=None):
    return Expected(kind, by, stage, signature=SIGNATURES.get(signature), evidence=evidence, version=version)


@scenario
def name_blocked_by_injector(lab):
    ways = {"dropped": ("ttl=37", (TTL,), "psh_rst_ack"),
            "three": ("ttl=37,count=3", (TTL, "resets_disagree"), "psh_rst_ack_rst_ack"),
            "late": ("ttl=37,forward=yes,to=client", (TTL,), "psh_rst_ack"),
            "payload": ("ttl=201,payload=blocked", (TTL, "payload_in_reset"), "psh_rst_ack")}
    for way, (options, evidence, signature) in ways.items():
        for client in ("raw", "openssl", "curl", "gnutls") if way == "dropped" else ("raw",):
            for family in (4, 6) if client == "raw" else (4,):
                yield _forged("reset:name=%s,%s" % (BLOCKED, options), _ended("reset", *evidence, signature=signature),
                              RESET, way, client=client, name=BLOCKED, family=family, cause="sni_blocked",
                              fixture=client == "raw")


@scenario
def reset_forged_too_early(lab):
    """Nothing is wrong with it but its time: it acknowledges what has not reached the server yet."""
    for way, options, evidence in (("alone", "", (EARLY,)), ("answer_follows", ",forward=yes,to=client",
                                                            (EARLY, "data_after_reset"))):
        for family in (4, 6):
            yield _forged("reset:ttl=right,ipid=right,window=right" + options, _ended("reset", *evidence), RESET, way,
                          long=True, family=family, fixture=True)


@scenario
def reset_forged_before_the_answer(lab):
    """In time and with the right TTL, and yet the server answers as if nothing had been. The client's kernel would tell
    the server of the reset when its first acknowledgment comes, so the device keeps that from it."""
    for family in (4, 6):
        yield _forged("reset:ttl=right,ipid=right,forward=yes,to=client,then=drop_client",
                      _ended("reset", "data_after_reset"), RESET, "", family=family, fixture=True)


@scenario
def reset_forged_with_payload(lab):
    for family in (4, 6):
        yield _forged("reset:ttl=right,ipid=right,payload=connection-refused", _ended("reset", "payload_in_reset"),
                      RESET, "", family=family, fixture=True)


@scenario
def resets_forged_by_guessing(lab):
    """Several, of which one at least will have the number that the client expects."""
    for way, options in (("numbers", "as=rst_ack,count=3"),
                         ("acknowledgments", "as=rst_ack,count=3,step=0,ack_step=1460"),
                         ("both", "as=rst,count=3,ack_step=1460")):
        yield _forged("reset:ttl=right,ipid=random," + options, _ended("reset", "resets_disagree"), RESET, way,
                      fixture=True)


@scenario
def resets_forged_to_both_ends(lab):
    """Both ends may give up at the same time, so that alone, with everything else right, it proves nothing. Now and
    then the forged one comes so early that the two together do."""
    for family in (4, 6):
        yield _forged("reset:ttl=right,ipid=right,side=router,as=rst_ack",
                      _ended("reset", "both_sides_reset", by=None), RESET, "rst_ack", family=family, also=LIKE_SERVER)
    # Who is reset answers segments that are still under way with just such a RST (RFC 9293 §3.10.7.1).
    yield _forged("reset:ttl=right,ipid=right,side=router,as=rst", _ended("reset", by=None), RESET, "rst",
                  also=LIKE_SERVER)
    # With another TTL it is more than a coincidence.
    yield _forged("reset:ttl=37,side=router", _ended("reset", TTL, "both_sides_reset"), RESET, "wrong_ttl",
                  fixture=True)


@scenario
def reset_forged_to_the_server_only(lab):
    """In the name of the client, which knows nothing of it and repeats its hello. Old bytes prove nothing by
    themselves."""
    for ttl, evidence, by in (("37", (TTL,), "path"), ("right", (), None)):
        for family in (4, 6):
            yield _forged("reset:side=router,to=server,ipid=right,ttl=" + ttl, _ended("reset", *evidence, by=by), RESET,
                          "ttl_" + ttl, family=family, fixture=True, also=() if evidence else LIKE_CLIENT)


@scenario
def reset_forged_within_the_servers_flight(lab):
    for way, options, evidence in (("wrong_ttl", "ttl=37,then=drop", (TTL,)),
                                   ("flight_goes_on", "ttl=right,ipid=right", ("data_after_reset",))):
        for version, variant, stage in ((TLS12, "tlsv12", None), (TLS13, "tlsv13", "server_hello")):
            yield _forged("reset:at=reply,forward=yes,to=client," + options,
                          _ended("reset", *evidence, stage=stage, version=version), RESET, "%s.%s" % (way, variant),
                          version=version, fixture=True)


@scenario
def reset_forged_after_the_clients_second_flight(lab):
    for family in (4, 6):
        yield _forged("reset:at=more_data,ttl=37", _ended("reset", TTL, stage="client_finished", version=TLS12,
                                                          signature="data_rst_ack"), RESET, "", version=TLS12,
                      family=family, fixture=True)


@scenario
def end_forged(lab):
    """FIN in place of RST."""
    for family in (4, 6):
        yield _forged("reset:as=fin,to=client,ttl=right,ipid=right,forward=yes", _ended("closed", "data_after_fin"),
                      CLOSED, "answer_follows", long=True, family=family, fixture=True)
        yield _forged("reset:as=fin,at=reply,forward=yes,to=client,ttl=37,then=drop",
                      _ended("closed", TTL, stage="server_hello", version=TLS13), CLOSED, "within_the_flight",
                      version=TLS13, family=family, fixture=True)
        # Of the server only the SYN-ACK was seen, which something in front of it may have sent: not enough, unless the
        # forged FIN comes too early as well.
        yield _forged("reset:as=fin,to=client,ttl=37,then=drop", _ended("closed", TTL, by=None), CLOSED,
                      "after_the_hello", family=family)


@scenario
def block_page_in_place_of_the_server(lab):
    """An answer that is not TLS stays with the side that it came from; what speaks against that is told."""
    for status in ("403", "302"):
        yield _forged("page:ttl=right,forward=yes,status=" + status,
                      _ended("non_tls_reply", "data_after_fin", by="server"), NOT_TLS, status + ".answer_follows",
                      long=True, fixture=True)
        # All that was heard of "the server" after its SYN-ACK is the page.
        yield _forged("page:ttl=37,then=drop,status=" + status, _ended("non_tls_reply", by="server"), NOT_TLS,
                      status + ".alone", fixture=True)


@scenario
def reset_forged_without_a_fault(lab):
    """Right in everything, and nobody says more: what a device directly in front of the server can do. Only its time
    may give it away, where the server's kernel was slow to answer the SYN; so any answer will do."""
    yield _forged("reset:ttl=right,ipid=zero,window=0,then=drop", _ended("reset", by=None), RESET, "",
                  also=LIKE_SERVER)


# signature: what the rule adds to ttl=37. In the paper they go to the server; the names hold for either end.
_AFTER_DATA = {
    "psh_rst": "as=rst", "psh_rst_ack": "as=rst_ack", "psh_rst_and_rst_ack": "as=rst/rst_ack",
    "psh_rst_ack_rst_ack": "as=rst_ack,count=2", "psh_rst_same_rst": "as=rst,count=2,step=0",
    "psh_rst_different_rst": "as=rst,count=2,step=0,ack_step=1460",
    "psh_rst_rst_zero": "as=rst,count=2,step=0,last_ack=zero",
}
_AFTER_ACK = {"ack_rst": "as=rst", "ack_rst_rst": "as=rst,count=2", "ack_rst_ack": "as=rst_ack",
              "ack_rst_ack_rst_ack": "as=rst_ack,count=2"}
_AFTER_MORE_DATA = {"data_rst": "as=rst", "data_rst_ack": "as=rst_ack"}
_AFTER_SYN = {"syn_rst_ack": ("as=rst_ack", "refused"),
              "syn_rst_and_rst_ack": ("as=rst/rst_ack", "refused"),
              # RFC 9293 §3.10.7.3: a RST without an acknowledgment is nothing to who has sent a SYN.
              "syn_rst": ("as=rst", "timed_out")}


@scenario
def signature_after_data(lab):
    # The IPIDs differ, or two equal resets would be one that the mirror shows twice.
    for signature, options in _AFTER_DATA.items():
        for end, where in (("to_client", "to=client"), ("to_server", "to=server,side=router")):
            yield _forged("reset:ttl=37,ipid=random,%s,%s" % (where, options),
                          _ended("reset", TTL, signature=signature), RESET, "%s.%s" % (signature, end))


@scenario
def signature_after_more_data(lab):
    for signature, options in _AFTER_MORE_DATA.items():
        yield _forged("reset:at=more_data,ttl=37,ipid=random," + options,
                      _ended("reset", TTL, stage="client_finished", version=TLS12, signature=signature), RESET,
                      signature, version=TLS12)


@scenario
def signature_after_ack(lab):
    """No hello is no failure, and stays with the side that seemed to close; the evidence is told all the same."""
    # The client takes its time, so that its hello does not cross the reset.
    for signature, options in _AFTER_ACK.items():
        yield _forged("reset:at=ack,forward=yes,ttl=37,ipid=random," + options,
                      _ended("no_hello", TTL, stage="tcp", by="server", signature=signature), RESET, signature,
                      delay="0.3")


@scenario
def signature_after_syn(lab):
    """Nothing of the server was seen that such a reset could be held against: closed ports look the same."""
    for signature, (options, word) in _AFTER_SYN.items():
        yield _forged("reset:at=syn,ttl=37,ipid=random," + options,
                      _ended("refused", stage="tcp", by="server", signature=signature), says(word), signature,
                      patience="0.7", cause="port_closed")   # less than until the next SYN


@scenario
def signature_of_silence(lab):
    silent = {"patience": "6"}

    def case(rule, signature, expected, place, cause):
        client = ClientSpec("raw", options=(("rule", rule), *silent.items()))
        company = only_this_name("www.example.com", OTHER_NAME) if cause == "sni_blocked" else {}
        return Case("", client, ServerSpec("raw", place=place), (expected,), says("timed_out"), cause=cause,
                    variant=signature, **company)

    yield case("filtered", "syn_nothing", _ended("unanswered", stage="tcp", by="server", signature="syn_nothing"),
               "server", "port_filtered")
    yield case("box.drop:name=www.example.com", "psh_nothing",
               _ended("silence", by="server", signature="psh_nothing"), "inner", "sni_blocked")
    # The mirror is between the loss and the server, as the paper's is. It is no failure that nobody said anything, and
    # the server ends it when it has waited long enough.
    yield Case("", ClientSpec("raw", options=(("rule", "hello_lost"), *silent.items())),
               ServerSpec("raw", role="accept_and_close", options=(("delay", "4"),)),
               (_ended("no_hello", stage="tcp", by="server", signature="ack_nothing"),), says("got_close"),
               says("nothing"), variant="ack_nothing")
