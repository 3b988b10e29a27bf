# SPDX-License-Identifier: Apache-2.0
"""The mirror is not what it should be: it shows packets twice or one direction only, or comes through a tunnel.

Made by the router's own filters and devices (net/mirroring.py) for packets of single cases.
"""
import dataclasses
import itertools

from model import TLS12, TLS13, Expected
from scenarios import scenario
from scenarios.tunnels import STACKS, Numbers, both, failure, mismatch, name_of, seen_in, success

# Half of it was not shown, and the half that was is no reason to blame anybody.
UNSEEN = (Expected("unseen", None, None, rejection=None),)
REMOTE = ("vxlan:%d", "geneve:%d", "gretap:%d", "erspan1", "erspan2:%d", "erspan3:%d")


def _pairs(variant, *options, **others):
    """A success in either version and a failure on either side."""
    for stack, version, name in (("openssl", TLS13, "tlsv13"), ("gnutls", TLS12, "tlsv12")):
        yield success(stack, version, _joined(variant, name), options=options, fixture=True, **others)
    yield failure("openssl", _joined(variant, "expired"), options=options, fixture=True, **others)
    yield mismatch(_joined(variant, "refused"), options=options, fixture=True, **others)


def _joined(*parts):
    return ".".join(part for part in parts if part)


@scenario
def packets_mirrored_twice(lab):
    """At both links of the router: the copies differ in TTL, in hardware addresses, and in the VLAN tag of one."""
    yield from _pairs("", ("mirror", "twice"))
    numbers = Numbers(700)
    for case in _pairs("other_vlan", ("mirror", "twice")):
        options = case.client.options + (("tunnel", numbers.fill("vlan:%d")),)
        yield dataclasses.replace(case, client=dataclasses.replace(case.client, options=options),
                                  fixture=case.variant == "other_vlan.tlsv13")


@scenario
def one_direction_mirrored(lab):
    for word in ("only_to_server", "only_to_client"):
        for case in _pairs(word, ("mirror", word)):
            if word == {"client": "only_to_server", "server": "only_to_client"}.get(case.expected[0].by):
                # That side said itself why it ended it; how far the other one had come is not known.
                known = dataclasses.replace(case.expected[0], stage=None, version=None)
                yield dataclasses.replace(case, expected=(known,))
            else:
                yield dataclasses.replace(case, expected=UNSEEN, verdict=None, cause=None)


def _through_a_tunnel(path, stack, numbers, *further):
    for make in both(stack, TLS13, name_of(path)):
        tunnel = numbers.fill(path)
        case = make(options=(("mirror", tunnel), *further))
        yield dataclasses.replace(case, expected=seen_in(case.expected, tunnel),
                                  fixture=bool(further) or case.cause is None)


@scenario
def mirror_through_a_tunnel(lab):
    """As remote mirrors arrive: the sensor gets the frames of the link wrapped, and has to unwrap them itself."""
    numbers = Numbers(720)
    for path, stack in zip(REMOTE, itertools.cycle(STACKS)):
        yield from _through_a_tunnel(path, stack, numbers)


@scenario
def mirror_through_a_tunnel_in_fragments(lab):
    numbers = Numbers(760)
    for path in ("vxlan:%d", "erspan2:%d"):
        yield from _through_a_tunnel(path, "openssl", numbers, ("mirror_mtu", "1000"))
