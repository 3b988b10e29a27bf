# SPDX-License-Identifier: Apache-2.0
"""What the mirror does otherwise with the packets of one case, as real mirror ports do with all of them.

A case asks for it by options of its client:
    ("mirror", "twice")            the router's link to the client is mirrored too: each packet comes twice, with
                                   another TTL and other hardware addresses
    ("mirror", "only_to_server")   one direction only; or only_to_client
    ("mirror", "vxlan:42")         copies are sent to the sensor through a tunnel (Ethernet kinds of tunnels.KINDS over
                                   IPv4), as remote mirrors are, and nothing takes them out of it
    ("mirror_mtu", "1400")         those copies are cut into fragments of that size
    with active(lab, case, address) as addresses:    # around the case; of collectors that only it has
        ...

The filters stay, because the address is never used again; the tunnel goes.
"""
import contextlib
import itertools
import subprocess
import time

from model import LabError, Unsupported
from net import commands, plan, tunnels

_PREFERENCE = {"ip": 11, "ipv6": 12}   # before those of the whole mirror
_LAST_PACKETS_SECONDS = 0.2
_numbers = itertools.count(1)


@contextlib.contextmanager
def active(lab, case, address):
    wish = case.client.option("mirror")
    if wish is None:
        yield ()
        return
    link = "to_" + (case.server.place if case.server else "server")
    host_link = "to_" + lab.network.client_namespace(case.client.network)
    device, collectors = None, ()
    try:
        if wish == "twice":
            _filter(host_link, "ingress", "dst", address, commands.copied_to(*plan.SPANS))
            _filter(host_link, "egress", "src", address, commands.copied_to(*plan.SPANS))
        elif wish == "only_to_server":
            _filter(link, "ingress", "src", address)
        elif wish == "only_to_client":
            _filter(link, "egress", "dst", address)
        else:
            number = next(_numbers)
            device, collectors = "m%d" % number, (str(plan.collector(number)),)
            _add_tunnel(device, wish, *collectors, case.client.option("mirror_mtu"))
            _filter(link, "egress", "dst", address, commands.copied_to(device))
            _filter(link, "ingress", "src", address, commands.copied_to(device))
        yield collectors
        time.sleep(_LAST_PACKETS_SECONDS)
    finally:
        if device:
            subprocess.run(["ip", "-n", "router", "link", "delete", device], capture_output=True, check=False)


def _filter(interface, direction, side, address, actions=""):
    """Without actions it only keeps packets from the filters behind it."""
    protocol, word = ("ipv6", "ip6") if ":" in address else ("ip", "ip")
    _run("tc -n router filter add dev %s %s protocol %s pref %d u32 match %s %s %s flowid :1 %s" % (
        interface, direction, protocol, _PREFERENCE[protocol], word, side, address, actions))


def _add_tunnel(device, text, collector, mtu):
    """A device of the router whose packets leave by the span ports."""
    layer, = tunnels.parse(text)
    span, ours = plan.SPANS[0], plan.transit("server", 4)[0]
    arguments = tunnels.KINDS[layer.kind].arguments.format(id=layer.id, local=ours, remote=collector)
    _run("ip -n router route replace %s dev %s src %s%s" % (collector, span, ours, " mtu lock " + mtu if mtu else ""))
    _run("ip -n router neighbour replace %s lladdr %s dev %s nud permanent" % (
        collector, plan.hardware_address("sensor", "mon_filter"), span))
    _run("ip -n router link add name %s type %s" % (device, arguments))
    _run("sysctl -q -w net.ipv6.conf.%s.disable_ipv6=1" % device, inside=True)
    _run("ip -n router link set %s mtu 1500 up" % device)


def _run(words, inside=False):
    argv = (["ip", "netns", "exec", "router"] if inside else []) + words.split()
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return
    if tunnels.is_unknown(done.stderr):
        raise Unsupported("this kernel has no " + tunnels.missing(words))
    raise LabError("%s: %s" % (words, done.stderr.strip()))
