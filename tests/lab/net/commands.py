# SPDX-License-Identifier: Apache-2.0
"""The commands that make the networks of plan.py: for `ip -batch`, `tc -batch` and a shell per namespace.

Nothing on the mirrored links speaks by itself: neighbours are permanent, IPv6 has neither duplicate address
detection nor link-local addresses, and the span ports have no protocol at all. What a sensor sees is what
programs sent.
"""
from net import plan

# What each end system and the router are told before anything is up. rp_filter would drop what the other
# addresses of a prefix receive; the limits on ICMP errors would let some unreachable cases time out.
_SETTINGS = (
    "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0", "net.ipv4.icmp_ratelimit=0",
    "net.ipv6.conf.all.disable_ipv6=0", "net.ipv6.conf.default.disable_ipv6=0",
    "net.ipv6.conf.all.accept_dad=0", "net.ipv6.conf.default.accept_dad=0",
    "net.ipv6.conf.default.dad_transmits=0", "net.ipv6.conf.default.accept_ra=0",
    "net.ipv6.conf.default.router_solicitations=0", "net.ipv6.conf.default.addr_gen_mode=1",
    "net.ipv6.icmp.ratelimit=0",
)
# Paths are measured anew by every connection, and IPv6 programs may bind any address of their prefix, as IPv4
# ones can.
_END_SYSTEM_SETTINGS = ("net.ipv6.ip_nonlocal_bind=1", "net.ipv4.tcp_no_metrics_save=1")
_ROUTER_SETTINGS = ("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1",
                    "net.ipv4.conf.all.send_redirects=0", "net.ipv4.conf.default.send_redirects=0")
_SILENT_SETTINGS = ("net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")

# Frames are mirrored as they are on the wire: cut into segments, with their checksums filled in.
_OFFLOADS = ("gso off tso off gro off tx off rx off txvlan off rxvlan off tx-vlan-stag-hw-insert off "
             "rx-vlan-stag-hw-parse off")


def settings(namespace):
    """A shell script for the namespace, to be run before its interfaces exist."""
    values = {
        "router": _SETTINGS + _ROUTER_SETTINGS, "box": _SILENT_SETTINGS, "sensor": _SILENT_SETTINGS,
    }.get(namespace, _SETTINGS + _END_SYSTEM_SETTINGS)
    return "sysctl -q -w " + " ".join(values)


def offloads(namespace):
    """A shell script for the namespace, to be run before its interfaces are up."""
    lines = ["ethtool -K %s %s" % (name, _OFFLOADS) for name in plan.interfaces(namespace)]
    if namespace == "router":
        lines += ["sysctl -q -w net.ipv6.conf.%s.disable_ipv6=1" % name
                  for name in (*plan.SPANS, *plan.HALVES.values())]
    return " && ".join(lines)


def cables():
    """For `ip -batch` outside of the namespaces."""
    for cable in plan.CABLES:
        end = "%s netns %s address %s mtu %d"
        yield ("link add " + end + " type veth peer name " + end) % (
            cable.interface, cable.namespace, plan.hardware_address(*cable[:2]), cable.mtu,
            cable.peer_interface, cable.peer_namespace, plan.hardware_address(*cable[2:4]), cable.mtu)


def configuration(namespace):
    """For `ip -n NAMESPACE -batch`."""
    yield "link set lo up"
    for name in plan.interfaces(namespace):
        yield "link set %s up" % name
    if namespace == "router":
        for end_system in plan.END_SYSTEMS:
            yield from _router_side(end_system)
    elif namespace in plan.END_SYSTEMS:
        yield from _end_system_side(namespace)


def _router_side(end_system):
    interface = "to_" + end_system
    for family in (4, 6):
        ours, theirs, length = plan.transit(end_system, family)
        yield "address add %s/%d dev %s%s" % (ours, length, interface, _no_detection(family))
        yield "neighbour replace %s lladdr %s dev %s nud permanent" % (
            theirs, plan.hardware_address(end_system, plan.UPLINK), interface)
        yield "route add %s via %s" % (plan.prefix(end_system, family), theirs)


def _end_system_side(namespace):
    for family in (4, 6):
        theirs, ours, length = plan.transit(namespace, family)
        source = plan.primary(namespace, family)
        yield "address add %s/%d dev %s%s" % (ours, length, plan.UPLINK, _no_detection(family))
        yield "address add %s dev lo%s" % (source, _no_detection(family))
        yield "route add local %s dev lo" % plan.prefix(namespace, family)
        yield "neighbour replace %s lladdr %s dev %s nud permanent" % (
            theirs, plan.hardware_address("router", "to_" + namespace), plan.UPLINK)
        yield "route add default via %s src %s" % (theirs, source)


def _no_detection(family):
    return " nodad" if family == 6 else ""


def kernel_bridge():
    """For `ip -n box -batch`: what stands in where no misbehaving box is wanted."""
    yield "link add bridge type bridge stp_state 0 mcast_snooping 0"
    for name in plan.interfaces("box"):
        yield "link set %s master bridge" % name
    yield "link set bridge up"


def mirror():
    """For `tc -n router -batch`: each packet of the mirrored links exactly once to every span port, and to one half.

    A packet from one server place to the other (a proxy and its upstream) crosses two mirrored links. It is
    mirrored where it comes in, so where it goes out a filter without action takes it out of the way. The filters of
    single cases (mirroring.py) have preferences before these.
    """
    origins = dict(zip(plan.MIRRORED, reversed(plan.PLACES)))
    for interface in plan.MIRRORED:
        yield "qdisc add dev %s clsact" % interface
        # u32 is in every kernel that has classifiers at all. Without a flowid it would not end the search.
        for preference, protocol, word, family in ((101, "ip", "ip", 4), (102, "ipv6", "ip6", 6)):
            yield "filter add dev %s egress protocol %s pref %d u32 match %s src %s flowid :1" % (
                interface, protocol, preference, word, plan.prefix(origins[interface], family))
        for preference, direction in ((103, "egress"), (104, "ingress")):
            yield "filter add dev %s %s protocol all pref %d u32 match u32 0 0 flowid :1 %s" % (
                interface, direction, preference, copied_to(*plan.SPANS, plan.HALVES[direction]))
    for name in plan.CLIENTS.values():
        yield "qdisc add dev to_%s clsact" % name
    # What is sent through a tunnel to a collector leaves by the first span port, and by the others as well.
    yield "qdisc add dev %s clsact" % plan.SPANS[0]
    yield "filter add dev %s egress protocol ip pref 1 u32 match ip dst %s flowid :1 %s" % (
        plan.SPANS[0], plan.COLLECTORS, copied_to(*plan.SPANS[1:]))


def copied_to(*devices):
    """Actions of a filter."""
    return " pipe ".join("action mirred egress mirror dev %s" % name for name in devices)
