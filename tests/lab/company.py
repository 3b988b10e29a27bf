# SPDX-License-Identifier: Apache-2.0
"""Where a case takes place, and who else comes there: its addresses, and its companions (model.Companion).

A case has a server address and a client address of its own, and so has each companion that is not the case's own
client: what a sensor remembers of a client is of this client only. Some cases have their client's address from
elsewhere, because they lead it through tunnels; then nobody here knows it.
"""
import collections
import contextlib
import dataclasses
import time

import clients
from model import NOBODY, Companion, LabError
from net import rules

CLIENT_TIMEOUT = 15.0
# Those have ways of their own, or an address that the scenario chose.
_OWN_WAYS = ("source", "tunnel", "fragments", "inner_mtu")
_BIND = ("openssl", "python", "raw", "curl", "wget")   # clients that can be told their address


@dataclasses.dataclass(frozen=True)
class Site:
    """The addresses of one attempt at one case."""

    address: str                     # of its server
    source: str | None               # of its client; None: not known here
    neighbours: tuple[str, ...]      # for companions of the same network, one each
    elsewhere: str | None            # the second address of its server, where a companion goes there


@dataclasses.dataclass(frozen=True)
class PlayedCompanion:
    companion: Companion
    before: bool
    address: str
    port: int
    source: str
    began: float                     # time.time()
    said: str


def sites(lab, cases):
    """{case.name: Site}, with the ways of the clients laid."""
    found, ways = {}, collections.defaultdict(list)
    for case in cases:
        site = _site(lab, case)
        found[case.name] = site
        if site.source and not case.client.option("source"):
            for address in filter(None, (site.address, site.elsewhere)):
                ways[case.client.network].append((address, site.source, ""))
    for network, list_of_them in ways.items():
        lab.network.routes_from(network, list_of_them)
    return found


def _site(lab, case):
    network, place, client = lab.network, rules.place_of(case), case.client
    companions = case.before + case.after
    asked = client.option("source")
    if not asked and any(client.option(word) for word in _OWN_WAYS):
        source, neighbours = None, network.client_neighbours(client.network, client.family, len(companions) or 1)
    else:
        first, *neighbours = network.client_neighbours(client.network, client.family, 1 + len(companions))
        source = asked or first
    elsewhere = any(one.elsewhere for one in companions)
    return Site(network.server_address(place, client.family), source, tuple(neighbours),
                network.server_address(place, client.family) if elsewhere else None)


class Company:
    """The companions of one attempt at a case. `port`: of its server."""

    def __init__(self, lab, case, site, port):
        self._lab, self._case, self._site, self._port = lab, case, site, port
        self._free = list(site.neighbours)
        self.played = []

    def play(self, companions, before):
        """One after the other; LabError when one of them says what it should not."""
        for companion in companions:
            report = self._play(companion, before)
            if report.said not in companion.says:
                raise LabError("a companion (%s of %s%s) reported %s (%s), and should report %s" % (
                    companion.client.stack, companion.client.network, ", before" if before else ", after",
                    report.said.value, report.text.strip()[:200],
                    " or ".join(sorted(word.value for word in companion.says))))

    def _play(self, companion, before):
        address = self._site.elsewhere if companion.elsewhere else self._site.address
        source = self._source(companion)
        spec = dataclasses.replace(companion.client, family=self._case.client.family)
        if spec.stack in _BIND:
            spec = dataclasses.replace(spec, options=spec.options + (("source", source),))
        elif not companion.same_client:
            self._lab.network.route_from(spec.network, address, source)
        with self._answered_by(companion, source, address):
            began = time.time()
            report = clients.ADAPTERS[spec.stack].run(spec, self._lab, address, self._port, CLIENT_TIMEOUT)
        self.played.append(PlayedCompanion(companion, before, address, self._port, source, began, report.said.value))
        return report

    def _source(self, companion):
        if companion.same_client:
            if self._site.source is None:
                raise LabError("the address of the case's client is not known")
            return self._site.source
        if companion.client.network == self._case.client.network:
            return self._free.pop(0)
        return self._lab.network.client_address(companion.client.network, self._case.client.family)

    @contextlib.contextmanager
    def _answered_by(self, companion, source, address):
        if companion.server is None:
            yield
            return
        place = rules.place_of(self._case)
        other = (self._lab.network.server_port() if companion.server == NOBODY else
                 self._lab.server(dataclasses.replace(companion.server, place=place)).port)
        with self._lab.twins.active(place, source, address, self._port, other):
            yield
