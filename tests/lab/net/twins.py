# SPDX-License-Identifier: Apache-2.0
"""Another server process behind one address and port, for single clients: what a site has been before, or is to others.

    twins = Twins(network)
    with twins.active(place, client, address, port, other_port):    # around the client's connection
        ...

The server's own host redirects the connections of that client (nft), behind the mirror, so that the wire shows one
address and one port. Only connections of such clients are tracked: all others in the namespace are handled as if there
were no address translation. A client that has come by a twin once stays tracked, which changes nothing for it.
"""
import contextlib
import threading

from model import LabError

_TABLE = """
table inet lab_twins {
  map twins4 { type ipv4_addr . ipv4_addr . inet_service : inet_service; }
  map twins6 { type ipv6_addr . ipv6_addr . inet_service : inet_service; }
  set clients4 { type ipv4_addr; }
  set clients6 { type ipv6_addr; }
  chain untracked_in { type filter hook prerouting priority -300; policy accept;
    ip saddr != @clients4 notrack
    ip6 saddr != @clients6 notrack
  }
  chain untracked_out { type filter hook output priority -300; policy accept;
    ip daddr != @clients4 notrack
    ip6 daddr != @clients6 notrack
  }
  chain to_twin { type nat hook prerouting priority -100; policy accept;
    meta l4proto tcp redirect to : ip saddr . ip daddr . tcp dport map @twins4
    meta l4proto tcp redirect to : ip6 saddr . ip6 daddr . tcp dport map @twins6
  }
}
"""


class Twins:
    """May be used by several threads at a time."""

    def __init__(self, network):
        self._network = network
        self._lock = threading.Lock()
        self._places = set()

    @contextlib.contextmanager
    def active(self, place, client, address, port, other_port):
        family = 6 if ":" in address else 4
        pair = "%s . %s . %d" % (client, address, port)
        self._nft(place, "add element inet lab_twins clients%d { %s }; "
                         "add element inet lab_twins twins%d { %s : %d }" % (family, client, family, pair, other_port))
        try:
            yield
        finally:
            self._nft(place, "delete element inet lab_twins twins%d { %s : %d }" % (family, pair, other_port))

    def _nft(self, place, command):
        with self._lock:
            if place not in self._places:
                self._run(place, ["nft", "-f", "-"], input=_TABLE)
                self._places.add(place)
            self._run(place, ["nft", command])

    def _run(self, place, argv, **others):
        done = self._network.run(place, argv, timeout=10, **others)
        if done.returncode != 0:
            raise LabError("nft in %s refuses to redirect: %s" % (place, done.stderr.strip()))
