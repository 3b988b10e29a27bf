# SPDX-License-Identifier: Apache-2.0
"""Paths of single cases through the kernel's own tunnel devices, so that the mirrored link shows packets in packets.

A case asks for it by options of its client:
    ("tunnel", "vlan:7/vxlan:42")   layers from the outermost to the innermost; kinds are those of KINDS and LINK_KINDS
    ("tunnel_from", "router")       the near end is the router and not the client's host, so that the client's packets
                                    are forwarded into it
    ("underlay_mtu", "1200")        packets of the outermost tunnel are cut into fragments of that size
    ("inner_mtu", "600")            the router cuts the client's own packets into such fragments, on their way into the
                                    tunnel (which must begin there), or into the mirrored link where there is none
    with active(lab, case, address) as addresses:       # around the case; of the ends of its tunnels
        ...

The far end of all tunnels is the server's host, so everything crosses the mirrored link. All addresses are fresh and
belong to the case alone, and so do the devices, which are removed afterwards. LINK_KINDS are tags of the link between
router and server and stand outside of all tunnels; of KINDS any order that their families allow. What this kernel has
no device for raises model.Unsupported with its name.
"""
import contextlib
import itertools
import subprocess
import time
import typing

from model import LabError, Unsupported
from net import plan

_LAST_PACKETS_SECONDS = 0.2  # a server may close after its client has gone
_MPLS_LABELS = 100_000
_NESTING_OF_EVERY_KERNEL = 3
_TAGS_BYTES_MAX = 16   # a frame with one tag is let through beyond the MTU, one with more is not
_OVERHEAD_MAX = 80   # of one tunnel: Ethernet, ERSPAN, GRE with key and number, IPv6
_UNKNOWN = ("Unknown device type", "Operation not supported", "encapsulation type not supported",
            "Device type not supported", "No such file or directory", "Error talking to the kernel")
_WHOLE = "mtu lock 1500"   # nothing is cut before it comes where it should be, and nobody asks for that (DF)


class Kind(typing.NamedTuple):
    outer: int         # family of the addresses of its ends
    ethernet: bool     # whether it carries frames, else IP packets
    arguments: str     # of `ip link add ... type`
    seen: str          # as the sensor names it
    route: str = ""    # encapsulation by route, for a device that carries packets of many tunnels
    listens: str = ""  # arguments of `ip fou add` and `ip fou del`, in both namespaces


_GRE = "local {local} remote {remote} ttl 64 nopmtudisc ignore-df"
_PLAIN = "local {local} remote {remote} nopmtudisc"
_GRE6 = "local {local} remote {remote} hoplimit 64 encaplimit none"
_BY_ROUTE = "encap ip id {id} src {local} dst {remote} ttl 64"
_GENEVE_OPTIONS = _BY_ROUTE + " geneve_opts 0102:80:0102030405060708"
KINDS = {
    "vxlan": Kind(4, True, "vxlan id {id} local {local} remote {remote} dstport 4789 nolearning", "vxlan:{id}"),
    "vxlan6": Kind(6, True, "vxlan id {id} local {local} remote {remote} dstport 4789 nolearning", "vxlan:{id}"),
    "vxlan_gpe": Kind(4, False, "vxlan external gpe dstport 4790", "vxlan:{id}", _BY_ROUTE),
    "geneve": Kind(4, True, "geneve id {id} remote {remote}", "geneve:{id}"),
    "geneve6": Kind(6, True, "geneve id {id} remote {remote}", "geneve:{id}"),
    "geneve_ip": Kind(4, False, "geneve id {id} remote {remote} innerprotoinherit", "geneve:{id}"),
    # One such device takes the port for itself, as the one above does: not beside others of the same hosts.
    "geneve_options": Kind(4, True, "geneve external", "geneve:{id}", _GENEVE_OPTIONS),
    "gre": Kind(4, False, "gre " + _GRE, "gre"),
    "gre_key": Kind(4, False, "gre %s key {id}" % _GRE, "gre:{id}"),
    "gre_full": Kind(4, False, "gre %s key {id} seq csum" % _GRE, "gre:{id}"),
    "gretap": Kind(4, True, "gretap %s key {id}" % _GRE, "gre:{id}"),
    "erspan1": Kind(4, True, "erspan %s erspan_ver 0" % _GRE, "erspan:0"),
    "erspan2": Kind(4, True, "erspan %s seq key {id} erspan_ver 1 erspan 3" % _GRE, "erspan:{id}"),
    "erspan3": Kind(4, True, "erspan %s seq key {id} erspan_ver 2 erspan_dir ingress erspan_hwid 3" % _GRE,
                    "erspan:{id}"),
    "gre6": Kind(6, False, "ip6gre " + _GRE6, "gre"),
    "gre6_key": Kind(6, False, "ip6gre %s key {id}" % _GRE6, "gre:{id}"),
    "gretap6": Kind(6, True, "ip6gretap %s key {id}" % _GRE6, "gre:{id}"),
    "erspan2_over_6": Kind(6, True, "ip6erspan local {local} remote {remote} seq key {id} erspan_ver 1 erspan 3",
                           "erspan:{id}"),
    "ipip": Kind(4, False, "ipip " + _PLAIN, "ip_in_ip"),
    "6in4": Kind(4, False, "sit " + _PLAIN, "six_in_four"),
    "4in6": Kind(6, False, "ip6tnl mode ipip6 " + _GRE6, "ip_in_ip"),
    "6in6": Kind(6, False, "ip6tnl mode ip6ip6 " + _GRE6, "ip_in_ip"),
    # Not decoded; that they are counted is shown by the tests of the laboratory.
    "fou": Kind(4, False, "ipip %s encap fou encap-sport auto encap-dport {id}" % _PLAIN, "",
                listens="port {id} ipproto 4"),
    "gue": Kind(4, False, "ipip %s encap gue encap-sport auto encap-dport {id}" % _PLAIN, "",
                listens="port {id} gue"),
}
LINK_KINDS = ("vlan", "provider_vlan", "mpls")

_numbers = itertools.count(1)


class Layer(typing.NamedTuple):
    kind: str
    id: str

    @property
    def is_of_link(self):
        return self.kind in LINK_KINDS


def parse(text):
    """Layers of "vlan:7/gre"; an unknown kind is a mistake of the scenario: ValueError."""
    layers = [Layer(*part.partition(":")[::2]) for part in text.split("/") if part]
    for before, layer in zip([None, *layers], layers):
        if layer.kind not in KINDS and not layer.is_of_link:
            raise ValueError("no tunnel is named " + layer.kind)
        if layer.is_of_link and before is not None and not before.is_of_link:
            raise ValueError("%s stands outside of all tunnels" % layer.kind)
    return layers


def seen_as(text):
    """(tunnel, VLAN ids from the outermost on) as the sensor should name this path; the innermost tunnel counts."""
    tunnel, vlans = "", []
    for layer in parse(text):
        if layer.kind in ("vlan", "provider_vlan"):
            vlans.append(layer.id)
        else:
            tunnel = "mpls:" + layer.id if layer.kind == "mpls" else KINDS[layer.kind].seen.format(id=layer.id)
    return tunnel, tuple(vlans)


@contextlib.contextmanager
def active(lab, case, address):
    """Sets the client's options up, for packets between a fresh source and this server address."""
    client = case.client
    if not any(client.option(key) for key in ("tunnel", "inner_mtu")):
        yield ()
        return
    path = _Path(lab.network, client, case.server.place if case.server else "server", address)
    try:
        path.build()
        path.check_depth()
        yield tuple(path.addresses)
        time.sleep(_LAST_PACKETS_SECONDS)
    finally:
        path.remove()


class _End(typing.NamedTuple):
    """One end of what packets are to go through next."""

    namespace: str
    device: str
    hardware: str | None   # address of an Ethernet device
    encapsulation: str = ""   # that its routes ask for


class _Path:
    """From the near end (the client's host, or the router) to the server's host, through all layers."""

    def __init__(self, network, client, place, destination):
        self._network, self._client, self._place = network, client, place
        self._host = network.client_namespace(client.network)
        self._destination = destination
        self._layers = parse(client.option("tunnel", ""))
        self._near_namespace = "router" if client.option("tunnel_from") == "router" else self._host
        self._underlay_mtu, self._inner_mtu = client.option("underlay_mtu"), client.option("inner_mtu")
        self._devices, self._ports = [], []
        self.addresses = []    # around the packets of the case, and of no other one
        # Where tags, and the outermost tunnel, go over.
        link = "to_" + place
        self._near = _End("router", link, plan.hardware_address("router", link))
        self._far = _End(place, plan.UPLINK, plan.hardware_address(place, plan.UPLINK))
        self._depth = 0        # of tunnels in each other
        self._around = None    # "tag" or "tunnel": what has been put around the packets last
        self._label = None

    def build(self):
        for layer in self._layers:
            getattr(self, "_add_" + layer.kind, self._add_tunnel)(layer)
        source = self._network.client_address(self._client.network, self._client.family)
        to_host = _WHOLE if self._underlay_mtu else ""
        if self._near.namespace == self._host:
            self._own(source)
            self._connect(source, self._destination, "src %s %s" % (source, to_host), to_host)
            return
        words = "mtu lock " + self._inner_mtu if self._inner_mtu else to_host
        self._connect(source, self._destination, words, to_host)
        self._network.route_from(self._client.network, self._destination, source,
                                 _WHOLE if words else "mtu %d" % (1500 - _TAGS_BYTES_MAX))

    def check_depth(self):
        """Newer kernels send nothing through as many tunnels in each other as a sensor opens."""
        if self._depth <= _NESTING_OF_EVERY_KERNEL:
            return
        outermost = next(device for _, device in self._devices if device.startswith("t"))
        script = "echo > /dev/udp/%s/9; cat /sys/class/net/%s/statistics/tx_packets" % (self._destination, outermost)
        done = self._network.run(self._near_namespace, ["bash", "-c", script])
        if done.stdout.strip() in ("", "0"):
            raise Unsupported("this kernel sends nothing through %d tunnels in each other" % self._depth)

    def remove(self):
        for namespace, device in reversed(self._devices):
            subprocess.run(["ip", "-n", namespace, "link", "delete", device], capture_output=True, check=False)
        for namespace, words in self._ports:
            subprocess.run(["ip", "-n", namespace, *words.split()], capture_output=True, check=False)
        self._devices.clear()
        self._ports.clear()

    # --- tags of the link ---

    def _add_vlan(self, layer, protocol="802.1Q"):
        name = "v%d" % next(_numbers)
        for end in (self._near, self._far):
            self._add_device(end.namespace, name, "link %s name %s type vlan protocol %s id %s" % (
                end.device, name, protocol, layer.id))
        self._near, self._far = self._near._replace(device=name), self._far._replace(device=name)
        self._around = "tag"

    def _add_provider_vlan(self, layer):
        self._add_vlan(layer, "802.1ad")

    def _add_mpls(self, layer):
        """The label of both directions; each end takes it away and forwards, or delivers, what is behind it."""
        for end in (self._near, self._far):
            settings = ["net.mpls.platform_labels=%d" % _MPLS_LABELS, "net.mpls.conf.%s.input=1" % end.device]
            if self._network.run(end.namespace, ["sysctl", "-q", "-w", *settings]).returncode != 0:
                raise Unsupported("this kernel routes no MPLS")
        next_hop = plan.transit(self._host, 4)[1]
        self._ip("router", "-f mpls route replace %s via inet %s dev to_%s" % (layer.id, next_hop, self._host))
        self._ip(self._place, "-f mpls route replace %s dev lo" % layer.id)
        self._around, self._label = "tag", layer.id

    # --- tunnels ---

    def _add_tunnel(self, layer):
        kind = KINDS[layer.kind]
        near = self._network.client_address(self._client.network, kind.outer)
        far = self._network.server_address(self._place, kind.outer)
        for namespace, address in ((self._near_namespace, near), (self._place, far)):
            self._own(address, namespace)
            self.addresses.append(address)
        words = " mtu lock " + self._underlay_mtu if self._underlay_mtu and self._around != "tunnel" else ""
        # Not every kind of device can be told what its own address is.
        to_far = words if self._is_behind_the_router() else "src %s%s" % (near, words)
        self._connect(near, far, to_far, "src %s%s" % (far, words))
        if self._is_behind_the_router():
            self._network.route_from(self._client.network, far, near)
        self._depth += 1
        number = next(_numbers)
        self._near, self._far = (
            self._tunnel_end(kind, layer, number, side, namespace, ours, theirs) for side, namespace, ours, theirs in
            ((1, self._near_namespace, near, far), (2, self._place, far, near)))
        self._around, self._label = "tunnel", None

    def _is_behind_the_router(self):
        """Whether what begins at the client's host has the router before it, and not a tunnel."""
        return self._near.namespace == "router" and self._near_namespace != "router"

    def _tunnel_end(self, kind, layer, number, side, namespace, local, remote):
        words = {"id": layer.id, "local": local, "remote": remote}
        name = "t%d" % number
        hardware = "02:00:01:%02x:%02x:%02d" % (number >> 8 & 0xFF, number & 0xFF, side) if kind.ethernet else None
        if kind.listens:
            listens = kind.listens.format(**words)
            self._ip(namespace, "fou add " + listens)
            self._ports.append((namespace, "fou del " + listens))
        self._add_device(namespace, name, "name %s%s type %s" % (
            name, " address " + hardware if hardware else "", kind.arguments.format(**words)))
        self._ip(namespace, "link set %s mtu %s" % (name, self._mtu_inside(namespace)))
        return _End(namespace, name, hardware, kind.route.format(**words))

    def _mtu_inside(self, namespace):
        """Not all kinds of devices ask what the way under them takes."""
        if self._underlay_mtu:
            return "1500"
        if self._inner_mtu and namespace == "router":
            return self._inner_mtu
        return str(1500 - _OVERHEAD_MAX * self._depth)

    def _add_device(self, namespace, name, words):
        self._ip(namespace, "link add " + words)
        self._devices.append((namespace, name))
        self._ip(namespace, "link set %s up" % name)

    # --- addresses and routes ---

    def _own(self, address, namespace=None):
        """Any address of its prefix is a host's own for IPv4; IPv6 sends from what it was given, and the router has to
        be told that it is one end of a tunnel."""
        if ":" in address or namespace == "router":
            self._ip(namespace or self._host, "address replace %s dev lo%s" % (
                address, " nodad" if ":" in address else ""))

    def _connect(self, here, there, near_words, far_words):
        """Lets packets between the addresses, of the client's side and of the server's, go through what has been built
        so far. What is on the bare link is routed there anyway, unless there is more to say about it."""
        if self._around is not None:
            self._route(self._near, self._far, there, near_words)
            self._route(self._far, self._near, here, far_words)
            return
        router, server = plan.transit(self._place, 6 if ":" in here else 4)[:2]
        if far_words:
            self._ip(self._place, "route replace %s via %s %s" % (here, router, far_words))
        if near_words:
            self._ip("router", "route replace %s via %s %s" % (there, server, near_words))

    def _route(self, end, other, address, words):
        """What `end` sends to the address goes to the other end of the link or tunnel."""
        if self._label is not None:
            # As far as the neighbour that the link has for IP.
            router, server = plan.transit(self._place, 6 if ":" in address else 4)[:2]
            self._ip(end.namespace, "route replace %s encap mpls %s via %s dev %s %s" % (
                address, self._label, server if end.namespace == "router" else router, end.device, words))
            return
        self._ip(end.namespace, "route replace %s %s dev %s %s" % (address, end.encapsulation, end.device, words))
        if end.hardware:
            self._ip(end.namespace, "neighbour replace %s lladdr %s dev %s nud permanent" % (
                address, other.hardware, end.device))

    @staticmethod
    def _ip(namespace, words):
        done = subprocess.run(["ip", "-n", namespace, *words.split()], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
        if is_unknown(done.stderr) or (" encap-dport " in words and "Invalid argument" in done.stderr):
            raise Unsupported("this kernel has no " + missing(words))
        raise LabError("ip -n %s %s: %s" % (namespace, words, done.stderr.strip()))


def is_unknown(errors):
    """Whether `ip` or `tc` said that the kernel cannot do such a thing."""
    return any(phrase in errors for phrase in _UNKNOWN)


def missing(words):
    """What it was that the kernel does not have."""
    parts = words.split()
    return "device of type " + parts[parts.index("type") + 1] if "type" in parts else "`ip %s`" % words
