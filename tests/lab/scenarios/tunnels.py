# SPDX-License-Identifier: Apache-2.0
"""The mirrored link carries packets in packets, or in pieces: the sensor must see the handshake inside.

Everything around the handshakes is made by the kernel's own devices (net/tunnels.py); a kernel without one skips its
cases by name. Each path has a success, and a failure that both ends report.
"""
import dataclasses
import functools
import itertools

from model import (CLIENT_REJECTED, ESTABLISHED, REPORTED, TLS12, TLS13, Case, ClientSpec, ServerSpec, TlsSettings,
                   established, rejection_by_client, says, server_alert)
from net import tunnels
from scenarios import scenario
from scenarios.certificates import SERVER_HEARD
from scenarios.stacks import client_profile

STACKS = ("openssl", "gnutls", "python")
EXPIRED = ServerSpec("openssl", TlsSettings.only(TLS12), identity="expired")
# %d: a number of its own for each case, below 1024 so that it is an ERSPAN session as well. With the family of the
# connection inside.
PATHS = (
    ("vxlan:%d", 4), ("vxlan:%d", 6), ("vxlan6:%d", 4), ("vxlan_gpe:%d", 4),
    ("geneve:%d", 4), ("geneve:%d", 6), ("geneve6:%d", 4), ("geneve_ip:%d", 4), ("geneve_options:%d", 4),
    ("gre", 4), ("gre", 6), ("gre_key:%d", 4), ("gre_full:%d", 4), ("gretap:%d", 4),
    ("gre6", 4), ("gre6_key:%d", 6), ("gretap6:%d", 4),
    ("erspan1", 4), ("erspan2:%d", 4), ("erspan3:%d", 4), ("erspan3:%d", 6), ("erspan2_over_6:%d", 4),
    ("ipip", 4), ("6in4", 6), ("4in6", 4), ("6in6", 6),
    ("vlan:%d", 4), ("vlan:%d", 6), ("provider_vlan:%d", 4), ("provider_vlan:%d/vlan:%d", 4), ("mpls:%d", 4),
)
NESTED_PATHS = (
    ("vxlan:%d/vxlan:%d", 4), ("vlan:%d/vxlan:%d", 4), ("vlan:%d/vxlan:%d", 6),
    ("provider_vlan:%d/vlan:%d/geneve:%d", 4),
    ("ipip/gre_key:%d", 4), ("gre/vxlan:%d", 4), ("vxlan:%d/gre_key:%d/ipip", 4), ("mpls:%d/gre_key:%d", 4),
    ("gre6_key:%d/6in4", 6), ("vxlan:%d/4in6", 4), ("gre/ipip/vxlan:%d/gre_key:%d", 4), ("erspan2:%d/6in4", 6),
    ("vxlan:%d/vxlan:%d/vxlan:%d/vxlan:%d", 4),
)
FRAGMENTED_PATHS = (
    ("vxlan:%d", 4), ("geneve:%d", 4), ("gre_key:%d", 4), ("gretap:%d", 4), ("erspan2:%d", 4), ("erspan3:%d", 4),
    ("ipip", 4), ("6in4", 6), ("vlan:%d/vxlan:%d", 4), ("ipip/gre_key:%d", 4),
)


class Numbers:
    """Fills the numbers of paths; each scenario has a range of its own."""

    def __init__(self, first):
        self._numbers = itertools.count(first)

    def fill(self, path):
        while "%d" in path:
            path = path.replace("%d", str(next(self._numbers)), 1)
        return path


def name_of(path):
    """Of a path without numbers, for the variant of its case."""
    return "_in_".join(reversed([part.partition(":")[0] for part in path.split("/")]))


def seen_in(expected, path):
    tunnel, vlans = tunnels.seen_as(path)
    return tuple(dataclasses.replace(one, tunnel=tunnel, vlan=vlans[:1] + vlans[1:][-1:]) for one in expected)


def success(stack, version, variant, family=4, place="server", network="a", options=(), **others):
    padded = (("padded", "yes"),) if stack == "openssl" else ()
    return Case("", ClientSpec(stack, family=family, network=network, options=padded + options),
                ServerSpec(stack, TlsSettings.only(version), place=place), (established(version),), says("connected"),
                verdict=ESTABLISHED, variant=variant, **others)


def failure(stack, variant, family=4, place="server", network="a", options=(), **others):
    """The server's certificate has expired; in TLS 1.2 the alert can be read."""
    profile = client_profile(stack)
    expected = rejection_by_client(profile, TLS12, alert=REPORTED)
    return Case("", ClientSpec(stack, family=family, network=network, options=options),
                dataclasses.replace(EXPIRED, place=place), (expected,), says("rejected_peer"),
                SERVER_HEARD[profile.way(TLS12)], "certificate_expired", CLIENT_REJECTED, variant=variant, **others)


def both(stack, version, variant):
    """What makes the success, and what makes the failure."""
    return (functools.partial(success, stack, version, variant),
            functools.partial(failure, stack, variant + ".expired"))


def mismatch(variant, family=4, options=(), **others):
    """A large ClientHello of a version that the server does not speak."""
    return Case("", ClientSpec("openssl", TlsSettings.only(TLS12), family=family,
                               options=(("padded", "yes"),) + options),
                ServerSpec("openssl", TlsSettings.only(TLS13)), (server_alert(alert=REPORTED),), says("got_alert"),
                cause="version_mismatch", variant=variant, **others)


def _through(case, path):
    options = case.client.options + (("tunnel", path),)
    return dataclasses.replace(case, client=dataclasses.replace(case.client, options=options),
                               expected=seen_in(case.expected, path))


def _of_paths(paths, numbers, *further):
    """A success and a failure through each, with another stack each time. `further`: options."""
    for (path, family), stack in zip(paths, itertools.cycle(STACKS)):
        where = {"place": "inner", "network": "b"} if "geneve_options" in path else {}
        variant, version = name_of(path), TLS12 if stack == "gnutls" else TLS13
        # Devices that take a port for themselves serve one case, because cases run side by side.
        alone = tunnels.KINDS.get(path.partition(":")[0], tunnels.KINDS["gre"]).route
        for make in both(stack, version, variant)[:1 if alone else 2]:
            case = make(family=family, options=further, **where)
            yield _through(dataclasses.replace(case, fixture=bool(further) or case.cause is None), numbers.fill(path))


@scenario
def through_a_tunnel(lab):
    yield from _of_paths(PATHS, Numbers(16))


@scenario
def through_nested_tunnels(lab):
    yield from _of_paths(NESTED_PATHS, Numbers(200))


@scenario
def through_a_tunnel_in_fragments(lab):
    """Outer packets are larger than the way takes, so that the router and the server's host cut them."""
    yield from _of_paths(FRAGMENTED_PATHS, Numbers(400), ("underlay_mtu", "1000"))


@scenario
def packets_in_fragments(lab):
    """The client's own packets are cut by the router, before the mirrored link or before a tunnel on it."""
    numbers = Numbers(600)
    for path in ("", "vxlan:%d", "gre_key:%d", "ipip", "vlan:%d"):
        options = (("inner_mtu", "600"),) + ((("tunnel_from", "router"),) if path else ())
        variant = name_of(path)
        for case in (success("openssl", TLS13, variant, options=options, fixture=True),
                     mismatch((variant + ".refused").lstrip("."), options=options, fixture=True)):
            yield _through(case, numbers.fill(path))


@scenario
def packets_of_both_ends_in_fragments(lab):
    """What no kernel does: IPv6, the packets of a server, the last piece first. See net/fragmenter.py."""
    for family in (4, 6):
        for order in ("forward", "reversed"):
            options = (("fragments", "600:" + order),)
            for case in (success("openssl", TLS13, order, family, options=options), mismatch(
                    order + ".refused", family, options), failure("openssl", order + ".expired", family,
                                                                  options=options)):
                yield dataclasses.replace(case, fixture=True)
