# SPDX-License-Identifier: Apache-2.0
"""What the network does to one case: firewall rules in a namespace, or rules of the box.

A case asks for it by options of its client (or server) named "rule", any number of them:
    options=(("rule", "filtered"),)
    options=(("rule", "box.reset:name=blocked.example.com,ttl=37"),)

    with active(lab, case, address, port):      # around the case
        ...

Words, all for TCP to this one server address and port:
  filtered                  the server's host drops everything that comes
  rejected                  ... answers with ICMP "administratively prohibited"
  rejected_unreachable      ... with ICMP "port unreachable"
  reset_by_firewall         ... with RST
  black_hole_to_server      ... drops IP packets of more than `bytes` (1000): seen by the mirror, never received
  black_hole_to_client      the router drops large packets of the server after it has mirrored them
  syn_ack_lost              the server's host drops its own SYN-ACK
  hello_lost                the router drops all that the client sends after its first ACK, so that the mirror never
                            shows it
  hello_reset_by_firewall   the server's host answers the client's data with RST, and the server never gets them
  narrow_to_client          the router's way to the client takes IP packets of up to `bytes` (1000): for what is larger
                            the server's host gets "packet too big"
  errors_ignored            the server's host never hears of ICMP errors about this server
  errors_ignored_by_client  the client's host ignores all of them that come from `sender`
  box.<action>:KEY=VALUE,.. a rule of net/box.py, for servers in "inner"
A key that all words have: meets=nothing says that no packet is expected to meet the rule (a control case).
A case that names an unknown word is a mistake of its scenario: ValueError.
"""
import contextlib
import itertools

from model import LabError
from net import plan

PLACES = ("server", "inner")
BOX_NUMBERS = ("ttl", "count", "bytes", "milliseconds", "percent", "seed", "mtu", "window", "step", "ack_step")

# word: (where, hook, which side the server's address is on, what is matched, verdict)
_SERVER, _CLIENT = "the server's host", "the client's host"
_FIREWALL = {
    "filtered": (_SERVER, "input", "d", "", "drop"),
    "rejected": (_SERVER, "input", "d", "", "reject with icmpx admin-prohibited"),
    "rejected_unreachable": (_SERVER, "input", "d", "", "reject with icmpx port-unreachable"),
    "reset_by_firewall": (_SERVER, "input", "d", "", "reject with tcp reset"),
    "black_hole_to_server": (_SERVER, "input", "d", "meta length > %(bytes)s", "drop"),
    "black_hole_to_client": ("router", "forward", "s", "meta length > %(bytes)s", "drop"),
    "syn_ack_lost": (_SERVER, "output", "s", "tcp flags & (syn | ack) == syn | ack", "drop"),
    "hello_lost": ("router", "forward", "d", "tcp flags & syn == 0 limit rate over 1/minute burst 1 packets", "drop"),
    "hello_reset_by_firewall": (_SERVER, "input", "d", "tcp flags & psh == psh", "reject with tcp reset"),
}
# word: (where, hook, which side of the packet the address is on)
_ERRORS = {"errors_ignored": (_SERVER, "input", "d"), "errors_ignored_by_client": (_CLIENT, "input", "s")}
_ERROR_TYPES = {4: "icmp type { destination-unreachable, time-exceeded }",
                6: "icmpv6 type { destination-unreachable, packet-too-big, time-exceeded }"}
_WORDS = (*_FIREWALL, *_ERRORS, "narrow_to_client")
_FIRST_TABLE = 1000   # of the router's routes
_numbers = itertools.count(1)


def words(case):
    """The rules that a case asks for."""
    options = case.client.options + (case.server.options if case.server else ())
    return [value for key, value in options if key == "rule"]


def parse(word):
    """("box.reset", {"ttl": "37"}) of "box.reset:ttl=37"."""
    name, _, rest = word.partition(":")
    fields = dict(field.split("=", 1) for field in rest.split(",") if field)
    if name not in _WORDS and not name.startswith("box."):
        raise ValueError("no rule is named " + name)
    return name, fields


def place_of(case):
    return case.server.place if case.server else case.client.option("place", "server")


@contextlib.contextmanager
def active(lab, case, address, port):
    """Puts the case's rules in place. They stay, because the address is never used again and a server may go on
    repeating what the client no longer waits for; what ends is the wait for them: a rule that nothing has met by
    then raises LabError, because then the scenario did not happen."""
    with contextlib.ExitStack() as stack:
        for word in words(case):
            name, fields = parse(word)
            if name.startswith("box."):
                met = _add_to_box(lab, name[4:], fields, address, port)
            elif name in _ERRORS:
                met = _ignore_errors(lab, name, fields, case, address)
            elif name == "narrow_to_client":
                met = _narrow(lab, fields, case.client.network, address)
            else:
                met = _add_to_firewall(lab, name, fields, place_of(case), address, port)
            if fields.get("meets") != "nothing":
                stack.callback(_check, met, word)
        yield


def _check(met, word):
    if not met():
        raise LabError("nothing met the rule " + word)


def table(name, fields, address, port, number):
    """The nft table of one firewall rule; one of its own, so that its counter is easily found."""
    _, hook, side, match, verdict = _FIREWALL[name]
    family = "ip6" if ":" in address else "ip"
    match = match % {"bytes": fields.get("bytes", "1000")}
    return ("table inet lab_%d { chain one { type filter hook %s priority 0; policy accept; "
            "%s %saddr %s tcp %sport %d %s counter %s; }; }"
            % (number, hook, family, side, address, side, port, match, verdict))


def _add_to_firewall(lab, name, fields, place, address, port):
    namespace = place if _FIREWALL[name][0] == _SERVER else "router"
    if name.startswith("rejected") and ":" in address:
        _own(lab, namespace, address)
    number = next(_numbers)
    _nft(lab, namespace, table(name, fields, address, port, number))
    return lambda: _counted(lab, namespace, number)


def _own(lab, namespace, address):
    """ICMPv6 errors come from the address that was asked only where that is an interface's, and not merely local."""
    argv = ["ip", "-6", "address", "replace", address + "/128", "dev", "lo", "nodad"]
    done = lab.network.run(namespace, argv, timeout=10)
    if done.returncode != 0:
        raise LabError("%s: %s" % (" ".join(argv), done.stderr))


def _ignore_errors(lab, name, fields, case, address):
    where, hook, side = _ERRORS[name]
    namespace = place_of(case) if where == _SERVER else plan.CLIENTS[case.client.network]
    number = next(_numbers)
    about = address if where == _SERVER else fields["sender"]
    family = 6 if ":" in about else 4
    _nft(lab, namespace, "table inet lab_%d { chain one { type filter hook %s priority 0; policy accept; "
         "%s %saddr %s %s counter drop; }; }" % (number, hook, "ip6" if family == 6 else "ip", side, about,
                                               _ERROR_TYPES[family]))
    return lambda: _counted(lab, namespace, number)


def _narrow(lab, fields, network, address):
    """A way of its own for what comes from this server; only a locked MTU counts for what is forwarded."""
    family = 6 if ":" in address else 4
    client, number = plan.CLIENTS[network], _FIRST_TABLE + next(_numbers)
    for words in (("route", "add", plan.prefix(client, family), "via", plan.transit(client, family)[1], "mtu", "lock",
                   fields.get("bytes", "1280" if family == 6 else "1000"), "table", number),
                  ("rule", "add", "from", address, "lookup", number)):
        argv = ["ip", "-%d" % family, *map(str, words)]
        done = lab.network.run("router", argv, timeout=10)
        if done.returncode != 0:
            raise LabError("the router refuses %s: %s" % (" ".join(argv), done.stderr))
    return lambda: True   # Who ignores the errors, or sends smaller packets, is counted elsewhere.


def _counted(lab, namespace, number):
    return "packets 0 " not in _nft(lab, namespace, "list table inet lab_%d" % number)


def _nft(lab, namespace, command):
    done = lab.network.run(namespace, ["nft", command], timeout=10)
    if done.returncode != 0:
        raise LabError("nft in %s refuses %s: %s" % (namespace, command, done.stderr))
    return done.stdout


def _add_to_box(lab, action, fields, address, port):
    fields = {key: (value == "yes" if key == "forward" else
                    float(value) if key in BOX_NUMBERS and value != "right" else value)
              for key, value in fields.items() if key != "meets"}
    rule = lab.network.box.add(do=action, address=address, port=port, **fields)
    return lambda: lab.network.box.statistics()["rules"][str(rule)] != 0
