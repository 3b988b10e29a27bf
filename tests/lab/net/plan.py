# SPDX-License-Identifier: Apache-2.0
"""Who is where: namespaces, links, addresses of the laboratory, as tables. topology.py makes them.

    client_a --+                       +-- server
    client_b --+-- router -------------+
    client_c --+     |  | (mirrored)   +-- box -- inner
                     |  |  |
           span_filter  span_xdp  span_pkt  ---->  sensor (mon_filter, mon_xdp, mon_pkt)

Test networks only: 198.18.0.0/15 (RFC 2544) for clients and servers, 192.0.2.0/24 (RFC 5737) between them and
the router, 2001:db8::/32 (RFC 3849).
"""
import ipaddress
import typing

NAMESPACES = ("client_a", "client_b", "client_c", "router", "server", "box", "inner", "sensor")
CLIENTS = {"a": "client_a", "b": "client_b", "c": "client_c"}
PLACES = ("server", "inner")
MIRRORED = ("to_server", "to_inner")   # links of the router
SPANS = ("span_filter", "span_xdp", "span_pkt")   # where the router mirrors them to
HALVES = {"egress": "half_to_server", "ingress": "half_to_client"}   # two more ports, one direction each
UPLINK = "to_router"                   # the interface of every end system
COLLECTORS = "192.0.2.128/25"          # where mirrors are sent that go through a tunnel themselves

_PREFIXES = {
    "client_a": ("198.18.0.0/18", "2001:db8:a::/48"),
    "client_b": ("198.18.64.0/18", "2001:db8:b::/48"),
    "client_c": ("198.18.128.0/18", "2001:db8:c::/48"),
    "server": ("198.19.0.0/17", "2001:db8:5::/48"),
    "inner": ("198.19.128.0/17", "2001:db8:6::/48"),
}
END_SYSTEMS = tuple(_PREFIXES)


class Cable(typing.NamedTuple):
    """A veth pair."""

    namespace: str
    interface: str
    peer_namespace: str
    peer_interface: str
    mtu: int = 1500


CABLES = (
    *(Cable(name, UPLINK, "router", "to_" + name) for name in ("client_a", "client_b", "client_c", "server")),
    Cable("router", "to_inner", "box", "box0"),
    Cable("box", "box1", "inner", UPLINK),
    # With room for what a remote mirror puts around the frames of the mirrored links.
    Cable("router", "span_xdp", "sensor", "mon_xdp", 1600),
    Cable("router", "span_pkt", "sensor", "mon_pkt", 1600),
    Cable("router", "half_to_server", "sensor", "mon_to_server"),
    Cable("router", "half_to_client", "sensor", "mon_to_client"),
    Cable("router", "span_filter", "sensor", "mon_filter", 1600),
)


def prefix(namespace, family):
    """The addresses that are all local to this end system, as an ipaddress network."""
    return ipaddress.ip_network(_PREFIXES[namespace][0 if family == 4 else 1])


def primary(namespace, family):
    """The address that its kernel uses when nobody asks for another one."""
    return prefix(namespace, family)[10]


def first_free(namespace, family):
    """From here on addresses are given out one by one."""
    return prefix(namespace, family)[256]


def transit(namespace, family):
    """(address of the router, address of the end system, prefix length) on the link between them."""
    number = END_SYSTEMS.index(namespace)
    if family == 4:
        network = ipaddress.ip_network("192.0.2.0/24")
        return network[4 * number + 1], network[4 * number + 2], 30
    network = ipaddress.ip_network("2001:db8:ffff:%x::/64" % number)
    return network[1], network[2], 64


def collector(number):
    """An address behind the span ports, for mirrors that are sent through a tunnel."""
    network = ipaddress.ip_network(COLLECTORS)
    return network[1 + number % (network.num_addresses - 2)]


def hardware_address(namespace, interface):
    """Locally administered, and the same in every run."""
    for number, cable in enumerate(CABLES):
        if (namespace, interface) == cable[:2]:
            return "02:00:00:00:%02x:01" % number
        if (namespace, interface) == cable[2:4]:
            return "02:00:00:00:%02x:02" % number
    raise KeyError((namespace, interface))


def interfaces(namespace):
    """Names of all interfaces of a namespace but lo."""
    return [end[1] for cable in CABLES for end in (cable[:2], cable[2:4]) if end[0] == namespace]
